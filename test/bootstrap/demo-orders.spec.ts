import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DESTINATIONS, tiktokSecretsSchema, tiktokSettingsSchema } from '@tributary/destinations';
import { asConnectionId, asTenantId, evolveOrder, type OrderState } from '@tributary/domain';
import { readWebhook, woocommerceSecretsSchema, woocommerceSettingsSchema } from '@tributary/sources';
import { DEMO_PRODUCT, demoOrders, type DemoOrder } from '../../tools/bootstrap/start/demo-orders.mts';
import { orderObserved, signedWebhook } from '../builders/order.builder.js';
import { control } from '../simulators/woocommerce/control-routes.ts';
import type { Json } from '../simulators/woocommerce/json/json.ts';
import { WoocommerceShop } from '../simulators/woocommerce/woocommerce-shop.ts';

interface ConnectionText {
  readonly [name: string]: unknown;
}

const file = parse(readFileSync(join(__dirname, '..', '..', 'deploy', 'demo', 'tenants.yaml'), 'utf8')) as {
  tenants: [{ connections: readonly ConnectionText[] }];
};
const connectionOf = (kind: string): ConnectionText => {
  const found = file.tenants[0].connections.find((connection) => connection['kind'] === kind);
  if (found === undefined) throw new Error(`the demo has no connection of kind ${kind}`);
  return found;
};
const [shop, ads] = [connectionOf('woocommerce'), connectionOf('tiktok')];

const nowMs = Date.parse('2026-11-21T02:38:13Z');
const settings = (() => {
  const { id: _, kind: _kind, accessToken: _token, ...rest } = ads;
  return tiktokSettingsSchema.parse(rest);
})();

/** Places an order in a shop as the demo does; answers the order's JSON after each thing that happened to it. */
async function placed({ placed: input, acts }: DemoOrder, woocommerce: WoocommerceShop): Promise<readonly Record<string, unknown>[]> {
  const tell = async (path: string, body: unknown): Promise<void> => {
    const { status, body: answer } = await control(woocommerce, 'POST', path, body as Json);
    if (status >= 400) throw new Error(JSON.stringify(answer));
  };
  await tell('orders', input);
  const [order] = [...woocommerce.orders.all()].toReversed();
  const id = order!.id;
  const seen = [woocommerce.orderJson(id)];
  for (const { action, body } of acts) {
    await tell(`orders/${id}/${action}`, body);
    seen.push(woocommerce.orderJson(id));
  }
  return seen;
}

/** What an order of the demo leads to under the demo's settings, by the rules themselves. */
async function decided(pick: (orders: readonly DemoOrder[]) => DemoOrder): Promise<readonly string[]> {
  const woocommerce = new WoocommerceShop({ now: () => nowMs });
  const product = woocommerce.catalog.add(DEMO_PRODUCT);
  const order = pick(demoOrders(product.id, 'visitor-of-the-demo'));
  let state: OrderState | undefined;
  for (const body of await placed(order, woocommerce)) {
    const { rawBody, headers } = signedWebhook(body, 'secret');
    const reading = readWebhook({ rawBody, headers, receivedAt: nowMs, defaultCountry: 'CL' });
    if (reading.kind !== 'order') throw new Error(`${order.what} is read as ${JSON.stringify(reading)}`);
    const { content, contentHash, asOf, modifiedAt } = reading;
    state = evolveOrder(state, orderObserved({ ...content, contentHash, asOf, modifiedAt }));
  }
  const tenant = { tenantId: asTenantId('demo'), defaultCountry: 'CL' };
  const source = { connectionId: asConnectionId('shop'), storeUrl: 'https://shop.example', country: 'CL', isConsentRequired: false };
  const destination = { connectionId: asConnectionId('ads'), version: 1, activatedAt: nowMs, configuredAt: nowMs, settings };
  return DESTINATIONS.tiktok.destination
    .plan(state!, tenant, source, destination, nowMs, [])
    .map((decision) => (decision.kind === 'plan' ? 'plan' : decision.reason));
}

const ORDERS = demoOrders(1, 'visitor-of-the-demo');

it('shows each way that an order can go', async () => {
  const found: Record<string, readonly string[]> = {};
  for (const [index, { what }] of ORDERS.entries()) found[what] = await decided((orders) => orders[index]!);
  expect(found).toEqual({
    'paid by card': ['plan'],
    'cash on delivery, not paid yet': ['plan'],
    'cheque, not paid yet': [],
    'bank transfer, paid later': ['plan'],
    'saved again in the shop': ['plan'],
    'made by the shop’s staff': ['created-via-excluded'],
    'in yen': ['plan'],
    'buyer declined tracking': ['consent-denied'],
  });
});

it('says of each order that stays out why, and of no other', () => {
  expect(ORDERS.filter(({ staysOut }) => staysOut !== null).map(({ what }) => what)).toEqual(['cheque, not paid yet']);
});

it('comes with a tenant file that is right in every field', () => {
  const { id: _id, kind: _kind, webhookToken, webhookSecret, consumerKey, consumerSecret, ...rest } = shop;
  expect(woocommerceSettingsSchema.safeParse(rest).error).toBeUndefined();
  expect(woocommerceSecretsSchema.safeParse({ webhookToken, webhookSecret, consumerKey, consumerSecret }).error).toBeUndefined();
  expect(tiktokSecretsSchema.safeParse({ accessToken: ads['accessToken'] }).error).toBeUndefined();
});
