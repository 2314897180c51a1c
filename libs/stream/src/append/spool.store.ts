import type { Sql } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import { BulkRows } from '@tributary/postgres';

export interface SpooledRecord extends OutgoingRecord {
  readonly id: number;
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
   * Hands the oldest records to `append` and deletes them when it resolves; one process at a time.
   * Answers how many there were, or null when another process is at it.
   */
  async drain(limit: number, append: (records: readonly SpooledRecord[]) => Promise<void>): Promise<number | null> {
    return this.sql.transaction(async (tx) => {
      const [lock] = await tx.query<{ is_mine: boolean }>('spool-lock', 'select pg_try_advisory_xact_lock($1) as is_mine', [DRAIN_LOCK]);
      if (lock?.is_mine !== true) return null;
      const records = await tx.query<SpooledRecord>(
        'spool-oldest',
        'select id, topic, partition, key, value, headers from ingest_ops.spool order by id limit $1',
        [limit],
      );
      if (records.length === 0) return 0;
      await append(records);
      await tx.query('spool-done', 'delete from ingest_ops.spool where id = any($1::bigint[])', [records.map(({ id }) => id)]);
      return records.length;
    });
  }
}
