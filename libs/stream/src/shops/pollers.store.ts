import { asConnectionId, asTenantId, type ConnectionId, type MerchantOwn, type Sql, type TenantId } from '@tributary/domain';
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
export interface PollLease {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly fence: number;
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

/** How a turn ended. `dueInMs` null: not before the settings change. */
export interface TurnEnd {
  readonly dueInMs: number | null;
  readonly failures: number;
  readonly failure: string | null;
}

/** Another process polls the shop now; nothing of what was in hand is kept. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

interface LeaseRow {
  readonly tenant_id: string;
  readonly connection_id: string;
  readonly fence: number;
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

function toLease(row: LeaseRow): PollLease {
  const settings = woocommerceSettingsSchema.parse(row.settings);
  return {
    tenantId: asTenantId(row.tenant_id),
    connectionId: asConnectionId(row.connection_id),
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
  constructor(
    private readonly sql: Sql,
    private readonly options: { readonly owner: string; readonly leaseMs: number },
  ) {}

  /** Makes a row for every new shop, and every shop with other settings due at once. */
  async follow(): Promise<void> {
    await this.sql.query(
      'pollers-follow',
      `insert into ingest_ops.pollers as p (tenant_id, connection_id, config_version)
       select c.tenant_id, c.connection_id, c.version from ingest.connections c where ${IS_POLLED}
       on conflict (tenant_id, connection_id) do update set config_version = excluded.config_version, due_at = now()
       where p.config_version < excluded.config_version`,
    );
  }

  /** Leases up to `limit` shops that are due and that nobody polls, longest due first. */
  async claim(limit: number): Promise<PollLease[]> {
    const rows = await this.sql.query<LeaseRow>(
      'pollers-claim',
      `with due as (
         select p.tenant_id, p.connection_id, c.settings, c.default_country, c.secrets_version
           from ingest_ops.pollers p join ingest.connections c using (tenant_id, connection_id)
          where p.due_at <= now() and (p.leased_until is null or p.leased_until <= now()) and ${IS_POLLED}
          order by p.due_at limit $1 for update of p skip locked)
       update ingest_ops.pollers p set fence = p.fence + 1, leased_by = $2, leased_until = now() + make_interval(secs => $3)
         from due where p.tenant_id = due.tenant_id and p.connection_id = due.connection_id
       returning p.tenant_id, p.connection_id, p.fence, p.state, p.catalog, p.report, p.failures, due.settings, due.default_country, due.secrets_version,
                 (extract(epoch from clock_timestamp()) * 1000)::bigint as granted_at`,
      [limit, this.options.owner, this.options.leaseMs / 1_000],
    );
    return rows.map(toLease);
  }

  /** Keeps what a step changed and renews the lease; throws {@link LeaseLost} when it is not ours any more. */
  async keep(lease: PollLease, { state, served, rereads, putOff }: KeptStep): Promise<void> {
    const { tenantId, connectionId } = lease;
    await this.sql.transaction(async (tx) => {
      await renewLease(tx, lease, this.options.leaseMs);
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

  /** Keeps how far the catalog is and renews the lease; throws {@link LeaseLost} when it is not ours any more. */
  async keepCatalog(lease: PollLease, state: CatalogState): Promise<void> {
    await this.sql.transaction(async (tx) => {
      await renewLease(tx, lease, this.options.leaseMs);
      await tx.query(
        'pollers-keep-catalog',
        'update ingest_ops.pollers set catalog = $3::jsonb where tenant_id = $1 and connection_id = $2',
        [lease.tenantId, lease.connectionId, JSON.stringify(state)],
      );
    });
  }

  /** Keeps what was found out about the shop and renews the lease; throws {@link LeaseLost} when it is not ours any more. */
  async keepReport(lease: PollLease, report: ShopReport): Promise<void> {
    await this.sql.transaction(async (tx) => {
      await renewLease(tx, lease, this.options.leaseMs);
      await tx.query(
        'pollers-keep-report',
        'update ingest_ops.pollers set report = $3::jsonb where tenant_id = $1 and connection_id = $2',
        [lease.tenantId, lease.connectionId, JSON.stringify(report)],
      );
    });
  }

  /** Renews what is still ours of these; one that is lost stays so, and its holder learns it when it keeps something. */
  async renew(leases: readonly PollLease[]): Promise<void> {
    await this.sql.query(
      'pollers-heartbeat',
      `update ingest_ops.pollers p set leased_until = now() + make_interval(secs => $4)
         from unnest($1::text[], $2::text[], $3::bigint[]) as held(tenant_id, connection_id, fence)
        where p.tenant_id = held.tenant_id and p.connection_id = held.connection_id and p.fence = held.fence and p.leased_until is not null`,
      [
        leases.map(({ tenantId }) => tenantId),
        leases.map(({ connectionId }) => connectionId),
        leases.map(({ fence }) => fence),
        this.options.leaseMs / 1_000,
      ],
    );
  }

  /** Gives the lease back. A lease that is lost already is nobody's matter here. */
  async release({ tenantId, connectionId, fence }: PollLease, { dueInMs, failures, failure }: TurnEnd): Promise<void> {
    await this.sql.query(
      'pollers-release',
      `update ingest_ops.pollers set leased_by = null, leased_until = null, failures = $5, failure = $6,
              due_at = case when $4::float8 is null then 'infinity' else now() + make_interval(secs => $4::float8) end,
              polled_at = case when $6::text is null then now() else polled_at end
        where tenant_id = $1 and connection_id = $2 and fence = $3`,
      [tenantId, connectionId, fence, dueInMs === null ? null : dueInMs / 1_000, failures, failure],
    );
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

/** First in a transaction that writes under a lease: throws {@link LeaseLost} when it is not ours any more. */
export async function renewLease(tx: Sql, { tenantId, connectionId, fence }: PollLease, leaseMs: number): Promise<void> {
  const [mine] = await tx.query(
    'pollers-renew',
    `update ingest_ops.pollers set leased_until = now() + make_interval(secs => $4)
      where tenant_id = $1 and connection_id = $2 and fence = $3 returning 1 as is_mine`,
    [tenantId, connectionId, fence, leaseMs / 1_000],
  );
  if (mine === undefined) throw new LeaseLost(`the shop ${tenantId}/${connectionId} is polled by somebody else`);
}

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
