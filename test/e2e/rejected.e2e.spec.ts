import { decodeOrderEvent, ORDER_EVENTS_TOPIC } from '@tributary/codecs';
import { Registry } from '@tributary/kafka';
import { loadSchemaBook, readRecordsOf } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { loadCapture } from '../builders/captured-webhooks.js';
import { orderPersonal } from '../builders/order.builder.js';
import { postedStatus, signedBytes } from '../stack/bad-webhooks.js';
import { tributary } from '../stack/command-line.js';
import { putShopVersion } from '../stack/connection-version.js';
import { ControlApi } from '../stack/control-api.js';
import { eventually } from '../stack/eventually.js';
import { paidOrder } from '../stack/shop-window.js';
import { countedEventIds, ledgerOf } from '../stack/outcomes.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';
import { findTraces, tracesOf } from '../stack/traces-of-people.js';
import { phpJson } from '../builders/php-json.js';

const TOKEN = 'token-of-the-shop-01';
const WRONG = 'secret-as-we-have-it';
const RIGHT = 'secret-as-the-shop-has-it';
const shop = { id: 'shop', token: TOKEN, webhookSecret: WRONG };

let stack: Stack;
let control: ControlApi;

interface Item {
  readonly eventId: string;
  readonly reason: string;
  readonly state: string;
  readonly firstReason: string | null;
}
const list = async (query = ''): Promise<Item[]> => (await control.ask<{ items: Item[] }>(`/v1/tenants/acme/rejected${query}`)).body.items;
const signed = (orderId: number, secret: string): ReturnType<typeof signedBytes> =>
  signedBytes(Buffer.from(phpJson(paidOrder(orderId))), secret);
const send = (webhook: ReturnType<typeof signedBytes>): Promise<number> => postedStatus(stack, { token: TOKEN }, webhook);

async function rejectedNow(count: number): Promise<Item[]> {
  await eventually(`${count} are listed`, 10_000, async () => (await list('?state=rejected')).length === count);
  return list('?state=rejected');
}
/** Event ids of an order's records in the log, in their order. */
const eventIdsOf = async (orderId: number): Promise<string[]> => {
  const key = `acme:shop:${orderId}`;
  const records = await readRecordsOf(
    stack.kafka,
    { topic: ORDER_EVENTS_TOPIC, keys: [key], timeLimitMs: 10_000 },
    createLog('test', 'silent'),
  );
  const book = await loadSchemaBook(new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null }));
  return (records.get(key) ?? []).flatMap(({ value }) => (value === null ? [] : [decodeOrderEvent(book, value).eventId]));
};
const observationsOf = async (orderId: number): Promise<number> => (await eventIdsOf(orderId)).length;
const purchasesOf = (orderId: number): number => countedEventIds(stack).filter((eventId) => eventId === `wc_order_${orderId}`).length;

