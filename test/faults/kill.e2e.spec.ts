import { Stack, type AppName } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';
import { check, countRepeats, faultsOf, NO_FAULTS } from './checker.js';
import { faultTenant, Load, ordersOf } from './load.js';
import { historyOf, startAgain, untilSettled } from './witness.js';

const ORDERS_PER_DEATH = 150;

/** Where each app dies, and at which passage. */
const DEATHS: readonly (readonly [app: AppName, failpoint: string, passage: number, where: string])[] = [
  ['ingest', 'ingest.before-append', 40, 'before append'],
  ['ingest', 'ingest.after-append', 40, 'after append, before the answer'],
  ['ingest', 'heads.after-statement', 3, 'after the batch statement of its heads'],
  ['tiktok', 'plan.after-statement', 3, 'after the batch statement'],
  ['tiktok', 'publish.before-append', 4, 'before append'],
  ['tiktok', 'publish.after-append', 4, 'after append'],
  ['tiktok', 'dispatch.after-intent', 2, 'after the intent'],
  ['tiktok', 'dispatch.after-answer', 2, 'after the vendor’s answer'],
  ['tiktok', 'dispatch.after-outcome', 2, 'after the outcome, before it is published'],
  ['tiktok', 'deliveries.after-statement', 3, 'after the statement of its own delivery topic'],
];

let stack: Stack;
let load: Load;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  await configure(stack, faultTenant);
  load = new Load(() => stack.app('ingest').url);
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

it.each(DEATHS.map((death, index) => [...death, index] as const))(
  '%s killed at %s (passage %i: %s) and started again acknowledges every order in the end',
  async (app, failpoint, passage, _where, index) => {
    const armed = await startAgain(stack, app, `${failpoint}:${passage}`);
    const sending = load.send(ordersOf(1_000 * (index + 1), ORDERS_PER_DEATH));
    expect(await armed.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await startAgain(stack, app);
    await sending;
    expect(armed.child.isRunning()).toBe(false);
  },
  60_000,
);

it('has lost nothing that was acknowledged and sent nothing twice, and the checker finds what is planted', async () => {
  await untilSettled(stack);
  const history = await historyOf(stack, load);
  const findings = check(history);
  expect(faultsOf(findings)).toEqual(NO_FAULTS);
  expect(history.taken.length).toBeGreaterThanOrEqual(ORDERS_PER_DEATH * 0.8);
  process.stdout.write(
    `kill -9: ${history.acknowledged.length} acknowledged, repeats within the window: ${JSON.stringify(countRepeats(findings))}\n`,
  );

  const [victim] = history.taken;
  if (victim === undefined) throw new Error('nothing was taken');
  const withLoss = { ...history, taken: history.taken.filter(({ orderId }) => orderId !== victim.orderId) };
  expect(check(withLoss).lost).toEqual([victim.orderId]);

  const original = stack.tiktok.received().accepted.find(({ requestId }) => requestId === victim.requestId);
  if (original === undefined) throw new Error('the vendor does not know its own request');
  const planted = { event_source: 'web', event_source_id: original.pixel, data: [{ ...original.body, event_id: 'planted' }] };
  const plant = await fetch(`${stack.tiktok.url}/open_api/v1.3/event/track/`, {
    method: 'POST',
    headers: { 'Access-Token': 'token-of-the-pixel', 'Content-Type': 'application/json' },
    body: JSON.stringify(planted),
  });
  expect(await plant.json()).toMatchObject({ code: 0 });
  const { sentTwice } = check(await historyOf(stack, load));
  expect(sentTwice.map((orderId) => `wc_order_${orderId}`)).toEqual([original.eventId]);
}, 120_000);
