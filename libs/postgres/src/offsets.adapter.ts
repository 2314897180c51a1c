import type { OffsetKey, Sql } from '@tributary/domain';

const IDENTIFIER = /^[a-z_][a-z0-9_]*$/;

/** Schema names are put into statements as text, so they must be plain identifiers. */
export function plainIdentifier(name: string): string {
  if (!IDENTIFIER.test(name)) throw new Error(`${name} is not a plain SQL identifier`);
  return name;
}

/**
 * Head of every statement that applies a batch: `cas` has one row when the partition is still ours.
 * Uses $1 expected offset, $2 next offset, $3 projection, $4 topic, $5 partition; the rest of the statement begins at $6.
 */
export const casPrefix = (schema: string): string =>
  `with cas as (update ${plainIdentifier(schema)}.offsets set next_offset = $2
     where projection = $3 and topic = $4 and partition = $5 and next_offset = $1 returning 1)`;

export const casValues = (key: OffsetKey, expected: number, next: number): readonly unknown[] => [
  expected,
  next,
  key.projection,
  key.topic,
  key.partition,
];

/** Reads the offsets of partitions, making rows (at 0, the beginning of the log) for those that have none. */
export async function loadOffsets(
  sql: Sql,
  { schema, projection, topic }: Omit<OffsetKey, 'partition'>,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const rows = await sql.query<{ partition: number; next_offset: number }>(
    `offsets-load-${schema}`,
    `insert into ${plainIdentifier(schema)}.offsets as o (projection, topic, partition, next_offset)
     select $1, $2, p, 0 from unnest($3::int[]) as p order by p
     on conflict (projection, topic, partition) do update set next_offset = o.next_offset
     returning partition, next_offset`,
    [projection, topic, partitions],
  );
  return new Map(rows.map((row) => [row.partition, row.next_offset]));
}

export type OffsetsByTopic = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** How far a schema's projections have read, by topic and partition. */
export async function offsetsByTopic(sql: Sql, schema: string): Promise<OffsetsByTopic> {
  const rows = await sql.query<{ topic: string; partition: number; next_offset: number }>(
    `offsets-by-topic-${schema}`,
    `select topic, partition, next_offset from ${plainIdentifier(schema)}.offsets`,
  );
  return new Map(
    [...Map.groupBy(rows, ({ topic }) => topic)].map(([topic, of]) => [
      topic,
      new Map(of.map(({ partition, next_offset }) => [partition, next_offset])),
    ]),
  );
}

/** Moves the offset alone (nothing in the records mattered). Answers whether the partition was still ours. */
export async function advanceOffset(sql: Sql, key: OffsetKey, expected: number, next: number): Promise<boolean> {
  const rows = await sql.query(
    `offsets-advance-${key.schema}`,
    `${casPrefix(key.schema)} select 1 from cas`,
    casValues(key, expected, next),
  );
  return rows.length === 1;
}
