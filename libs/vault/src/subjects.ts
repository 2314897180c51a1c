import { randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import {
  asSubjectId,
  type SubjectId,
  type SubjectKeyRow,
  type SubjectRef,
  type SubjectRow,
  type TenantId,
  type VaultStore,
} from '@tributary/domain';
import { associatedData, decrypt, encrypt, KEY_BYTES } from './aes-gcm.js';
import { flat, RecencyCache } from './recency-cache.js';
import { assertLookupForm, subjectLookup } from './subject-lookup.js';
import { Subject } from './subject.js';
import { presentIn, type TenantKeyring, type TenantKeys } from './tenant-keys.js';
import { VaultError } from './vault-error.js';

/** Separates wrapped subject keys from everything else that is encrypted under a wrapping key. */
const WRAPPED_SUBJECT_KEY = 0x20;

const wrapData = (tenantId: TenantId, subjectId: SubjectId): Buffer => associatedData(WRAPPED_SUBJECT_KEY, [tenantId, subjectId]);

export const wrapSubjectKey = (wrappingKey: KeyObject, tenantId: TenantId, subjectId: SubjectId, key: Uint8Array): Buffer =>
  encrypt(wrappingKey, key, wrapData(tenantId, subjectId));

/** Null when the row does not open: damaged, or moved from another subject. */
export const unwrapSubjectKey = (wrappingKey: KeyObject, tenantId: TenantId, row: SubjectKeyRow): Buffer | null =>
  decrypt(wrappingKey, row.wrappedKey, wrapData(tenantId, row.subjectId));

/** Finds and makes subjects, and caches them: by what they are looked up with (ingest), and by id (whoever opens). */
export class Subjects {
  private readonly byRef: RecencyCache<Subject>;
  private readonly byId: RecencyCache<Subject>;
  /** What was forgotten while a load was under way: it must not come back into the cache with that load. */
  private readonly forgottenDuringLoads = new Set<Set<SubjectId>>();

  constructor(
    private readonly store: VaultStore,
    private readonly keyring: TenantKeyring,
    maxCached: number,
  ) {
    this.byRef = new RecencyCache(maxCached);
    this.byId = new RecencyCache(maxCached);
  }

  async forRefs(refs: readonly SubjectRef[]): Promise<Subject[]> {
    const names = refs.map(nameOf);
    const found = names.map((name) => this.byRef.get(name));
    const missing = new Map<string, SubjectRef>();
    refs.forEach((ref, index) => {
      if (found[index] === undefined) missing.set(names[index] ?? '', ref);
    });
    const loaded = missing.size === 0 ? new Map<string, Subject>() : await this.loading((isKept) => this.load(missing, isKept));
    return found.map((subject, index) => subject ?? loaded.get(names[index] ?? '') ?? neverAnswered(index));
  }

  /** The subjects that still have a key. */
  async byIds(tenantId: TenantId, subjectIds: Iterable<SubjectId>): Promise<Map<SubjectId, Subject>> {
    const subjects = new Map<SubjectId, Subject>();
    const missing: SubjectId[] = [];
    for (const subjectId of new Set(subjectIds)) {
      const cached = this.byId.get(idName(tenantId, subjectId));
      if (cached === undefined) missing.push(subjectId);
      else subjects.set(subjectId, cached);
    }
    if (missing.length === 0) return subjects;
    await this.loading(async (isKept) => {
      for (const row of await this.store.findSubjectKeys(tenantId, missing)) {
        const subject = await this.unwrapped(tenantId, row);
        subjects.set(row.subjectId, subject);
        if (isKept(row.subjectId)) this.byId.set(flat(idName(tenantId, row.subjectId)), subject);
      }
    });
    return subjects;
  }

  forget(tenantId: TenantId, subjectIds: readonly SubjectId[]): void {
    const forgotten = new Set(subjectIds);
    for (const during of this.forgottenDuringLoads) for (const subjectId of forgotten) during.add(subjectId);
    for (const subjectId of forgotten) this.byId.delete(idName(tenantId, subjectId));
    this.byRef.deleteWhere((subject) => subject.tenantId === tenantId && forgotten.has(subject.subjectId));
  }

  private async loading<T>(work: (isKept: (subjectId: SubjectId) => boolean) => Promise<T>): Promise<T> {
    const forgotten = new Set<SubjectId>();
    this.forgottenDuringLoads.add(forgotten);
    try {
      return await work((subjectId) => !forgotten.has(subjectId));
    } finally {
      this.forgottenDuringLoads.delete(forgotten);
    }
  }

  private async load(missing: ReadonlyMap<string, SubjectRef>, isKept: (subjectId: SubjectId) => boolean): Promise<Map<string, Subject>> {
    for (const ref of missing.values()) assertLookupForm(ref);
    const keysOf = await this.keyring.forTenants([...missing.values()].map((ref) => ref.tenantId));
    const wanted = [...missing].map(([name, ref]) => {
      const keys = presentIn(keysOf, ref.tenantId);
      const lookup = subjectLookup(keys.identity, ref.kind, ref.normalised);
      return { name, keys, lookup, tenantId: ref.tenantId, kind: ref.kind };
    });
    const rows = byLookup(await this.store.findSubjects(wanted.map(({ tenantId, kind, lookup }) => ({ tenantId, kind, lookup }))));
    const made = new Map<SubjectId, Subject>();
    // Distinct by lookup: texts that differ only in lone surrogates have the same UTF-8 bytes.
    const absent = [...new Map(wanted.map((one) => [lookupName(one), one])).values()].filter((one) => !rows.has(lookupName(one)));
    const random = randomBytes(KEY_BYTES * absent.length);
    const added = absent.map((one, index) => newSubject(one, random.subarray(KEY_BYTES * index, KEY_BYTES * (index + 1)), made));
    const inserted = added.length === 0 ? [] : await this.store.insertSubjects(added);
    for (const row of inserted) rows.set(lookupName(row), row);

    const loaded = new Map<string, Subject>();
    for (const one of wanted) {
      const row = rows.get(lookupName(one));
      if (row === undefined) continue;
      const subject = made.get(row.subjectId) ?? (await this.unwrapped(row.tenantId, row, one.keys));
      loaded.set(one.name, subject);
      if (isKept(subject.subjectId)) this.byRef.set(flat(one.name), subject);
    }
    return loaded;
  }

  private async unwrapped(tenantId: TenantId, row: SubjectKeyRow, keys?: TenantKeys): Promise<Subject> {
    const wrappingKey =
      keys?.wrapping.versions.get(row.wrappingVersion) ?? (await this.keyring.version(tenantId, 'wrapping', row.wrappingVersion));
    const key = unwrapSubjectKey(wrappingKey, tenantId, row);
    if (key === null) {
      throw new VaultError(
        'stored-key-damaged',
        `The key of subject ${row.subjectId} of tenant ${tenantId} does not open: its row in vault.subjects was damaged or belongs to another database. Restore it from a backup.`,
      );
    }
    return new Subject(tenantId, row.subjectId, key);
  }
}

type Wanted = Pick<SubjectRow, 'tenantId' | 'kind' | 'lookup'> & { readonly keys: TenantKeys };

function newSubject({ tenantId, kind, lookup, keys }: Wanted, key: Buffer, made: Map<SubjectId, Subject>): SubjectRow {
  const subjectId = asSubjectId(flat(randomUUID()));
  made.set(subjectId, new Subject(tenantId, subjectId, key));
  return {
    tenantId,
    kind,
    lookup,
    subjectId,
    wrappingVersion: keys.wrapping.activeVersion,
    wrappedKey: wrapSubjectKey(keys.wrapping.active, tenantId, subjectId, key),
  };
}

const nameOf = (ref: SubjectRef): string => `${ref.tenantId}\0${ref.kind}\0${ref.normalised}`;
const idName = (tenantId: TenantId, subjectId: SubjectId): string => `${tenantId}\0${subjectId}`;

/** The kind is inside the HMAC, and each tenant has a key of its own: a lookup alone tells rows apart. */
const lookupName = (row: Pick<SubjectRow, 'lookup'>): string => row.lookup.toString('latin1');
const byLookup = (rows: readonly SubjectRow[]): Map<string, SubjectRow> => new Map(rows.map((row) => [lookupName(row), row]));

function neverAnswered(index: number): never {
  throw new Error(`The store answered nothing for subject ${index} of the batch, which breaks its contract (VaultStore.insertSubjects).`);
}
