import { PostgresPool } from '@tributary/postgres';
import { OwnDatabase } from '../../../test/integration/own-database.js';
import { CredentialsStore } from './credentials.store.js';

const CREDENTIAL = { tenantId: 'acme', connectionId: 'ads' };
const RATE = 16;
const database = new OwnDatabase('credentials');
/** Two replicas: each has its own connections. */
let pools: PostgresPool[] = [];
beforeAll(async () => {
  await database.create();
  pools = ['a', 'b'].map((name) => new PostgresPool({ databaseUrl: database.url, maxConnections: 8, applicationName: name }));
});
beforeEach(() => database.sql.query('', 'truncate tiktok_ops.credentials'));
afterAll(async () => {
  for (const pool of pools) await pool.close();
  await database.drop();
});

/** Whether a request may leave now. */
async function takes(pool: PostgresPool | undefined, taker: 'orders' | 'visits'): Promise<boolean> {
  if (pool === undefined) throw new Error('no such replica');
  const { name, sql, values } = new CredentialsStore(pool, 'tiktok', RATE, taker).token(CREDENTIAL);
  return (await pool.query(`test-${name}`, `with ${sql} select 1 from token`, values)).length === 1;
}

const together = async (count: number, taker: 'orders' | 'visits'): Promise<number> => {
  const asked = Array.from({ length: count }, (_, index) => takes(pools[index % 2], taker));
  return (await Promise.all(asked)).filter(Boolean).length;
};

/** The slice that tokens come from begins now, so that no second passes while they are counted. */
const beginSlice = (): Promise<unknown> =>
  database.sql.query('', `update tiktok_ops.credentials set slice_at = now() + interval '1 minute', slice_taken = 0`);

it('two replicas share one credential’s limit', async () => {
  await takes(pools[0], 'orders');
  await beginSlice();
  expect(await together(3 * RATE, 'orders')).toBe(RATE);
});

it('visits leave a quarter of each slice to orders, whichever replica sends them', async () => {
  await takes(pools[0], 'orders');
  await beginSlice();
  expect(await together(3 * RATE, 'visits')).toBe((RATE * 3) / 4);
  expect(await together(RATE, 'orders')).toBe(RATE / 4);
});

it('a throttled credential at one request a second is the orders’: visits take what nobody has taken for two', async () => {
  await takes(pools[0], 'orders');
  const at = (rate: number, seconds: number): Promise<unknown> =>
    database.sql.query(
      '',
      `update tiktok_ops.credentials set requests_per_second = ${rate}, slice_taken = 1, slice_at = now() - interval '${seconds} seconds'`,
    );
  await at(1, 1.5);
  expect(await takes(pools[1], 'visits')).toBe(false);
  expect(await takes(pools[1], 'orders')).toBe(true);
  await at(1, 2.5);
  expect(await takes(pools[1], 'visits')).toBe(true);
});

it('what one replica learns from throttling holds for both, and is won back by a twentieth of the rate each quiet second', async () => {
  await takes(pools[0], 'orders');
  await new CredentialsStore(pools[0] ?? database.sql, 'tiktok', RATE).failed(CREDENTIAL, true, 0);
  await database.sql.query('', `update tiktok_ops.credentials set breaker_failures = 0, breaker_until = null`);
  await beginSlice();
  expect(await together(3 * RATE, 'orders')).toBe(12); // slice_taken < 11.2
  await database.sql.query('', `update tiktok_ops.credentials set slice_at = now() - interval '1 second'`);
  expect(await takes(pools[1], 'orders')).toBe(true);
  const [row] = await database.sql.query<{ rate: number }>('', 'select requests_per_second as rate from tiktok_ops.credentials');
  expect(row?.rate).toBeCloseTo(0.7 * RATE + RATE / 20);
});
