import { z } from 'zod';

/** One HTTP route as `/openapi.json` tells it; the controller that serves it contributes it. */
export interface ApiRoute {
  readonly method: 'get' | 'put' | 'post' | 'delete';
  /** With its parameters in braces: `/v1/tenants/{tenant}`. */
  readonly path: string;
  readonly summary: string;
  /** Asks for no bearer token. */
  readonly isOpen?: boolean;
  /** By name: `path` ones are required. Schemas are of what is written in the address. */
  readonly pathParameters?: Readonly<Record<string, ApiParameter>>;
  readonly queryParameters?: Readonly<Record<string, ApiParameter>>;
  readonly body?: z.ZodType;
  /** By status; problems that every route may answer (400, 401, 500, 503) are added by themselves. */
  readonly answers: Readonly<Record<number, ApiAnswer>>;
}

export interface ApiParameter {
  readonly schema: z.ZodType;
  readonly description?: string;
}

export interface ApiAnswer {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default: `application/json`; for a schema that is {@link problemSchema}: `application/problem+json`. */
  readonly contentType?: string;
}

/** @see https://www.rfc-editor.org/rfc/rfc9457 */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    problems: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('Every single thing that is wrong'),
    reasons: z.array(z.string()).optional().describe('Of health: why not'),
  })
  .meta({ id: 'Problem' });

/** An answer that says why not. */
export const problemAnswer = (description: string): ApiAnswer => ({ description, schema: problemSchema });
