import { ORDER_EVENTS_TOPIC } from '@tributary/codecs';
import { withTopicAdmin } from '@tributary/kafka';
import type { Received } from '../simulators/tiktok/vendor.ts';
import { eventually } from '../stack/eventually.js';
import type { AppName, RunningApp, Stack } from '../stack/stack.js';
import { check, type Findings } from './checker.js';
import { vendorHistory, type History, type LedgerFact } from './history.js';
import { TENANT, type Load } from './load.js';

/** So many that the vendor's limit does not set the pace. */
const FAST = { TIKTOK_REQUESTS_PER_SECOND: '500' };
/** Leases of a dead process run for at most 30 s. */
const SETTLED_WITHIN_MS = 60_000;

async function ledgerOf(stack: Stack): Promise<LedgerFact[]> {
  return stack.sql.query<LedgerFact>(
    '',
    `select reference as "orderId", plan->>'vendorEventId' as "eventId", state, settled_at is not null as "isSettled", attempts
       from tiktok.ledger_entries where tenant_id = $1`,
    [TENANT],
  );
}

export async function countOf(stack: Stack, table: string, where = 'true'): Promise<number> {
  const [row] = await stack.sql.query<{ count: number }>('', `select count(*)::int as count from ${table} where ${where}`);
  return row?.count ?? 0;
}

/** Waits until nothing moves any more: the spool and the outbox are empty, all orders are folded, every entry is at its end. */
export async function untilSettled(stack: Stack): Promise<void> {
  await eventually('the spool is empty', SETTLED_WITHIN_MS, async () => (await countOf(stack, 'ingest_ops.spool')) === 0);
  await untilFolded(stack, ORDER_EVENTS_TOPIC);
  await eventually('every effect is settled and published', SETTLED_WITHIN_MS, async () => {
    const open = await countOf(stack, 'tiktok.ledger_entries', 'settled_at is null');
    const unpublished = await countOf(stack, 'tiktok_ops.outbox');
    if (open + unpublished > 0) throw new Error(`${open} open, ${unpublished} unpublished`);
    return true;
  });
}

/** Everything that happened so far; `earlier` is what the vendor had received before it was told to forget. */
export async function historyOf(stack: Stack, load: Load, ...earlier: readonly Received[]): Promise<History> {
  return { acknowledged: load.acknowledged, ledger: await ledgerOf(stack), ...vendorHistory(...earlier, stack.tiktok.received()) };
}

export const findingsOf = async (stack: Stack, load: Load): Promise<Findings> => check(await historyOf(stack, load));

/** Waits until the app's fold of the order topic has reached the topic's end. */
async function untilFolded(stack: Stack, topic: string): Promise<void> {
  const ends = await withTopicAdmin(stack.kafka, (admin) => admin.endOffsets(topic));
  await eventually(`tiktok has folded ${topic}`, SETTLED_WITHIN_MS, async () => {
    const rows = await stack.sql.query<{ partition: number; next_offset: number }>(
      '',
      'select partition, next_offset from tiktok.offsets where topic = $1',
      [topic],
    );
    const reached = new Map(rows.map((row) => [row.partition, row.next_offset]));
    return [...ends].every(([partition, end]) => (reached.get(partition) ?? 0) >= end);
  });
}

/** Starts an app (again, on the port that it had), armed to die at `failpoint` if given, and waits until it is ready. */
export async function startAgain(stack: Stack, name: AppName, failpoint?: string, instance: string = name): Promise<RunningApp> {
  const before = stack.apps.get(instance);
  await before?.child.stop(15_000);
  const app = await stack.startApp(name, {
    instance,
    env: { ...FAST, ...(failpoint === undefined ? {} : { TRIBUTARY_FAILPOINT: failpoint }) },
    ...(before === undefined ? {} : { port: before.port }),
  });
  await stack.untilReady(app);
  return app;
}
