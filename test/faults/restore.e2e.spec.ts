import { readFileSync } from 'node:fs';
import type { Snapshot } from '../../tools/bootstrap/processes/server.mts';
import type { Received } from '../simulators/tiktok/vendor.ts';
import { eventually } from '../stack/eventually.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';
import { check, countRepeats, faultsOf, NO_FAULTS } from './checker.js';
import { copyOf } from './history.js';
import { faultTenant, Load, ordersOf, paidOrders } from './load.js';
import { countOf, historyOf, startAgain, untilSettled } from './witness.js';

/** First order id of each group; ten orders or more in each. */
const BEFORE_SNAPSHOT = 100_000;
const DELIVERED = 200_000;
const ANSWERED = 300_000;
const INTENDED = 400_000;
const PLANNED = 500_000;
const PUBLISHED_NOWHERE = 600_000;
const ONLY_IN_THE_LOG = 700_000;
const AFTERWARDS = 800_000;
const WAITING = 900_000;
const COUNT = 10;
const VENDOR_TAKES_MS = 3_000;

let stack: Stack;
let load: Load;
let snapshot: Snapshot;
/** What the vendor had received before it was told to forget. */
let earlier: Received;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  await configure(stack, faultTenant);
  load = new Load(() => stack.app('ingest').url);
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

const eventIdsFrom = (first: number): string[] => Array.from({ length: COUNT }, (_, index) => `wc_order_${first + index}`);

const requestedIn = ({ requests }: Received): ReadonlySet<string> => new Set(requests.flatMap(({ eventIds }) => eventIds));

const received = (): Received => copyOf(stack.tiktok.received());

