import type {
  ConnectionId,
  SecretsRow,
  Sql,
  SubjectId,
  SubjectKeyRow,
  SubjectKind,
  SubjectLookup,
  SubjectRow,
  TenantId,
  TenantKeyPurpose,
  TenantKeyRow,
  VaultStore,
} from '@tributary/domain';

/** As stored (schemas/postgres/vault): numbers never change their meaning. */
const KIND_NUMBERS: Readonly<Record<SubjectKind, number>> = { email: 1, phone: 2, visitor: 3, customer: 4, order: 5 };
const KINDS: ReadonlyMap<number, SubjectKind> = new Map(
  Object.entries(KIND_NUMBERS).map(([kind, number]) => [number, kind as SubjectKind]),
);

const UUID_PATTERN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const TENANT_KEY_COLUMNS = `tenant_id AS "tenantId", purpose, version, master_key_id AS "masterKeyId", wrapped_key AS "wrappedKey"`;
const SECRETS_COLUMNS = `tenant_id AS "tenantId", connection_id AS "connectionId", version, wrapping_version AS "wrappingVersion", sealed`;
const SUBJECT_KEY_COLUMNS = `subject_id AS "subjectId", wrapping_version AS "wrappingVersion", wrapped_key AS "wrappedKey"`;

const FIND_TENANT_KEYS = `SELECT ${TENANT_KEY_COLUMNS} FROM vault.tenant_keys WHERE tenant_id = ANY($1::text[])`;

// DO NOTHING and a SELECT would return no row when a rival commits in between; this returns the rival's row.
const INSERT_TENANT_KEYS = `
INSERT INTO vault.tenant_keys AS k (tenant_id, purpose, version, master_key_id, wrapped_key)
SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::bytea[])
ON CONFLICT (tenant_id, purpose, version) DO UPDATE SET wrapped_key = k.wrapped_key
RETURNING ${TENANT_KEY_COLUMNS}`;

const REWRAP_TENANT_KEY = `
UPDATE vault.tenant_keys SET master_key_id = $4, wrapped_key = $5
WHERE tenant_id = $1 AND purpose = $2 AND version = $3 AND master_key_id = $6
RETURNING 1`;

const FIND_SUBJECTS = `
SELECT s.tenant_id AS "tenantId", s.kind, s.lookup, s.subject_id AS "subjectId", s.wrapping_version AS "wrappingVersion", s.wrapped_key AS "wrappedKey"
FROM unnest($1::text[], $2::smallint[], $3::bytea[]) AS asked (tenant_id, kind, lookup)
JOIN vault.subjects s USING (tenant_id, kind, lookup)`;

const INSERT_SUBJECTS = `
INSERT INTO vault.subjects AS s (tenant_id, kind, lookup, subject_id, wrapping_version, wrapped_key)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::bytea[], $4::uuid[], $5::integer[], $6::bytea[])
ON CONFLICT (tenant_id, kind, lookup) DO UPDATE SET subject_id = s.subject_id
RETURNING tenant_id AS "tenantId", kind, lookup, ${SUBJECT_KEY_COLUMNS}`;

const FIND_SUBJECT_KEYS = `SELECT ${SUBJECT_KEY_COLUMNS} FROM vault.subjects WHERE tenant_id = $1 AND subject_id = ANY($2::uuid[])`;

// Rows are locked in the order in which inserts take them, so that neither waits for the other in a circle.
const DELETE_SUBJECTS = `
WITH doomed AS MATERIALIZED (
  SELECT tenant_id, kind, lookup FROM vault.subjects
  WHERE tenant_id = $1 AND subject_id = ANY($2::uuid[])
  ORDER BY kind, lookup FOR UPDATE
)
DELETE FROM vault.subjects s USING doomed d
WHERE s.tenant_id = d.tenant_id AND s.kind = d.kind AND s.lookup = d.lookup
RETURNING 1`;

