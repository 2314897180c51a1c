import type { Sql } from '@tributary/domain';
import { offsetsByTopic, plainIdentifier, type OffsetsByTopic } from './offsets.adapter.js';
import { addIndexes, differingRows, lockTables, makeShadow, swapSchemas, TablesBusy, type RowVersion } from './schema-swap.adapter.js';

export interface SchemaRebuild {
  readonly sql: Sql;
  /** Of the app; beside it lies `<schema>_ops`. */
  readonly schema: string;
  readonly shadow: string;
  /** What is compared. */
  readonly tables: Readonly<Record<string, RowVersion>>;
  /**
   * Folds what is new into the shadow: what the live projections read up to where they are (never beyond: they would skip
   * deciding), the app's own topics to their ends. Answers the number of events.
   */
  readonly catchUp: (sql: Sql, live: OffsetsByTopic) => Promise<number>;
  /** Topics that are folded to their ends, whatever the live projections have read. */
  readonly ownTopics: readonly string[];
  /** Under the lock, around the last `catchUp`, which it must await: what only Postgres knows so far. */
  readonly finish: (tx: Sql, catchUp: () => Promise<unknown>) => Promise<void>;
  readonly onProgress: (step: string, detail: string) => void;
}

export interface RebuildReport {
  readonly events: number;
  readonly seconds: number;
  /** Rows that differed from the live ones although key and version are the same, by table. */
  readonly differing: ReadonlyMap<string, number>;
  readonly isSwapped: boolean;
}

const LOCK_TIMEOUT_MS = 10_000;
const SWAP_ATTEMPTS = 10;
/** The last pass under the lock is short: it begins when no more than this is left. */
const CLOSE_ENOUGH_RECORDS = 2_000;
const MAX_PASSES = 20;

/** Makes an app's tables anew beside the live ones and puts them in their place; with `isDryRun` they are compared and thrown away. */
export async function rebuildSchema(rebuild: SchemaRebuild, isDryRun: boolean): Promise<RebuildReport> {
  const began = performance.now();
  const { sql, schema, shadow, tables, onProgress } = rebuild;
  let events = 0;
  const catchUp = async (on: Sql): Promise<number> => {
    const read = await rebuild.catchUp(on, await offsetsByTopic(on, schema));
    events += read;
    return read;
  };
  onProgress('shadow', `empty tables in ${shadow}`);
  await makeShadow(sql, schema, shadow);
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const read = await catchUp(sql);
    onProgress('fold', `pass ${pass}: ${read} events, ${events} in all`);
    if (read <= CLOSE_ENOUGH_RECORDS) break;
  }
  onProgress('indexes', 'building them');
  await addIndexes(sql, schema, shadow);
  await catchUp(sql);
  const differing = await differingRows(sql, schema, shadow, tables);
  onProgress('compare', [...differing].map(([table, count]) => `${table} ${count} differ`).join(', '));
  if (isDryRun) await sql.query('', `drop schema ${plainIdentifier(shadow)} cascade`);
  else await swapWhenFree(rebuild, catchUp);
  return { events, seconds: (performance.now() - began) / 1_000, differing, isSwapped: !isDryRun };
}

/** Tables that are busy change nothing: the shadow is brought up to date again and the swap tried anew. */
async function swapWhenFree(rebuild: SchemaRebuild, catchUp: (sql: Sql) => Promise<number>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await swap(rebuild, catchUp);
    } catch (error) {
      if (!(error instanceof TablesBusy) || attempt === SWAP_ATTEMPTS) throw error;
      rebuild.onProgress('swap', `${error.message}; trying again`);
      await catchUp(rebuild.sql);
    }
  }
}

async function swap(rebuild: SchemaRebuild, catchUp: (sql: Sql) => Promise<number>): Promise<void> {
  const { sql, schema, shadow, finish, onProgress } = rebuild;
  onProgress('swap', 'waiting for the lock');
  await sql.transaction(async (tx) => {
    await lockTables(tx, schema, LOCK_TIMEOUT_MS);
    // Up to the live offsets, which nobody moves now: a consumer whose partition is idle would never notice that it was set back.
    await finish(tx, () => catchUp(tx));
    await refuseAhead(tx, rebuild);
    await swapSchemas(tx, schema, shadow);
    // Offsets may lie further back now: running processes must not take that for a restored backup.
    await tx.query('', `insert into ${plainIdentifier(`${schema}_ops`)}.rebuilds default values`);
  });
  onProgress('swap', 'done');
}

/** A shadow that has read further than the live projection would make it skip what nobody has decided on. */
async function refuseAhead(tx: Sql, { schema, shadow, ownTopics }: SchemaRebuild): Promise<void> {
  const rows = await tx.query(
    '',
    `select 1 from ${plainIdentifier(shadow)}.offsets s
       left join ${plainIdentifier(schema)}.offsets l using (projection, topic, partition)
      where s.topic <> all($1::text[]) and s.next_offset > coalesce(l.next_offset, 0)`,
    [ownTopics],
  );
  if (rows.length > 0)
    throw new Error(
      `the shadow is ahead of the live projection on ${rows.length} partition(s); nothing was changed. Run the rebuild again.`,
    );
}
