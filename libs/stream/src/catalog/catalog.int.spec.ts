import {
  ASSERTION_EVENTS_TOPIC,
  CATALOG_EVENTS_TOPIC,
  decodeAssertionEvent,
  decodeCatalogEvent,
  decodeCustomerPersonal,
  SchemaBook,
  TOPICS,
  type RecordName,
} from '@tributary/codecs';
import {
  asConnectionId,
  asTenantId,
  type CatalogEvent,
  type CustomerObserved,
  type IdentifiersAsserted,
  type ProductObserved,
} from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import { loadOffsets, PostgresVaultStore } from '@tributary/postgres';
import { readCatalogItem, type CatalogFact } from '@tributary/sources';
import { MasterKeys, Vault } from '@tributary/vault';
import { loadCapture } from '../../../../test/builders/captured-webhooks.js';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { FactAppender } from '../append/fact-appender.js';
import { FactSealer } from '../append/fact-sealer.js';
import { applyCatalogHeads, CatalogHeads } from './catalog-heads.store.js';
import { CatalogLookups } from './catalog-lookups.store.js';
import { CatalogPublisher, type CatalogSighting } from './catalog-publisher.js';

const database = new OwnDatabase('catalog');
const shop = {
  tenantId: asTenantId('acme'),
  connectionId: asConnectionId('shop'),
  own: { domains: ['shop.example'], subjects: [] },
  settings: { weightUnit: null },
};
const AT = Date.UTC(2026, 10, 21, 2, 37, 19);
const MASTER = `k1:${Buffer.alloc(32, 5).toString('base64')}`;

const book = new SchemaBook();
for (const [index, record] of TOPICS.flatMap(({ records, sealedRecords }) => [...records, ...sealedRecords]).entries())
  book.setWriterId(record as RecordName, index + 1);
const partitions = new Map(TOPICS.map(({ name }) => [name, 4]));

/** The log as a list: what a publisher appended, in order. */
class Log {
  readonly records: OutgoingRecord[] = [];
  private folded = 0;
  readonly vault = new Vault({ store: new PostgresVaultStore(database.sql), masterKeys: MasterKeys.parse(MASTER) });

  /** A process of its own: it remembers nothing of what others published. */
  publisher(): CatalogPublisher {
    const append = (records: readonly OutgoingRecord[]): Promise<void> => {
      this.records.push(...records);
      return Promise.resolve();
    };
    return new CatalogPublisher(
      new CatalogHeads(database.sql),
      this.vault,
      new FactAppender(new FactSealer(this.vault, book, partitions), { append }),
    );
  }

  get events(): CatalogEvent[] {
    return this.records.filter(({ topic }) => topic === CATALOG_EVENTS_TOPIC).map(({ value }) => decodeCatalogEvent(book, value));
  }

  /** Folds what was not folded yet, as lane `catalog` does. */
  async fold(events = this.events): Promise<void> {
    const news = events.slice(this.folded).map((event, index) => ({
      event,
      record: { offset: this.folded + index, key: '', value: null, timestamp: 0 },
    }));
    const key = { schema: 'orders', projection: 'catalog', topic: CATALOG_EVENTS_TOPIC, partition: 0 };
    expect(await applyCatalogHeads(database.sql, news, { key, expected: this.folded, next: events.length })).toBe(true);
    this.folded = events.length;
  }
}

const seenAt = (receivedAt: number, source = 'webhook'): CatalogSighting => ({ shop, source, receivedAt });

function fact(resource: string, capture: string, change: object = {}): CatalogFact {
  const body = { ...(JSON.parse(loadCapture(capture).rawBody.toString('utf8')) as object), ...change };
  const read = readCatalogItem(resource, body, { readAt: null, defaultCountry: 'CL' });
  if (read.kind === 'refused') throw new Error(read.detail);
  return read;
}

beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql.query(
    '',
    'truncate orders.catalog_heads, orders.offsets, ingest_ops.catalog_lookups, ingest_ops.pollers, vault.subjects',
  );
  await loadOffsets(database.sql, { schema: 'orders', projection: 'catalog', topic: CATALOG_EVENTS_TOPIC }, [0]);
});

describe('publishing', () => {
  it('says a product once, whoever sees it again, and again when it changed', async () => {
    const log = new Log();
    const publisher = log.publisher();
    expect((await publisher.observe(seenAt(AT), [fact('product', '016')])).published).toBe(1);
    // `product.updated` comes at once, with the same body; the fold is not there yet.
    expect((await publisher.observe(seenAt(AT + 1), [fact('product', '016')])).published).toBe(0);
    await log.fold();
    expect((await log.publisher().observe(seenAt(AT + 2, 'rest'), [fact('product', '016', { stock_quantity: 3 })])).published).toBe(0);
    const later = { weight: '0.6', date_modified_gmt: '2026-11-21T02:38:00' };
    expect((await log.publisher().observe(seenAt(AT + 3), [fact('product', '016', later)])).published).toBe(1);
    expect(log.events.map((event) => (event as ProductObserved).weight)).toEqual(['0.52', '0.6']);
    expect(log.records.map(({ key }) => key)).toEqual(['acme:shop:product:11', 'acme:shop:product:11']);
  });

  it('of a shop that nobody can ask weighs in the unit that its settings name', async () => {
    const log = new Log();
    const named = { ...shop, settings: { weightUnit: 'kg' as const } };
    await log.publisher().observe({ ...seenAt(AT), shop: named }, [fact('product', '016')]);
    expect(log.events).toMatchObject([{ weight: '0.52', weightUnit: 'kg' }]);
  });

  it('writes the shop’s unit beside the weight, and everything again when that changes', async () => {
    const log = new Log();
    await log.publisher().observe(seenAt(AT), [fact('product', '016')]);
    await log.fold();
    await database.sql.query(
      '',
      `insert into ingest_ops.pollers (tenant_id, connection_id, config_version, catalog) values ('acme', 'shop', 1, '{"weightUnit":"lbs"}')`,
    );
    expect((await log.publisher().observe(seenAt(AT + 1), [fact('product', '016')])).published).toBe(1);
    expect(log.events.map((event) => (event as ProductObserved).weightUnit)).toEqual(['', 'lbs']);
  });

  it('asks for another look at what is behind its head, and says nothing', async () => {
    const log = new Log();
    await log.publisher().observe(seenAt(AT), [fact('product', '016')]);
    await log.fold();
    const older = { price: '1', date_modified_gmt: '2026-11-20T00:00:00' };
    expect(await log.publisher().observe(seenAt(AT + 1), [fact('product', '016', older)])).toEqual({
      published: 0,
      lookAgain: [{ resource: 'product', id: '11' }],
    });
  });

  it('says a head once more when an older record came after it in the log', async () => {
    const log = new Log();
    await log.publisher().observe(seenAt(AT), [fact('product', '016')]);
    const [event] = log.events as [ProductObserved];
    await log.fold([event, { ...event, asOf: AT - 1, contentHash: 'older' }]);
    expect((await log.publisher().observe(seenAt(AT + 1), [fact('product', '016')])).published).toBe(1);
  });
});

