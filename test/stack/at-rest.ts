import {
  CATALOG_EVENTS_TOPIC,
  CONFIG_EVENTS_TOPIC,
  ORDER_EVENTS_TOPIC,
  REJECTED_EVENTS_TOPIC,
  TIKTOK_DELIVERY_TOPIC,
} from '@tributary/codecs';
import { TopicAdmin, withTopicAdmin } from '@tributary/kafka';
import { eventually } from './eventually.js';
import type { Stack } from './stack.js';

/** Every fold of the slice, by the topic it reads; each after those that feed it. */
const FOLDS = [
  ['ingest', 'settings', CONFIG_EVENTS_TOPIC],
  ['tiktok', 'settings', CONFIG_EVENTS_TOPIC],
  ['orders', 'heads', ORDER_EVENTS_TOPIC],
  ['orders', 'rejections', REJECTED_EVENTS_TOPIC],
  ['orders', 'catalog', CATALOG_EVENTS_TOPIC],
  ['tiktok', 'orders', ORDER_EVENTS_TOPIC],
] as const;
const DELIVERY_FOLD = ['tiktok', 'deliveries', TIKTOK_DELIVERY_TOPIC] as const;
/** Rows of these are work that somebody still has to do. */
const WORK_IN_HAND = ['tiktok_ops.sweeps', 'tiktok_ops.dispatch_queue', 'tiktok_ops.outbox'] as const;

async function isFolded(stack: Stack, admin: TopicAdmin, [schema, projection, topic]: readonly [string, string, string]): Promise<boolean> {
  const rows = await stack.sql.query<{ partition: number; next_offset: number }>(
    '',
    `select partition, next_offset from ${schema}.offsets where projection = $1 and topic = $2`,
    [projection, topic],
  );
  const reached = new Map(rows.map((row) => [row.partition, row.next_offset]));
  return [...(await admin.endOffsets(topic))].every(([partition, end]) => (reached.get(partition) ?? 0) >= end);
}

const isEmpty = async (stack: Stack, table: string): Promise<boolean> =>
  (await stack.sql.query('', `select 1 from ${table} limit 1`)).length === 0;

/** Waits until ingest has folded whatever is in the log; for stacks without destinations. */
export async function untilIngested(stack: Stack, withinMs = 20_000): Promise<void> {
  const folds = FOLDS.filter(([schema]) => schema === 'orders' || schema === 'ingest');
  await withTopicAdmin(stack.kafka, (admin) =>
    eventually('ingest has folded everything', withinMs, async () => {
      if (!(await isEmpty(stack, 'ingest_ops.spool'))) return false;
      for (const fold of folds) if (!(await isFolded(stack, admin, fold))) return false;
      return true;
    }),
  );
}

/**
 * Waits until all that was posted is folded, and nothing waits to be sent or published (parked effects do not wait): what is counted
 * then stays so. Looks upstream first, so that nothing slips past.
 */
export async function untilAtRest(stack: Stack, withinMs = 20_000): Promise<void> {
  const admin = await TopicAdmin.connect(stack.kafka);
  try {
    await eventually('everything is folded and nothing waits', withinMs, async () => {
      if (!(await isEmpty(stack, 'ingest_ops.spool'))) return false;
      for (const fold of FOLDS) if (!(await isFolded(stack, admin, fold))) return false;
      for (const table of WORK_IN_HAND) if (!(await isEmpty(stack, table))) return false;
      return isFolded(stack, admin, DELIVERY_FOLD);
    });
  } finally {
    await admin.close();
  }
}
