import { isEvent, virtualShop, type VirtualShop } from '../virtual-shop.ts';
import type { Site } from './site.ts';

const TOPICS = [
  'order.created',
  'order.updated',
  'order.deleted',
  'order.restored',
  'product.deleted',
  'coupon.deleted',
  'product.updated',
  'customer.updated',
];

interface Watched extends VirtualShop {
  readonly id: number;
  /** Topics that went out since the last look, sorted. */
  news(): readonly string[];
  modified(): unknown;
}

/** A shop with webhooks for everything and one paid order, a minute ago; nothing waits. */
function watchedShop(site: Partial<Site> = {}): Watched {
  const virtual = virtualShop({ site });
  const { shop, sent } = virtual;
  const mug = shop.catalog.add({ price: 1_000 }).id;
  const { id } = shop.orders.create({ status: 'on-hold', lines: [{ productId: mug, quantity: 3 }] });
  for (const topic of TOPICS) shop.webhooks.create({ topic, deliveryUrl: 'https://ingest.example/hook' });
  virtual.pass(60);
  sent.length = 0;
  return {
    ...virtual,
    id,
    news: () => {
      void shop.queue.run();
      return sent
        .splice(0)
        .filter(isEvent)
        .map(({ topic }) => topic)
        .toSorted();
    },
    modified: () => shop.orderJson(id)['date_modified_gmt'],
  };
}

const BEFORE = '2026-11-20T12:00:00';
const NOW = '2026-11-20T12:01:00';
const CPT: Partial<Site> = { storage: 'cpt' };

interface Effect {
  readonly what: string;
  readonly site?: Partial<Site>;
  readonly act: (shop: Watched) => void;
  readonly modified: string;
  readonly topics: readonly string[];
}

const lineOf = ({ shop, id }: Watched): number => shop.orders.get(id).lines[0]!.id;

const effects: readonly Effect[] = [
  { what: 'a new status', act: ({ shop, id }) => shop.orders.setStatus(id, 'cancelled'), modified: NOW, topics: ['order.updated'] },
  { what: 'the same status again', act: ({ shop, id }) => shop.orders.setStatus(id, 'on-hold'), modified: NOW, topics: ['order.updated'] },
  { what: 'a save that changes nothing', act: ({ shop, id }) => shop.orders.saveUnchanged(id), modified: NOW, topics: ['order.updated'] },
  {
    what: 'a new address',
    act: ({ shop, id }) => shop.orders.editAddress(id, { billing: { city: 'Lima' } }),
    modified: NOW,
    topics: ['order.updated'],
  },
  {
    what: 'a line edited through REST',
    act: (it) => it.shop.orders.editLine(it.id, lineOf(it), { quantity: 1 }),
    modified: NOW,
    topics: ['order.updated'],
  },
  {
    what: 'a line saved alone',
    act: (it) => it.shop.orders.saveLineOnly(it.id, lineOf(it), { quantity: 1 }),
    modified: BEFORE,
    topics: [],
  },
  {
    what: 'meta of a line',
    act: (it) => it.shop.orders.saveLineMetaOnly(it.id, lineOf(it), { serial: 'A1' }),
    modified: BEFORE,
    topics: [],
  },
  { what: 'meta with a save', act: ({ shop, id }) => shop.orders.saveMeta(id, 'cdp_id', 'x'), modified: NOW, topics: ['order.updated'] },
  {
    what: 'meta alone in order tables',
    act: ({ shop, id }) => shop.orders.saveMetaOnly(id, 'cdp_id', 'x'),
    modified: NOW,
    topics: ['order.updated'],
  },
  {
    what: 'meta alone in posts',
    site: CPT,
    act: ({ shop, id }) => shop.orders.saveMetaOnly(id, 'cdp_id', 'x'),
    modified: BEFORE,
    topics: [],
  },
  {
    what: 'meta alone in 7.6.1',
    site: { version: '7.6.1' },
    act: ({ shop, id }) => shop.orders.saveMetaOnly(id, 'cdp_id', 'x'),
    modified: BEFORE,
    topics: [],
  },
  {
    what: 'a partial refund',
    act: ({ shop, id }) => void shop.orders.addRefund(id, { amount: 100 }),
    modified: NOW,
    topics: ['order.updated'],
  },
  {
    what: 'a partial refund in 6.0',
    site: { version: '6.0.0' },
    act: ({ shop, id }) => void shop.orders.addRefund(id, { amount: 100 }),
    modified: BEFORE,
    topics: ['order.updated'],
  },
  {
    what: 'a full refund',
    act: ({ shop, id }) => void shop.orders.addRefund(id, { amount: 3_000 }),
    modified: NOW,
    topics: ['order.updated'],
  },
  {
    what: 'a status changed by SQL',
    act: ({ shop, id }) => shop.orders.sqlEdit(id, { status: 'completed' }),
    modified: BEFORE,
    topics: [],
  },
  {
    what: 'an importer that dates back',
    act: ({ shop, id, now }) => shop.orders.importModified(id, now() - 86_400_000),
    modified: '2026-11-19T12:01:00',
    topics: ['order.updated'],
  },
  { what: 'the trash', act: ({ shop, id }) => shop.orders.trash(id), modified: NOW, topics: ['order.deleted'] },
  {
    what: 'the trash of posts',
    site: CPT,
    act: ({ shop, id }) => shop.orders.trash(id),
    modified: NOW,
    topics: ['coupon.deleted', 'order.deleted', 'product.deleted'],
  },
];

