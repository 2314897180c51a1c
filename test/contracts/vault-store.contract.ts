import { createHash } from 'node:crypto';
import {
  asConnectionId,
  asSubjectId,
  asTenantId,
  type SecretsRow,
  type SubjectId,
  type SubjectRef,
  type SubjectRow,
  type TenantId,
  type TenantKeyRow,
  type VaultStore,
} from '@tributary/domain';
import { MasterKeys, Vault } from '@tributary/vault';

let tenantsMade = 0;
/** Each test has a tenant of its own, so that one store serves them all. */
const newTenant = (): TenantId => asTenantId(`tenant-${(tenantsMade += 1)}`);

const filled = (byte: number, length = 60): Buffer => Buffer.alloc(length, byte);
const subjectIdOf = (number: number): SubjectId => asSubjectId(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`);
const subjectRow = (tenantId: TenantId, number: number, overrides: Partial<SubjectRow> = {}): SubjectRow => ({
  tenantId,
  kind: 'email',
  lookup: filled(number, 32),
  subjectId: subjectIdOf(number),
  wrappingVersion: 1,
  wrappedKey: filled(number),
  ...overrides,
});
const tenantKey = (tenantId: TenantId, overrides: Partial<TenantKeyRow> = {}): TenantKeyRow => ({
  tenantId,
  purpose: 'wrapping',
  version: 1,
  masterKeyId: 'k1',
  wrappedKey: filled(1),
  ...overrides,
});
const secretsRow = (tenantId: TenantId, overrides: Partial<SecretsRow> = {}): SecretsRow => ({
  tenantId,
  connectionId: asConnectionId('shop'),
  version: 1,
  wrappingVersion: 1,
  sealed: filled(1, 100),
  ...overrides,
});
const inOrder = <Row extends { readonly subjectId: SubjectId }>(rows: readonly Row[]): Row[] =>
  rows.toSorted((a, b) => (a.subjectId < b.subjectId ? -1 : 1));

/** What every VaultStore keeps. */
export function vaultStoreContract(makeStore: () => VaultStore): void {
  it('keeps tenant keys and answers with the first of two rivals', async () => {
    const [store, tenantId] = [makeStore(), newTenant()];
    const first = tenantKey(tenantId);
    expect(await store.insertTenantKeys([first])).toEqual([first]);
    const identity = tenantKey(tenantId, { purpose: 'identity' });
    const answered = await store.insertTenantKeys([tenantKey(tenantId, { wrappedKey: filled(2) }), identity]);
    expect(new Set(answered)).toEqual(new Set([first, identity]));
    expect(new Set(await store.findTenantKeys([tenantId, newTenant()]))).toEqual(new Set([first, identity]));
  });

  it('re-wraps a tenant key only from the master key that was read', async () => {
    const [store, tenantId] = [makeStore(), newTenant()];
    await store.insertTenantKeys([tenantKey(tenantId)]);
    const moved = tenantKey(tenantId, { masterKeyId: 'k2', wrappedKey: filled(2) });
    expect(await store.rewrapTenantKey(moved, 'k1')).toBe(true);
    expect(await store.rewrapTenantKey({ ...moved, wrappedKey: filled(3) }, 'k1')).toBe(false);
    expect(await store.findTenantKeys([tenantId])).toEqual([moved]);
  });

  it('finds subjects of several tenants and kinds, and answers with the first of two rivals', async () => {
    const [store, tenantId, other] = [makeStore(), newTenant(), newTenant()];
    const rows = [subjectRow(tenantId, 1), subjectRow(tenantId, 1, { kind: 'phone', subjectId: subjectIdOf(2) }), subjectRow(other, 1)];
    expect(new Set(await store.insertSubjects(rows))).toEqual(new Set(rows));
    const rival = subjectRow(tenantId, 1, { subjectId: subjectIdOf(9), wrappedKey: filled(9) });
    expect(inOrder(await store.insertSubjects([subjectRow(tenantId, 3), rival]))).toEqual([rows[0], subjectRow(tenantId, 3)]);
    expect(new Set(await store.findSubjects([...rows, subjectRow(tenantId, 4)]))).toEqual(new Set(rows));
    expect(await store.findSubjects([])).toEqual([]);
  });

  it('finds keys by subject id within the tenant only, and none for what is no id', async () => {
    const [store, tenantId, other] = [makeStore(), newTenant(), newTenant()];
    await store.insertSubjects([subjectRow(tenantId, 1), subjectRow(tenantId, 2), subjectRow(other, 3)]);
    const found = await store.findSubjectKeys(tenantId, [subjectIdOf(1), subjectIdOf(3), subjectIdOf(7), asSubjectId('no id')]);
    expect(found).toMatchObject([{ subjectId: subjectIdOf(1), wrappingVersion: 1, wrappedKey: filled(1) }]);
  });

  it('deletes subjects of the tenant only, and a second time finds none', async () => {
    const [store, tenantId, other] = [makeStore(), newTenant(), newTenant()];
    await store.insertSubjects([subjectRow(tenantId, 1), subjectRow(tenantId, 2), subjectRow(other, 1)]);
    expect(await store.deleteSubjects(tenantId, [subjectIdOf(1), subjectIdOf(7)])).toBe(1);
    expect(await store.deleteSubjects(tenantId, [subjectIdOf(1)])).toBe(0);
    expect(await store.findSubjects([subjectRow(tenantId, 1), subjectRow(tenantId, 2), subjectRow(other, 1)])).toHaveLength(2);
  });

  it('pages through keys that are wrapped by an older version and replaces only those', async () => {
    const [store, tenantId] = [makeStore(), newTenant()];
    await store.insertSubjects([
      subjectRow(tenantId, 2),
      subjectRow(tenantId, 1),
      subjectRow(tenantId, 3),
      subjectRow(tenantId, 4, { wrappingVersion: 2 }),
    ]);
    const page = await store.findSubjectKeysToRewrap(tenantId, 2, null, 2);
    expect(page.map((row) => row.subjectId)).toEqual([subjectIdOf(1), subjectIdOf(2)]);
    expect((await store.findSubjectKeysToRewrap(tenantId, 2, subjectIdOf(2), 2)).map((row) => row.subjectId)).toEqual([subjectIdOf(3)]);
    const moved = [1, 4, 8].map((number) => ({ subjectId: subjectIdOf(number), wrappingVersion: 2, wrappedKey: filled(99) }));
    expect(await store.rewrapSubjectKeys(tenantId, moved)).toBe(1);
    const keys = inOrder(await store.findSubjectKeys(tenantId, [subjectIdOf(1), subjectIdOf(4)]));
    expect(keys.map((row) => [row.wrappingVersion, row.wrappedKey[0]])).toEqual([
      [2, 99],
      [2, 4],
    ]);
  });

  it('never overwrites a version of secrets, and re-seals only what has an older seal', async () => {
    const [store, tenantId] = [makeStore(), newTenant()];
    expect(await store.insertSecrets(secretsRow(tenantId))).toBe(true);
    expect(await store.insertSecrets(secretsRow(tenantId, { sealed: filled(2) }))).toBe(false);
    expect(await store.findSecrets(tenantId, asConnectionId('shop'), 1)).toEqual(secretsRow(tenantId));
    expect(await store.findSecrets(tenantId, asConnectionId('shop'), 2)).toBeUndefined();
    expect(await store.findSecretsToRewrap(tenantId, 1)).toEqual([]);
    expect(await store.findSecretsToRewrap(tenantId, 2)).toEqual([secretsRow(tenantId)]);
    const resealed = secretsRow(tenantId, { wrappingVersion: 2, sealed: filled(3) });
    expect(await store.resealSecrets(resealed)).toBe(true);
    expect(await store.resealSecrets({ ...resealed, sealed: filled(4) })).toBe(false);
    expect(await store.findSecrets(tenantId, asConnectionId('shop'), 1)).toEqual(resealed);
  });
}

const MASTER_KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const personRefs = (tenantId: TenantId, count: number): SubjectRef[] =>
  Array.from({ length: count }, (_, index) => ({
    tenantId,
    kind: index % 2 === 0 ? 'email' : 'phone',
    normalised: sha256(`person ${index}`),
  }));
const context = { topic: 'commerce.order-events.v1', eventId: 'event-1' };

/** What two replicas on one database see of each other. */
export function vaultReplicasContract(makeStore: () => VaultStore): void {
  const replica = (store: VaultStore, masterKeys = MASTER_KEYS): Vault => new Vault({ store, masterKeys: MasterKeys.parse(masterKeys) });

  it('gives the same people the same subjects in both replicas at once, and both open everything', async () => {
    const [store, tenantId] = [makeStore(), newTenant()];
    const [one, two] = [replica(store), replica(store)];
    const refs = personRefs(tenantId, 1_000);
    const [ofOne, ofTwo] = await Promise.all([
      Promise.all([one.subjectsFor(refs.slice(0, 600)), one.subjectsFor(refs.slice(400))]),
      Promise.all([two.subjectsFor(refs.toReversed().slice(0, 600)), two.subjectsFor(refs.toReversed().slice(400))]),
    ]);
    const idsOfOne = [...ofOne[0], ...ofOne[1].slice(200)].map((subject) => subject.subjectId);
    const idsOfTwo = [...ofTwo[0], ...ofTwo[1].slice(200)].map((subject) => subject.subjectId);
    expect(idsOfOne).toEqual(idsOfTwo.toReversed());
    expect(new Set(idsOfOne).size).toBe(1_000);

    const records = [...ofOne.flat(), ...ofTwo.flat()].map((subject) => ({
      subjectId: subject.subjectId,
      sealed: one.seal(subject, Buffer.from(subject.subjectId), context),
      ...context,
    }));
    for (const vault of [one, two, replica(store)]) {
      expect((await vault.openMany(tenantId, records)).map(String)).toEqual(records.map((record) => record.subjectId));
    }
  });

  it('opens nothing after an erasure, and knows the same mail as somebody new', async () => {
    const [store, tenantId] = [makeStore(), newTenant()];
    const [one, two] = [replica(store), replica(store)];
    const [ref] = personRefs(tenantId, 1) as [SubjectRef];
    const [before] = await one.subjectsFor([ref]);
    if (before === undefined) throw new Error('no subject');
    const record = { subjectId: before.subjectId, sealed: one.seal(before, Buffer.from('text'), context), ...context };
    expect(String((await two.openMany(tenantId, [record]))[0])).toBe('text');

    expect(await one.erase(tenantId, [before.subjectId])).toBe(1);
    expect(await one.openMany(tenantId, [record])).toEqual([null]);
    two.forget(tenantId, [before.subjectId]);
    expect(await two.openMany(tenantId, [record])).toEqual([null]);
    const [[after], [afterInTwo]] = [await one.subjectsFor([ref]), await two.subjectsFor([ref])];
    expect(after?.subjectId).not.toBe(before.subjectId);
    expect(afterInTwo?.subjectId).toBe(after?.subjectId);
  });

  it('opens everything before, during and after a rotation and its re-wrapping', async () => {
    const [store, tenantId] = [makeStore(), newTenant()];
    const [one, two] = [replica(store), replica(store)];
    const shop = asConnectionId('shop');
    const refs = personRefs(tenantId, 25);
    await one.putSecrets(tenantId, shop, 1, { token: 'first' });
    const records = (await one.subjectsFor(refs)).map((subject) => ({
      subjectId: subject.subjectId,
      sealed: one.seal(subject, Buffer.from(subject.subjectId), context),
      ...context,
    }));
    const payload = await one.sealForTenant(tenantId, Buffer.from('rejected'), context);
    const expectAllOpen = async (vault: Vault): Promise<void> => {
      expect((await vault.openMany(tenantId, records)).map(String)).toEqual(records.map((record) => record.subjectId));
      expect((await vault.subjectsFor(refs)).map((subject) => subject.subjectId)).toEqual(records.map((record) => record.subjectId));
      expect(await vault.getSecrets(tenantId, shop, 1)).toEqual({ token: 'first' });
      expect(String(await vault.openForTenant(tenantId, payload, context))).toBe('rejected');
    };
    await expectAllOpen(two);

    const [rotated, rotatedAtOnce] = await Promise.all([one.rotateWrapping(tenantId), replica(store).rotateWrapping(tenantId)]);
    expect(rotated.wrapping).toBeGreaterThan(1);
    expect(rotatedAtOnce.wrapping).toBeGreaterThan(1);
    const pages: number[] = [];
    const stopped = await one.rewrap(tenantId, { batchSize: 10, onProgress: ({ subjects }) => pages.push(subjects) < 2 });
    expect([stopped.subjects, pages]).toEqual([20, [10, 20]]);
    for (const vault of [one, two, replica(store)]) await expectAllOpen(vault);

    // A replica that has not seen the rotation opens what was wrapped under the new key.
    const [added] = await one.subjectsFor([{ tenantId, kind: 'visitor', normalised: 'added' }]);
    if (added === undefined) throw new Error('no subject');
    const sealedByOne = one.seal(added, Buffer.from('new key'), context);
    expect(String((await two.openMany(tenantId, [{ subjectId: added.subjectId, sealed: sealedByOne, ...context }]))[0])).toBe('new key');

    expect(await one.rewrap(tenantId, { batchSize: 10 })).toEqual({ subjects: 5, secrets: 0, damaged: 0 });
    expect(await one.rewrap(tenantId, { batchSize: 10 })).toEqual({ subjects: 0, secrets: 0, damaged: 0 });
    for (const vault of [one, two, replica(store)]) await expectAllOpen(vault);
  });

  it('moves a tenant to another master key without closing anything', async () => {
    const [store, tenantId] = [makeStore(), newTenant()];
    const [ref] = personRefs(tenantId, 1) as [SubjectRef];
    const [subject] = await replica(store).subjectsFor([ref]);
    const next = `k2:${Buffer.alloc(32, 8).toString('base64')}`;
    const both = replica(store, `${next},${MASTER_KEYS}`);
    expect(await both.subjectsFor([ref])).toEqual([subject]);
    expect(await both.rewrapMaster(tenantId)).toBe(3);
    expect(await both.rewrapMaster(tenantId)).toBe(0);
    expect(await replica(store, next).subjectsFor([ref])).toEqual([subject]);
    await expect(replica(store).subjectsFor([ref])).rejects.toThrow(/master key "k2", which was not given/);
  });
}
