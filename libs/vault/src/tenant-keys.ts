import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import type { TenantId, TenantKeyPurpose, TenantKeyRow, VaultStore } from '@tributary/domain';
import { KEY_BYTES } from './aes-gcm.js';
import type { MasterKeys } from './master-keys.js';
import { flat, RecencyCache } from './recency-cache.js';
import { VaultError } from './vault-error.js';

/** A tenant's keys in clear. */
export interface TenantKeys {
  readonly identity: KeyObject;
  readonly wrapping: VersionedKey;
  readonly payload: VersionedKey;
}

export interface VersionedKey {
  readonly activeVersion: number;
  readonly active: KeyObject;
  readonly versions: ReadonlyMap<number, KeyObject>;
}

export interface ActiveVersions {
  readonly wrapping: number;
  readonly payload: number;
}

interface CachedKeys {
  readonly keys: TenantKeys;
  /** On the keyring's clock. */
  checkedAtMs: number;
}

const PURPOSES = ['identity', 'wrapping', 'payload'] as const satisfies readonly TenantKeyPurpose[];
const MAX_CACHED_TENANTS = 10_000;

export interface KeyringOptions {
  /** After this time a rotation by another process is looked for, beside the work that goes on. */
  readonly maxAgeMs: number;
  /** Any clock that only goes forward, in milliseconds. */
  readonly now: () => number;
}

/** Makes, unwraps, caches and rotates tenants' keys. */
export class TenantKeyring {
  private readonly cache = new RecencyCache<CachedKeys>(MAX_CACHED_TENANTS);

  constructor(
    private readonly store: VaultStore,
    private readonly masterKeys: MasterKeys,
    private readonly options: KeyringOptions,
  ) {}

  /** The keys of each of these tenants; made now where there are none. Cached ones need no database. */
  async forTenants(tenantIds: Iterable<TenantId>): Promise<ReadonlyMap<TenantId, TenantKeys>> {
    const result = new Map<TenantId, TenantKeys>();
    const missing: TenantId[] = [];
    for (const tenantId of new Set(tenantIds)) {
      const cached = this.cached(tenantId);
      if (cached === undefined) missing.push(tenantId);
      else result.set(tenantId, cached);
    }
    if (missing.length > 0) {
      for (const [tenantId, keys] of await this.load(missing, true)) result.set(tenantId, keys);
    }
    return result;
  }

  async forTenant(tenantId: TenantId): Promise<TenantKeys> {
    return this.cached(tenantId) ?? presentIn(await this.load([tenantId], true), tenantId);
  }

  /** One version of a key; looks again in the database for one that another process made. Makes none. */
  async version(tenantId: TenantId, purpose: 'wrapping' | 'payload', version: number): Promise<KeyObject> {
    const known = this.cached(tenantId)?.[purpose].versions.get(version);
    if (known !== undefined) return known;
    const found = (await this.load([tenantId], false)).get(tenantId)?.[purpose].versions.get(version);
    if (found === undefined) {
      throw new VaultError(
        'tenant-key-missing',
        `Tenant ${tenantId} has no version ${version} of its ${purpose} key. Restore vault.tenant_keys from a backup of the same database as the rest.`,
      );
    }
    return found;
  }

  /** The keys as the database has them now; undefined when the tenant has none. */
  async reload(tenantId: TenantId): Promise<TenantKeys | undefined> {
    return (await this.load([tenantId], false)).get(tenantId);
  }

  /** Adds a version of the wrapping and of the payload key. Two at once make one. */
  async rotate(tenantId: TenantId): Promise<ActiveVersions> {
    const before = presentIn(await this.load([tenantId], true), tenantId);
    await this.store.insertTenantKeys([
      this.newKey(tenantId, 'wrapping', before.wrapping.activeVersion + 1),
      this.newKey(tenantId, 'payload', before.payload.activeVersion + 1),
    ]);
    const { wrapping, payload } = presentIn(await this.load([tenantId], false), tenantId);
    return { wrapping: wrapping.activeVersion, payload: payload.activeVersion };
  }

