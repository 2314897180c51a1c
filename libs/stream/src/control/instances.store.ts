import { createHash, randomBytes } from 'node:crypto';
import type { InstanceConfiguration } from '@tributary/config';
import type { Sql, TenantId } from '@tributary/domain';

const SECRET_BYTES = 24;

/** What is kept of a key or token. */
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** A pair of keys, without the keys. */
export interface InstanceKeyView {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** As it is shown once. */
export interface NewInstanceKey {
  readonly id: string;
  readonly user: string;
  readonly organization: string;
}

export interface StoredInstance {
  readonly id: number;
  readonly tenantId: TenantId;
  readonly connectionId: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly configuration: InstanceConfiguration;
  readonly secretsVersion: number;
  readonly createdAt: Date;
}

export interface InstanceToKeep extends Omit<StoredInstance, 'createdAt'> {
  readonly token: string;
}

const COLUMNS = `id, tenant_id as "tenantId", connection_id as "connectionId", name, tags, configuration, secrets_version as "secretsVersion",
  created_at as "createdAt"`;

/** `control.instance_keys` and `control.instances`. */
export class InstancesStore {
  constructor(private readonly sql: Sql) {}

  async makeKey(tenantId: TenantId, name: string): Promise<NewInstanceKey> {
    const key = { user: newSecret(), organization: newSecret() };
    const [row] = await this.sql.query<{ id: number }>(
      'instance-keys-make',
      'insert into control.instance_keys (tenant_id, name, user_hash, organization_hash) values ($1, $2, $3, $4) returning id',
      [tenantId, name, hashOf(key.user), hashOf(key.organization)],
    );
    return { id: String(row?.id ?? 0), ...key };
  }

  /** Newest first. */
  async keys(tenantId: TenantId): Promise<InstanceKeyView[]> {
    return this.sql.query<InstanceKeyView>(
      'instance-keys-list',
      'select id::text, name, created_at as "createdAt", revoked_at as "revokedAt" from control.instance_keys where tenant_id = $1 order by id desc',
      [tenantId],
    );
  }

  /** Answers whether the tenant has such a key. */
  async revokeKey(tenantId: TenantId, id: number): Promise<boolean> {
    const rows = await this.sql.query(
      'instance-keys-revoke',
      'update control.instance_keys set revoked_at = coalesce(revoked_at, now()) where tenant_id = $1 and id = $2 returning 1',
      [tenantId, id],
    );
    return rows.length === 1;
  }

  /** Whose keys these are; undefined when they are nobody's, or revoked. */
  async tenantOf(user: string, organization: string): Promise<TenantId | undefined> {
    const [row] = await this.sql.query<{ tenantId: TenantId }>(
      'instance-keys-find',
      `select tenant_id as "tenantId" from control.instance_keys
        where organization_hash = $1 and user_hash = $2 and revoked_at is null`,
      [hashOf(organization), hashOf(user)],
    );
    return row?.tenantId;
  }

  /** An id of its own, and a token that is shown once. */
  async begin(): Promise<{ readonly id: number; readonly token: string }> {
    const [row] = await this.sql.query<{ id: number }>('instances-begin', "select nextval('control.instance_ids') as id");
    if (row === undefined) throw new Error('the sequence of instances gave no number');
    return { id: row.id, token: newSecret() };
  }

  async keep({ id, tenantId, connectionId, name, tags, configuration, secretsVersion, token }: InstanceToKeep): Promise<void> {
    await this.sql.query(
      'instances-keep',
      `insert into control.instances as i (id, tenant_id, connection_id, name, tags, configuration, secrets_version, token_hash)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (tenant_id, connection_id) where deleted_at is null
       do update set name = excluded.name, tags = excluded.tags, configuration = excluded.configuration,
                     secrets_version = excluded.secrets_version, token_hash = excluded.token_hash, updated_at = now()`,
      [id, tenantId, connectionId, name, JSON.stringify(tags), JSON.stringify(configuration), secretsVersion, hashOf(token)],
    );
  }

  async find(tenantId: TenantId, id: number): Promise<StoredInstance | undefined> {
    const [row] = await this.sql.query<StoredInstance>(
      'instances-find',
      `select ${COLUMNS} from control.instances where tenant_id = $1 and id = $2 and deleted_at is null`,
      [tenantId, id],
    );
    return row;
  }

  async ofConnection(tenantId: TenantId, connectionId: string): Promise<StoredInstance | undefined> {
    const [row] = await this.sql.query<StoredInstance>(
      'instances-of-connection',
      `select ${COLUMNS} from control.instances where tenant_id = $1 and connection_id = $2 and deleted_at is null`,
      [tenantId, connectionId],
    );
    return row;
  }

  async hasToken(id: number, token: string): Promise<boolean> {
    const rows = await this.sql.query('instances-token', 'select 1 from control.instances where id = $1 and token_hash = $2', [
      id,
      hashOf(token),
    ]);
    return rows.length === 1;
  }

  async delete(tenantId: TenantId, id: number): Promise<void> {
    await this.sql.query('instances-delete', 'update control.instances set deleted_at = now() where tenant_id = $1 and id = $2', [
      tenantId,
      id,
    ]);
  }
}
