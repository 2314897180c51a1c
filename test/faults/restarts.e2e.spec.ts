import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { eventually } from '../stack/eventually.js';
import { Stack, type RunningApp } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';
import { countRepeats, faultsOf, NO_FAULTS } from './checker.js';
import { faultTenant, Load, paidOrders } from './load.js';
import { countOf, findingsOf, startAgain, untilSettled } from './witness.js';

const PER_SECOND = 60;

let stack: Stack;
let load: Load;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  await configure(stack, faultTenant);
  load = new Load(() => stack.app('ingest').url);
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

const kafkaAway = (isOpen: boolean): Promise<void> =>
  eventually(`the alert kafka-away is ${isOpen ? 'open' : 'closed'}`, 30_000, async () => {
    const open = await countOf(stack, 'alerts.alerts', `kind = 'kafka-away' and closed_at is null`);
    return isOpen ? open === 1 : open === 0;
  });

/** Leases of whoever died run on for up to 30 s, so several faults are judged together. */
async function expectNothingLostNorTwice(title: string): Promise<void> {
  await untilSettled(stack);
  const findings = await findingsOf(stack, load);
  expect(faultsOf(findings)).toEqual(NO_FAULTS);
  process.stdout.write(
    `${title}: ${load.acknowledged.length} acknowledged so far, repeats within the window: ${JSON.stringify(countRepeats(findings))}\n`,
  );
}

const dead = (): string[] => [...stack.apps.values()].filter(({ child }) => !child.isRunning()).map(({ name }) => name);

const isFrozen = ({ child }: RunningApp): boolean =>
  execFileSync('ps', ['-o', 'state=', '-p', String(child.pid)], { encoding: 'utf8' }).startsWith('T');

it('takes every webhook through the spool while Kafka is killed and started again, and drains it', async () => {
  const traffic = load.keepSending(100_000, PER_SECOND, (index) => (index % 2 === 0 ? 'known' : 'new'));
  await eventually('traffic flows', 20_000, () => load.acknowledged.length > 100);
  await stack.infrastructure.kafka.kill();
  await eventually('webhooks are spooled', 20_000, async () => (await countOf(stack, 'ingest_ops.spool')) > 100);
  await kafkaAway(true);
  await stack.infrastructure.kafka.start();
  await eventually('the spool is drained', 30_000, async () => (await countOf(stack, 'ingest_ops.spool')) === 0);
  await kafkaAway(false);
  await traffic.stop();
  expect(load.refusals).toBe(0);
  await expectNothingLostNorTwice('Kafka killed');
  expect(dead()).toEqual([]);
}, 150_000);

it('goes on with known people while Postgres is killed, and asks the shop to come again for new ones', async () => {
  const traffic = load.keepSending(200_000, PER_SECOND, (index) => (index % 2 === 0 ? 'known' : 'new'));
  await eventually('traffic flows', 20_000, () => traffic.sent() > 60);
  await stack.infrastructure.postgres.kill();
  const [known] = paidOrders(290_000, 1, 'known');
  const [unknown] = paidOrders(290_001, 1, 'new');
  if (known === undefined || unknown === undefined) throw new Error('no orders');
  expect(await load.post(known)).toBe(200);
  expect(await load.post(unknown)).toBe(503);
  await stack.infrastructure.postgres.start();
  await load.send([unknown]);
  await traffic.stop();
  expect(dead()).toEqual([]);
}, 150_000);

it('survives Kafka and Postgres away at once: what neither could keep is asked for again', async () => {
  const traffic = load.keepSending(250_000, PER_SECOND, () => 'known');
  await stack.infrastructure.kafka.kill();
  await eventually('webhooks are spooled', 20_000, async () => (await countOf(stack, 'ingest_ops.spool')) > 50);
  await stack.infrastructure.postgres.kill();
  const [known] = paidOrders(295_000, 1, 'known');
  if (known === undefined) throw new Error('no order');
  expect(await load.post(known)).toBe(503);
  await Promise.all([stack.infrastructure.kafka.start(), stack.infrastructure.postgres.start()]);
  await load.send([known]);
  await traffic.stop();
  await eventually('the spool is drained', 30_000, async () => (await countOf(stack, 'ingest_ops.spool')) === 0);
  await kafkaAway(false);
  expect(dead()).toEqual([]);
}, 150_000);

it('lets a second replica take over when the first is killed under load', async () => {
  const first = await startAgain(stack, 'tiktok');
  await startAgain(stack, 'tiktok', undefined, 'tiktok-b');
  const traffic = load.keepSending(300_000, PER_SECOND, () => 'known');
  await eventually('traffic flows', 20_000, () => traffic.sent() > 100);
  await first.child.kill();
  const sentBefore = traffic.sent();
  await eventually('traffic goes on', 20_000, () => traffic.sent() > sentBefore + 100);
  await traffic.stop();
}, 150_000);

it('does not send what it froze over, because another replica has taken it; and of all these faults nothing is lost or sent twice', async () => {
  await stack.apps.get('tiktok-b')?.child.stop(15_000);
  const frozen = await startAgain(stack, 'tiktok', 'dispatch.after-intent:1:stop');
  await load.send(paidOrders(400_000, 20));
  await eventually('the dispatcher is frozen between intent and request', 20_000, () => isFrozen(frozen));
  await startAgain(stack, 'tiktok', undefined, 'tiktok-b');
  await untilSettled(stack);
  process.kill(frozen.child.pid, 'SIGCONT');
  await eventually('the thawed dispatcher gives up its request', 20_000, () =>
    readFileSync(frozen.child.logFile, 'utf8').includes('nothing was sent'),
  );
  await load.send(paidOrders(410_000, 20));
  await expectNothingLostNorTwice('Postgres killed, both killed, a replica killed, a dispatcher frozen');
  const ids = stack.tiktok.received().requests.flatMap(({ eventIds }) => eventIds);
  const isOfFrozen = (id: string): boolean => id.startsWith('wc_order_4000');
  expect(ids.filter(isOfFrozen).toSorted()).toEqual([...new Set(ids.filter(isOfFrozen))].toSorted());
  expect(ids.filter(isOfFrozen)).toHaveLength(20);
  expect(frozen.child.isRunning()).toBe(true);
}, 150_000);