describe('a deletion', () => {
  it('keeps the last weight, is said once, and ends when the product is there again', async () => {
    const log = new Log();
    await log.publisher().observe(seenAt(AT), [fact('product', '016')]);
    await log.fold();
    const gone = { resource: 'product', id: '11', asOf: AT + 60_000 };
    expect((await log.publisher().absent(seenAt(AT + 60_000, 'rest'), [gone])).published).toBe(1);
    await log.fold();
    expect((await log.publisher().absent(seenAt(AT + 90_000, 'rest'), [{ ...gone, asOf: AT + 90_000 }])).published).toBe(0);
    expect(log.events.at(-1)).toMatchObject({
      type: 'ProductObserved',
      deletion: 'absent',
      weight: '0.52',
      name: 'Café Molido “Ñandú” ☕ 500 g',
    });
    await log.publisher().observe(seenAt(AT + 99_000), [fact('product', '016', { date_modified_gmt: '2026-11-21T03:00:00' })]);
    expect(log.events.at(-1)).toMatchObject({ deletion: null });
  });

  it('of what nobody knows says nothing: the trash of an order is announced as a product’s and a coupon’s', async () => {
    const log = new Log();
    for (const resource of ['product', 'coupon']) {
      await log.publisher().reported(seenAt(AT), { resource, id: '84' });
      await log.publisher().absent(seenAt(AT, 'rest'), [{ resource, id: '84', asOf: AT }]);
    }
    expect(log.records).toEqual([]);
  });

  it('that was only reported counts for what is known, right after it was seen, too', async () => {
    const log = new Log();
    const publisher = log.publisher();
    await publisher.observe(seenAt(AT), [fact('coupon', '021')]);
    await publisher.reported(seenAt(AT), { resource: 'coupon', id: '16' });
    await publisher.reported(seenAt(AT), { resource: 'coupon', id: '16' });
    await log.fold();
    expect(log.events).toMatchObject([{ deletion: null }, { deletion: 'reported', code: 'lab10', amount: '10.00' }]);
    expect(await database.sql.query('', 'select deletion, is_tail from orders.catalog_heads')).toEqual([
      { deletion: 'reported', is_tail: true },
    ]);
  });

  it('a status of trash is one', async () => {
    const log = new Log();
    await log.publisher().observe(seenAt(AT), [fact('product', '016', { status: 'trash' })]);
    expect(log.events).toMatchObject([{ deletion: 'trashed', weight: '0.52' }]);
  });
});

describe('a customer', () => {
  it('is sealed under the mail’s subject, keyed by its own, and asserted; nothing of it stands in clear', async () => {
    const log = new Log();
    await log.publisher().observe(seenAt(AT), [fact('customer', '022')]);
    const [event] = log.events as [CustomerObserved];
    expect(log.records.map(({ topic }) => topic)).toEqual([CATALOG_EVENTS_TOPIC, 'identity.assertion-events.v1']);
    expect(log.records[0]?.key).toBe(`acme:shop:customer:${event.customer}`);
    expect(event.sealedUnder).toBe(event.subjects.email);
    const [opened] = await log.vault.openMany(shop.tenantId, [
      { subjectId: event.sealedUnder!, sealed: event.sealedPersonal!, topic: CATALOG_EVENTS_TOPIC, eventId: event.eventId },
    ]);
    expect(decodeCustomerPersonal(book, opened!)).toMatchObject({ customerId: '2', email: 'maria.perez@example.com', username: 'mariap' });
    const written = log.records.map(({ key, value }) => `${key} ${value.toString('latin1')}`).join('\n');
    for (const personal of ['maria', 'mariap', '98765', 'Siempre']) expect(written).not.toContain(personal);
  });

  it('who runs the shop is the merchant’s own in what is asserted, by mail and by phone', async () => {
    const log = new Log();
    const flagsOf = ({ value }: OutgoingRecord): unknown[] => {
      const asserted = decodeAssertionEvent(book, value) as IdentifiersAsserted;
      return asserted.identifiers.map(({ kind, isMerchantOwn }) => [kind, isMerchantOwn]);
    };
    await log.publisher().observe(seenAt(AT), [fact('customer', '022')]);
    const [{ subjects }] = log.events as [CustomerObserved];
    const runBy = { ...shop, own: { domains: [], subjects: [subjects.email!, subjects.phone!] } };
    await log.publisher().observe({ ...seenAt(AT + 1), shop: runBy }, [fact('customer', '022', { first_name: 'Otra' })]);
    expect(log.records.filter(({ topic }) => topic === ASSERTION_EVENTS_TOPIC).map(flagsOf)).toEqual([
      [
        ['customer', false],
        ['email', false],
        ['phone', false],
      ],
      [
        ['customer', false],
        ['email', true],
        ['phone', true],
      ],
    ]);
  });

  it('is not said again while nothing changes, and anew once the person was erased', async () => {
    const log = new Log();
    await log.publisher().observe(seenAt(AT), [fact('customer', '022')]);
    await log.fold();
    expect((await log.publisher().observe(seenAt(AT + 1), [fact('customer', '022')])).published).toBe(0);
    const [{ customer, subjects, contentHash }] = log.events as [CustomerObserved];
    await log.vault.erase(shop.tenantId, [customer, subjects.email!, subjects.phone!]);
    await log.publisher().observe(seenAt(AT + 2), [fact('customer', '022')]);
    const [, again] = log.events as [CustomerObserved, CustomerObserved];
    expect([again.customer, again.contentHash]).not.toEqual([customer, contentHash]);
  });

  it('that is deleted leaves nothing personal behind', async () => {
    const log = new Log();
    await log.publisher().observe(seenAt(AT), [fact('customer', '022')]);
    await log.fold();
    await log.publisher().absent(seenAt(AT + 1, 'rest'), [{ resource: 'customer', id: '2', asOf: AT + 1 }]);
    const [before, after] = log.events as [CustomerObserved, CustomerObserved];
    expect(after).toMatchObject({ customer: before.customer, deletion: 'absent', contentHash: '', sealedPersonal: null, country: '' });
  });
});