const FIND_SUBJECT_KEYS_TO_REWRAP = `
SELECT ${SUBJECT_KEY_COLUMNS} FROM vault.subjects
WHERE tenant_id = $1 AND wrapping_version < $2 AND subject_id > $3
ORDER BY subject_id LIMIT $4`;

const REWRAP_SUBJECT_KEYS = `
WITH new AS (SELECT * FROM unnest($2::uuid[], $3::integer[], $4::bytea[]) AS n (subject_id, wrapping_version, wrapped_key)),
locked AS MATERIALIZED (
  SELECT s.kind, s.lookup, new.wrapping_version, new.wrapped_key
  FROM vault.subjects s JOIN new USING (subject_id)
  WHERE s.tenant_id = $1 AND s.wrapping_version < new.wrapping_version
  ORDER BY s.kind, s.lookup FOR UPDATE OF s
)
UPDATE vault.subjects s SET wrapping_version = l.wrapping_version, wrapped_key = l.wrapped_key
FROM locked l WHERE s.tenant_id = $1 AND s.kind = l.kind AND s.lookup = l.lookup
RETURNING 1`;

const INSERT_SECRETS = `
INSERT INTO vault.connection_secrets (tenant_id, connection_id, version, wrapping_version, sealed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING 1`;

const FIND_SECRETS = `SELECT ${SECRETS_COLUMNS} FROM vault.connection_secrets WHERE tenant_id = $1 AND connection_id = $2 AND version = $3`;
const FIND_SECRETS_TO_REWRAP = `SELECT ${SECRETS_COLUMNS} FROM vault.connection_secrets WHERE tenant_id = $1 AND wrapping_version < $2`;
const RESEAL_SECRETS = `
UPDATE vault.connection_secrets SET wrapping_version = $4, sealed = $5
WHERE tenant_id = $1 AND connection_id = $2 AND version = $3 AND wrapping_version < $4
RETURNING 1`;

const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** `VaultStore` on schema `vault`; one statement per call, each in a transaction of its own. */
export class PostgresVaultStore implements VaultStore {
  constructor(private readonly sql: Sql) {}

  findTenantKeys(tenantIds: readonly TenantId[]): Promise<TenantKeyRow[]> {
    return this.sql.query<TenantKeyRow>('vault-find-tenant-keys', FIND_TENANT_KEYS, [tenantIds]);
  }

  insertTenantKeys(rows: readonly TenantKeyRow[]): Promise<TenantKeyRow[]> {
    const sorted = rows.toSorted(
      (a, b) => compareTexts(a.tenantId, b.tenantId) || compareTexts(a.purpose, b.purpose) || a.version - b.version,
    );
    return this.sql.query<TenantKeyRow>('vault-insert-tenant-keys', INSERT_TENANT_KEYS, [
      sorted.map((row) => row.tenantId),
      sorted.map((row): TenantKeyPurpose => row.purpose),
      sorted.map((row) => row.version),
      sorted.map((row) => row.masterKeyId),
      sorted.map((row) => row.wrappedKey),
    ]);
  }

  async rewrapTenantKey(row: TenantKeyRow, previousMasterKeyId: string): Promise<boolean> {
    const values = [row.tenantId, row.purpose, row.version, row.masterKeyId, row.wrappedKey, previousMasterKeyId];
    return (await this.sql.query('vault-rewrap-tenant-key', REWRAP_TENANT_KEY, values)).length > 0;
  }

  async findSubjects(lookups: readonly SubjectLookup[]): Promise<SubjectRow[]> {
    const rows = await this.sql.query<StoredSubject>('vault-find-subjects', FIND_SUBJECTS, [
      lookups.map((one) => one.tenantId),
      lookups.map((one) => KIND_NUMBERS[one.kind]),
      lookups.map((one) => one.lookup),
    ]);
    return rows.map(subjectFrom);
  }