beforeAll(async () => {
  stack = await Stack.start();
  control = new ControlApi(stack.app('control').url);
  await configure(stack, {
    id: 'acme',
    shops: [shop],
    pixels: [{ id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1' } }],
  });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

it('shows a rejected payload without anything personal', async () => {
  expect(await send(signed(1, RIGHT))).toBe(401);
  const [item] = await rejectedNow(1);
  const { status, body } = await control.ask<{ payload: Record<string, unknown>; payloadNote: string | null }>(
    `/v1/tenants/acme/rejected/${item?.eventId}`,
  );
  expect(status).toBe(200);
  expect(body).toMatchObject({ reason: 'bad-signature', payloadNote: null, payload: { id: 1, status: 'processing' } });
  const shown = await tributary(stack, ['rejected', 'show', 'acme', item?.eventId ?? '']);
  expect(shown.out).toContain('"status": "processing"');
  const { billing, customerIp } = orderPersonal();
  const traces = [
    ...tracesOf('email', billing.email, ['CL']),
    ...tracesOf('phone', billing.phone, ['CL']),
    ...[billing.firstName, billing.lastName].flatMap((name) => tracesOf('name', name, ['CL'])),
    ...[billing.address1, customerIp].flatMap((text) => tracesOf('text', text, ['CL'])),
  ];
  expect(traces.length).toBeGreaterThan(10);
  expect(findTraces([...control.heard, { where: 'rejected show', bytes: Buffer.from(shown.out) }], traces)).toEqual([]);
});

it('keeps refusing what is still wrong, and says so', async () => {
  const [item] = await rejectedNow(1);
  const again = await control.ask<{ items: object[] }>(`/v1/tenants/acme/rejected/${item?.eventId}/resubmit`, { method: 'POST', body: {} });
  expect(again).toMatchObject({ status: 200, body: { outcome: 'done', items: [{ outcome: 'refused', reason: 'bad-signature' }] } });
  expect(await observationsOf(1)).toBe(0);
});

it('takes what a corrected secret makes good: each order once, although ingest dies in between', async () => {
  for (const orderId of [2, 3]) expect(await send(signed(orderId, RIGHT))).toBe(401);
  expect(await send(signed(4, 'somebody-else'))).toBe(401);
  await rejectedNow(4);
  await stack.app('ingest').child.stop(5_000);
  const armed = await stack.startApp('ingest', { env: { TRIBUTARY_FAILPOINT: 'resubmission.after-fact:2' } });
  await stack.untilReady(armed);
  await putShopVersion(stack, {
    tenantId: 'acme',
    id: 'shop',
    version: 2,
    secrets: { webhookToken: TOKEN, webhookSecret: RIGHT },
  });
  const asking = tributary(stack, ['rejected', 'resubmit', 'acme', '--reason', 'bad-signature', '--json']);
  expect(await armed.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  const revived = await stack.startApp('ingest');
  await stack.untilReady(revived);
  const { code, out, err } = await asking;
  expect([code, err]).toEqual([0, '']);
  const items = JSON.parse(out) as { outcome: string }[];
  expect(items.map(({ outcome }) => outcome).toSorted()).toEqual(['refused', 'taken', 'taken', 'taken']);
  const [stays, ...more] = await rejectedNow(1);
  expect([stays?.reason, more]).toEqual(['bad-signature', []]);
  expect((await list('?state=taken')).map(({ reason }) => reason)).toEqual(['bad-signature', 'bad-signature', 'bad-signature']);
  await eventually('three Purchases were counted', 20_000, () => [1, 2, 3].every((orderId) => purchasesOf(orderId) === 1));
  // Those that were in hand when ingest died stand in the log twice, under one event id each.
  const observed = await Promise.all([1, 2, 3].map(eventIdsOf));
  expect(observed.map((eventIds) => new Set(eventIds).size)).toEqual([1, 1, 1]);
  expect(observed.every(({ length }) => length <= 2)).toBe(true);
  expect(observed.map(({ length }) => length)).toContain(2);
  expect(await observationsOf(4)).toBe(0);
  expect((await ledgerOf(stack)).map(({ orderId, state, attempts }) => [orderId, state, attempts.length])).toEqual([
    ['1', 'delivered', 1],
    ['2', 'delivered', 1],
    ['3', 'delivered', 1],
  ]);
});

it('takes nothing twice', async () => {
  const taken = (await list('?state=taken'))[0]?.eventId ?? '';
  const before = await Promise.all([1, 2, 3].map(observationsOf));
  const again = await control.ask(`/v1/tenants/acme/rejected/${taken}/resubmit`, { method: 'POST', body: {} });
  expect(again.body).toMatchObject({ outcome: 'done', items: [{ outcome: 'taken', detail: 'earlier' }] });
  expect(await Promise.all([1, 2, 3].map(observationsOf))).toEqual(before);
  expect([1, 2, 3].map(purchasesOf)).toEqual([1, 1, 1]);
});

it('refuses an unknown payload, and a command without ids or a filter', async () => {
  expect((await control.ask('/v1/tenants/acme/rejected/nobody/resubmit', { method: 'POST', body: {} })).status).toBe(404);
  const { code, err } = await tributary(stack, ['rejected', 'resubmit', 'acme']);
  expect([code, err]).toEqual([1, expect.stringContaining('either ids or a filter')]);
});

it('retries and resumes from the command line', async () => {
  const deliveries = JSON.parse((await tributary(stack, ['deliveries', 'acme', '--json'])).out) as { items: { id: string }[] };
  const retried = await tributary(stack, ['retry', 'acme', deliveries.items[0]?.id ?? '']);
  expect([retried.code, retried.err]).toEqual([1, expect.stringContaining('409')]);
  const resumed = await tributary(stack, ['resume', 'acme', 'ads']);
  expect([resumed.code, resumed.out]).toEqual([0, 'ads goes on; 0 deliveries were waiting.\n']);
});

it('takes a product of the catalog as a webhook would have brought it', async () => {
  const { rawBody } = loadCapture('016');
  const before = new Set((await list('?state=rejected')).map(({ eventId }) => eventId));
  expect(await send(signedBytes(rawBody, 'secret-of-tomorrow', 'product.created'))).toBe(401);
  const product = (await rejectedNow(before.size + 1)).find(({ eventId }) => !before.has(eventId));
  await putShopVersion(stack, {
    tenantId: 'acme',
    id: 'shop',
    version: 3,
    secrets: { webhookToken: TOKEN, webhookSecret: 'secret-of-tomorrow' },
  });
  const again = await control.ask<{ items: object[] }>(`/v1/tenants/acme/rejected/${product?.eventId}/resubmit`, {
    method: 'POST',
    body: {},
  });
  expect(again).toMatchObject({ status: 200, body: { outcome: 'done', items: [{ outcome: 'taken', reason: null }] } });
  await eventually('the product is known', 10_000, async () => {
    const rows = await stack.sql.query<{ weight: string }>(
      '',
      `select content ->> 'weight' as weight from orders.catalog_heads where tenant_id = 'acme' and resource = 'product' and resource_id = '11'`,
    );
    return rows[0]?.weight === '0.52';
  });
});
