import { setTimeout as delay } from 'node:timers/promises';
import type { BenchInstallation } from '../bench-installation.mts';
import { inRounds, type BenchContext, type MachineLimits } from '../bench-context.mts';
import { cpuSecondsOf, watchMemory } from '../process-meter.mts';

const SECTION = 'Projection, one consumer';
const ORDER_TOPIC = 'commerce.order-events.v1';
const DELIVERY_TOPIC = 'tiktok.delivery-events.v1';
const LOOK_EVERY_MS = 20;
const CAUGHT_UP_WITHIN_MS = 120_000;
/** Deliveries would take part of the core; one request per second is the least that the app can be told. */
const HARDLY_ANY_DELIVERY = { TIKTOK_REQUESTS_PER_SECOND: '1' };

interface CatchUp {
  readonly perSecond: number;
  readonly cpuMicrosPerEvent: number;
  readonly largestMib: number;
  /** Until the planned events were in the log and folded too; equals the rest when nothing is planned. */
  readonly settledPerSecond: number;
}

/** Starts the app on a backlog and times it from its first fold to the end of the log. */
async function catchUp(installation: BenchInstallation): Promise<CatchUp> {
  const end = await installation.endOf(ORDER_TOPIC);
  const before = await installation.foldedTo('tiktok', 'orders');
  const { child } = await installation.startApp('tiktok', { env: HARDLY_ANY_DELIVERY });
  const memory = watchMemory({ tiktok: child.pid });
  const deadline = performance.now() + CAUGHT_UP_WITHIN_MS;
  const untilFolded = async (isThere: () => Promise<boolean>): Promise<number> => {
    while (!(await isThere())) {
      if (performance.now() > deadline) throw new Error(`tiktok did not fold its backlog within ${CAUGHT_UP_WITHIN_MS} ms`);
      await delay(LOOK_EVERY_MS);
    }
    return performance.now();
  };
  let first = before;
  const firstAt = await untilFolded(async () => (first = await installation.foldedTo('tiktok', 'orders')) > before);
  const cpuBefore = cpuSecondsOf(child.pid);
  const endAt = await untilFolded(async () => (await installation.foldedTo('tiktok', 'orders')) >= end);
  const cpuSeconds = cpuSecondsOf(child.pid) - cpuBefore;
  const settledAt = await untilFolded(async () => {
    const [outbox] = await installation.rows<{ left: number }>('select count(*)::int as left from tiktok_ops.outbox');
    return outbox?.left === 0 && (await installation.foldedTo('tiktok', 'deliveries')) >= (await installation.endOf(DELIVERY_TOPIC));
  });
  const largest = memory.stop();
  await installation.stopApp('tiktok');
  const events = end - first;
  return {
    perSecond: events / ((endAt - firstAt) / 1_000),
    settledPerSecond: events / ((settledAt - firstAt) / 1_000),
    cpuMicrosPerEvent: (cpuSeconds * 1e6) / events,
    largestMib: largest['tiktok'] ?? Number.NaN,
  };
}

/** Forgets what was folded of the order topic since these offsets, so that it can be folded again. */
async function forget(
  installation: BenchInstallation,
  tenant: 'fold' | 'plan',
  offsets: readonly { partition: number; next_offset: string }[],
): Promise<void> {
  const { sql } = installation;
  await sql.query('delete from tiktok.orders where tenant_id = $1', [tenant]);
  await sql.query('vacuum tiktok.orders');
  await sql.query('truncate tiktok.ledger_entries, tiktok_ops.outbox, tiktok_ops.dispatch_queue');
  await sql.query(`delete from tiktok.offsets where projection = 'orders'`);
  await sql.query(`insert into tiktok.offsets select 'orders', $1, * from unnest($2::int[], $3::bigint[])`, [
    ORDER_TOPIC,
    offsets.map(({ partition }) => partition),
    offsets.map(({ next_offset }) => next_offset),
  ]);
}

async function rounds(installation: BenchInstallation, tenant: 'fold' | 'plan', { sizes, onProgress }: BenchContext): Promise<CatchUp[]> {
  onProgress(`Projection, ${tenant}`, `${sizes.backlogOrders} orders, ${installation.partitions} partitions`);
  await installation.fill(tenant, sizes.backlogOrders);
  const offsets = await installation.rows<{ partition: number; next_offset: string }>(
    `select partition, next_offset from tiktok.offsets where projection = 'orders'`,
  );
  return inRounds(sizes.rounds, async (round) => {
    if (round > 0) await forget(installation, tenant, offsets);
    return catchUp(installation);
  });
}

/** The app `tiktok` catches up with orders of a shop without a destination: fold only. */
export async function measureFold(installation: BenchInstallation, context: BenchContext, limits: MachineLimits): Promise<void> {
  const results = await rounds(installation, 'fold', context);
  const { partitions } = installation;
  context.book.add({
    id: `projection.fold.${partitions}`,
    section: SECTION,
    what: `orders folded, ${partitions} partition${partitions === 1 ? '' : 's'}`,
    unit: '/s',
    samples: results.map(({ perSecond }) => perSecond),
    budget: partitions === 1 ? null : { is: 'at least', value: 10_000 },
    limit: { what: 'raw upsert of as wide rows', value: limits.upsertWidePerSecond },
  });
  if (partitions > 1) addCosts(context, 'fold', results);
}

/** The same with a destination: each order is decided on, planned in the ledger and published. */
export async function measurePlan(installation: BenchInstallation, context: BenchContext, limits: MachineLimits): Promise<void> {
  const results = await rounds(installation, 'plan', context);
  const add = (id: string, what: string, samples: number[]): void =>
    context.book.add({
      id: `projection.${id}`,
      section: SECTION,
      what,
      unit: '/s',
      samples,
      limit: { what: 'raw upsert of as wide rows', value: limits.upsertWidePerSecond },
    });
  add(
    'plan',
    `orders folded and planned, ${installation.partitions} partitions`,
    results.map(({ perSecond }) => perSecond),
  );
  add(
    'planned-published',
    'the same until the planned events are in the log and folded',
    results.map(({ settledPerSecond }) => settledPerSecond),
  );
  addCosts(context, 'plan', results);
}

function addCosts({ book }: BenchContext, name: string, results: readonly CatchUp[]): void {
  const what = name === 'fold' ? 'fold' : 'fold and plan';
  book.add({
    id: `projection.${name}.cpu`,
    section: SECTION,
    what: `CPU of the app per order, ${what}`,
    unit: 'µs',
    samples: results.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent),
  });
  book.add({
    id: `memory.catch-up.${name}`,
    section: 'Memory',
    what: `tiktok while it catches up, ${what}, largest`,
    unit: 'MiB',
    samples: results.map(({ largestMib }) => largestMib),
    budget: { is: 'at most', value: 384 },
  });
}
