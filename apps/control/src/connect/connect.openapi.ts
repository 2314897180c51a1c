import { z } from 'zod';
import { problemAnswer, type ApiRoute } from '../openapi-route.js';

const id = z.string().regex(/^[a-z0-9-]{1,40}$/);

const startedSchema = z
  .object({
    id: z.string(),
    url: z.url().describe('To be opened by somebody who is logged in to the shop as an administrator; good for one use'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'ConnectStarted' });

const progressSchema = z
  .object({
    state: z.enum(['waiting', 'checking', 'connected', 'refused', 'expired']),
    because: z.string().nullable().describe('Why it was refused'),
  })
  .meta({ id: 'ConnectProgress' });

export type ConnectStarted = z.infer<typeof startedSchema>;

const address = { tenant: { schema: id }, connection: { schema: id, description: 'A `woocommerce` connection' } };

export const CONNECT_PATHS: readonly ApiRoute[] = [
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/connections/{connection}/connect',
    summary: 'Makes a link by which a merchant gives the shop’s REST keys with one click',
    pathParameters: address,
    answers: {
      201: { description: 'The link', schema: startedSchema },
      404: problemAnswer('No such active shop'),
      409: problemAnswer('The shop could not hand over its keys: PUBLIC_INGEST_URL is missing, private or not https'),
      503: problemAnswer('Ingest does not answer'),
    },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/connections/{connection}/connect/{id}',
    summary: 'How far a connecting is',
    pathParameters: { ...address, id: { schema: z.string().regex(/^[0-9a-f]{64}$/) } },
    answers: { 200: { description: 'Its state', schema: progressSchema }, 404: problemAnswer('No such connecting') },
  },
];
