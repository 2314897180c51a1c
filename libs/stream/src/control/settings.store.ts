import type {
  AddressOwner,
  ConnectionState,
  DesiredTenant,
  KnownConnection,
  NextVersion,
  TenantInForce,
  TenantState,
} from '@tributary/config';
import type { Sql, TenantId } from '@tributary/domain';
import { BulkRows } from '@tributary/postgres';

/** A tenant as it was last asked for. */
export interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly state: TenantState;
  readonly defaultCountry: string | null;
  readonly connections: number;
}

/** The version of a connection that is in force; secrets stay in the vault. */
export interface ConnectionVersionRow {
  readonly id: string;
  readonly kind: string;
  readonly state: ConnectionState;
  readonly version: number;
  readonly defaultCountry: string | null;
  readonly activatedAt: number;
  readonly settings: unknown;
  readonly changedAt: Date;
}

export type StoredConnection = Omit<KnownConnection, 'secrets'>;

/** A version to be written, with the framed event that tells of it. */
export interface VersionToWrite {
  readonly next: NextVersion;
  readonly event: Buffer;
}

/** Another tenant claimed an address between the look and the write: decide again. */
export class AddressTakenMeanwhile extends Error {
  override readonly name = 'AddressTakenMeanwhile';
}

const versionRows = (tenantId: TenantId): BulkRows<VersionToWrite> =>
  new BulkRows<VersionToWrite>([
    { name: 'tenant_id', type: 'text', of: () => tenantId },
    { name: 'connection_id', type: 'text', of: ({ next }) => next.id },
    { name: 'version', type: 'int', of: ({ next }) => next.version },
    { name: 'kind', type: 'text', of: ({ next }) => next.kind },
    { name: 'state', type: 'text', of: ({ next }) => next.state },
    { name: 'tenant_name', type: 'text', of: ({ next }) => next.tenantName },
    { name: 'default_country', type: 'text', of: ({ next }) => next.defaultCountry },
    { name: 'activated_at', type: 'bigint', of: ({ next }) => next.activatedAt },
    { name: 'settings', type: 'jsonb', of: ({ next }) => next.settings },
    { name: 'secrets_version', type: 'int', of: ({ next }) => next.secretsVersion },
    { name: 'address_hashes', type: 'jsonb', of: ({ next }) => JSON.stringify(next.addressHashes) },
  ]);

const IN_FORCE = `
  select distinct on (connection_id) *, bool_or(state = 'active') over (partition by connection_id) as was_active
    from control.connection_versions where tenant_id = $1 order by connection_id, version desc`;

/** Schema `control`: tenants, the versions of their connections, and the outbox of what is to be told. */
export class SettingsStore {
  constructor(private readonly sql: Sql) {}

  /** Runs `work` in one transaction while nobody else in the installation changes this tenant. */
  locked<T>(tenantId: TenantId, work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.sql.transaction(async (sql) => {
      await sql.query('settings-lock', `select pg_advisory_xact_lock(hashtextextended('control-tenant:' || $1, 0))`, [tenantId]);
      return work(sql);
    });
  }

  /** The tenant as it was last asked for; one that nobody asked for is active and called by its id. */
  async tenant(
    sql: Sql,
    tenantId: TenantId,
  ): Promise<{ readonly name: string; readonly state: TenantState; readonly defaultCountry: string | null }> {
    const [row] = await sql.query<{ name: string; state: TenantState; defaultCountry: string | null }>(
      'settings-tenant-row',
      'select name, state, default_country as "defaultCountry" from control.tenants where tenant_id = $1',
      [tenantId],
    );
    return row ?? { name: tenantId, state: 'active', defaultCountry: null };
  }

  /** Every connection that the tenant ever had, in its newest version. */
  known(sql: Sql, tenantId: TenantId): Promise<StoredConnection[]> {
    return sql.query<StoredConnection>(
      'settings-known',
      `select connection_id as id, kind, version, state, tenant_name as "tenantName", default_country as "defaultCountry", activated_at as "activatedAt",
              was_active as "wasActive", settings, secrets_version as "secretsVersion", address_hashes as "addressHashes"
         from (${IN_FORCE}) c`,
      [tenantId],
    );
  }

  /** The newest version of each connection of the tenant that an app has folded. */
  async told(sql: Sql, tenantId: TenantId): Promise<ReadonlyMap<string, number>> {
    const rows = await sql.query<{ id: string; version: number }>(
      'settings-told',
      `select connection_id as id, max(version)::int as version
         from (select connection_id, version from ingest.connections where tenant_id = $1
               union all select connection_id, version from tiktok.connections where tenant_id = $1) c group by connection_id`,
      [tenantId],
    );
    return new Map(rows.map(({ id, version }) => [id, version]));
  }

  owners(sql: Sql, hashes: readonly string[]): Promise<AddressOwner[]> {
    return sql.query<AddressOwner>(
      'settings-address-owners',
      'select tenant_id as "tenantId", connection_id as "connectionId", address_hash as "addressHash" from control.addresses where address_hash = any($1::text[])',
      [hashes],
    );
  }

