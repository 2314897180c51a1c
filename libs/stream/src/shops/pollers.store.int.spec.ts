import { resumeReport } from '@tributary/sources';
import { LeaseLost } from '@tributary/postgres';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { PollersStore, type KeptStep, type PollLease } from './pollers.store.js';

const database = new OwnDatabase('pollers');
const store = (owner: string, leaseMs = 60_000): PollersStore => new PollersStore(database.sql, { owner, leaseMs });

const POLLING = { enabled: true, refreshIntervalSeconds: 60 };

const connection = (tenant: string, version = 1, state = 'active', polling: object = POLLING) =>
  database.sql.query(
    '',
    `insert into ingest.connections (tenant_id, connection_id, version, kind, state, activated_at, configured_at, settings, secrets_version)
     values ($1, 'shop', $2, 'woocommerce', $3, 1, 1, $4, 1)
     on conflict (tenant_id, connection_id) do update set version = excluded.version, state = excluded.state, settings = excluded.settings`,
    [tenant, version, state, JSON.stringify({ storeUrl: 'https://shop.example', polling })],
  );

const kept = (what: Partial<KeptStep> = {}): KeptStep => ({
  state: { version: 1 } as KeptStep['state'],
  served: [],
  rereads: [],
  putOff: { orderIds: [], delayMs: 0 },
  ...what,
});

const only = (leases: readonly PollLease[]): PollLease => {
  expect(leases).toHaveLength(1);
  return leases[0] as PollLease;
};

const NOW = { dueInMs: 0, failures: 0, failure: null };

beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql.query('', 'truncate ingest.connections, ingest_ops.pollers, ingest_ops.rereads');
});

describe('leases', () => {
  it('give a shop to one poller at a time, and to others once it is given back', async () => {
    await connection('a');
    await store('one').follow();
    const [first, second] = await Promise.all([store('one').claim(5), store('two').claim(5)]);
    const lease = only([...first, ...second]);
    expect(lease).toMatchObject({ tenantId: 'a', connectionId: 'shop', state: null, settings: { storeUrl: 'https://shop.example' } });
    await store('one').keep(lease, kept());
    await store('one').release(lease, NOW);
    expect(only(await store('two').claim(5))).toMatchObject({ state: { version: 1 }, failures: 0 });
  });

  it('shut out whoever lost them: nothing of what was in hand is kept', async () => {
    await connection('a');
    await store('one').follow();
    const lost = only(await store('one', 1).claim(5));
    const won = only(await eventuallyClaimed('two'));
    await expect(store('one').keep(lost, kept({ rereads: [{ orderId: '7', delayMs: 0 }] }))).rejects.toThrow(LeaseLost);
    expect(await store('two').dueRereads(won, 10)).toEqual([]);
    await store('one').release(lost, { dueInMs: null, failures: 9, failure: 'timeout' });
    await store('two').keep(won, kept());
  });

  it('are held by a heartbeat however long a step takes, and taken by another poller when it stops', async () => {
    await connection('a');
    await store('one').follow();
    const lease = only(await store('one', 1_000).claim(5));
    await store('one', 60_000).renew([lease]);
    const [row] = await database.sql.query('', "select leased_until > now() + interval '30 seconds' as is_held from ingest_ops.pollers");
    expect(row).toEqual({ is_held: true });
    expect(await store('two').claim(5)).toEqual([]);
    await store('one', 1).renew([lease]);
    const won = only(await eventuallyClaimed('two'));
    expect(won.fence).toBeGreaterThan(lease.fence);
  });

  it('cannot be had back by a heartbeat that comes too late, nor after they were given back', async () => {
    await connection('a');
    await store('one').follow();
    const lost = only(await store('one', 1).claim(5));
    const won = only(await eventuallyClaimed('two'));
    await store('one').renew([lost]);
    await store('two').release(won, NOW);
    await store('two').renew([won]);
    only(await store('three').claim(5));
  });

  it('leave out shops that are suspended, disabled or not to be polled, and come again when that changes', async () => {
    await connection('a', 1, 'suspended');
    await connection('b', 1, 'disabled');
    await connection('c', 1, 'active', { enabled: false });
    await store('one').follow();
    expect(await store('one').claim(5)).toEqual([]);
    await connection('a', 2);
    await store('one').follow();
    const lease = only(await store('one').claim(5));
    await store('one').release(lease, { dueInMs: null, failures: 0, failure: null });
    await store('one').follow();
    expect(await store('one').claim(5)).toEqual([]);
    await connection('a', 3);
    await store('one').follow();
    only(await store('one').claim(5));
  });

  it('are not given before their time', async () => {
    await connection('a');
    await store('one').follow();
    await store('one').release(only(await store('one').claim(5)), { dueInMs: 60_000, failures: 2, failure: 'timeout' });
    expect(await store('one').claim(5)).toEqual([]);
  });

  async function eventuallyClaimed(owner: string): Promise<PollLease[]> {
    for (;;) {
      const leases = await store(owner).claim(5);
      if (leases.length > 0) return leases;
    }
  }
});

describe('the report', () => {
  it('goes with the lease, and nobody keeps one without it', async () => {
    await connection('a');
    await store('one').follow();
    const report = resumeReport(null, { storeUrl: 'https://shop.example', secretsVersion: 1 });
    const lease = only(await store('one').claim(5));
    expect(lease.report).toBeNull();
    await store('one').keepReport(lease, { ...report, askedAt: 7 });
    await store('one').release(lease, NOW);
    const next = only(await store('two').claim(5));
    expect(next.report).toMatchObject({ askedAt: 7 });
    await expect(store('one').keepReport(lease, report)).rejects.toThrow(LeaseLost);
  });
});

describe('orders to be read again', () => {
  it('are handed out when due, and gone once served', async () => {
    await connection('a');
    await store('one').follow();
    const lease = only(await store('one').claim(5));
    await store('one').keep(
      lease,
      kept({
        rereads: [
          { orderId: '7', delayMs: 0 },
          { orderId: '8', delayMs: 60_000 },
        ],
      }),
    );
    const due = await store('one').dueRereads(lease, 10);
    expect(due).toMatchObject([{ orderId: '7' }]);
    await store('one').keep(lease, kept({ served: due }));
    expect(await store('one').dueRereads(lease, 10)).toEqual([]);
  });

  it('stay when they were asked for again meanwhile', async () => {
    await connection('a');
    await store('one').follow();
    const lease = only(await store('one').claim(5));
    await store('one').keep(lease, kept({ rereads: [{ orderId: '7', delayMs: 0 }] }));
    const due = await store('one').dueRereads(lease, 10);
    await store('one').keep(lease, kept({ rereads: [{ orderId: '7', delayMs: 0 }] }));
    await store('one').keep(lease, kept({ served: due }));
    expect(await store('one').dueRereads(lease, 10)).toMatchObject([{ orderId: '7' }]);
  });

  it('wait longer when put off', async () => {
    await connection('a');
    await store('one').follow();
    const lease = only(await store('one').claim(5));
    await store('one').keep(lease, kept({ rereads: [{ orderId: '7', delayMs: 0 }] }));
    await store('one').keep(lease, kept({ putOff: { orderIds: ['7'], delayMs: 60_000 } }));
    expect(await store('one').dueRereads(lease, 10)).toEqual([]);
  });
});
