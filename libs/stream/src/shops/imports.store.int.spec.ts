import type { ImportState } from '@tributary/sources';
import { LeaseLost } from '@tributary/postgres';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { resumeStoppedImport, startImport, stopImport, type ImportOrder } from './import-orders.js';
import { ImportsStore, type ImportJob, type KeptPage } from './imports.store.js';
import { PollersStore, type PollLease } from './pollers.store.js';

const database = new OwnDatabase('imports');
const pollers = (owner = 'one', leaseMs = 60_000): PollersStore => new PollersStore(database.sql, { owner, leaseMs });
const imports = (perMinute = 60_000, perMinuteAndShop = 60_000): ImportsStore =>
  new ImportsStore(database.sql, { perMinute, perMinuteAndShop, leaseMs: 60_000 });
const order = (what: Partial<ImportOrder> = {}): ImportOrder => ({
  tenantId: 'a',
  connectionId: 'shop',
  resources: ['orders'],
  from: 1_000,
  to: 2_000,
  ...what,
});
const page = (what: Partial<KeptPage> = {}): KeptPage => ({
  state: { version: 1 } as ImportState,
  rows: 0,
  read: 0,
  total: 7,
  published: 0,
  unreadable: 0,
  rereads: [],
  ...what,
});
const start = (what: Partial<ImportOrder> = {}) => startImport(database.sql, order(what));
const idOf = (answer: Awaited<ReturnType<typeof startImport>>): number => {
  if (answer.outcome !== 'done') throw new Error(answer.because);
  return answer.importId;
};
const row = async (id: number): Promise<unknown> =>
  (await database.sql.query('', 'select status, read_rows, published_rows, total from ingest_ops.imports where id = $1', [id]))[0];

async function leased(store = pollers()): Promise<PollLease> {
  await database.sql.query('', 'update ingest_ops.pollers set due_at = now()');
  const [lease] = await store.claim(1);
  if (lease === undefined) throw new Error('nothing is due');
  return lease;
}
async function jobOf(lease: PollLease): Promise<ImportJob> {
  const job = await imports().running(lease);
  if (job === null) throw new Error('no import runs');
  return job;
}

beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql.query('', 'truncate ingest.connections, ingest_ops.pollers, ingest_ops.rereads, ingest_ops.imports');
  await database.sql.query('', 'update ingest_ops.import_quota set free_at = now()');
  await database.sql.query(
    '',
    `insert into ingest.connections (tenant_id, connection_id, version, kind, state, activated_at, configured_at, settings, secrets_version)
     select t, 'shop', 1, 'woocommerce', 'active', 1, 1, $1::jsonb, 1 from unnest(array['a', 'b']) t`,
    [JSON.stringify({ storeUrl: 'https://shop.example' })],
  );
  await pollers().follow();
});

describe('an import', () => {
  it('begins once per shop, and only where a poller reads', async () => {
    const id = idOf(await start());
    expect(await start()).toMatchObject({ outcome: 'refused', because: expect.stringContaining('runs already') as string });
    expect(await start({ tenantId: 'nobody' })).toMatchObject({ outcome: 'refused' });
    await database.sql.query('', "update ingest_ops.pollers set due_at = 'infinity' where tenant_id = 'b'");
    expect(await start({ tenantId: 'b' })).toMatchObject({ outcome: 'refused' });
    expect(await imports().running(await leased())).toMatchObject({ id, range: { from: 1_000, to: 2_000 }, state: null, waitMs: 0 });
  });

  it('makes its shop due at once', async () => {
    await database.sql.query('', "update ingest_ops.pollers set due_at = now() + interval '1 hour'");
    await start();
    expect(await pollers().claim(5)).toMatchObject([{ tenantId: 'a' }]);
  });

  it('counts what it kept, and is done when nothing is left', async () => {
    const id = idOf(await start());
    const lease = await leased();
    await imports().keep(lease, await jobOf(lease), page({ rows: 5, read: 5, published: 3 }));
    expect(await row(id)).toEqual({ status: 'running', read_rows: 5, published_rows: 3, total: 7 });
    await imports().keep(lease, await jobOf(lease), page({ rows: 3, read: 7, published: 2, state: null }));
    expect(await row(id)).toEqual({ status: 'done', read_rows: 7, published_rows: 5, total: 7 });
    expect(await imports().running(lease)).toBeNull();
  });

  it('keeps nothing for whoever lost the shop’s lease', async () => {
    const id = idOf(await start());
    const lost = await leased(pollers('one', 1));
    const job = await jobOf(lost);
    await database.sql.query('', 'update ingest_ops.pollers set leased_until = now()');
    await leased(pollers('two'));
    await expect(imports().keep(lost, job, page({ rows: 5, read: 5 }))).rejects.toThrow(LeaseLost);
    await expect(imports().putOff(lost, job, { state: null, failure: 'timeout', delayMs: 1 })).rejects.toThrow(LeaseLost);
    expect(await row(id)).toMatchObject({ status: 'running', read_rows: 0 });
  });

  it('that was stopped keeps no page that was under way, and goes on where it was', async () => {
    const id = idOf(await start());
    const lease = await leased();
    const job = await jobOf(lease);
    expect(await stopImport(database.sql, 'a', id)).toEqual({ outcome: 'done', importId: id, connectionId: 'shop' });
    await imports().keep(lease, job, page({ rows: 5, read: 5 }));
    expect(await row(id)).toMatchObject({ status: 'stopped', read_rows: 0 });
    expect(await imports().running(lease)).toBeNull();
    expect(await resumeStoppedImport(database.sql, 'a', id)).toEqual({ outcome: 'done', importId: id });
    expect(await jobOf(lease)).toMatchObject({ id, state: null });
    expect(await stopImport(database.sql, 'b', id)).toMatchObject({ outcome: 'refused' });
    expect(await resumeStoppedImport(database.sql, 'b', id)).toMatchObject({ outcome: 'refused' });
  });
});

describe('quotas', () => {
  it('make one shop wait for its own, and every shop for that of the installation', async () => {
    await start();
    await start({ tenantId: 'b' });
    const [a, b] = await pollers().claim(2);
    if (a === undefined || b === undefined) throw new Error('two shops are due');
    const quick = imports(6_000, 600);
    await quick.keep(a, await jobOf(a), page({ rows: 100 }));
    const own = (await quick.running(a))?.waitMs ?? 0;
    const others = (await quick.running(b))?.waitMs ?? 0;
    expect([own > 9_000, own <= 10_000, others > 500, others <= 1_000]).toEqual([true, true, true, true]);
  });

  it('let a failed page wait as long as it is told', async () => {
    await start();
    const lease = await leased();
    await imports().putOff(lease, await jobOf(lease), { state: { version: 1 } as ImportState, failure: 'timeout: x', delayMs: 5_000 });
    const job = await jobOf(lease);
    expect(job.failures).toBe(1);
    expect(job.waitMs).toBeGreaterThan(4_000);
  });
});
