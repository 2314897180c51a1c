import { inspect } from 'node:util';
import { asConnectionId, asTenantId, type SubjectRef } from '@tributary/domain';
import { vaultReplicasContract, vaultStoreContract } from '../../../test/contracts/vault-store.contract.js';
import { MasterKeys } from './master-keys.js';
import { FakeVaultStore } from './vault-store.fake.js';
import { Vault, type VaultOptions } from './vault.js';

const ACME = asTenantId('acme');
const OTHER = asTenantId('other');
const masterKeys = MasterKeys.parse(Buffer.alloc(32, 7).toString('base64'));
const vaultOn = (store: FakeVaultStore, options: Partial<VaultOptions> = {}): Vault => new Vault({ store, masterKeys, ...options });
const visitor = (normalised: string, tenantId = ACME): SubjectRef => ({ tenantId, kind: 'visitor', normalised });
const context = { topic: 'visits.visit-events.v1', eventId: 'e1' };

async function subjectOf(vault: Vault, ref: SubjectRef): Promise<Awaited<ReturnType<Vault['subjectsFor']>>[number]> {
  const [subject] = await vault.subjectsFor([ref]);
  if (subject === undefined) throw new Error('no subject');
  return subject;
}

describe('the fake store', () => vaultStoreContract(() => new FakeVaultStore()));
describe('replicas on the fake store', () => vaultReplicasContract(() => new FakeVaultStore()));

describe('subjects', () => {
  it('answers in the order of the references, with one subject for one person', async () => {
    const subjects = await vaultOn(new FakeVaultStore()).subjectsFor([visitor('a'), visitor('b'), visitor('a'), visitor('a', OTHER)]);
    expect(subjects[2]).toBe(subjects[0]);
    expect(new Set(subjects.map((subject) => subject.subjectId)).size).toBe(3);
    expect(subjects.map((subject) => subject.tenantId)).toEqual([ACME, ACME, ACME, OTHER]);
  });

  it('tells kinds with the same text apart', async () => {
    const refs: SubjectRef[] = [
      visitor('shop:7'),
      { tenantId: ACME, kind: 'customer', normalised: 'shop:7' },
      { tenantId: ACME, kind: 'order', normalised: 'shop:7' },
    ];
    expect(new Set((await vaultOn(new FakeVaultStore()).subjectsFor(refs)).map((subject) => subject.subjectId)).size).toBe(3);
  });

  it('asks the store once per batch, and never for what is cached', async () => {
    const store = new FakeVaultStore();
    const vault = vaultOn(store);
    await vault.subjectsFor([visitor('a'), visitor('b'), visitor('a', OTHER)]);
    await vault.subjectsFor([visitor('b'), visitor('a')]);
    expect(Object.fromEntries(store.calls)).toEqual({ findTenantKeys: 1, insertTenantKeys: 1, findSubjects: 1, insertSubjects: 1 });
  });

  it('goes on with cached people while the database is away, and says so for new ones', async () => {
    const store = new FakeVaultStore();
    const nowMs = { value: 0 };
    const vault = vaultOn(store, { now: () => nowMs.value });
    const known = await subjectOf(vault, visitor('a'));
    store.outage = new Error('database away');
    nowMs.value = 1_000_000;
    expect(await subjectOf(vault, visitor('a'))).toBe(known);
    expect((await vault.sealForTenant(ACME, Buffer.from('rejected'), context)).length).toBeGreaterThan(0);
    await expect(vault.subjectsFor([visitor('b')])).rejects.toThrow('database away');
  });

  it('makes one subject of two texts with the same UTF-8 bytes', async () => {
    const [one, two] = await vaultOn(new FakeVaultStore()).subjectsFor([visitor('a\ud800'), visitor('a\ufffd')]);
    expect(one?.subjectId).toBe(two?.subjectId);
  });

  it('does not cache somebody who was erased while being loaded', async () => {
    const store = new FakeVaultStore();
    const vault = vaultOn(store);
    const before = await subjectOf(vaultOn(store), visitor('a'));
    const loading = vault.subjectsFor([visitor('a')]);
    const opening = vault.openMany(ACME, [
      { subjectId: before.subjectId, sealed: vault.seal(before, Buffer.from('x'), context), ...context },
    ]);
    await vault.erase(ACME, [before.subjectId]);
    await Promise.all([loading, opening]);
    expect((await subjectOf(vault, visitor('a'))).subjectId).not.toBe(before.subjectId);
    expect(await vault.openMany(ACME, [{ subjectId: before.subjectId, sealed: Buffer.alloc(0), ...context }])).toEqual([null]);
  });

  it('wraps new keys under a rotated key once it has looked again', async () => {
    const store = new FakeVaultStore();
    const nowMs = { value: 0 };
    const slow = vaultOn(store, { now: () => nowMs.value, tenantKeysMaxAgeMs: 60_000 });
    await slow.subjectsFor([visitor('a')]);
    await vaultOn(store).rotateWrapping(ACME);
    nowMs.value = 60_001;
    await slow.subjectsFor([visitor('b')]);
    const added = await subjectOf(slow, visitor('c'));
    expect([...store.subjects.values()].find((row) => row.subjectId === added.subjectId)?.wrappingVersion).toBe(2);
  });
});

