import type { ConnectionId, SubjectId, SubjectRef, TenantId, VaultStore } from '@tributary/domain';
import { ConnectionSecrets, type ConnectionSecretValues } from './connection-secrets.js';
import { fingerprintOf } from './fingerprint.js';
import type { MasterKeys } from './master-keys.js';
import { rewrapTenant, type RewrapOptions, type RewrapProgress } from './rewrap.js';
import { openPayload, openRecord, payloadKeyVersion, sealPayload, sealRecord, type SealContext } from './sealing.js';
import type { Subject } from './subject.js';
import { Subjects } from './subjects.js';
import { TenantKeyring, type ActiveVersions } from './tenant-keys.js';

export interface VaultOptions {
  readonly store: VaultStore;
  readonly masterKeys: MasterKeys;
  /** Default 50,000: about 15 MB (and as much again where records are opened). */
  readonly maxCachedSubjects?: number;
  /** After how long a key rotation by another process is noticed at the latest; default 60,000. */
  readonly tenantKeysMaxAgeMs?: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

export interface SealedRecord extends SealContext {
  readonly subjectId: SubjectId;
  readonly sealed: Buffer;
}

const DEFAULT_MAX_CACHED_SUBJECTS = 50_000;
const DEFAULT_TENANT_KEYS_MAX_AGE_MS = 60_000;

/**
 * Personal data's only way into and out of the log (docs/adr/0002-vault.md).
 * What is cached works without the database; everything else rejects with the store's own error while it is away.
 */
export class Vault {
  private readonly store: VaultStore;
  private readonly keyring: TenantKeyring;
  private readonly subjects: Subjects;
  private readonly secrets: ConnectionSecrets;

  constructor(options: VaultOptions) {
    this.store = options.store;
    this.keyring = new TenantKeyring(options.store, options.masterKeys, {
      maxAgeMs: options.tenantKeysMaxAgeMs ?? DEFAULT_TENANT_KEYS_MAX_AGE_MS,
      now: options.now ?? ((): number => performance.now()),
    });
    this.subjects = new Subjects(options.store, this.keyring, options.maxCachedSubjects ?? DEFAULT_MAX_CACHED_SUBJECTS);
    this.secrets = new ConnectionSecrets(options.store, this.keyring);
  }

  /**
   * The subject of each reference, in their order; made where there is none. At most two statements for all of them
   * (a few thousand at a time). Fails as a whole: on a {@link VaultError} ask again tenant by tenant.
   */
  subjectsFor(refs: readonly SubjectRef[]): Promise<Subject[]> {
    return this.subjects.forRefs(refs);
  }

  seal(subject: Subject, plaintext: Uint8Array, context: SealContext): Buffer {
    return sealRecord(subject.sealingKey(), subject.tenantId, subject.subjectId, plaintext, context);
  }

  open(subject: Subject, sealed: Buffer, context: SealContext): Buffer {
    return openRecord(subject.sealingKey(), subject.tenantId, subject.subjectId, sealed, context);
  }

  /** Says whether two texts about this subject are equal; see {@link fingerprintOf}. */
  fingerprint(subject: Subject, text: string): string {
    return fingerprintOf(subject.sealingKey(), text);
  }

  /**
   * Opens records of one tenant, in their order; missing keys in one statement. Null where the key is gone (erased, or lost with
   * a database). Bytes that do not authenticate reject with a {@link VaultError} that names their `position`.
   */
  async openMany(tenantId: TenantId, records: readonly SealedRecord[]): Promise<(Buffer | null)[]> {
    const subjects = await this.subjects.byIds(
      tenantId,
      records.map((record) => record.subjectId),
    );
    return records.map((record, position) => {
      const subject = subjects.get(record.subjectId);
      return subject === undefined ? null : openRecord(subject.sealingKey(), tenantId, record.subjectId, record.sealed, record, position);
    });
  }

  /** Seals for subjects known by id, in their order; null where the key is gone. */
  async sealMany(
    tenantId: TenantId,
    records: readonly (SealContext & { readonly subjectId: SubjectId; readonly plaintext: Uint8Array })[],
  ): Promise<(Buffer | null)[]> {
    const subjects = await this.subjects.byIds(
      tenantId,
      records.map((record) => record.subjectId),
    );
    return records.map((record) => {
      const subject = subjects.get(record.subjectId);
      return subject === undefined ? null : this.seal(subject, record.plaintext, record);
    });
  }

  /** Drops these subjects from the caches, also from loads that are under way. */
  forget(tenantId: TenantId, subjectIds: readonly SubjectId[]): void {
    this.subjects.forget(tenantId, subjectIds);
  }

  /** Deletes keys and links for good and forgets them; returns how many were there. Doing it again is safe, and meant. */
  async erase(tenantId: TenantId, subjectIds: readonly SubjectId[]): Promise<number> {
    const erased = await this.store.deleteSubjects(tenantId, subjectIds);
    this.forget(tenantId, subjectIds);
    return erased;
  }

  /** Seals what belongs to no person yet (rejected and spooled bodies) under the tenant's payload key. */
  async sealForTenant(tenantId: TenantId, plaintext: Uint8Array, context: SealContext): Promise<Buffer> {
    const { payload } = await this.keyring.forTenant(tenantId);
    return sealPayload(payload.active, payload.activeVersion, tenantId, plaintext, context);
  }

  async openForTenant(tenantId: TenantId, sealed: Buffer, context: SealContext): Promise<Buffer> {
    const key = await this.keyring.version(tenantId, 'payload', payloadKeyVersion(sealed));
    return openPayload(key, tenantId, sealed, context);
  }

  /** Adds a version; the same values again change nothing, others are refused. */
  putSecrets(tenantId: TenantId, connectionId: ConnectionId, version: number, values: ConnectionSecretValues): Promise<void> {
    return this.secrets.put(tenantId, connectionId, version, values);
  }

  /** Null when there is no such version. */
  getSecrets(tenantId: TenantId, connectionId: ConnectionId, version: number): Promise<ConnectionSecretValues | null> {
    return this.secrets.get(tenantId, connectionId, version);
  }

  /** Makes a new version of the tenant's wrapping and payload keys and returns the active versions. Old ones go on opening. */
  rotateWrapping(tenantId: TenantId): Promise<ActiveVersions> {
    return this.keyring.rotate(tenantId);
  }

  /** Moves subject keys and secrets to the active wrapping key, online; see {@link rewrapTenant}. */
  rewrap(tenantId: TenantId, options: RewrapOptions): Promise<RewrapProgress> {
    return rewrapTenant(this.store, this.keyring, tenantId, options);
  }

  /** Moves the tenant's keys to the active master key; returns how many were moved. */
  rewrapMaster(tenantId: TenantId): Promise<number> {
    return this.keyring.rewrapMaster(tenantId);
  }
}
