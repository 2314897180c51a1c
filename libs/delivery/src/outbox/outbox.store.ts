import type { Sql } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';

/** A committed event on its way to the topic. */
export interface OutboxRow {
  readonly id: number;
  /** The record's key; events of one key arrive in their order. */
  readonly ledgerKey: string;
  /** Ledger keys of the effects that the event moved. */
  readonly effects: readonly string[];
  readonly value: Buffer;
}

interface Row {
  readonly id: number;
  readonly ledger_key: string;
  readonly value: Buffer;
}

const toOutboxRow = ({ id, ledger_key: ledgerKey, value }: Row): OutboxRow => ({ id, ledgerKey, effects: [ledgerKey], value });

/** Committed events that are not yet known to be in the topic: `<app>_ops.outbox`, or `visit_outbox` beside it. */
export class OutboxStore {
  private readonly ops: string;
  private readonly outbox: string;

  constructor(
    private readonly sql: Sql,
    app: string,
    table: 'outbox' | 'visit_outbox' = 'outbox',
  ) {
    this.ops = `${plainIdentifier(app)}_ops`;
    this.outbox = `${this.ops}.${table}`;
  }

  /** What these effects' earlier events still have here, oldest first: it must reach the topic before any later event. */
  async of(keys: readonly string[]): Promise<OutboxRow[]> {
    const rows = await this.sql.query<Row>(
      `outbox-of-${this.outbox}`,
      `select id, ledger_key, value from ${this.outbox} where ledger_key = any($1::text[]) order by id`,
      [keys],
    );
    return rows.map(toOutboxRow);
  }

  /**
   * Events that have waited longer than a living publisher lets them (their process died, or Kafka was away), oldest first; of an
   * effect with a refused event none before that one may be tried again.
   */
  async leftBehind(olderThanMs: number, refusedForMs: number, limit: number): Promise<(OutboxRow & { readonly wasRefused: boolean })[]> {
    const rows = await this.sql.query<Row & { was_refused: boolean }>(
      `outbox-left-${this.outbox}`,
      `select o.id, o.ledger_key, o.value, o.refused_at is not null as was_refused from ${this.outbox} o
        where o.created_at < now() - $1 * interval '1 millisecond'
          and not exists (select 1 from ${this.outbox} e
                           where e.ledger_key = o.ledger_key and e.id <= o.id and e.refused_at > now() - $2 * interval '1 millisecond')
        order by o.id limit $3`,
      [olderThanMs, refusedForMs, limit],
    );
    return rows.map((row) => ({ ...toOutboxRow(row), wasRefused: row.was_refused }));
  }

  async published(ids: readonly number[]): Promise<void> {
    await this.sql.query(`outbox-done-${this.outbox}`, `delete from ${this.outbox} where id = any($1::bigint[])`, [ids]);
  }

  /** Keeps events that the broker refuses, and takes their effects out of the queue: what is not in the log must not go on. Answers the tenants. */
  async setAside(ids: readonly number[]): Promise<string[]> {
    const rows = await this.sql.query<{ tenant_id: string }>(
      `outbox-aside-${this.outbox}`,
      `with aside as (update ${this.outbox} set refused_at = now() where id = any($1::bigint[]) returning tenant_id, ledger_key),
            left_queue as (delete from ${this.ops}.dispatch_queue q using aside where q.ledger_key = aside.ledger_key returning 1)
       select distinct tenant_id from aside order by tenant_id`,
      [ids],
    );
    return rows.map((row) => row.tenant_id);
  }

  /** How many refused events are kept, by tenant. */
  async refusedCounts(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.sql.query<{ tenant_id: string; count: number }>(
      `outbox-refused-${this.outbox}`,
      `select tenant_id, count(*)::int as count from ${this.outbox} where refused_at is not null group by tenant_id`,
    );
    return new Map(rows.map((row) => [row.tenant_id, row.count]));
  }
}
