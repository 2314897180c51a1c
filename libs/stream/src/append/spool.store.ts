import type { Sql } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import { BulkRows } from '@tributary/postgres';

export interface SpooledRecord extends OutgoingRecord {
  readonly id: number;
  /** The brokers refused it before. */
  readonly wasRefused: boolean;
}

export interface Drained {
  /** Handed over; those in `refused` are still here. */
  readonly records: readonly SpooledRecord[];
  readonly refused: ReadonlySet<SpooledRecord>;
}

const SPOOL_ROWS = new BulkRows<OutgoingRecord>([
  { name: 'topic', type: 'text', of: ({ topic }) => topic },
  { name: 'partition', type: 'int', of: ({ partition }) => partition },
  { name: 'key', type: 'text', of: ({ key }) => key },
  { name: 'value', type: 'bytea', of: ({ value }) => value },
  { name: 'headers', type: 'jsonb', of: ({ headers }) => JSON.stringify(headers) },
]);

const DRAIN_LOCK = 7_218_449_302;

/** Records that wait in Postgres while Kafka is away, encoded and sealed as they will be appended. */
export class SpoolStore {
  constructor(private readonly sql: Sql) {}

  async put(records: readonly OutgoingRecord[]): Promise<void> {
    await this.sql.query(
      'spool-put',
      `insert into ingest_ops.spool (${SPOOL_ROWS.names}) select n.* from ${SPOOL_ROWS.unnest(1, 'n')}`,
      SPOOL_ROWS.values(records),
    );
  }

  /**
   * Hands the oldest records to `append` and deletes those that it does not answer as refused; a refused one stays and is handed
   * over again when `refusedForMs` have passed. One process at a time: null when another one is at it.
   */
  async drain(
    limit: number,
    refusedForMs: number,
    append: (records: readonly SpooledRecord[]) => Promise<ReadonlySet<SpooledRecord>>,
  ): Promise<Drained | null> {
    return this.sql.transaction(async (tx) => {
      const [lock] = await tx.query<{ is_mine: boolean }>('spool-lock', 'select pg_try_advisory_xact_lock($1) as is_mine', [DRAIN_LOCK]);
      if (lock?.is_mine !== true) return null;
      const records = await tx.query<SpooledRecord>(
        'spool-oldest',
        `select id, topic, partition, key, value, headers, refused_at is not null as "wasRefused" from ingest_ops.spool
          where refused_at is null or refused_at < now() - $2 * interval '1 millisecond' order by id limit $1`,
        [limit, refusedForMs],
      );
      if (records.length === 0) return { records, refused: new Set() };
      const refused = await append(records);
      const taken = records.filter((record) => !refused.has(record)).map(({ id }) => id);
      await tx.query('spool-done', 'delete from ingest_ops.spool where id = any($1::bigint[])', [taken]);
      if (refused.size > 0)
        await tx.query('spool-refused', 'update ingest_ops.spool set refused_at = now() where id = any($1::bigint[])', [
          [...refused].map(({ id }) => id),
        ]);
      return { records, refused };
    });
  }

  /** How many refused records are kept, by tenant and topic. */
  async refusedCounts(): Promise<{ readonly tenantId: string; readonly topic: string; readonly count: number }[]> {
    return this.sql.query(
      'spool-refused-counts',
      `select split_part(key, ':', 1) as "tenantId", topic, count(*)::int as count
         from ingest_ops.spool where refused_at is not null group by 1, 2 order by 1, 2`,
    );
  }
}
