export { Vault, type SealedRecord, type VaultOptions } from './vault.js';
export { MasterKeys } from './master-keys.js';
export { VaultError, type VaultFailure } from './vault-error.js';
export { FakeVaultStore } from './vault-store.fake.js';
export type { Subject } from './subject.js';
export type { SealContext } from './sealing.js';
export type { ConnectionSecretValues } from './connection-secrets.js';
export type { RewrapOptions, RewrapProgress } from './rewrap.js';
export type { ActiveVersions } from './tenant-keys.js';