describe('payloads of a tenant', () => {
  it('open for their tenant, topic and event only, also after a rotation', async () => {
    const vault = vaultOn(new FakeVaultStore());
    const sealed = await vault.sealForTenant(ACME, Buffer.from('body'), context);
    await vault.rotateWrapping(ACME);
    const sealedLater = await vault.sealForTenant(ACME, Buffer.from('later'), context);
    expect(String(await vault.openForTenant(ACME, sealed, context))).toBe('body');
    expect(String(await vault.openForTenant(ACME, sealedLater, context))).toBe('later');
    await vault.sealForTenant(OTHER, Buffer.from('x'), context);
    await expect(vault.openForTenant(OTHER, sealed, context)).rejects.toMatchObject({ code: 'seal-broken' });
    await expect(vault.openForTenant(ACME, sealed, { ...context, eventId: 'e2' })).rejects.toMatchObject({ code: 'seal-broken' });
    await expect(vault.openForTenant(asTenantId('nobody'), sealed, context)).rejects.toMatchObject({ code: 'tenant-key-missing' });
  });
});

describe('secrets of connections', () => {
  const shop = asConnectionId('shop');

  it('are kept by version, cached, and absent as null', async () => {
    const store = new FakeVaultStore();
    const vault = vaultOn(store);
    await vault.putSecrets(ACME, shop, 1, { consumerKey: 'ck', consumerSecret: 'cs' });
    await vault.putSecrets(ACME, shop, 2, { consumerKey: 'ck2' });
    expect(await vault.getSecrets(ACME, shop, 1)).toEqual({ consumerKey: 'ck', consumerSecret: 'cs' });
    expect(await vault.getSecrets(ACME, shop, 2)).toEqual({ consumerKey: 'ck2' });
    expect(await vault.getSecrets(ACME, shop, 3)).toBeNull();
    await vault.getSecrets(ACME, shop, 1);
    expect(store.calls.get('findSecrets')).toBe(3);
  });

  it('take the same version twice with the same values, in any order, and refuse others', async () => {
    const vault = vaultOn(new FakeVaultStore());
    await vault.putSecrets(ACME, shop, 1, { a: '1', b: '2' });
    await vault.putSecrets(ACME, shop, 1, { b: '2', a: '1' });
    await expect(vault.putSecrets(ACME, shop, 1, { a: '1' })).rejects.toMatchObject({ code: 'secrets-version-taken' });
  });

  it('do not open in another row', async () => {
    const store = new FakeVaultStore();
    await vaultOn(store).putSecrets(ACME, shop, 1, { a: '1' });
    for (const [name, row] of store.secrets)
      store.secrets.set(name.replace('shop', 'ads'), { ...row, connectionId: asConnectionId('ads') });
    await expect(vaultOn(store).getSecrets(ACME, asConnectionId('ads'), 1)).rejects.toMatchObject({ code: 'stored-key-damaged' });
  });
});

