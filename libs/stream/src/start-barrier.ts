import type { Sql } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';

/** A fold that must have caught up before an app acts. */
export interface BarrierTarget {
  readonly schema: string;
  readonly projection: string;
  readonly topic: string;
  /** Offset after the last record, by partition, read at start. */
  readonly endOffsets: ReadonlyMap<number, number>;
}

const LOOK_EVERY_MS = 50;

/** Partitions whose fold has not reached the end that the log had; empty when it has. Offsets live in Postgres, so any replica may have folded them. */
export async function behind(sql: Sql, target: BarrierTarget): Promise<number[]> {
  const rows = await sql.query<{ partition: number; next_offset: number }>(
    `barrier-${target.schema}`,
    `select partition, next_offset from ${plainIdentifier(target.schema)}.offsets where projection = $1 and topic = $2`,
    [target.projection, target.topic],
  );
  const reached = new Map(rows.map((row) => [row.partition, row.next_offset]));
  return [...target.endOffsets].filter(([partition, end]) => (reached.get(partition) ?? 0) < end).map(([partition]) => partition);
}

/** Waits until the fold has reached every end offset. */
export async function passBarrier(look: () => Promise<readonly number[]>, isStopped: () => boolean): Promise<void> {
  while (!isStopped() && (await look()).length > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}
