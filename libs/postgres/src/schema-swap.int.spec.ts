import type { Sql } from '@tributary/domain';
import { eventually } from '../../../test/stack/eventually.js';
import { OwnDatabase } from '../../../test/integration/own-database.js';
import { lockTables, TablesBusy } from './schema-swap.adapter.js';

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
