import type { Sql } from '@tributary/domain';

export interface TenantRow {
  readonly tenantId: string;
  readonly name: string;
  readonly state: 'active' | 'suspended';
  readonly defaultCountry: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Connections that are not disabled. */
  readonly connections: number;
}

export interface ConnectionVersionRow {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly version: number;
  readonly kind: string;
  readonly state: 'active' | 'suspended' | 'disabled';
  readonly tenantName: string;
  readonly defaultCountry: string | null;
  readonly activatedAt: number;
  readonly settings: unknown;
  readonly secretsVersion: number;
  readonly addressHash: string | null;
}

export interface NewestVersionRow extends ConnectionVersionRow {
  /** Some version of it was active. */
  readonly wasActive: boolean;
  readonly configuredAt: Date;
}

export interface ConfigOutboxRow {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly value: Buffer;
}

const TENANT_CHANGES_LOCK = 7_218_449_302;
const RELAY_LOCK = 7_218_449_303;
const VERSION = `v.tenant_id as "tenantId", v.connection_id as "connectionId", v.version, v.kind, v.state, v.tenant_name as "tenantName",
  v.default_country as "defaultCountry", v.activated_at as "activatedAt", v.settings, v.secrets_version as "secretsVersion", v.address_hash as "addressHash"`;

/** What was asked of the installation, version by version (schema `control`), and the events of it that wait for the log. */
export class ControlStore {
  constructor(private readonly sql: Sql) {}

  /** One change of settings at a time in the whole installation: addresses stay unique, events leave in the order of changes. */
  change<T>(work: (store: ControlStore, sql: Sql) => Promise<T>): Promise<T> {
    return this.sql.transaction(async (tx) => {
      await tx.query('control-lock', 'select pg_advisory_xact_lock($1)', [TENANT_CHANGES_LOCK]);
      return work(new ControlStore(tx), tx);
    });
  }

  async saveTenant(tenant: Pick<TenantRow, 'tenantId' | 'name' | 'state' | 'defaultCountry'>): Promise<void> {
    await this.sql.query(
      'control-tenant-save',
      `insert into control.tenants as t (tenant_id, name, state, default_country) values ($1, $2, $3, $4)
       on conflict (tenant_id) do update set name = excluded.name, state = excluded.state, default_country = excluded.default_country, updated_at = now()
       where (t.name, t.state, t.default_country) is distinct from (excluded.name, excluded.state, excluded.default_country)`,
      [tenant.tenantId, tenant.name, tenant.state, tenant.defaultCountry],
    );
  }

  async tenant(tenantId: string): Promise<TenantRow | undefined> {
    const [row] = await this.findTenants(tenantId, null, 1);
    return row;
  }

  /** Ascending by id, from after `after` on. */
  tenants(after: string | null, limit: number): Promise<TenantRow[]> {
    return this.findTenants(null, after, limit);
  }

  private findTenants(tenantId: string | null, after: string | null, limit: number): Promise<TenantRow[]> {
    return this.sql.query<TenantRow>(
      'control-tenants',
      `select t.tenant_id as "tenantId", t.name, t.state, t.default_country as "defaultCountry", t.created_at as "createdAt", t.updated_at as "updatedAt",
              (select count(*)::int from (select distinct on (v.connection_id) v.state from control.connection_versions v
                where v.tenant_id = t.tenant_id order by v.connection_id, v.version desc) newest where newest.state <> 'disabled') as connections
         from control.tenants t
        where ($1::text is null or t.tenant_id = $1) and ($2::text is null or t.tenant_id > $2)
        order by t.tenant_id limit $3`,
      [tenantId, after, limit],
    );
  }

  /** The newest version of each of the tenant's connections, disabled ones too, by id. */
  newestVersions(tenantId: string): Promise<NewestVersionRow[]> {
    return this.sql.query<NewestVersionRow>(
      'control-newest',
      `select distinct on (v.connection_id) ${VERSION}, v.created_at as "configuredAt",
              bool_or(v.state = 'active') over (partition by v.connection_id) as "wasActive"
         from control.connection_versions v where v.tenant_id = $1 order by v.connection_id, v.version desc`,
      [tenantId],
    );
  }

  /** Connections whose newest version has one of these addresses. */
  addressOwners(hashes: readonly string[]): Promise<Pick<ConnectionVersionRow, 'tenantId' | 'connectionId' | 'addressHash'>[]> {
    return this.sql.query(
      'control-addresses',
      `select v.tenant_id as "tenantId", v.connection_id as "connectionId", v.address_hash as "addressHash"
         from control.connection_versions v
        where v.address_hash = any($1::text[])
          and v.version = (select max(w.version) from control.connection_versions w where w.tenant_id = v.tenant_id and w.connection_id = v.connection_id)`,
      [hashes],
    );
  }

  async addVersion(row: ConnectionVersionRow): Promise<void> {
    await this.sql.query(
      'control-version-add',
      `insert into control.connection_versions
         (tenant_id, connection_id, version, kind, state, tenant_name, default_country, activated_at, settings, secrets_version, address_hash)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11)`,
      [
        row.tenantId,
        row.connectionId,
        row.version,
        row.kind,
        row.state,
        row.tenantName,
        row.defaultCountry,
        row.activatedAt,
        row.settings,
        row.secretsVersion,
        row.addressHash,
      ],
    );
  }

  async enqueue({ tenantId, connectionId, value }: ConfigOutboxRow): Promise<void> {
    await this.sql.query('control-outbox-add', 'insert into control_ops.outbox (tenant_id, connection_id, value) values ($1, $2, $3)', [
      tenantId,
      connectionId,
      value,
    ]);
  }

  /**
   * Hands the oldest waiting events to `publish` and takes them out of the outbox when it resolves; one replica at a time.
   * Answers how many there were.
   */
  relay(limit: number, publish: (rows: readonly ConfigOutboxRow[]) => Promise<void>): Promise<number> {
    return this.sql.transaction(async (tx) => {
      await tx.query('control-relay-lock', 'select pg_advisory_xact_lock($1)', [RELAY_LOCK]);
      const rows = await tx.query<ConfigOutboxRow & { readonly id: number }>(
        'control-outbox-next',
        'select id, tenant_id as "tenantId", connection_id as "connectionId", value from control_ops.outbox order by id limit $1',
        [limit],
      );
      if (rows.length === 0) return 0;
      await publish(rows);
      await tx.query('control-outbox-done', 'delete from control_ops.outbox where id = any($1::bigint[])', [rows.map(({ id }) => id)]);
      return rows.length;
    });
  }
}
