import type { ConnectionId, MerchantOwn, Sql, TenantId } from '@tributary/domain';
import { ConnectionLeases, renewLeaseOf, type ConnectionLease, type LeaseOptions, type TurnEnd } from '@tributary/postgres';
import {
  merchantOwnOf,
  woocommerceSettingsSchema,
  type CatalogState,
  type PollState,
  type RereadRequest,
  type ShopReport,
  type WoocommerceSettings,
} from '@tributary/sources';

/** A shop that this process may poll until the lease ends; renewed by a heartbeat, and whenever the state is kept. */
export interface PollLease extends ConnectionLease {
  /** As kept; null: never polled. */
  readonly state: unknown;
  /** Of the catalog, as kept; null: never polled. */
  readonly catalog: unknown;
  /** What was found out about the shop besides its orders, as kept. */
  readonly report: unknown;
  /** Turns in a row that ended in a failure. */
  readonly failures: number;
  readonly settings: WoocommerceSettings;
  readonly own: MerchantOwn;
  readonly defaultCountry: string | null;
  readonly secretsVersion: number;
  /** Postgres' clock when the lease began, epoch ms. */
  readonly grantedAt: number;
}

/** An asking that was read from the table; a newer one has another number. */
export interface DueReread {
  readonly orderId: string;
  readonly ask: number;
}

/** What a step changed, kept together. */
export interface KeptStep {
  readonly state: PollState;
  readonly served: readonly DueReread[];
  readonly rereads: readonly RereadRequest[];
  /** Askings that wait longer. */
  readonly putOff: { readonly orderIds: readonly string[]; readonly delayMs: number };
}

interface LeaseColumns {
  readonly state: unknown;
  readonly catalog: unknown;
  readonly report: unknown;
  readonly failures: number;
  readonly settings: unknown;
  readonly default_country: string | null;
  readonly secrets_version: number;
  readonly granted_at: number;
}

/** Of a row `c` of `ingest.connections`. */
export const IS_POLLED = `c.kind = 'woocommerce' and c.state = 'active' and coalesce((c.settings #>> '{polling,enabled}')::boolean, true)`;

const LEASES = {
  table: 'ingest_ops.pollers',
  connections: 'ingest.connections',
  isWorkedOn: IS_POLLED,
  columns: { ofLease: ['state', 'catalog', 'report', 'failures'], ofConnection: ['settings', 'default_country', 'secrets_version'] },
} as const;

function toLease(row: ConnectionLease & LeaseColumns): PollLease {
  const settings = woocommerceSettingsSchema.parse(row.settings);
  return {
    tenantId: row.tenantId,
    connectionId: row.connectionId,
    fence: row.fence,
    state: row.state,
    catalog: row.catalog,
    report: row.report,
    failures: row.failures,
    settings,
    own: merchantOwnOf(settings),
    defaultCountry: row.default_country,
    secretsVersion: row.secrets_version,
    grantedAt: row.granted_at,
  };
}

/** `ingest_ops.pollers` and `ingest_ops.rereads`: leases by Postgres' clock, fenced by a number that grows with each. */
export class PollersStore {
  private readonly leases: ConnectionLeases<LeaseColumns>;

  constructor(
    private readonly sql: Sql,
    options: LeaseOptions,
  ) {
    this.leases = new ConnectionLeases(sql, LEASES, options);
  }

  /** Makes a row for every new shop, and every shop with other settings due at once. */
  follow(): Promise<void> {
    return this.leases.follow();
  }

  /** Leases up to `limit` shops that are due and that nobody polls, longest due first. */
  async claim(limit: number): Promise<PollLease[]> {
    return (await this.leases.claim(limit)).map(toLease);
  }

