import type { SecretsRow, SubjectId, SubjectKeyRow, TenantId, VaultStore } from '@tributary/domain';
import { sealSecrets, unsealSecrets } from './connection-secrets.js';
import { unwrapSubjectKey, wrapSubjectKey } from './subjects.js';
import type { TenantKeyring, TenantKeys } from './tenant-keys.js';

export interface RewrapProgress {
  readonly subjects: number;
  readonly secrets: number;
  /** Rows that do not open with the key they name; they are left as they are. */
  readonly damaged: number;
}

export interface RewrapOptions {
  readonly batchSize: number;
  /** Told after each batch; answers false to stop here (calling again goes on with what is left). */
  readonly onProgress?: (progress: RewrapProgress) => boolean;
}

/**
 * Wraps a tenant's subject keys and secrets anew under its active wrapping key, in batches, while everything goes on.
 * Processes that have not yet seen a rotation may still wrap under the older key: run it again until it reports none.
 */
export async function rewrapTenant(
  store: VaultStore,
  keyring: TenantKeyring,
  tenantId: TenantId,
  options: RewrapOptions,
): Promise<RewrapProgress> {
  const keys = await keyring.reload(tenantId);
  const progress = { subjects: 0, secrets: 0, damaged: 0 };
  if (keys === undefined) return progress;
  const version = keys.wrapping.activeVersion;
  for (const row of await store.findSecretsToRewrap(tenantId, version)) {
    const resealed = reseal(keys, row);
    if (resealed === null) progress.damaged += 1;
    else if (await store.resealSecrets(resealed)) progress.secrets += 1;
  }
  let after: SubjectId | null = null;
  for (;;) {
    const rows: SubjectKeyRow[] = await store.findSubjectKeysToRewrap(tenantId, version, after, options.batchSize);
    const rewrapped = rows.map((row) => rewrapKey(keys, tenantId, row)).filter((row) => row !== null);
    const moved = rewrapped.length === 0 ? 0 : await store.rewrapSubjectKeys(tenantId, rewrapped);
    progress.subjects += moved;
    progress.damaged += rows.length - rewrapped.length;
    after = rows.at(-1)?.subjectId ?? null;
    if (rows.length < options.batchSize || after === null || options.onProgress?.({ ...progress }) === false) return progress;
  }
}

function rewrapKey(keys: TenantKeys, tenantId: TenantId, row: SubjectKeyRow): SubjectKeyRow | null {
  const wrappingKey = keys.wrapping.versions.get(row.wrappingVersion);
  const key = wrappingKey === undefined ? null : unwrapSubjectKey(wrappingKey, tenantId, row);
  if (key === null) return null;
  return {
    subjectId: row.subjectId,
    wrappingVersion: keys.wrapping.activeVersion,
    wrappedKey: wrapSubjectKey(keys.wrapping.active, tenantId, row.subjectId, key),
  };
}

function reseal(keys: TenantKeys, row: SecretsRow): SecretsRow | null {
  const wrappingKey = keys.wrapping.versions.get(row.wrappingVersion);
  const clear = wrappingKey === undefined ? null : unsealSecrets(wrappingKey, row);
  if (clear === null) return null;
  return { ...row, wrappingVersion: keys.wrapping.activeVersion, sealed: sealSecrets(keys.wrapping.active, row, clear) };
}