it('a custom resource is kept whole, and its deletion without its body', async () => {
  const log = new Log();
  const body = { id: 80, buyer: { email: 'zoe@example.com' }, date_modified_gmt: '2026-11-21T02:37:19' };
  const read = readCatalogItem('subscription', body, { readAt: null, defaultCountry: null });
  if (read.kind === 'refused') throw new Error(read.detail);
  await log.publisher().observe(seenAt(AT), [read]);
  await log.fold();
  expect((await log.publisher().observe(seenAt(AT), [read])).published).toBe(0);
  await log.publisher().reported(seenAt(AT), { resource: 'subscription', id: '80' });
  expect(log.events).toMatchObject([
    { type: 'CustomResourceObserved', resource: 'subscription', resourceId: '80', compression: 'none' },
    { deletion: 'reported', sealedBody: null },
  ]);
  expect(log.records.map(({ value }) => value.toString('latin1')).join('\n')).not.toContain('zoe');
});

describe('look-ups', () => {
  const product = (id: string) => ({ resource: 'product', id });

  it('come last asked first, of one resource at a time, and once', async () => {
    const store = new CatalogLookups(database.sql);
    await store.ask(shop, [product('1'), { resource: 'coupon', id: '9' }, { resource: 'subscription', id: '80' }]);
    await store.ask(shop, [product('2'), product('2')]);
    await store.ask(shop, [product('3')], 60_000);
    const due = await store.due(shop, 10);
    expect(due.map(({ id }) => id)).toEqual(['2', '1']);
    await store.served(shop, due);
    expect((await store.due(shop, 10)).map(({ resource, id }) => `${resource} ${id}`)).toEqual(['coupon 9']);
  });

  it('asked for again while they are read are not lost; put off they come later', async () => {
    const store = new CatalogLookups(database.sql);
    await store.ask(shop, [product('1')]);
    const due = await store.due(shop, 10);
    await store.ask(shop, [product('1')]);
    await store.served(shop, due);
    expect(await store.due(shop, 10)).toHaveLength(1);
    await store.putOff(shop, [product('1')], 60_000);
    expect(await store.due(shop, 10)).toEqual([]);
  });

  it('keep no customer’s id once they were served', async () => {
    const store = new CatalogLookups(database.sql);
    await store.ask(shop, [{ resource: 'customer', id: '2' }]);
    await store.served(shop, await store.due(shop, 10));
    expect(await database.sql.query('', 'select 1 from ingest_ops.catalog_lookups')).toEqual([]);
  });
});
