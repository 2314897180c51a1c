import { z } from 'zod';
import { problemAnswer, type ApiRoute } from '../openapi-route.js';

const id = z.string().regex(/^[a-z0-9-]{1,40}$/);
const filled = z.string().trim().min(1);

export const resolveBody = z.strictObject({
  courierCode: filled.max(64).optional().describe('The courier’s code; default: the one of the settings'),
});
export const loginBody = z.strictObject({
  email: filled.max(320),
  password: z.string().min(1).max(1_000).describe('Passed on once, kept nowhere'),
});
export const linkBody = z.strictObject({
  storeId: filled.max(64),
  force: z.boolean().default(false).describe('Link although the shop’s own TrackingTech plugin is active'),
});
export const noBody = z.strictObject({});

const accountSchema = z
  .object({
    state: z.enum(['disconnected', 'resolved', 'logged-in', 'connected', 'token-expired']),
    courierCode: z.string(),
    storeId: z.string().nullable(),
    customerId: z.string().nullable().describe('The customer that the store is linked to'),
    warning: z.string().nullable().describe('What did not work, although the state is as it says'),
  })
  .meta({ id: 'CourierAccount' });
const storesSchema = z
  .object({ items: z.array(z.object({ id: z.string(), name: z.string() })), nextCursor: z.null() })
  .meta({ id: 'CourierStores' });

export type CourierAccount = z.infer<typeof accountSchema>;
export type CourierStores = z.infer<typeof storesSchema>;

const PATH = '/v1/tenants/{tenant}/connections/{connection}/trackingtech';
const pathParameters = { tenant: { schema: id }, connection: { schema: id, description: 'A `trackingtech` connection' } };
const refusals = {
  404: problemAnswer('No such active connection'),
  409: problemAnswer('Not at this point, or refused by the courier; `detail` says why'),
  503: problemAnswer('The courier does not answer'),
};
const account = { 200: { description: 'How far the account is', schema: accountSchema }, ...refusals };

export const COURIER_PATHS: readonly ApiRoute[] = [
  { method: 'get', path: PATH, summary: 'How far the account at the courier is', pathParameters, answers: account },
  {
    method: 'post',
    path: `${PATH}/resolve`,
    summary: 'Step 1: whether the courier exists and is active',
    pathParameters,
    body: resolveBody,
    answers: account,
  },
  {
    method: 'post',
    path: `${PATH}/login`,
    summary: 'Step 2: logs in; the token is kept sealed, the password is kept nowhere',
    pathParameters,
    body: loginBody,
    answers: account,
  },
  {
    method: 'post',
    path: `${PATH}/stores`,
    summary: 'Step 3: the merchant’s stores',
    pathParameters,
    body: noBody,
    answers: { 200: { description: 'The stores', schema: storesSchema }, ...refusals },
  },
  {
    method: 'post',
    path: `${PATH}/link`,
    summary: 'Step 4: links the shop to a store; from now on orders are sent',
    pathParameters,
    body: linkBody,
    answers: account,
  },
  {
    method: 'post',
    path: `${PATH}/disconnect`,
    summary: 'Forgets the account: nothing is sent any more',
    pathParameters,
    body: noBody,
    answers: account,
  },
];