it.each(effects)('$what: date_modified $modified, webhooks $topics', ({ site = {}, act, modified, topics }) => {
  const watched = watchedShop(site);
  act(watched);
  expect(watched.news()).toEqual(topics);
  expect(watched.modified()).toBe(modified);
});

it('announces a new order as created and as updated', () => {
  const watched = watchedShop();
  watched.shop.orders.create();
  expect(watched.news()).toEqual(['order.created', 'order.updated']);
});

it('announces products and customer with a paid order', () => {
  const watched = watchedShop();
  const { shop } = watched;
  const productId = shop.catalog.add({ stock: 5 }).id;
  const customerId = shop.people.add().id;
  watched.news();
  shop.orders.create({ isPaid: true, customerId, lines: [{ productId, quantity: 2 }] });
  expect(watched.news()).toEqual(['customer.updated', 'order.created', 'order.updated', 'product.updated']);
  expect(shop.catalog.get(productId).stock).toBe(3);
});

it('says nothing of a draft until it is an order', () => {
  const watched = watchedShop();
  const { id } = watched.shop.orders.create({ status: 'checkout-draft' });
  watched.shop.orders.editAddress(id, { billing: { city: 'Lima' } });
  expect(watched.news()).toEqual([]);
  watched.shop.orders.setStatus(id, 'processing');
  expect(watched.news()).toEqual(['order.created', 'order.updated']);
});

it('deletes a refund without a word, until 11.2.0', () => {
  for (const [version, topics] of [
    ['11.0.1', []],
    ['11.2.0', ['order.updated']],
  ] as const) {
    const watched = watchedShop({ version });
    const refundId = watched.shop.orders.addRefund(watched.id, { amount: 100 });
    watched.news();
    watched.pass(60);
    watched.shop.orders.deleteRefund(watched.id, refundId);
    expect(watched.news()).toEqual(topics);
    expect(watched.shop.orderJson(watched.id)['refunds']).toEqual([]);
  }
});

it('makes an order refunded when the rest of it is given back', () => {
  const { shop, id } = watchedShop();
  shop.orders.addRefund(id, { amount: 1_000 });
  expect(shop.orderJson(id)).toMatchObject({ status: 'on-hold', total: '3000', refunds: [{ total: '-1000' }] });
  shop.orders.addRefund(id, { amount: 2_000 });
  expect(shop.orderJson(id)).toMatchObject({ status: 'refunded', total: '3000' });
  expect(() => shop.orders.addRefund(id, { amount: 1 })).toThrow('more than');
});

