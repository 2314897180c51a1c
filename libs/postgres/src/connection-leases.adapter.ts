import { asConnectionId, asTenantId, type ConnectionId, type Sql, type TenantId } from '@tributary/domain';

/** A connection that this process works on until the lease ends. */
export interface ConnectionLease {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  /** Grows with every lease: who holds an older one can write nothing. */
  readonly fence: number;
}

/** Another process works on the connection now; nothing of what was in hand is kept. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** How a turn ended. `dueInMs` null: not before the settings change. */
export interface TurnEnd {
  readonly dueInMs: number | null;
  readonly failures: number;
  readonly failure: string | null;
}

/**
 * A table of leases: tenant_id, connection_id, config_version, fence, leased_by, leased_until, due_at, failures, failure, polled_at,
 * and what the work needs beside them. All names come from code, never from outside.
 */
export interface LeaseTable {
  /** `ingest_ops.pollers`. */
  readonly table: string;
  /** The app's copy of the settings: `ingest.connections`. */
  readonly connections: string;
  /** Which of those are worked on, of a row `c`. */
  readonly isWorkedOn: string;
  /** What a lease brings along: of the lease's row, and of the connection's. */
  readonly columns: { readonly ofLease: readonly string[]; readonly ofConnection: readonly string[] };
}

export interface LeaseOptions {
  readonly owner: string;
  readonly leaseMs: number;
}

interface LeaseRow {
  readonly tenant_id: string;
  readonly connection_id: string;
  readonly fence: number;
}

/** Who works on which connection: leases by Postgres' clock, fenced by a number that grows with each, so that replicas share the work. */
export class ConnectionLeases<Columns extends object> {
  constructor(
    private readonly sql: Sql,
    private readonly leases: LeaseTable,
    private readonly options: LeaseOptions,
  ) {}

  /** Makes a row for every new connection, and every connection with other settings due at once. */
  async follow(): Promise<void> {
    const { table, connections, isWorkedOn } = this.leases;
    await this.sql.query(
      `leases-follow-${table}`,
      `insert into ${table} as p (tenant_id, connection_id, config_version)
       select c.tenant_id, c.connection_id, c.version from ${connections} c where ${isWorkedOn}
       on conflict (tenant_id, connection_id) do update set config_version = excluded.config_version, due_at = now()
       where p.config_version < excluded.config_version`,
    );
  }

  /** Leases up to `limit` connections that are due and that nobody works on, longest due first. */
  async claim(limit: number): Promise<(ConnectionLease & Columns)[]> {
    const { table, connections, isWorkedOn, columns } = this.leases;
    const wanted = [...columns.ofLease.map((name) => `p.${name}`), ...columns.ofConnection.map((name) => `due.${name}`)];
    const rows = await this.sql.query<LeaseRow & Columns>(
      `leases-claim-${table}`,
      `with due as (
         select p.tenant_id, p.connection_id${columns.ofConnection.map((name) => `, c.${name}`).join('')}
           from ${table} p join ${connections} c using (tenant_id, connection_id)
          where p.due_at <= now() and (p.leased_until is null or p.leased_until <= now()) and ${isWorkedOn}
          order by p.due_at limit $1 for update of p skip locked)
       update ${table} p set fence = p.fence + 1, leased_by = $2, leased_until = now() + make_interval(secs => $3)
         from due where p.tenant_id = due.tenant_id and p.connection_id = due.connection_id
       returning p.tenant_id, p.connection_id, p.fence, ${wanted.join(', ')},
                 (extract(epoch from clock_timestamp()) * 1000)::bigint as granted_at`,
      [limit, this.options.owner, this.options.leaseMs / 1_000],
    );
    return rows.map((row) => ({ ...row, tenantId: asTenantId(row.tenant_id), connectionId: asConnectionId(row.connection_id) }));
  }

  /** Renews what is still ours of these; one that is lost stays so, and its holder learns it when it keeps something. */
  async renewAll(leases: readonly ConnectionLease[]): Promise<void> {
    const { table } = this.leases;
    await this.sql.query(
      `leases-heartbeat-${table}`,
      `update ${table} p set leased_until = now() + make_interval(secs => $4)
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

  /** First in a transaction that writes under the lease; throws {@link LeaseLost} when it is not ours any more. */
  renew(tx: Sql, lease: ConnectionLease): Promise<void> {
    return renewLeaseOf(tx, this.leases.table, lease, this.options.leaseMs);
  }

  /** Gives the lease back. A lease that is lost already is nobody's matter here. */
  async release({ tenantId, connectionId, fence }: ConnectionLease, { dueInMs, failures, failure }: TurnEnd): Promise<void> {
    await this.sql.query(
      `leases-release-${this.leases.table}`,
      `update ${this.leases.table} set leased_by = null, leased_until = null, failures = $5, failure = $6,
              due_at = case when $4::float8 is null then 'infinity' else now() + make_interval(secs => $4::float8) end,
              polled_at = case when $6::text is null then now() else polled_at end
        where tenant_id = $1 and connection_id = $2 and fence = $3`,
      [tenantId, connectionId, fence, dueInMs === null ? null : dueInMs / 1_000, failures, failure],
    );
  }
}

/** Renews a lease of `table` in a transaction that writes under it; throws {@link LeaseLost} when it is not ours any more. */
export async function renewLeaseOf(
  tx: Sql,
  table: string,
  { tenantId, connectionId, fence }: ConnectionLease,
  leaseMs: number,
): Promise<void> {
  const [mine] = await tx.query(
    `leases-renew-${table}`,
    `update ${table} set leased_until = now() + make_interval(secs => $4)
      where tenant_id = $1 and connection_id = $2 and fence = $3 returning 1 as is_mine`,
    [tenantId, connectionId, fence, leaseMs / 1_000],
  );
  if (mine === undefined) throw new LeaseLost(`${tenantId}/${connectionId} is worked on by somebody else`);
}
