import { readFileSync } from 'node:fs';
import { orderBody, signedWebhook } from '../builders/order.builder.js';
import { eventually } from '../stack/eventually.js';
import { Stack } from '../stack/stack.js';
import { configure, postWebhook } from '../stack/tenant.js';
import { startAgain } from './witness.js';

const TOKEN = 'token-of-the-shop-01';
const SECRET = 'secret-of-the-shop';

/** Where the app dies while one order is on its way. */
const DEATHS: readonly (readonly [failpoint: string, where: string])[] = [
  ['plan.after-statement', 'after the decision'],
  ['publish.before-append', 'before the log has it'],
  ['publish.after-append', 'after the log has it'],
  ['dispatch.after-intent', 'after the intent, before the request'],
  ['dispatch.after-answer', 'after the courier’s answer'],
  ['dispatch.after-outcome', 'after the outcome, before it is published'],
  ['deliveries.after-statement', 'after its own topic'],
];

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'fulfillment'] });
  await configure(stack, {
    id: 'acme',
    shops: [{ id: 'shop', token: TOKEN, webhookSecret: SECRET, settings: { country: 'CL' } }],
    pixels: [],
    couriers: [{ id: 'courier', token: 'token-of-the-courier' }],
  });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);
afterEach(() => stack.courier.control.clearFaults());

async function send(id: number): Promise<void> {
  const now = new Date().toISOString().slice(0, 19);
  const dates = { date_created_gmt: now, date_modified_gmt: now, date_paid_gmt: now };
  const body = orderBody({ id, number: String(id), status: 'processing', ...dates });
  const answer = await postWebhook(stack.app('ingest').url, TOKEN, signedWebhook(body, SECRET, 'order.updated'));
  expect(answer.status).toBe(200);
}

const stateOf = async (id: number): Promise<string | undefined> => {
  const [row] = await stack.sql.query<{ state: string }>('', 'select state from fulfillment.ledger_entries where reference = $1', [
    String(id),
  ]);
  return row?.state;
};
const madeOf = (id: number): number => stack.courier.received().orders.filter(({ orderId }) => orderId === String(id)).length;
const submitsOf = (id: number): number =>
  stack.courier.received().requests.filter(({ method, key }) => method === 'POST' && key?.includes(`:${id}:`) === true).length;

const untilDelivered = (id: number): Promise<void> =>
  eventually(`order ${id} is delivered`, 90_000, async () => (await stateOf(id)) === 'delivered');

it.each(DEATHS.map((death, index) => [...death, 101 + index] as const))(
  'killed at %s (%s), an order becomes exactly one courier order',
  async (failpoint, _where, id) => {
    const armed = await startAgain(stack, 'fulfillment', `${failpoint}:1`);
    await send(id);
    expect(await armed.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await startAgain(stack, 'fulfillment');
    await untilDelivered(id);
    expect({ made: madeOf(id), repeats: stack.courier.received().repeats.length }).toEqual({ made: 1, repeats: 0 });
  },
  150_000,
);

it('killed after a look-up, it looks again before it sends', async () => {
  stack.courier.control.fail({ kind: 'cut-after-accepting', times: 1 });
  const armed = await startAgain(stack, 'fulfillment', 'dispatch.after-look-up:1');
  await send(201);
  expect(await armed.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  await startAgain(stack, 'fulfillment');
  await untilDelivered(201);
  expect({ made: madeOf(201), submits: submitsOf(201) }).toEqual({ made: 1, submits: 1 });
}, 150_000);

it('takes conflict answers for what they say: it was made before', async () => {
  stack.courier.control.fail({ kind: 'conflict', times: 1 });
  await send(301);
  await untilDelivered(301);
  expect({ made: madeOf(301), submits: submitsOf(301) }).toEqual({ made: 1, submits: 1 });
}, 120_000);

it('a dispatcher frozen between intent and request beyond its lease sends nothing when it comes back', async () => {
  const frozen = await startAgain(stack, 'fulfillment', 'dispatch.after-intent:1:stop');
  await send(401);
  await eventually('the intent is there', 15_000, async () => (await stateOf(401)) === 'attempted');
  const other = await stack.startApp('fulfillment', { instance: 'fulfillment-2' });
  await stack.untilReady(other);
  await untilDelivered(401);
  expect({ made: madeOf(401), submits: submitsOf(401) }).toEqual({ made: 1, submits: 1 });
  process.kill(frozen.child.pid, 'SIGCONT');
  await eventually('the frozen one has noticed that it is too late', 30_000, () =>
    Promise.resolve(readFileSync(stack.logOf('fulfillment'), 'utf8').includes('nothing was sent')),
  );
  expect({ made: madeOf(401), submits: submitsOf(401), repeats: stack.courier.received().repeats.length }).toEqual({
    made: 1,
    submits: 1,
    repeats: 0,
  });
}, 180_000);

it('two replicas and a courier that takes an order without an answer make one courier order', async () => {
  await stack.untilReady(stack.app('fulfillment'));
  stack.courier.control.fail({ kind: 'hang-after-accepting', times: 1 });
  await send(501);
  await eventually('the courier has it', 15_000, () => Promise.resolve(madeOf(501) === 1));
  await send(502);
  await untilDelivered(501);
  await untilDelivered(502);
  expect([501, 502].map((id) => ({ made: madeOf(id), submits: submitsOf(id) }))).toEqual([
    { made: 1, submits: 1 },
    { made: 1, submits: 1 },
  ]);
  expect(stack.courier.received().repeats).toEqual([]);
}, 180_000);