describe('what is damaged', () => {
  it('is named by its position in the batch, while a missing key is only null', async () => {
    const vault = vaultOn(new FakeVaultStore());
    const subject = await subjectOf(vault, visitor('a'));
    const good = { subjectId: subject.subjectId, sealed: vault.seal(subject, Buffer.from('x'), context), ...context };
    const bad = { ...good, sealed: Buffer.from(good.sealed).fill(0, good.sealed.length - 1) };
    const unknown = { ...good, subjectId: (await subjectOf(vaultOn(new FakeVaultStore()), visitor('a'))).subjectId };
    expect(await vault.openMany(ACME, [unknown, good])).toEqual([null, Buffer.from('x')]);
    await expect(vault.openMany(ACME, [good, unknown, { ...bad, eventId: 'e9' }])).rejects.toMatchObject({
      code: 'seal-broken',
      position: 2,
    });
  });

  it('is counted and left alone by a re-wrapping', async () => {
    const store = new FakeVaultStore();
    const vault = vaultOn(store);
    await vault.subjectsFor([visitor('a'), visitor('b')]);
    const [damaged] = store.subjects;
    if (damaged !== undefined) store.subjects.set(damaged[0], { ...damaged[1], wrappedKey: Buffer.alloc(60) });
    await vault.rotateWrapping(ACME);
    expect(await vault.rewrap(ACME, { batchSize: 1 })).toEqual({ subjects: 1, secrets: 0, damaged: 1 });
    await expect(vaultOn(store).subjectsFor([visitor('a')])).rejects.toMatchObject({ code: 'stored-key-damaged' });
  });

  it('makes no new keys for a tenant that has lost some', async () => {
    const store = new FakeVaultStore();
    await vaultOn(store).subjectsFor([visitor('a')]);
    for (const [name, row] of store.tenantKeys) if (row.purpose === 'identity') store.tenantKeys.delete(name);
    await expect(vaultOn(store).subjectsFor([visitor('a')])).rejects.toMatchObject({ code: 'tenant-key-missing' });
  });
});

describe('messages', () => {
  it('of every refusal hold nothing personal and no secret', async () => {
    const clear = 'test@test.com';
    const masterKeyText = Buffer.alloc(32, 9).toString('base64');
    const store = new FakeVaultStore();
    const vault = vaultOn(store);
    const subject = await subjectOf(vault, visitor(clear));
    await vault.putSecrets(ACME, asConnectionId('shop'), 1, { consumerSecret: clear });
    const sealed = vault.seal(subject, Buffer.from(clear), context);
    const strange = vaultOn(store, { masterKeys: MasterKeys.parse(`k1:${masterKeyText}`) });
    const unrelated = vaultOn(store, { masterKeys: MasterKeys.parse(`k9:${masterKeyText}`) });
    const refused = await Promise.allSettled([
      vault.subjectsFor([{ tenantId: ACME, kind: 'email', normalised: clear }]),
      vault.subjectsFor([{ tenantId: ACME, kind: 'phone', normalised: clear }]),
      vault.subjectsFor([visitor('')]),
      vault.putSecrets(ACME, asConnectionId('shop'), 1, { consumerSecret: `${clear} changed` }),
      vault.openMany(ACME, [{ subjectId: subject.subjectId, sealed: Buffer.from(clear), ...context }]),
      vault.openMany(ACME, [{ subjectId: subject.subjectId, sealed, ...context, eventId: 'e2' }]),
      strange.subjectsFor([visitor('new')]),
      unrelated.subjectsFor([visitor('new')]),
    ]);
    expect(refused.map((result) => result.status)).toEqual(refused.map(() => 'rejected'));
    const printed =
      inspect(refused, { depth: 10, showHidden: true }) +
      inspect([vault, subject, masterKeys], { depth: 10 }) +
      JSON.stringify([subject, masterKeys]);
    for (const hidden of [
      clear,
      masterKeyText,
      subject.sealingKey().export().toString('hex'),
      subject.sealingKey().export().toString('base64'),
    ]) {
      expect(printed).not.toContain(hidden);
    }
  });
});