it('restores from the trash with the old status and order.restored alone', () => {
  const watched = watchedShop();
  watched.shop.orders.trash(watched.id);
  expect(watched.shop.orderJson(watched.id)).toMatchObject({
    status: 'trash',
    meta_data: [{ key: '_wp_trash_meta_status', value: 'wc-on-hold' }, {}],
  });
  watched.news();
  watched.shop.orders.untrash(watched.id);
  expect(watched.news()).toEqual(['order.restored']);
  expect(watched.shop.orderJson(watched.id)).toMatchObject({ status: 'on-hold', meta_data: [] });
});

it('deletes for good without a word, live or trashed', () => {
  const watched = watchedShop();
  watched.shop.orders.forceDelete(watched.id);
  const { id } = watched.shop.orders.create();
  watched.shop.orders.trash(id);
  watched.news();
  watched.pass(31 * 86_400);
  watched.shop.orders.emptyTrash();
  expect(watched.news()).toEqual([]);
  expect([...watched.shop.orders.all()]).toEqual([]);
});

it('keeps what was trashed later when the trash is emptied', () => {
  const { shop, id, pass } = watchedShop();
  shop.orders.trash(id);
  pass(29 * 86_400);
  shop.orders.emptyTrash();
  expect(shop.orders.get(id).status).toBe('trash');
});

it('edits many orders in one second', () => {
  const { shop } = watchedShop();
  const ids = Array.from({ length: 120 }, () => shop.orders.create().id);
  shop.orders.bulkSetStatus(ids, 'completed');
  expect(new Set(ids.map((id) => shop.orderJson(id)['date_modified_gmt']))).toEqual(new Set([NOW]));
});

it.each([
  ['bacs', 'processing', NOW],
  ['cod', 'completed', NOW],
])('a paid order by %s is %s and has a date of payment', (paymentMethod, status, paidAt) => {
  const { shop } = watchedShop();
  const productId = shop.catalog.add().id;
  expect(shop.orderJson(shop.orders.create({ paymentMethod, isPaid: true, lines: [{ productId }] }).id)).toMatchObject({
    status,
    date_paid_gmt: paidAt,
  });
});

it('has no date of payment for cash on delivery in processing, until it is completed', () => {
  const { shop, pass } = watchedShop();
  const { id } = shop.orders.create({ paymentMethod: 'cod', status: 'processing', lines: [{ productId: shop.catalog.add().id }] });
  expect(shop.orderJson(id)['date_paid_gmt']).toBeNull();
  pass(60);
  shop.orders.setStatus(id, 'completed');
  expect(shop.orderJson(id)).toMatchObject({ date_paid_gmt: '2026-11-20T12:02:00', date_completed_gmt: '2026-11-20T12:02:00' });
});

it('shows a slow checkout late, with the second in which it began', () => {
  const { shop, pass, modified, id } = watchedShop();
  const finish = shop.slowly(() => shop.orders.setStatus(id, 'processing'));
  pass(90);
  expect(modified()).toBe(BEFORE);
  finish();
  expect(modified()).toBe(NOW);
});

it('dates by the clock of the node that did it, and by a clock that was changed', () => {
  const { shop, modified, id } = watchedShop();
  shop.onNode(-30_000, () => shop.orders.saveUnchanged(id));
  expect(modified()).toBe('2026-11-20T12:00:30');
  shop.changeClock(3_600_000);
  shop.orders.saveUnchanged(id);
  expect(modified()).toBe('2026-11-20T13:01:00');
});

it('gives ids a second time after a backup was put back', () => {
  const { shop } = watchedShop();
  const records = shop.snapshot();
  const lost = shop.orders.create().id;
  shop.restore(records);
  expect(shop.orders.find(lost)).toBeUndefined();
  expect(shop.orders.create().id).toBe(lost);
});