  /**
   * Other tenants that ever sent to one of these pixels, with their connections in force. Holds the pixels until the transaction ends,
   * so that of two tenants that want one at the same time the second sees the first.
   */
  async onPixels(sql: Sql, tenantId: TenantId, pixelCodes: readonly string[]): Promise<TenantInForce[]> {
    if (pixelCodes.length === 0) return [];
    await sql.query(
      'settings-lock-pixels',
      `select pg_advisory_xact_lock(hashtextextended('control-pixel:' || code, 0)) from (select unnest($1::text[]) as code order by 1) c`,
      [pixelCodes],
    );
    const rows = await sql.query<{ tenantId: string; id: string; kind: string; state: string; settings: unknown }>(
      'settings-on-pixels',
      `select distinct on (tenant_id, connection_id) tenant_id as "tenantId", connection_id as id, kind, state, settings
         from control.connection_versions
        where tenant_id in (select tenant_id from control.connection_versions
                             where settings ? 'pixelCode' and settings ->> 'pixelCode' = any($2::text[]) and tenant_id <> $1)
        order by tenant_id, connection_id, version desc`,
      [tenantId, pixelCodes],
    );
    return [...Map.groupBy(rows, (row) => row.tenantId)].map(([id, connections]) => ({ tenantId: id, connections }));
  }

  /** Writes the tenant, its new versions and the events that tell of them. */
  async write(
    sql: Sql,
    { id, name, state, defaultCountry }: Omit<DesiredTenant, 'connections'>,
    versions: readonly VersionToWrite[],
  ): Promise<void> {
    await sql.query(
      'settings-write-tenant',
      `insert into control.tenants as t (tenant_id, name, state, default_country) values ($1, $2, $3, $4)
       on conflict (tenant_id) do update set name = excluded.name, state = excluded.state, default_country = excluded.default_country, updated_at = now()
       where (t.name, t.state, t.default_country) is distinct from (excluded.name, excluded.state, excluded.default_country)`,
      [id, name, state, defaultCountry],
    );
    if (versions.length === 0) return;
    await this.claimAddresses(sql, id, versions);
    const rows = versionRows(id);
    await sql.query(
      'settings-write-versions',
      `with versions as (insert into control.connection_versions (${rows.names}) select * from ${rows.unnest(1, 'v')})
       insert into control_ops.outbox (tenant_id, connection_id, value)
       select ($1::text[])[1], o.connection_id, o.value from unnest($2::text[], $${rows.width + 1}::bytea[]) with ordinality as o(connection_id, value, place) order by place`,
      [...rows.values(versions), versions.map(({ event }) => event)],
    );
  }

  private async claimAddresses(sql: Sql, tenantId: TenantId, versions: readonly VersionToWrite[]): Promise<void> {
    const claims = versions.flatMap(({ next }) => next.addressHashes.map((hash) => ({ id: next.id, hash })));
    // In one order everywhere, so that two tenants that exchange addresses do not wait for each other in a circle.
    const sorted = claims.toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
    const hashes = sorted.map(({ hash }) => hash);
    const ids = sorted.map(({ id }) => id);
    await sql.query(
      'settings-drop-addresses',
      'delete from control.addresses where tenant_id = $1 and connection_id = any($2::text[]) and address_hash <> all($3::text[])',
      [tenantId, ids, hashes],
    );
    const claimed = await sql.query(
      'settings-claim-addresses',
      `insert into control.addresses as a (address_hash, tenant_id, connection_id)
       select n.hash, $1, n.id from unnest($2::text[], $3::text[]) as n(hash, id) order by n.hash
       on conflict (address_hash) do update set address_hash = excluded.address_hash
       where a.tenant_id = excluded.tenant_id and a.connection_id = excluded.connection_id
       returning 1`,
      [tenantId, hashes, ids],
    );
    if (claimed.length !== hashes.length) throw new AddressTakenMeanwhile('an address was claimed meanwhile');
  }

  /** Ascending by id, from after `after`. */
  tenants(after: string, limit: number): Promise<TenantRow[]> {
    return this.sql.query<TenantRow>(
      'settings-tenants',
      `select t.tenant_id as id, t.name, t.state, t.default_country as "defaultCountry",
              (select count(distinct connection_id) from control.connection_versions v where v.tenant_id = t.tenant_id) as connections
         from control.tenants t where t.tenant_id > $1 order by t.tenant_id limit $2`,
      [after, limit],
    );
  }

  /** Undefined when there is no such tenant. */
  async connections(tenantId: TenantId): Promise<ConnectionVersionRow[] | undefined> {
    const tenants = await this.sql.query('settings-tenant', 'select 1 from control.tenants where tenant_id = $1', [tenantId]);
    if (tenants.length === 0) return undefined;
    return this.sql.query<ConnectionVersionRow>(
      'settings-connections',
      `select connection_id as id, kind, state, version, default_country as "defaultCountry", activated_at as "activatedAt", settings, created_at as "changedAt"
         from (${IN_FORCE}) c`,
      [tenantId],
    );
  }
}
