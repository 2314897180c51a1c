import type { KeyObject } from 'node:crypto';
import type { ConnectionId, SecretsRow, TenantId, VaultStore } from '@tributary/domain';
import { associatedData, decrypt, encrypt } from './aes-gcm.js';
import { flat, RecencyCache } from './recency-cache.js';
import type { TenantKeyring } from './tenant-keys.js';
import { VaultError } from './vault-error.js';

export type ConnectionSecretValues = Readonly<Record<string, string>>;

/** Separates sealed secrets from everything else that is encrypted under a wrapping key. */
const SEALED_SECRETS = 0x30;
const MAX_CACHED_VERSIONS = 10_000;

type SecretsKey = Pick<SecretsRow, 'tenantId' | 'connectionId' | 'version'>;

const sealData = (key: SecretsKey): Buffer => associatedData(SEALED_SECRETS, [key.tenantId, key.connectionId, String(key.version)]);

export const sealSecrets = (wrappingKey: KeyObject, key: SecretsKey, clear: Uint8Array): Buffer =>
  encrypt(wrappingKey, clear, sealData(key));

/** Null when the row does not open: damaged, or moved from another version or connection. */
export const unsealSecrets = (wrappingKey: KeyObject, row: SecretsRow): Buffer | null => decrypt(wrappingKey, row.sealed, sealData(row));

/** Versions of connections' secrets. A version never changes, so a cached one never goes stale. */
export class ConnectionSecrets {
  private readonly cache = new RecencyCache<ConnectionSecretValues>(MAX_CACHED_VERSIONS);

  constructor(
    private readonly store: VaultStore,
    private readonly keyring: TenantKeyring,
  ) {}

  async put(tenantId: TenantId, connectionId: ConnectionId, version: number, values: ConnectionSecretValues): Promise<void> {
    const { wrapping } = await this.keyring.forTenant(tenantId);
    const key = { tenantId, connectionId, version };
    const sealed = sealSecrets(wrapping.active, key, Buffer.from(canonical(values)));
    if (await this.store.insertSecrets({ ...key, wrappingVersion: wrapping.activeVersion, sealed })) return;
    const before = await this.get(tenantId, connectionId, version);
    if (before !== null && canonical(before) === canonical(values)) return;
    throw new VaultError(
      'secrets-version-taken',
      `Version ${version} of the secrets of connection ${tenantId}/${connectionId} exists and says something else. Write them as a new version.`,
    );
  }

  async get(tenantId: TenantId, connectionId: ConnectionId, version: number): Promise<ConnectionSecretValues | null> {
    const name = `${tenantId}\0${connectionId}\0${version}`;
    const cached = this.cache.get(name);
    if (cached !== undefined) return cached;
    const row = await this.store.findSecrets(tenantId, connectionId, version);
    if (row === undefined) return null;
    const clear = unsealSecrets(await this.keyring.version(tenantId, 'wrapping', row.wrappingVersion), row);
    if (clear === null) {
      throw new VaultError(
        'stored-key-damaged',
        `Version ${version} of the secrets of connection ${tenantId}/${connectionId} does not open: its row was damaged. Enter the secrets again.`,
      );
    }
    const values = Object.freeze(JSON.parse(clear.toString('utf8')) as Record<string, string>);
    this.cache.set(flat(name), values);
    return values;
  }
}

/** The same text for the same values, whatever their order. */
const canonical = (values: ConnectionSecretValues): string =>
  JSON.stringify(Object.fromEntries(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1))));
