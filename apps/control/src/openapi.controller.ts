import { Controller, Get } from '@nestjs/common';
import { openApiDocument, ROUTES } from './openapi.js';

const DOCUMENT = openApiDocument(ROUTES);

/** `GET /openapi.json`: how to ask for everything else. */
@Controller()
export class OpenApiController {
  @Get('openapi.json')
  document(): Readonly<Record<string, unknown>> {
    return DOCUMENT;
  }
}
