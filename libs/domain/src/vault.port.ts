import type { ConnectionId, SubjectId, TenantId } from './ids.js';

export type SubjectKind = 'email' | 'phone' | 'visitor' | 'customer' | 'order';

/** Somebody or something a record names, as ingest knows it in clear. Never leaves the process. */
export interface SubjectRef {
  readonly tenantId: TenantId;
  readonly kind: SubjectKind;
  /**
   * email, phone: SHA-256 hex (lower case) of the normalised value; visitor: its id;
   * customer: `connection:customerId`; order: `connection:orderId`; what else is a thing of the shop's and names nobody:
   * of kind order, too, as `connection:resource:id`.
   */
  readonly normalised: string;
}

/** What a tenant's key is for. `identity` has version 1 for ever; the others' greatest version is the active one. */
export type TenantKeyPurpose = 'identity' | 'wrapping' | 'payload';

export interface TenantKeyRow {
  readonly tenantId: TenantId;
  readonly purpose: TenantKeyPurpose;
  readonly version: number;
  readonly masterKeyId: string;
  /** 60 bytes: the key, wrapped by that master key. */
  readonly wrappedKey: Buffer;
}

export interface SubjectLookup {
  readonly tenantId: TenantId;
  readonly kind: SubjectKind;
  /** 32 bytes, see subject-lookup.ts of the vault. */
  readonly lookup: Buffer;
}

export interface SubjectKeyRow {
  readonly subjectId: SubjectId;
  /** Version of the tenant's wrapping key that wraps this key. */
  readonly wrappingVersion: number;
  /** 60 bytes. */
  readonly wrappedKey: Buffer;
}

export interface SubjectRow extends SubjectLookup, SubjectKeyRow {}

export interface SecretsRow {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  /** Counted by whoever writes; with (tenant, connection) the row's key. */
  readonly version: number;
  readonly wrappingVersion: number;
  readonly sealed: Buffer;
}

/** Where the vault keeps its rows: holds nothing in clear and knows no key. `libs/postgres` is the adapter. */
export interface VaultStore {
  /** All keys of these tenants, in any order. */
  findTenantKeys(tenantIds: readonly TenantId[]): Promise<TenantKeyRow[]>;
  /** Adds the keys that are not there and returns, for each asked, the row that is there now: a rival's if it was first. */
  insertTenantKeys(rows: readonly TenantKeyRow[]): Promise<TenantKeyRow[]>;
  /** Replaces the wrapping of one key while it is still wrapped by `previousMasterKeyId`; false when it is not. */
  rewrapTenantKey(row: TenantKeyRow, previousMasterKeyId: string): Promise<boolean>;

  /** The rows that exist, in any order. Lookups are distinct. */
  findSubjects(lookups: readonly SubjectLookup[]): Promise<SubjectRow[]>;
  /** Like {@link insertTenantKeys}: returns the row that won for each lookup, in any order. Lookups are distinct, in any order. */
  insertSubjects(rows: readonly SubjectRow[]): Promise<SubjectRow[]>;
  /** The keys that still exist, in any order; ids that are no UUID have none. */
  findSubjectKeys(tenantId: TenantId, subjectIds: readonly SubjectId[]): Promise<SubjectKeyRow[]>;
  /** Returns how many rows were there. */
  deleteSubjects(tenantId: TenantId, subjectIds: readonly SubjectId[]): Promise<number>;
  /** Up to `limit` keys whose wrapping is older than `wrappingVersion`, ascending by subject id from after `after`. */
  findSubjectKeysToRewrap(tenantId: TenantId, wrappingVersion: number, after: SubjectId | null, limit: number): Promise<SubjectKeyRow[]>;
  /** Replaces the wrapping of keys that still exist and have an older one; returns how many. */
  rewrapSubjectKeys(tenantId: TenantId, rows: readonly SubjectKeyRow[]): Promise<number>;

  /** Adds a version; false when it was there, which then stays as it is. */
  insertSecrets(row: SecretsRow): Promise<boolean>;
  findSecrets(tenantId: TenantId, connectionId: ConnectionId, version: number): Promise<SecretsRow | undefined>;
  /** All rows of the tenant that are sealed under an older wrapping version. */
  findSecretsToRewrap(tenantId: TenantId, wrappingVersion: number): Promise<SecretsRow[]>;
  /** Replaces the seal of a row that still has an older one; false when there is none. */
  resealSecrets(row: SecretsRow): Promise<boolean>;
}