  /** Keeps what a step changed and renews the lease; throws LeaseLost when it is not ours any more. */
  async keep(lease: PollLease, { state, served, rereads, putOff }: KeptStep): Promise<void> {
    const { tenantId, connectionId } = lease;
    await this.sql.transaction(async (tx) => {
      await this.leases.renew(tx, lease);
      await tx.query('pollers-keep', 'update ingest_ops.pollers set state = $3::jsonb where tenant_id = $1 and connection_id = $2', [
        tenantId,
        connectionId,
        JSON.stringify(state),
      ]);
      if (served.length > 0)
        await tx.query(
          'rereads-served',
          `delete from ingest_ops.rereads r using unnest($3::text[], $4::bigint[]) as s(order_id, ask)
            where r.tenant_id = $1 and r.connection_id = $2 and r.order_id = s.order_id and r.ask = s.ask`,
          [tenantId, connectionId, served.map(({ orderId }) => orderId), served.map(({ ask }) => ask)],
        );
      if (putOff.orderIds.length > 0)
        await tx.query(
          'rereads-put-off',
          `update ingest_ops.rereads set due_at = now() + make_interval(secs => $4)
            where tenant_id = $1 and connection_id = $2 and order_id = any($3::text[])`,
          [tenantId, connectionId, putOff.orderIds, putOff.delayMs / 1_000],
        );
      if (rereads.length > 0) await askForRereads(tx, tenantId, connectionId, rereads);
    });
  }

  /** Keeps how far the catalog is and renews the lease; throws LeaseLost when it is not ours any more. */
  async keepCatalog(lease: PollLease, state: CatalogState): Promise<void> {
    await this.sql.transaction(async (tx) => {
      await this.leases.renew(tx, lease);
      await tx.query(
        'pollers-keep-catalog',
        'update ingest_ops.pollers set catalog = $3::jsonb where tenant_id = $1 and connection_id = $2',
        [lease.tenantId, lease.connectionId, JSON.stringify(state)],
      );
    });
  }

  /** Keeps what was found out about the shop and renews the lease; throws LeaseLost when it is not ours any more. */
  async keepReport(lease: PollLease, report: ShopReport): Promise<void> {
    await this.sql.transaction(async (tx) => {
      await this.leases.renew(tx, lease);
      await tx.query(
        'pollers-keep-report',
        'update ingest_ops.pollers set report = $3::jsonb where tenant_id = $1 and connection_id = $2',
        [lease.tenantId, lease.connectionId, JSON.stringify(report)],
      );
    });
  }

  /** Renews what is still ours of these; one that is lost stays so, and its holder learns it when it keeps something. */
  renew(leases: readonly PollLease[]): Promise<void> {
    return this.leases.renewAll(leases);
  }

  /** Gives the lease back. A lease that is lost already is nobody's matter here. */
  release(lease: ConnectionLease, end: TurnEnd): Promise<void> {
    return this.leases.release(lease, end);
  }

  async dueRereads({ tenantId, connectionId }: PollLease, limit: number): Promise<DueReread[]> {
    return this.sql.query<DueReread>(
      'rereads-due',
      `select order_id as "orderId", ask from ingest_ops.rereads
        where tenant_id = $1 and connection_id = $2 and due_at <= now() order by due_at, order_id limit $3`,
      [tenantId, connectionId, limit],
    );
  }
}

/** First in a transaction that writes under a shop's lease: throws LeaseLost when it is not ours any more. */
export const renewLease = (tx: Sql, lease: ConnectionLease, leaseMs: number): Promise<void> =>
  renewLeaseOf(tx, LEASES.table, lease, leaseMs);

/** In one transaction with what asks for it. */
export async function askForRereads(
  sql: Sql,
  tenantId: TenantId,
  connectionId: ConnectionId,
  rereads: readonly RereadRequest[],
): Promise<void> {
  const soonest = new Map<string, number>();
  for (const { orderId, delayMs } of rereads) soonest.set(orderId, Math.min(delayMs, soonest.get(orderId) ?? Number.POSITIVE_INFINITY));
  // In one order, so that two who ask for the same orders do not wait for each other in a circle.
  const sorted = [...soonest].toSorted(([a], [b]) => (a < b ? -1 : 1));
  await sql.query(
    'rereads-ask',
    `insert into ingest_ops.rereads as r (tenant_id, connection_id, order_id, due_at)
     select $1, $2, n.order_id, now() + make_interval(secs => n.delay_s) from unnest($3::text[], $4::float8[]) as n(order_id, delay_s)
     on conflict (tenant_id, connection_id, order_id)
     do update set ask = excluded.ask, due_at = least(r.due_at, excluded.due_at)`,
    [tenantId, connectionId, sorted.map(([orderId]) => orderId), sorted.map(([, delayMs]) => delayMs / 1_000)],
  );
}
