import { LeasedTurns } from '@tributary/postgres';
import { PollersStore, type PollLease } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { eventually } from '../../../../test/stack/eventually.js';

const database = new OwnDatabase('poller');
const LEASE_MS = 3_000;
const WITHIN_MS = 30_000;

/** A poller whose turns take until they are let go. */
class SlowPoller {
  readonly begun: PollLease[] = [];
  private letGo: () => void = () => undefined;
  private readonly isThrough = new Promise<void>((resolve) => {
    this.letGo = resolve;
  });
  private readonly poller: LeasedTurns<PollLease>;

  constructor(owner: string, longestTurnMs: number) {
    const store = new PollersStore(database.sql, { owner, leaseMs: LEASE_MS });
    const run = async (lease: PollLease): Promise<void> => {
      this.begun.push(lease);
      await this.isThrough;
      await store.release(lease, { dueInMs: null, failures: 0, failure: null });
    };
    const options = { app: 'ingest', what: 'polling', atOnce: 1, lookEveryMs: 50, heartbeatMs: 100, longestTurnMs };
    this.poller = new LeasedTurns<PollLease>(database.sql, store, { run }, options, createLog('poller', 'silent'));
    this.poller.start();
  }

  async stop(): Promise<void> {
    this.letGo();
    await this.poller.stop();
  }
}

let pollers: SlowPoller[] = [];
const poller = (owner: string, longestTurnMs = 60_000): SlowPoller => {
  const one = new SlowPoller(owner, longestTurnMs);
  pollers.push(one);
  return one;
};
/** Postgres' clock has passed the end that the lease had when it was given. */
const isPast = async ({ grantedAt }: PollLease): Promise<boolean> => {
  const [row] = await database.sql.query<{ is_past: boolean }>('', 'select extract(epoch from now()) * 1000 > $1::bigint as is_past', [
    grantedAt + LEASE_MS + 500,
  ]);
  return row?.is_past === true;
};

beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  pollers = [];
  await database.sql.query('', 'truncate ingest.connections, ingest_ops.pollers');
  await database.sql.query(
    '',
    `insert into ingest.connections (tenant_id, connection_id, version, kind, state, activated_at, configured_at, settings, secrets_version)
     values ('a', 'shop', 1, 'woocommerce', 'active', 1, 1, '{"storeUrl": "https://shop.example"}', 1)`,
  );
});
afterEach(() => Promise.all(pollers.map((one) => one.stop())));

it('keeps its shop for as long as a turn takes, however short the lease', async () => {
  const slow = poller('slow');
  await eventually('a turn has begun', WITHIN_MS, () => slow.begun.length === 1);
  const other = poller('other');
  await eventually('the first lease would be over', WITHIN_MS, () => isPast(slow.begun[0] as PollLease));
  expect(other.begun).toEqual([]);
}, 60_000);

it('loses its shop to another one when a turn hangs', async () => {
  const hanging = poller('hanging', 1);
  await eventually('a turn has begun', WITHIN_MS, () => hanging.begun.length === 1);
  const other = poller('other');
  await eventually('the other one has the shop', WITHIN_MS, () => other.begun.length === 1);
  expect(other.begun[0]?.fence).toBeGreaterThan(hanging.begun[0]?.fence ?? 0);
}, 60_000);
