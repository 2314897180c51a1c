import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DESTINATIONS, tiktokSecretsSchema, tiktokSettingsSchema } from '@tributary/destinations';
import { asConnectionId, asTenantId, evolveOrder, type OrderState } from '@tributary/domain';
import { isSignatureValid, readWebhook, woocommerceSecretsSchema, woocommerceSettingsSchema } from '@tributary/sources';
import { DEMO_ORDERS, demoOrders, signedRequest, type DemoOrder, type OrderBody } from '../../tools/bootstrap/start/demo-orders.mts';
import { orderObserved, signedWebhook } from '../builders/order.builder.js';

const folder = join(__dirname, '..', '..', 'deploy', 'demo');
const template = JSON.parse(readFileSync(join(folder, 'order.json'), 'utf8')) as OrderBody;
const file = parse(readFileSync(join(folder, 'tenants.yaml'), 'utf8')) as { tenants: [{ connections: readonly ConnectionText[] }] };
const connectionOf = (kind: string): ConnectionText => {
  const found = file.tenants[0].connections.find((connection) => connection['kind'] === kind);
  if (found === undefined) throw new Error(`the demo has no connection of kind ${kind}`);
  return found;
};
const [shop, ads] = [connectionOf('woocommerce'), connectionOf('tiktok')];

interface ConnectionText {
  readonly [name: string]: unknown;
}

const nowMs = Date.parse('2026-11-21T02:38:13Z');
const orders = demoOrders(template, 1042, nowMs);
const settings = (() => {
  const { id: _, kind: _kind, accessToken: _token, ...rest } = ads;
  return tiktokSettingsSchema.parse(rest);
})();

/** What the order's webhooks lead to under the demo's settings, by the rules themselves. */
function decided(order: DemoOrder): readonly string[] {
  let state: OrderState | undefined;
  for (const webhook of order.webhooks) {
    const { body, headers } = signedRequest(webhook, 'secret');
    const reading = readWebhook({ rawBody: body, headers, receivedAt: nowMs, defaultCountry: 'CL' });
    if (reading.kind !== 'order') throw new Error(`${order.what} is read as ${JSON.stringify(reading)}`);
    const { content, contentHash, asOf, modifiedAt } = reading;
    state = evolveOrder(state, orderObserved({ ...content, contentHash, asOf, modifiedAt }));
  }
  const tenant = { tenantId: asTenantId('demo'), defaultCountry: 'CL' };
  const source = { connectionId: asConnectionId('shop'), storeUrl: 'https://shop.example', country: 'CL', isConsentRequired: false };
  const destination = { connectionId: asConnectionId('ads'), version: 1, activatedAt: nowMs, configuredAt: nowMs, settings };
  return DESTINATIONS.tiktok.destination
    .plan(state!, tenant, source, destination, nowMs)
    .map((decision) => (decision.kind === 'plan' ? 'plan' : decision.reason));
}

it('shows each way that an order can go', () => {
  expect(Object.fromEntries(orders.map((order) => [order.what, decided(order)]))).toEqual({
    'paid by card': ['plan'],
    'cash on delivery, not paid yet': ['plan'],
    'cheque, not paid yet': [],
    'bank transfer, paid later': ['plan'],
    'the same webhook twice': ['plan'],
    'made by the shop’s staff': ['created-via-excluded'],
    'in yen': ['plan'],
    'buyer declined tracking': ['consent-denied'],
  });
});

it('says of each order that stays out why, and of no other', () => {
  expect(orders.filter(({ staysOut }) => staysOut !== null).map(decided)).toEqual([[]]);
});

it('takes as many order numbers as it says', () => {
  expect(orders.map(({ id }) => id)).toEqual(Array.from({ length: DEMO_ORDERS }, (_, index) => String(1042 + index)));
});

it('signs as a shop does', () => {
  const [webhook] = orders[0]!.webhooks;
  const { body, headers } = signedRequest(webhook!, 'secret');
  expect(body).toEqual(signedWebhook(webhook!.body, 'secret').rawBody);
  expect(isSignatureValid(body, headers['x-wc-webhook-signature'], ['secret'])).toBe(true);
});

it('comes with a tenant file that is right in every field', () => {
  const { id: _id, kind: _kind, webhookToken, webhookSecret, ...rest } = shop;
  expect(woocommerceSettingsSchema.safeParse(rest).error).toBeUndefined();
  expect(woocommerceSecretsSchema.safeParse({ webhookToken, webhookSecret }).error).toBeUndefined();
  expect(tiktokSecretsSchema.safeParse({ accessToken: ads['accessToken'] }).error).toBeUndefined();
});
