export { Vault } from './vault.js';
export { MasterKeys } from './master-keys.js';
export { VaultError } from './vault-error.js';
export type { Subject } from './subject.js';
