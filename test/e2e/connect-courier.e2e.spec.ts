import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { orderBody, signedWebhook } from '../builders/order.builder.js';
import { ControlApi } from '../stack/control-api.js';
import { eventually } from '../stack/eventually.js';
import { appLogHaystacks, logHaystacks, tableHaystacks } from '../stack/haystacks.js';
import { dumpLog, topicsOf } from '../stack/log-dump.js';
import { Stack } from '../stack/stack.js';
import { postWebhook } from '../stack/tenant.js';

const TOKEN = 'token-of-the-shop-01';
const SECRET = 'secret-of-the-shop';
const PASSWORD = 'correct-horse-battery-7';
const BASE = '/v1/tenants/acme/connections/courier/trackingtech';

interface Account {
  readonly state: string;
  readonly customerId: string | null;
  readonly warning: string | null;
}

let stack: Stack;
let control: ControlApi;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'fulfillment', 'control'] });
  control = new ControlApi(stack.app('control').url);
  const connections = [
    { id: 'shop', kind: 'woocommerce', storeUrl: 'https://shop.example', country: 'CL', webhookToken: TOKEN, webhookSecret: SECRET },
    { id: 'courier', kind: 'trackingtech', courierCode: 'unknown-yet', sendFrom: '2026-01-01T00:00:00Z' },
  ];
  const put = await control.ask('/v1/tenants/acme', { method: 'PUT', body: { connections } });
  expect(put.status).toBe(200);
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

const step = (name: string, body: object = {}) => control.ask<Account & { detail?: string }>(`${BASE}/${name}`, { method: 'POST', body });

async function send(id: number): Promise<void> {
  const now = new Date().toISOString().slice(0, 19);
  const dates = { date_created_gmt: now, date_modified_gmt: now, date_paid_gmt: now };
  const webhook = signedWebhook(orderBody({ id, number: String(id), status: 'processing', ...dates }), SECRET, 'order.updated');
  await eventually(
    'ingest knows the shop',
    15_000,
    async () => (await postWebhook(stack.app('ingest').url, TOKEN, webhook)).status === 200,
  );
}
const stateOf = async (id: number): Promise<string | undefined> => {
  const [row] = await stack.sql.query<{ state: string }>('', 'select state from fulfillment.ledger_entries where reference = $1', [
    String(id),
  ]);
  return row?.state;
};
const submits = (): number =>
  stack.courier.received().requests.filter(({ method, path }) => method === 'POST' && path === '/external/orders').length;

/** `tributary connect trackingtech`, answered line by line. */
async function connectOnTheTerminal(): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const main = join(__dirname, '..', '..', 'dist', 'apps', 'cli', 'main.js');
  const env = { ...stack.environment(), CONTROL_URL: stack.app('control').url };
  const running = promisify(execFile)(process.execPath, [main, 'connect', 'trackingtech', '--connection', 'acme/courier'], { env });
  running.child.stdin?.end(`COURIER-1\nm@example.com\n${PASSWORD}\n`);
  return running;
}

it('connects step by step, sends nothing before and nothing after, and keeps no password', async () => {
  await send(1);
  await eventually('the order is planned', 15_000, async () => (await stateOf(1)) === 'planned');
  expect((await control.ask<Account>(BASE)).body.state).toBe('disconnected');
  expect((await step('login', { email: 'm@example.com', password: PASSWORD })).status).toBe(409);
  expect(await step('resolve')).toMatchObject({ status: 409, body: { detail: 'no courier has this code' } });
  expect((await step('resolve', { courierCode: 'inactive-1' })).status).toBe(409);
  expect(await step('resolve', { courierCode: 'COURIER-1' })).toMatchObject({ status: 200, body: { state: 'resolved' } });
  expect(await step('login', { email: 'm@example.com', password: 'wrong' })).toMatchObject({ status: 409 });
  expect(await step('login', { email: 'm@example.com', password: PASSWORD })).toMatchObject({ status: 200, body: { state: 'logged-in' } });
  expect(await step('stores')).toMatchObject({ status: 200, body: { items: [{ id: '77', name: 'Bodega' }] } });
  expect(submits()).toBe(0);
  expect(await step('link', { storeId: '77' })).toMatchObject({ status: 200, body: { state: 'connected', customerId: '4711' } });
  expect(stack.courier.received().linked['4711']).toMatchObject({
    storeUrl: 'https://shop.example',
    deviceId: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  await eventually('what waited is handed over', 90_000, async () => (await stateOf(1)) === 'delivered');

  stack.courier.control.fail({ kind: 'expired-token', times: 1 });
  await send(2);
  await eventually('the token has expired', 15_000, async () => (await control.ask<Account>(BASE)).body.state === 'token-expired');
  expect((await step('login', { email: 'm@example.com', password: PASSWORD })).status).toBe(200);
  await eventually('it goes on with the new token', 90_000, async () => (await stateOf(2)) === 'delivered');
  expect((await control.ask<Account>(BASE)).body.state).toBe('connected');

  expect(await step('disconnect')).toMatchObject({ status: 200, body: { state: 'disconnected', customerId: null, warning: null } });
  expect(stack.courier.received().linked).toEqual({});
  const sent = submits();
  await eventually('the app knows', 15_000, async () => {
    const [row] = await stack.sql.query<{ customer: string | null }>(
      '',
      `select settings ->> 'customerId' as customer from fulfillment.connections where connection_id = 'courier'`,
    );
    return row?.customer === null;
  });
  await send(3);
  await eventually('the order is planned', 15_000, async () => (await stateOf(3)) === 'planned');
  expect(submits()).toBe(sent);

  const asked = await connectOnTheTerminal();
  expect(asked.stdout).toContain('Connected: store 77, customer 4711.');
  expect(`${asked.stdout}${asked.stderr}`).not.toContain(PASSWORD);
  expect((await control.ask<Account>(BASE)).body.state).toBe('connected');

  const haystacks = [
    ...logHaystacks(await dumpLog(stack, await topicsOf(stack))),
    ...(await tableHaystacks(stack)),
    ...appLogHaystacks(stack),
    ...control.heard,
  ];
  expect(haystacks.filter(({ bytes }) => bytes.includes(PASSWORD)).map(({ where }) => where)).toEqual([]);
  expect(haystacks.some(({ bytes }) => bytes.includes('COURIER-1'))).toBe(true);
}, 300_000);
