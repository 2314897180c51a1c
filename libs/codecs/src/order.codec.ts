import { assertNever, type Envelope, type OrderEvent, type OrderPersonal, type SubjectId } from '@tributary/domain';
import { MalformedRecord, type SchemaBook } from './schema-book.js';

const PERSONAL = 'tributary.commerce.OrderObserved.Personal';

/** Order event → framed Avro. `schemas/avro/commerce` */
export function encodeOrderEvent(book: SchemaBook, event: OrderEvent): Buffer {
  switch (event.type) {
    case 'OrderObserved':
      return book.encode('tributary.commerce.OrderObserved', event);
    case 'OrderDeletionReported':
      return book.encode('tributary.commerce.OrderDeletionReported', event);
    case 'OrderVanished':
      return book.encode('tributary.commerce.OrderVanished', event);
    default:
      return assertNever(event);
  }
}

/** Framed Avro → order event. Throws UnknownSchemaId or MalformedRecord. */
export function decodeOrderEvent(book: SchemaBook, framed: Buffer): OrderEvent {
  const { record, value } = book.decode(framed);
  const fields = value as object;
  switch (record) {
    case 'tributary.commerce.OrderObserved':
      return { type: 'OrderObserved', ...fields } as OrderEvent;
    case 'tributary.commerce.OrderDeletionReported':
      return { type: 'OrderDeletionReported', ...fields } as OrderEvent;
    case 'tributary.commerce.OrderVanished':
      return { type: 'OrderVanished', ...fields } as OrderEvent;
    default:
      throw new MalformedRecord(`${record} is not an order event`);
  }
}

export const encodeOrderPersonal = (book: SchemaBook, personal: OrderPersonal): Buffer => book.encode(PERSONAL, personal);

export function decodeOrderPersonal(book: SchemaBook, framed: Buffer): OrderPersonal {
  const { record, value } = book.decode(framed);
  if (record !== PERSONAL) throw new MalformedRecord(`${record} is not an order's personal part`);
  return value as OrderPersonal;
}

/** The body as received. `schemas/avro/commerce/order-body-received.v1.avsc` */
export interface OrderBodyReceived extends Envelope {
  readonly orderId: string;
  readonly topic: string;
  readonly compression: 'zstd' | 'none';
  readonly sealedUnder: SubjectId;
  readonly sealedBody: Buffer;
}

export const encodeOrderBody = (book: SchemaBook, body: OrderBodyReceived): Buffer =>
  book.encode('tributary.commerce.OrderBodyReceived', body);
