import type { VisitEvent, VisitPersonal } from '@tributary/domain';
import { MalformedRecord, type RecordName, type SchemaBook } from './schema-book.js';

const PERSONAL = 'tributary.visits.VisitEvent.Personal';

const RECORDS = {
  PageViewed: 'tributary.visits.PageViewed',
  ProductViewed: 'tributary.visits.ProductViewed',
  CartItemAdded: 'tributary.visits.CartItemAdded',
  CheckoutStarted: 'tributary.visits.CheckoutStarted',
  PaymentInfoAdded: 'tributary.visits.PaymentInfoAdded',
  Searched: 'tributary.visits.Searched',
  Registered: 'tributary.visits.Registered',
  PurchaseShown: 'tributary.visits.PurchaseShown',
  ConsentChanged: 'tributary.visits.ConsentChanged',
  CustomVisitEvent: 'tributary.visits.CustomVisitEvent',
} as const satisfies Record<VisitEvent['type'], RecordName>;

const TYPES = new Map<string, VisitEvent['type']>(Object.entries(RECORDS).map(([type, record]) => [record, type as VisitEvent['type']]));

/** Visit → framed Avro. `schemas/avro/visits` */
export const encodeVisitEvent = (book: SchemaBook, event: VisitEvent): Buffer => book.encode(RECORDS[event.type], event);

/** Framed Avro → visit. Throws UnknownSchemaId or MalformedRecord. */
export function decodeVisitEvent(book: SchemaBook, framed: Buffer): VisitEvent {
  const { record, value } = book.decode(framed);
  const type = TYPES.get(record);
  if (type === undefined) throw new MalformedRecord(`${record} is not a visit`);
  return { type, ...(value as object) } as VisitEvent;
}

/** Whether a framed visit is of this kind, without reading its body; throws UnknownSchemaId. */
export const isVisitOf = (book: SchemaBook, type: VisitEvent['type'], framed: Buffer): boolean => book.recordOf(framed) === RECORDS[type];

export const encodeVisitPersonal = (book: SchemaBook, personal: VisitPersonal): Buffer => book.encode(PERSONAL, personal);

/** Throws UnknownSchemaId or MalformedRecord. */
export function decodeVisitPersonal(book: SchemaBook, framed: Buffer): VisitPersonal {
  const { record, value } = book.decode(framed);
  if (record !== PERSONAL) throw new MalformedRecord(`${record} is not a visit's personal part`);
  return value as VisitPersonal;
}
