import { advanceOffset, loadOffsets } from '@tributary/postgres';
import { OwnDatabase } from '../../../test/integration/own-database.js';
import { OffsetWatch, OffsetWentBack } from './offset-watch.js';

const ORDERS = { schema: 'tiktok', projection: 'orders', topic: 'orders.v1' };
const database = new OwnDatabase('watch');
let ended: OffsetWentBack[];
let watch: OffsetWatch;

beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql.query('', 'truncate tiktok.offsets, tiktok_ops.rebuilds');
  await loadOffsets(database.sql, ORDERS, [0, 1]);
  ended = [];
  watch = new OffsetWatch(database.sql, { schemas: ['tiktok'], ops: 'tiktok_ops', onWentBack: (error) => ended.push(error) });
});

const set = (partition: number, offset: number): Promise<unknown> =>
  database.sql.query('', 'update tiktok.offsets set next_offset = $2 where partition = $1', [partition, offset]);
const rebuilt = (): Promise<unknown> => database.sql.query('', 'insert into tiktok_ops.rebuilds default values');

it('is content while offsets stay or grow, whoever moves them', async () => {
  await watch.look();
  await set(0, 5);
  await watch.look();
  await set(1, 7);
  await watch.look();
  await watch.look();
  expect(ended).toEqual([]);
});

it('ends the process when an offset is lower than it was seen, also one that another replica moved', async () => {
  await set(1, 7);
  await watch.look();
  await set(1, 6);
  await expect(watch.look()).rejects.toThrow(OffsetWentBack);
  expect(ended.map(({ message }) => message)).toEqual([expect.stringContaining('tiktok.orders orders.v1[1] at 6 after 7')]);
});

it('ends the process when an offset is lower than it has committed itself since it last looked', async () => {
  await watch.look();
  expect(await advanceOffset(database.sql, { ...ORDERS, partition: 0 }, 0, 9)).toBe(true);
  watch.committed({ ...ORDERS, partition: 0 }, 9);
  await set(0, 8);
  await expect(watch.look()).rejects.toThrow(OffsetWentBack);
});

it('ends the process when an offset is gone', async () => {
  await set(0, 5);
  await watch.look();
  await database.sql.query('', 'delete from tiktok.offsets where partition = 0');
  await expect(watch.look()).rejects.toThrow(OffsetWentBack);
});

it('lets a rebuild set offsets back, and goes on watching from there', async () => {
  await set(0, 9);
  await watch.look();
  await set(0, 4);
  await rebuilt();
  await watch.look();
  expect(ended).toEqual([]);
  await set(0, 3);
  await expect(watch.look()).rejects.toThrow(OffsetWentBack);
});

it('ends the process when a rebuild that it knows of never happened', async () => {
  await set(0, 9);
  await rebuilt();
  await watch.look();
  await database.sql.query('', 'truncate tiktok_ops.rebuilds');
  await set(0, 12);
  await expect(watch.look()).rejects.toThrow('an earlier rebuild');
});

it('takes looks that overlap in their order', async () => {
  await set(0, 9);
  const looks = [watch.look(), watch.look(), rebuilt().then(() => watch.look()), watch.look()];
  await Promise.all(looks);
  expect(ended).toEqual([]);
});
