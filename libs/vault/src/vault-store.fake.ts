import type {
  ConnectionId,
  SecretsRow,
  SubjectId,
  SubjectKeyRow,
  SubjectLookup,
  SubjectRow,
  TenantId,
  TenantKeyRow,
  VaultStore,
} from '@tributary/domain';

const keyName = (row: Pick<TenantKeyRow, 'tenantId' | 'purpose' | 'version'>): string => `${row.tenantId} ${row.purpose} ${row.version}`;
const lookupName = (row: SubjectLookup): string => `${row.tenantId} ${row.kind} ${row.lookup.toString('hex')}`;
const secretsName = (row: Pick<SecretsRow, 'tenantId' | 'connectionId' | 'version'>): string =>
  `${row.tenantId} ${row.connectionId} ${row.version}`;

/** A store in memory that keeps the contract of the real one (test/contracts/vault-store.contract.ts). */
export class FakeVaultStore implements VaultStore {
  readonly tenantKeys = new Map<string, TenantKeyRow>();
  readonly subjects = new Map<string, SubjectRow>();
  readonly secrets = new Map<string, SecretsRow>();
  /** How often each method was called. */
  readonly calls = new Map<keyof VaultStore, number>();
  /** Set: every call rejects with it, as when the database is away. */
  outage: Error | null = null;

  async findTenantKeys(tenantIds: readonly TenantId[]): Promise<TenantKeyRow[]> {
    this.called('findTenantKeys');
    return [...this.tenantKeys.values()].filter((row) => tenantIds.includes(row.tenantId));
  }

  async insertTenantKeys(rows: readonly TenantKeyRow[]): Promise<TenantKeyRow[]> {
    this.called('insertTenantKeys');
    return rows.map((row) => insertOrKeep(this.tenantKeys, keyName(row), row));
  }

  async rewrapTenantKey(row: TenantKeyRow, previousMasterKeyId: string): Promise<boolean> {
    this.called('rewrapTenantKey');
    if (this.tenantKeys.get(keyName(row))?.masterKeyId !== previousMasterKeyId) return false;
    this.tenantKeys.set(keyName(row), row);
    return true;
  }

  async findSubjects(lookups: readonly SubjectLookup[]): Promise<SubjectRow[]> {
    this.called('findSubjects');
    return lookups.map((lookup) => this.subjects.get(lookupName(lookup))).filter((row) => row !== undefined);
  }

  async insertSubjects(rows: readonly SubjectRow[]): Promise<SubjectRow[]> {
    this.called('insertSubjects');
    return rows.map((row) => insertOrKeep(this.subjects, lookupName(row), row));
  }

  async findSubjectKeys(tenantId: TenantId, subjectIds: readonly SubjectId[]): Promise<SubjectKeyRow[]> {
    this.called('findSubjectKeys');
    const wanted = new Set(subjectIds);
    return this.subjectsOf(tenantId).filter((row) => wanted.has(row.subjectId));
  }

  async deleteSubjects(tenantId: TenantId, subjectIds: readonly SubjectId[]): Promise<number> {
    this.called('deleteSubjects');
    const wanted = new Set(subjectIds);
    const rows = this.subjectsOf(tenantId).filter((row) => wanted.has(row.subjectId));
    for (const row of rows) this.subjects.delete(lookupName(row));
    return rows.length;
  }

  async findSubjectKeysToRewrap(
    tenantId: TenantId,
    wrappingVersion: number,
    after: SubjectId | null,
    limit: number,
  ): Promise<SubjectKeyRow[]> {
    this.called('findSubjectKeysToRewrap');
    return this.subjectsOf(tenantId)
      .filter((row) => row.wrappingVersion < wrappingVersion && (after === null || row.subjectId > after))
      .toSorted((a, b) => (a.subjectId < b.subjectId ? -1 : 1))
      .slice(0, limit);
  }

  async rewrapSubjectKeys(tenantId: TenantId, rows: readonly SubjectKeyRow[]): Promise<number> {
    this.called('rewrapSubjectKeys');
    const newOf = new Map(rows.map((row) => [row.subjectId, row]));
    let rewrapped = 0;
    for (const before of this.subjectsOf(tenantId)) {
      const row = newOf.get(before.subjectId);
      if (row === undefined || before.wrappingVersion >= row.wrappingVersion) continue;
      this.subjects.set(lookupName(before), { ...before, wrappingVersion: row.wrappingVersion, wrappedKey: row.wrappedKey });
      rewrapped += 1;
    }
    return rewrapped;
  }

  async insertSecrets(row: SecretsRow): Promise<boolean> {
    this.called('insertSecrets');
    return insertOrKeep(this.secrets, secretsName(row), row) === row;
  }

  async findSecrets(tenantId: TenantId, connectionId: ConnectionId, version: number): Promise<SecretsRow | undefined> {
    this.called('findSecrets');
    return this.secrets.get(secretsName({ tenantId, connectionId, version }));
  }

  async findSecretsToRewrap(tenantId: TenantId, wrappingVersion: number): Promise<SecretsRow[]> {
    this.called('findSecretsToRewrap');
    return [...this.secrets.values()].filter((row) => row.tenantId === tenantId && row.wrappingVersion < wrappingVersion);
  }

  async resealSecrets(row: SecretsRow): Promise<boolean> {
    this.called('resealSecrets');
    const before = this.secrets.get(secretsName(row));
    if (before === undefined || before.wrappingVersion >= row.wrappingVersion) return false;
    this.secrets.set(secretsName(row), row);
    return true;
  }

  private called(method: keyof VaultStore): void {
    if (this.outage !== null) throw this.outage;
    this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
  }

  private subjectsOf(tenantId: TenantId): SubjectRow[] {
    return [...this.subjects.values()].filter((row) => row.tenantId === tenantId);
  }
}

function insertOrKeep<Row>(rows: Map<string, Row>, name: string, row: Row): Row {
  const before = rows.get(name);
  if (before !== undefined) return before;
  rows.set(name, row);
  return row;
}
