import type { Sql } from '@tributary/domain';
import { eventually } from '../../../test/stack/eventually.js';
import { OwnDatabase } from '../../../test/integration/own-database.js';
import { PostgresPool } from './pool.adapter.js';
import { addIndexes, differingRows, lockTables, makeShadow, TablesBusy } from './schema-swap.adapter.js';

const ROWS = 20_000;
const VERSIONS = { orders: { key: ['tenant_id', 'order_id'], version: ['modified_at', 'deleted_at'] } };

describe('locking the tables of a schema', () => {
  const database = new OwnDatabase('swap');
  beforeAll(async () => {
    await database.create();
    await database.sql.query('', 'create schema fold');
    for (const table of ['a', 'b']) await database.sql.query('', `create table fold.${table} (id int)`);
  });
  afterAll(() => database.drop());

  const take = (tx: Sql, table: string): Promise<unknown> => tx.query('', `lock table fold.${table} in row exclusive mode`);
  const waiting = async (count: number): Promise<boolean> => {
    const [row] = await database.sql.query<{ waiting: number }>(
      '',
      `select count(*)::int as waiting from pg_locks join pg_class on pg_class.oid = relation
        where relnamespace = 'fold'::regnamespace and not granted`,
    );
    return row?.waiting === count;
  };

  it('gives up, to be tried again, when a statement in flight holds one for too long', async () => {
    await database.sql.transaction(async (live) => {
      await take(live, 'b');
      await expect(database.sql.transaction((tx) => lockTables(tx, 'fold', 50))).rejects.toThrow(TablesBusy);
    });
    await database.sql.transaction((tx) => lockTables(tx, 'fold', 1_000));
  });

  it('gives way, to be tried again, to a statement that takes them in another order', async () => {
    await database.sql.transaction(async (live) => {
      await live.query('', `set local deadlock_timeout = '1min'`);
      await take(live, 'b');
      const locking = database.sql.transaction(async (tx) => {
        await tx.query('', `set local deadlock_timeout = '2s'`); // time enough for the other to come and wait for us
        await lockTables(tx, 'fold', 60_000);
      });
      const takeTheOther = async (): Promise<void> => {
        await eventually('the lock of b is waited for', 5_000, () => waiting(1));
        await take(live, 'a');
      };
      await Promise.all([expect(locking).rejects.toThrow(TablesBusy), takeTheOther()]);
    });
  }, 30_000);
});

describe('comparing the tables of two schemas', () => {
  const database = new OwnDatabase('compare');
  let sql: PostgresPool;

  beforeAll(async () => {
    await database.create();
    // Comparing each row with every other takes minutes; a join by key, a fraction of a second.
    sql = new PostgresPool({ databaseUrl: database.url, maxConnections: 2, applicationName: 'int.spec', statementTimeoutMs: 10_000 });
  });
  afterAll(async () => {
    await sql?.close();
    await database.drop();
  });
  beforeEach(async () => {
    await sql.query('', 'drop schema if exists live cascade');
    await sql.query('', 'create schema live');
    await sql.query(
      '',
      'create table live.orders (tenant_id text, order_id text, modified_at bigint not null, deleted_at bigint, status text, primary key (tenant_id, order_id))',
    );
    await fill('live');
    await makeShadow(sql, 'live', 'live_next');
    await fill('live_next');
    await addIndexes(sql, 'live', 'live_next');
  });

  /** Half of the rows were never deleted. */
  const fill = (schema: string): Promise<object[]> =>
    sql.query(
      '',
      `insert into ${schema}.orders select 'acme', i::text, i, case when i % 2 = 0 then i end, 'paid' from generate_series(1, ${ROWS}) i`,
    );

  it('finds the rows that differ at the same version among many, null versions included', async () => {
    expect(await differingRows(sql, 'live', 'live_next', VERSIONS)).toEqual(new Map([['orders', 0]]));
    await sql.query('', `update live_next.orders set status = 'refunded' where order_id in ('7', '8', '9')`);
    expect(await differingRows(sql, 'live', 'live_next', VERSIONS)).toEqual(new Map([['orders', 3]]));
  });

  it('passes over rows that moved on meanwhile', async () => {
    await sql.query('', `update live.orders set status = 'refunded', modified_at = modified_at + 1 where order_id = '7'`);
    await sql.query('', `update live.orders set status = 'trash', deleted_at = 5 where order_id = '9'`);
    await sql.query('', `delete from live.orders where order_id = '11'`);
    expect(await differingRows(sql, 'live', 'live_next', VERSIONS)).toEqual(new Map([['orders', 0]]));
  });
});