  async insertSubjects(rows: readonly SubjectRow[]): Promise<SubjectRow[]> {
    // Sorted, so that two batches with the same people wait for each other instead of locking in a circle.
    const sorted = rows.toSorted(
      (a, b) => compareTexts(a.tenantId, b.tenantId) || KIND_NUMBERS[a.kind] - KIND_NUMBERS[b.kind] || a.lookup.compare(b.lookup),
    );
    const present = await this.sql.query<StoredSubject>('vault-insert-subjects', INSERT_SUBJECTS, [
      sorted.map((row) => row.tenantId),
      sorted.map((row) => KIND_NUMBERS[row.kind]),
      sorted.map((row) => row.lookup),
      sorted.map((row) => row.subjectId),
      sorted.map((row) => row.wrappingVersion),
      sorted.map((row) => row.wrappedKey),
    ]);
    return present.map(subjectFrom);
  }

  async findSubjectKeys(tenantId: TenantId, subjectIds: readonly SubjectId[]): Promise<SubjectKeyRow[]> {
    return this.sql.query<SubjectKeyRow>('vault-find-subject-keys', FIND_SUBJECT_KEYS, [tenantId, subjectIds.filter(isUuid)]);
  }

  async deleteSubjects(tenantId: TenantId, subjectIds: readonly SubjectId[]): Promise<number> {
    return (await this.sql.query('vault-delete-subjects', DELETE_SUBJECTS, [tenantId, subjectIds.filter(isUuid)])).length;
  }

  findSubjectKeysToRewrap(tenantId: TenantId, wrappingVersion: number, after: SubjectId | null, limit: number): Promise<SubjectKeyRow[]> {
    const values = [tenantId, wrappingVersion, after ?? NIL_UUID, limit];
    return this.sql.query<SubjectKeyRow>('vault-find-subject-keys-to-rewrap', FIND_SUBJECT_KEYS_TO_REWRAP, values);
  }

  async rewrapSubjectKeys(tenantId: TenantId, rows: readonly SubjectKeyRow[]): Promise<number> {
    const rewrapped = await this.sql.query('vault-rewrap-subject-keys', REWRAP_SUBJECT_KEYS, [
      tenantId,
      rows.map((row) => row.subjectId),
      rows.map((row) => row.wrappingVersion),
      rows.map((row) => row.wrappedKey),
    ]);
    return rewrapped.length;
  }

  async insertSecrets(row: SecretsRow): Promise<boolean> {
    const values = [row.tenantId, row.connectionId, row.version, row.wrappingVersion, row.sealed];
    return (await this.sql.query('vault-insert-secrets', INSERT_SECRETS, values)).length > 0;
  }

  async findSecrets(tenantId: TenantId, connectionId: ConnectionId, version: number): Promise<SecretsRow | undefined> {
    const [row] = await this.sql.query<SecretsRow>('vault-find-secrets', FIND_SECRETS, [tenantId, connectionId, version]);
    return row;
  }

  findSecretsToRewrap(tenantId: TenantId, wrappingVersion: number): Promise<SecretsRow[]> {
    return this.sql.query<SecretsRow>('vault-find-secrets-to-rewrap', FIND_SECRETS_TO_REWRAP, [tenantId, wrappingVersion]);
  }

  async resealSecrets(row: SecretsRow): Promise<boolean> {
    const values = [row.tenantId, row.connectionId, row.version, row.wrappingVersion, row.sealed];
    return (await this.sql.query('vault-reseal-secrets', RESEAL_SECRETS, values)).length > 0;
  }
}

type StoredSubject = Omit<SubjectRow, 'kind'> & { readonly kind: number };

function subjectFrom(row: StoredSubject): SubjectRow {
  const kind = KINDS.get(row.kind);
  if (kind === undefined)
    throw new Error(`vault.subjects holds kind ${row.kind}, which this release does not know. Was it written by a newer one?`);
  return { ...row, kind };
}

const isUuid = (text: string): boolean => UUID_PATTERN.test(text);
const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
