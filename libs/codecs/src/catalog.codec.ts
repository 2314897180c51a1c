import type { CatalogEvent, CustomerPersonal } from '@tributary/domain';
import { MalformedRecord, type RecordName, type SchemaBook } from './schema-book.js';

const PERSONAL = 'tributary.commerce.CustomerObserved.Personal';

const RECORDS = {
  ProductObserved: 'tributary.commerce.ProductObserved',
  CouponObserved: 'tributary.commerce.CouponObserved',
  CustomerObserved: 'tributary.commerce.CustomerObserved',
  CustomResourceObserved: 'tributary.commerce.CustomResourceObserved',
} as const satisfies Record<CatalogEvent['type'], RecordName>;

const TYPES = new Map<string, CatalogEvent['type']>(
  Object.entries(RECORDS).map(([type, record]) => [record, type as CatalogEvent['type']]),
);

/** Catalog event → framed Avro. `schemas/avro/commerce` */
export const encodeCatalogEvent = (book: SchemaBook, event: CatalogEvent): Buffer => book.encode(RECORDS[event.type], event);

/** Framed Avro → catalog event. Throws UnknownSchemaId or MalformedRecord. */
export function decodeCatalogEvent(book: SchemaBook, framed: Buffer): CatalogEvent {
  const { record, value } = book.decode(framed);
  const type = TYPES.get(record);
  if (type === undefined) throw new MalformedRecord(`${record} is not a catalog event`);
  return { type, ...(value as object) } as CatalogEvent;
}

export const encodeCustomerPersonal = (book: SchemaBook, personal: CustomerPersonal): Buffer => book.encode(PERSONAL, personal);

/** Throws UnknownSchemaId or MalformedRecord. */
export function decodeCustomerPersonal(book: SchemaBook, framed: Buffer): CustomerPersonal {
  const { record, value } = book.decode(framed);
  if (record !== PERSONAL) throw new MalformedRecord(`${record} is not a customer's personal part`);
  return value as CustomerPersonal;
}
