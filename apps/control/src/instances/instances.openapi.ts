import { z } from 'zod';
import { problemAnswer, type ApiRoute } from '../openapi-route.js';
import { ID_SCHEMA } from '../reading/reading.schema.js';
import { instanceKeyBody } from './instance-keys.controller.js';

const tenant = { tenant: { schema: ID_SCHEMA, description: 'The tenant’s id' } };
const id = { id: { schema: z.string() } };
const time = z.iso.datetime();

const instanceSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    createdDate: time,
    token: z.string().optional().describe('Only in the answer to POST'),
    element: z.object({ key: z.string(), name: z.string(), hub: z.string() }),
    valid: z.boolean(),
    disabled: z.boolean(),
    eventsEnabled: z.boolean(),
    tags: z.array(z.string()),
    configuration: z.record(z.string(), z.unknown()).describe('Without secrets'),
    connection: z.string().describe('The woocommerce connection that it is'),
  })
  .meta({ id: 'Instance' });
const keySchema = z.object({ id: z.string(), name: z.string(), createdAt: time, revokedAt: time.nullable() }).meta({ id: 'InstanceKey' });
const newKeySchema = z.object({ id: z.string(), user: z.string(), organization: z.string() }).meta({ id: 'NewInstanceKey' });

const WHO = problemAnswer('Not «User <secret>, Organization <secret>» of any tenant');

/** Cloud Elements' interface and its keys, as `/openapi.json` tells them. */
export const INSTANCES_PATHS: readonly ApiRoute[] = [
  {
    method: 'post',
    path: '/instances',
    summary: 'Connect a shop in Cloud Elements’ shape (docs/cloud-elements.md); asks for User and Organization keys of a tenant',
    isOpen: true,
    body: z.record(z.string(), z.unknown()),
    answers: {
      200: { description: 'The instance, with its token', schema: instanceSchema },
      400: problemAnswer('Everything that is wrong'),
      401: WHO,
    },
  },
  {
    method: 'get',
    path: '/instances/{id}',
    summary: 'An instance of the tenant of the keys',
    isOpen: true,
    pathParameters: id,
    answers: { 200: { description: 'The instance', schema: instanceSchema }, 401: WHO, 404: problemAnswer('No such instance') },
  },
  {
    method: 'delete',
    path: '/instances/{id}',
    summary: 'Forget an instance; a connection that was made for it is disabled',
    isOpen: true,
    pathParameters: id,
    answers: { 200: { description: 'Done', schema: z.object({}) }, 401: WHO, 404: problemAnswer('No such instance') },
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/instance-keys',
    summary: 'A new pair of keys for /instances; shown this once',
    pathParameters: tenant,
    body: instanceKeyBody,
    answers: { 200: { description: 'The keys', schema: newKeySchema }, 404: problemAnswer('No such tenant') },
  },
  {
    method: 'get',
    path: '/v1/tenants/{tenant}/instance-keys',
    summary: 'Pairs of keys for /instances, without the keys; newest first',
    pathParameters: tenant,
    answers: {
      200: { description: 'All of them', schema: z.object({ items: z.array(keySchema), nextCursor: z.null() }) },
      404: problemAnswer('No such tenant'),
    },
  },
  {
    method: 'post',
    path: '/v1/tenants/{tenant}/instance-keys/{id}/revoke',
    summary: 'Revoke a pair of keys; instances made with it stay',
    pathParameters: { ...tenant, ...id },
    answers: { 200: { description: 'Done', schema: z.object({ outcome: z.literal('done') }) }, 404: problemAnswer('No such keys') },
  },
];
