import { readSecretValues, asConnectionId, asTenantId } from '@tributary/domain';
import { PostgresVaultStore } from '@tributary/postgres';
import { MasterKeys, Vault } from '@tributary/vault';
import { startWoocommerceSimulator, type WoocommerceSimulator } from '../simulators/woocommerce/woocommerce-simulator.ts';
import { tributary } from '../stack/command-line.js';
import { ControlApi } from '../stack/control-api.js';
import { eventually } from '../stack/eventually.js';
import { countedEventIds } from '../stack/outcomes.js';
import { MASTER_KEY, Stack } from '../stack/stack.js';

const KEYS = { consumerKey: 'ck_of_the_shop', consumerSecret: 'cs_of_the_shop' };
const SIGNATURE_KEY = 'signature-key-of-the-call-backs';
const STRAY = "yyyy-MM-dd'T'HH:mm:ss'";

let stack: Stack;
let control: ControlApi;
let simulator: WoocommerceSimulator;
let authorization: string;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & {
    readonly problems?: readonly { readonly path: string }[];
    readonly configuration?: Readonly<Record<string, unknown>>;
  };
}
/** Asks at the public address. */
async function ask(method: string, path: string, body?: unknown, keys = authorization): Promise<Answer> {
  const answer = await fetch(`${stack.app('ingest').url}${path}`, {
    method,
    headers: { authorization: keys, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  control.heard.push({ where: `${method} ${path}`, bytes: Buffer.from(text) });
  return { status: answer.status, body: JSON.parse(text) as Answer['body'] };
}

const polling = (configuration: object = {}): object => ({
  element: { key: 'woocommercerest' },
  name: 'Shop of Acme',
  tags: ['moved'],
  configuration: {
    'oauth.callback.url': simulator.url,
    'oauth.api.key': KEYS.consumerKey,
    'oauth.api.secret': KEYS.consumerSecret,
    'event.notification.enabled': 'true',
    'event.vendor.type': 'polling',
    'event.notification.callback.url': 'https://app.example/events',
    'event.notification.signature.key': SIGNATURE_KEY,
    'event.poller.refresh_interval': '1',
    'event.poller.configuration': JSON.stringify({
      orders: { url: '/hubs/ecommerce/orders', idField: 'id', datesConfiguration: { updatedDateFormat: STRAY, createdDateFormat: STRAY } },
      contacts: { url: '/hubs/ecommerce/customers', idField: 'id', datesConfiguration: {} },
      refunds: { url: '/hubs/ecommerce/refunds', idField: 'id', datesConfiguration: {} },
    }),
    ...configuration,
  },
});
const connections = async (): Promise<{ id: string; kind: string; state: string; version: number; settings: Record<string, unknown> }[]> =>
  (await control.ask<{ items: never[] }>('/v1/tenants/acme/connections')).body.items;

beforeAll(async () => {
  stack = await Stack.start({ apps: ['tiktok', 'control'] });
  const ingest = await stack.startApp('ingest');
  await stack.untilReady(ingest);
  control = new ControlApi(stack.app('control').url);
  simulator = await startWoocommerceSimulator({ keys: [{ ...KEYS, permissions: 'read' }] });
  const pixel = { id: 'ads', kind: 'tiktok', pixelCode: 'PIXEL1', accessToken: 'token-of-the-pixel' };
  const put = await control.ask('/v1/tenants/acme', { method: 'PUT', body: { name: 'Acme', defaultCountry: 'CL', connections: [pixel] } });
  expect(put.status).toBe(200);
  const made = await tributary(stack, ['instance-keys', 'create', 'acme', '--name', 'the old integration', '--json']);
  const keys = JSON.parse(made.out) as { user: string; organization: string };
  authorization = `User ${keys.user}, Organization ${keys.organization}`;
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await simulator?.stop();
}, 30_000);

it.each([
  ['no keys', ''],
  ['the admin token', 'Bearer admin-token-of-the-tests'],
  ['keys of nobody', 'User a, Organization b'],
])('asks for keys: %s is answered 401', async (_what, keys) => {
  expect((await ask('POST', '/instances', polling(), keys)).status).toBe(401);
  expect((await ask('GET', '/instances/1', undefined, keys)).status).toBe(401);
  expect(await connections()).toHaveLength(1);
});

it('lists everything that is wrong as 400 and changes nothing', async () => {
  const { status, body } = await ask('POST', '/instances', polling({ 'oauth.callback.url': 'shop', 'event.vendor.type': 'pigeon' }));
  expect(status).toBe(400);
  expect(body.problems?.map(({ path }) => path).toSorted()).toEqual([
    'configuration.event.vendor.type',
    'configuration.oauth.callback.url',
  ]);
  expect((await ask('POST', '/instances', 'no map')).status).toBe(400);
  expect(await connections()).toHaveLength(1);
});

let id: unknown;

it('connects a shop: its orders are read and sent, and its destinations are not touched', async () => {
  const { status, body } = await ask('POST', '/instances', polling());
  expect([status, body]).toEqual([
    200,
    expect.objectContaining({
      name: 'Shop of Acme',
      tags: ['moved'],
      element: { key: 'woocommercerest', name: 'WooCommerce REST', hub: 'ecommerce' },
      valid: true,
      disabled: false,
      eventsEnabled: true,
    }),
  ]);
  ({ id } = body);
  expect(typeof id).toBe('number');
  expect(body['token']).toMatch(/^[\w-]{32}$/);
  const product = simulator.shop.catalog.add({ name: 'Mug', price: 1_000 }).id;
  const old = simulator.shop.orders.create({ status: 'completed', lines: [{ productId: product }] }).id;
  const refund = simulator.shop.orders.addRefund(old, { amount: 100 });
  const order = simulator.shop.orders.create({ status: 'processing', lines: [{ productId: product }], billing: { country: 'CL' } });
  await eventually('the order is sent', 90_000, () => countedEventIds(stack).includes(`wc_order_${order.id}`));
  expect(await connections()).toMatchObject([
    { id: 'ads', kind: 'tiktok', state: 'active', version: 1 },
    { id: `instance-${String(id)}`, kind: 'woocommerce', state: 'active', settings: { polling: { refreshIntervalSeconds: 60 } } },
  ]);
  await eventually('the custom resource is in the catalog', 60_000, async () => {
    const rows = await stack.sql.query(
      '',
      `select 1 from orders.catalog_heads where tenant_id = 'acme' and connection_id = $1 and resource = 'refunds' and resource_id = $2`,
      [`instance-${String(id)}`, String(refund)],
    );
    return rows.length === 1;
  });
}, 180_000);

it('shows the instance without its secrets, and keeps the key of the call-backs sealed', async () => {
  const { status, body } = await ask('GET', `/instances/${String(id)}`);
  expect(status).toBe(200);
  expect(Object.keys(body.configuration?.['event.poller.configuration'] as object).toSorted()).toEqual(['contacts', 'orders', 'refunds']);
  expect(body).not.toHaveProperty('token');
  const heard = control.heard.map(({ bytes }) => bytes.toString()).join('\n');
  for (const secret of [SIGNATURE_KEY, KEYS.consumerSecret]) expect(heard).not.toContain(secret);
  const rows = await stack.sql.query<{ row: string }>('', 'select row_to_json(i)::text as row from control.instances i');
  expect(rows.map(({ row }) => row).join()).not.toContain(SIGNATURE_KEY);
  const vault = new Vault({ store: new PostgresVaultStore(stack.sql), masterKeys: MasterKeys.parse(MASTER_KEY) });
  const kept = await vault.getSecrets(asTenantId('acme'), asConnectionId(`instance-${String(id)}-callback`), 1);
  expect(kept === null ? null : readSecretValues(kept)).toEqual({ signatureKey: SIGNATURE_KEY });
});

it('makes no second connection of the same shop', async () => {
  const again = await ask('POST', '/instances', polling({ 'event.vendor.type': 'webhook', 'event.poller.refresh_interval': 5 }));
  expect([again.status, again.body['id']]).toEqual([200, id]);
  expect(await connections()).toMatchObject([
    { id: 'ads', version: 1 },
    // One more when the shop was asked about itself meanwhile.
    { id: `instance-${String(id)}`, version: expect.any(Number) as number },
  ]);
});

it('shows nobody another tenant’s instance', async () => {
  const made = await control.ask<{ user: string; organization: string }>('/v1/tenants/other/instance-keys', {
    method: 'POST',
    body: { name: 'another' },
  });
  const keys = `User ${made.body.user}, Organization ${made.body.organization}`;
  expect((await ask('GET', `/instances/${String(id)}`, undefined, keys)).status).toBe(404);
  expect((await ask('DELETE', `/instances/${String(id)}`, undefined, keys)).status).toBe(404);
});

it('forgets an instance: its connection is disabled, the others stay', async () => {
  expect((await ask('DELETE', `/instances/${String(id)}`)).status).toBe(200);
  expect((await ask('GET', `/instances/${String(id)}`)).status).toBe(404);
  expect(await connections()).toMatchObject([{ id: 'ads', state: 'active', version: 1 }, { state: 'disabled' }]);
});

it('lets nobody in with keys that were revoked', async () => {
  const list = JSON.parse((await tributary(stack, ['instance-keys', 'list', 'acme', '--json'])).out) as { items: { id: string }[] };
  await tributary(stack, ['instance-keys', 'revoke', 'acme', list.items[0]?.id ?? '']);
  expect((await ask('GET', `/instances/${String(id)}`)).status).toBe(401);
});
