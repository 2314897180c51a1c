import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CatalogEvent, CustomerPersonal } from '@tributary/domain';
import { decodeCatalogEvent, decodeCustomerPersonal, encodeCatalogEvent, encodeCustomerPersonal } from './catalog.codec.js';
import { MalformedRecord, SchemaBook, type RecordName } from './schema-book.js';
import { CATALOG_EVENTS_TOPIC, TOPICS } from './topics.js';

interface GoldenRecord {
  readonly event: CatalogEvent;
  readonly hex: string;
}

const golden = JSON.parse(
  readFileSync(join(__dirname, '../../../test/fixtures/golden/catalog-records.json'), 'utf8'),
  // Bytes stand as hex in JSON.
  (key, value: unknown) =>
    (key === 'sealedPersonal' || key === 'sealedBody') && typeof value === 'string' ? Buffer.from(value, 'hex') : value,
) as { readonly events: readonly GoldenRecord[]; readonly personal: { readonly value: CustomerPersonal; readonly hex: string } };

const topic = TOPICS.find(({ name }) => name === CATALOG_EVENTS_TOPIC)!;
const book = new SchemaBook();
for (const [index, record] of [...topic.records, ...topic.sealedRecords].entries()) book.setWriterId(record as RecordName, index + 1);

it.each(golden.events)('$event.type of $event.source is written so for ever', ({ event, hex }) => {
  expect(encodeCatalogEvent(book, event).toString('hex')).toBe(hex);
  expect(decodeCatalogEvent(book, Buffer.from(hex, 'hex'))).toEqual(event);
});

it('every record of the topic has a golden one', () => {
  expect(new Set(golden.events.map(({ event }) => `tributary.commerce.${event.type}`))).toEqual(new Set(topic.records));
});

it('a customer’s personal part is written so for ever', () => {
  const { value, hex } = golden.personal;
  expect(encodeCustomerPersonal(book, value).toString('hex')).toBe(hex);
  expect(decodeCustomerPersonal(book, Buffer.from(hex, 'hex'))).toEqual(value);
});

it('neither is read as the other', () => {
  expect(() => decodeCatalogEvent(book, Buffer.from(golden.personal.hex, 'hex'))).toThrow(MalformedRecord);
  expect(() => decodeCustomerPersonal(book, Buffer.from(golden.events[0]!.hex, 'hex'))).toThrow(MalformedRecord);
});

it('the topic is compacted, no sooner than after 35 days', () => {
  expect(topic.retention).toEqual({ kind: 'compacted', minLagDays: 35 });
});