  /** Wraps anew, under the active master key, what another one wraps; returns how many keys. The keys themselves stay. */
  async rewrapMaster(tenantId: TenantId): Promise<number> {
    let rewrapped = 0;
    for (const row of await this.store.findTenantKeys([tenantId])) {
      if (row.masterKeyId === this.masterKeys.activeId) continue;
      const wrappedKey = this.masterKeys.wrap(this.unwrap(row), boundTo(row));
      if (await this.store.rewrapTenantKey({ ...row, masterKeyId: this.masterKeys.activeId, wrappedKey }, row.masterKeyId)) rewrapped += 1;
    }
    return rewrapped;
  }

  private cached(tenantId: TenantId): TenantKeys | undefined {
    const entry = this.cache.get(tenantId);
    if (entry === undefined) return undefined;
    const nowMs = this.options.now();
    if (nowMs - entry.checkedAtMs > this.options.maxAgeMs) {
      entry.checkedAtMs = nowMs;
      // Known keys stay good while the database is away; the next look is one age later.
      this.load([tenantId], false).catch(() => undefined);
    }
    return entry.keys;
  }

  private async load(tenantIds: readonly TenantId[], makesMissing: boolean): Promise<Map<TenantId, TenantKeys>> {
    const rowsOf = byTenant(await this.store.findTenantKeys(tenantIds));
    const without = tenantIds.filter((tenantId) => !rowsOf.has(tenantId));
    if (makesMissing && without.length > 0) {
      const made = without.flatMap((tenantId) => PURPOSES.map((purpose) => this.newKey(tenantId, purpose, 1)));
      for (const [tenantId, rows] of byTenant(await this.store.insertTenantKeys(made))) rowsOf.set(tenantId, rows);
    }
    const result = new Map<TenantId, TenantKeys>();
    for (const [tenantId, rows] of rowsOf) {
      const keys = this.unwrapAll(tenantId, rows);
      this.cache.set(flat(tenantId), { keys, checkedAtMs: this.options.now() });
      result.set(tenantId, keys);
    }
    return result;
  }

  private newKey(tenantId: TenantId, purpose: TenantKeyPurpose, version: number): TenantKeyRow {
    const key = { tenantId, purpose, version, masterKeyId: this.masterKeys.activeId };
    return { ...key, wrappedKey: this.masterKeys.wrap(randomBytes(KEY_BYTES), boundTo(key)) };
  }

  private unwrapAll(tenantId: TenantId, rows: readonly TenantKeyRow[]): TenantKeys {
    const versionsOf = (purpose: TenantKeyPurpose): VersionedKey => {
      const versions = new Map(
        rows.filter((row) => row.purpose === purpose).map((row) => [row.version, createSecretKey(this.unwrap(row))] as const),
      );
      const activeVersion = Math.max(0, ...versions.keys());
      const active = versions.get(activeVersion);
      if (active === undefined) {
        throw new VaultError(
          'tenant-key-missing',
          `Tenant ${tenantId} has keys but no ${purpose} key; a new one would not fit what is stored. Restore vault.tenant_keys from a backup.`,
        );
      }
      return { activeVersion, active, versions };
    };
    return { identity: versionsOf('identity').active, wrapping: versionsOf('wrapping'), payload: versionsOf('payload') };
  }

  private unwrap(row: TenantKeyRow): Buffer {
    return this.masterKeys.unwrap(row.masterKeyId, row.wrappedKey, boundTo(row));
  }
}

/** A wrapped key opens only in its own row. */
const boundTo = (row: Pick<TenantKeyRow, 'tenantId' | 'purpose' | 'version'>): string[] => [row.tenantId, row.purpose, String(row.version)];

function byTenant(rows: readonly TenantKeyRow[]): Map<TenantId, TenantKeyRow[]> {
  const rowsOf = new Map<TenantId, TenantKeyRow[]>();
  for (const row of rows) {
    const before = rowsOf.get(row.tenantId);
    if (before === undefined) rowsOf.set(row.tenantId, [row]);
    else before.push(row);
  }
  return rowsOf;
}

export function presentIn(keysOf: ReadonlyMap<TenantId, TenantKeys>, tenantId: TenantId): TenantKeys {
  const keys = keysOf.get(tenantId);
  if (keys === undefined)
    throw new VaultError(
      'tenant-key-missing',
      `Tenant ${tenantId} has no keys although they were just made. Is the database being restored?`,
    );
  return keys;
}
