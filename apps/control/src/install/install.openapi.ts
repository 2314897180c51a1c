import { z } from 'zod';
import { INSTALL_FILES } from '@tributary/install-kit';
import { problemAnswer, type ApiParameter, type ApiRoute } from '../openapi-route.js';

const installListSchema = z
  .object({
    items: z.array(z.object({ name: z.string(), contentType: z.string(), what: z.string() })),
    nextCursor: z.null(),
  })
  .meta({ id: 'InstallFiles' });

export type InstallList = z.infer<typeof installListSchema>;

const id = z.string().regex(/^[a-z0-9-]{1,40}$/);
const address = { tenant: { schema: id }, connection: { schema: id, description: 'A `visits` connection' } };
const queryParameters: Readonly<Record<string, ApiParameter>> = {
  collector: {
    schema: z.url(),
    description: 'Where this shop’s browsers reach ingest, such as https://metrics.shop.example; else `PUBLIC_INGEST_URL`',
  },
};

export const INSTALL_PATHS: readonly ApiRoute[] = [
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/connections/{connection}/install',
    summary: 'What a shop can install for its visits',
    pathParameters: address,
    queryParameters,
    answers: { 200: { description: 'The files', schema: installListSchema }, 404: problemAnswer('No such active visits connection') },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/connections/{connection}/install/{file}',
    summary: 'Script tag, tag-manager container, PHP snippet or proxy rules, with this tenant’s values filled in',
    pathParameters: { ...address, file: { schema: z.enum(INSTALL_FILES.map(({ name }) => name)) } },
    queryParameters,
    answers: {
      200: { description: 'The file, to be saved under its name', schema: z.string(), contentType: 'text/plain' },
      404: problemAnswer('No such file, or no such active visits connection'),
    },
  },
];