/** New people's orders arrive and tiktok dies at the failpoint. */
async function dieAt(failpoint: string, first: number): Promise<void> {
  const armed = await startAgain(stack, 'tiktok', failpoint);
  await load.send(paidOrders(first, COUNT, 'new'));
  expect(await armed.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
}

/** The vendor has answered, the ledger knows it, and Kafka cannot be told. */
async function deliverWithoutKafka(first: number): Promise<void> {
  await startAgain(stack, 'tiktok');
  stack.tiktok.control.setLatencyMs(VENDOR_TAKES_MS);
  await load.send(paidOrders(first, COUNT, 'new'));
  const ids = eventIdsFrom(first);
  await eventually('the vendor has the requests and has not answered', 20_000, () =>
    ids.every((id) => requestedIn(stack.tiktok.received()).has(id)),
  );
  await stack.infrastructure.kafka.kill();
  await eventually('the ledger knows the answers', 20_000, async () => {
    const where = `state = 'delivered' and reference = any('{${ids.map((id) => id.replace('wc_order_', '')).join(',')}}')`;
    return (await countOf(stack, 'tiktok.ledger_entries', where)) === COUNT;
  });
  expect(await countOf(stack, 'tiktok_ops.outbox')).toBeGreaterThanOrEqual(COUNT);
  await stack.app('tiktok').child.kill();
  stack.tiktok.control.setLatencyMs(0);
  await stack.infrastructure.kafka.start();
}

async function restoreAndStart(): Promise<void> {
  await stack.app('tiktok').child.stop(15_000);
  await stack.app('ingest').child.stop(15_000);
  await snapshot.restore();
  await startAgain(stack, 'ingest');
  await startAgain(stack, 'tiktok');
}

it('loses nothing and sends nothing twice when Postgres is set back to an older copy', async () => {
  await load.send([...ordersOf(BEFORE_SNAPSHOT, COUNT, 'known'), ...ordersOf(BEFORE_SNAPSHOT + 50, COUNT, 'new')]);
  await untilSettled(stack);
  snapshot = await stack.infrastructure.postgres.snapshot();

  await load.send(paidOrders(DELIVERED, COUNT, 'new'));
  await untilSettled(stack);
  await dieAt('dispatch.after-answer', ANSWERED);
  await dieAt('dispatch.after-intent', INTENDED);
  await dieAt('plan.after-statement', PLANNED);
  await deliverWithoutKafka(PUBLISHED_NOWHERE);
  await load.send(paidOrders(ONLY_IN_THE_LOG, COUNT, 'new'));
  // A webhook that waits in the spool is in Postgres alone: no backup brings it back.
  await eventually('the spool is empty', 20_000, async () => (await countOf(stack, 'ingest_ops.spool')) === 0);

  const before = received();
  await restoreAndStart();
  await untilSettled(stack);

  const history = await historyOf(stack, load);
  const findings = check(history);
  expect(faultsOf(findings)).toEqual(NO_FAULTS);
  process.stdout.write(
    `Postgres restored: ${history.acknowledged.length} acknowledged, repeats within the window: ${JSON.stringify(countRepeats(findings))}\n`,
  );
  const { requests, accepted } = stack.tiktok.received();
  const after = { ...received(), requests: requests.slice(before.requests.length) };
  const again = requestedIn(after);
  expect(eventIdsFrom(DELIVERED).filter((id) => again.has(id))).toEqual([]);
  expect(eventIdsFrom(PUBLISHED_NOWHERE).filter((id) => !again.has(id))).toEqual([]);

  // Their keys were made after the copy: the order goes out all the same, without what names a person.
  const sentWithoutKeys = accepted.filter(({ eventId }) => eventIdsFrom(ONLY_IN_THE_LOG).includes(eventId));
  expect(sentWithoutKeys.map(({ body }) => body?.['user'])).toEqual(Array.from({ length: COUNT }, () => undefined));
  expect(await countOf(stack, 'alerts.alerts', `kind = 'vault-keys-missing' and closed_at is null`)).toBe(1);
}, 200_000);

it('asks nothing again of a vendor that has forgotten everything, once the log says delivered', async () => {
  earlier = received();
  stack.tiktok.control.reset();
  await restoreAndStart();
  await untilSettled(stack);
  expect(stack.tiktok.received().counts.requests).toBe(0);

  await load.send(paidOrders(AFTERWARDS, COUNT, 'new'));
  await untilSettled(stack);
  expect([...requestedIn(stack.tiktok.received())].toSorted()).toEqual(eventIdsFrom(AFTERWARDS));
  expect(faultsOf(check(await historyOf(stack, load, earlier)))).toEqual(NO_FAULTS);
}, 120_000);

it('ends by itself when Postgres is set back under the running apps, and then sends nothing again', async () => {
  // At the copy these wait to be tried again; a running app would find them waiting once more.
  stack.tiktok.control.fail({ kind: 'throttle' });
  await load.send(paidOrders(WAITING, COUNT, 'new'));
  await eventually(
    'the vendor has refused some for now',
    20_000,
    async () => (await countOf(stack, 'tiktok.ledger_entries', `state = 'transient'`)) > 0,
  );
  const older = await stack.infrastructure.postgres.snapshot();
  stack.tiktok.control.clearFaults();
  // Both apps go on past the copy: ingest with its heads, tiktok with its ledger.
  await load.send(paidOrders(WAITING + 50, COUNT, 'new'));
  await untilSettled(stack);
  const before = received();
  const apps = [stack.app('tiktok').child, stack.app('ingest').child];
  await older.restore();
  for (const { exited } of apps) expect(await exited).toEqual({ code: 1, signal: null });
  expect(apps.map(({ logFile }) => readFileSync(logFile, 'utf8').includes('set back to an older state'))).toEqual([true, true]);

  await startAgain(stack, 'ingest');
  await startAgain(stack, 'tiktok');
  await untilSettled(stack);
  expect(stack.tiktok.received().requests.slice(before.requests.length)).toEqual([]);
  expect(faultsOf(check(await historyOf(stack, load, earlier)))).toEqual(NO_FAULTS);
}, 120_000);
