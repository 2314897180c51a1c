import { ORDER_EVENTS_TOPIC } from '@tributary/codecs';
import { IMPORT_SOURCE, type OrderEvent } from '@tributary/domain';
import { loadOffsets } from '@tributary/postgres';
import { orderDeletionReported, orderObserved } from '../../../../test/builders/order.builder.js';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { applyHeads } from './heads.store.js';

const database = new OwnDatabase('heads');
const KEY = { schema: 'orders', projection: 'heads', topic: ORDER_EVENTS_TOPIC, partition: 0 };
const NOW = Date.now();
const HOUR = 3_600_000;
let offset = 0;

async function fold(...events: readonly OrderEvent[]): Promise<void> {
  const positioned = events.map((event, index) => ({ event, record: { offset: offset + index, key: '', value: null, timestamp: 0 } }));
  expect(await applyHeads(database.sql, positioned, { key: KEY, expected: offset, next: offset + events.length })).toBe(true);
  offset += events.length;
}

const connectShop = (dueAt: string): Promise<unknown> =>
  database.sql.query(
    '',
    `insert into ingest_ops.pollers (tenant_id, connection_id, config_version, due_at) values ('acme', 'shop', 1, '${dueAt}')`,
  );

const productReadAt = (productId: string, observedAt: number): Promise<unknown> =>
  database.sql.query(
    '',
    `insert into orders.catalog_heads
     values ('acme', 'shop', 'product', $1, 1, 1, $2, 'hash', null, true, null, null)`,
    [productId, observedAt],
  );

const askedFor = async (): Promise<string[]> =>
  (
    await database.sql.query<{ id: string }>(
      '',
      `select shop_item_id as id from ingest_ops.catalog_lookups
        where tenant_id = 'acme' and connection_id = 'shop' and resource = 'product' and due_at <= now() order by 1`,
    )
  ).map(({ id }) => id);

const order = (orderId: string, receivedAt = NOW) => orderObserved({ orderId, receivedAt });
/** Of the order of the builder: a product of its own, and a variation with its parent. */
const PRODUCTS = ['11', '14', '15'];

beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql.query(
    '',
    'truncate orders.heads, orders.catalog_heads, orders.offsets, ingest_ops.catalog_lookups, ingest_ops.pollers',
  );
  await loadOffsets(database.sql, { schema: 'orders', projection: 'heads', topic: ORDER_EVENTS_TOPIC }, [0]);
  offset = 0;
});

describe('an order that is seen for the first time', () => {
  it('asks for its products and variations, each once', async () => {
    await connectShop('now');
    await fold(order('17'), order('18'));
    expect(await askedFor()).toEqual(PRODUCTS);
  });

  it('asks for nothing that was read within a day, and again for what was read before', async () => {
    await connectShop('now');
    await productReadAt('11', NOW - HOUR);
    await productReadAt('14', NOW - 25 * HOUR);
    await fold(order('17'));
    expect(await askedFor()).toEqual(['14', '15']);
  });

  it('asks again only a day after somebody looked', async () => {
    await connectShop('now');
    await fold(order('17'));
    await database.sql.query('', "update ingest_ops.catalog_lookups set due_at = null, looked_at = now() - interval '1 hour'");
    await fold(order('18'));
    expect(await askedFor()).toEqual([]);
    await database.sql.query('', "update ingest_ops.catalog_lookups set looked_at = now() - interval '25 hours' where shop_item_id = '15'");
    await fold(order('19'));
    expect(await askedFor()).toEqual(['15']);
  });

  it('asks for nothing when an import brings it as history', async () => {
    await connectShop('now');
    await fold({ ...order('17'), source: IMPORT_SOURCE });
    expect(await askedFor()).toEqual([]);
    await fold({ ...order('18'), source: IMPORT_SOURCE, createdAt: NOW - 60_000 });
    expect(await askedFor()).toEqual(PRODUCTS);
  });

  it('asks nothing of a shop that nobody reads, nor when a rebuild meets it again', async () => {
    await fold(order('17'));
    await connectShop('infinity');
    await fold(order('18'));
    await database.sql.query('', 'update ingest_ops.pollers set due_at = now()');
    await fold(order('19', NOW - 25 * HOUR));
    expect(await askedFor()).toEqual([]);
  });
});

it('an order that is known asks for nothing more, nor does a deletion that was reported', async () => {
  await connectShop('now');
  await fold(order('17'));
  await database.sql.query('', 'truncate ingest_ops.catalog_lookups');
  await fold({ ...order('17', NOW + 1), asOf: NOW, contentHash: 'another' }, orderDeletionReported({ orderId: '18', receivedAt: NOW }));
  expect(await askedFor()).toEqual([]);
});
