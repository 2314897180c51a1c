import type { Sql } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';
import { describeError, type Log } from '@tributary/telemetry';

/** A fold that must have caught up before an app acts. */
export interface BarrierTarget {
  readonly schema: string;
  readonly projection: string;
  readonly topic: string;
  /** Offset after the last record, by partition, read at start. */
  readonly endOffsets: ReadonlyMap<number, number>;
}

const LOOK_EVERY_MS = 50;

/** How many partitions have not been folded to the end that the log had. Offsets live in Postgres, so any replica may have folded them. */
async function countBehind(sql: Sql, { schema, projection, topic, endOffsets }: BarrierTarget): Promise<number> {
  const rows = await sql.query<{ partition: number; next_offset: number }>(
    `barrier-${schema}`,
    `select partition, next_offset from ${plainIdentifier(schema)}.offsets where projection = $1 and topic = $2`,
    [projection, topic],
  );
  const reached = new Map(rows.map((row) => [row.partition, row.next_offset]));
  return [...endOffsets].filter(([partition, end]) => (reached.get(partition) ?? 0) < end).length;
}

async function haveAllReached(sql: Sql, targets: readonly BarrierTarget[], log: Log): Promise<boolean> {
  try {
    const behind = await Promise.all(targets.map((target) => countBehind(sql, target)));
    return behind.every((count) => count === 0);
  } catch (error) {
    log.warn({ cause: describeError(error) }, 'the start barrier waits');
    return false;
  }
}

/** Waits until every fold has reached its ends. It looks again and again: another replica may be the one that folds, and nobody tells. */
export async function passBarrier(sql: Sql, targets: readonly BarrierTarget[], isStopped: () => boolean, log: Log): Promise<void> {
  while (!isStopped() && !(await haveAllReached(sql, targets, log))) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}
