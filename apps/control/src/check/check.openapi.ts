import { z } from 'zod';
import { problemAnswer, type ApiRoute } from '../openapi-route.js';

const id = z.string().regex(/^[a-z0-9-]{1,40}$/);

const checkSchema = z.object({
  name: z.string(),
  verdict: z.enum(['good', 'bad', 'note']),
  what: z.string(),
  todo: z.string().nullable(),
});

const checkedSchema = z
  .object({
    tenant: id,
    connection: id,
    kind: z.string(),
    isGood: z.boolean().describe('No line of it is bad'),
    checks: z.array(checkSchema),
  })
  .meta({ id: 'CheckedConnection' });

export type CheckedConnection = z.infer<typeof checkedSchema>;

export const CHECK_PATHS: readonly ApiRoute[] = [
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/check',
    summary: 'What is right and wrong with each connection, and what to do; as of the last looks at the shops',
    pathParameters: { tenant: { schema: id } },
    answers: {
      200: {
        description: 'Every connection that is not disabled',
        schema: z.object({ items: z.array(checkedSchema), nextCursor: z.null() }).meta({ id: 'CheckPage' }),
      },
      404: problemAnswer('No such tenant'),
    },
  },
];
