import type { Sql } from '@tributary/domain';
import type { ImportRange, ImportState, RereadRequest } from '@tributary/sources';
import type { ShopId } from './known-heads.store.js';
import { askForRereads, renewLease, type PollLease } from './pollers.store.js';

/** Orders each minute: of all imports of the installation, and of one. */
export interface ImportQuota {
  readonly perMinute: number;
  readonly perMinuteAndShop: number;
}

/** A shop's import that runs. */
export interface ImportJob {
  readonly id: number;
  readonly range: ImportRange;
  /** As kept; null: not begun. */
  readonly state: unknown;
  /** Pages in a row that failed. */
  readonly failures: number;
  /** Until the quotas, or a failure, allow the next page. */
  readonly waitMs: number;
}

/** What a page changed. */
export interface KeptPage {
  /** Null: the import is done. */
  readonly state: ImportState | null;
  /** Of the page: what the quotas count. */
  readonly rows: number;
  readonly total: number;
  /** Of the total so far. */
  readonly read: number;
  readonly published: number;
  readonly unreadable: number;
  readonly rereads: readonly RereadRequest[];
}

interface JobRow {
  readonly id: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly state: unknown;
  readonly failures: number;
  readonly wait_ms: number;
}

const MINUTE_S = 60;

/** `ingest_ops.imports` as the poller works on it: always under the shop's own lease. */
export class ImportsStore {
  constructor(
    private readonly sql: Sql,
    private readonly options: ImportQuota & { readonly leaseMs: number },
  ) {}

  async running({ tenantId, connectionId }: ShopId): Promise<ImportJob | null> {
    const [row] = await this.sql.query<JobRow>(
      'imports-running',
      `select i.id, i.from_ms, i.to_ms, i.state, i.failures,
              greatest(0, ceil(extract(epoch from greatest(i.due_at, q.free_at) - now()) * 1000))::bigint as wait_ms
         from ingest_ops.imports i cross join ingest_ops.import_quota q
        where i.tenant_id = $1 and i.connection_id = $2 and i.status = 'running'`,
      [tenantId, connectionId],
    );
    if (row === undefined) return null;
    const { id, state, failures } = row;
    return { id, state, failures, range: { from: row.from_ms, to: row.to_ms }, waitMs: row.wait_ms };
  }

  /** Keeps what a page brought and renews the lease; one that was stopped meanwhile stays where it was. Throws LeaseLost. */
  async keep(lease: PollLease, { id }: ImportJob, page: KeptPage): Promise<void> {
    const { perMinute, perMinuteAndShop, leaseMs } = this.options;
    const { state, rows, total, read, published, unreadable, rereads } = page;
    await this.sql.transaction(async (tx) => {
      await renewLease(tx, lease, leaseMs);
      await tx.query(
        'imports-keep',
        `update ingest_ops.imports
            set state = $2::jsonb, total = $3, read_rows = $4, published_rows = published_rows + $5,
                unreadable_rows = unreadable_rows + $6, failures = 0, failure = null, due_at = now() + make_interval(secs => $7),
                status = case when $2::jsonb is null then 'done' else status end,
                ended_at = case when $2::jsonb is null then now() else ended_at end
          where id = $1 and status = 'running'`,
        [id, state === null ? null : JSON.stringify(state), total, read, published, unreadable, (rows * MINUTE_S) / perMinuteAndShop],
      );
      await tx.query('imports-quota', 'update ingest_ops.import_quota set free_at = greatest(free_at, now()) + make_interval(secs => $1)', [
        (rows * MINUTE_S) / perMinute,
      ]);
      if (rereads.length > 0) await askForRereads(tx, lease.tenantId, lease.connectionId, rereads);
    });
  }

  /** A page that failed is asked again later. Throws LeaseLost. */
  async putOff(
    lease: PollLease,
    { id }: ImportJob,
    { state, failure, delayMs }: { readonly state: ImportState | null; readonly failure: string; readonly delayMs: number },
  ): Promise<void> {
    await this.sql.transaction(async (tx) => {
      await renewLease(tx, lease, this.options.leaseMs);
      await tx.query(
        'imports-put-off',
        `update ingest_ops.imports set state = $2::jsonb, failures = failures + 1, failure = $3, due_at = now() + make_interval(secs => $4)
          where id = $1 and status = 'running'`,
        [id, JSON.stringify(state), failure, delayMs / 1_000],
      );
    });
  }
}
