import type { AssertionEvent, IdentifierValue } from '@tributary/domain';
import { MalformedRecord, type RecordName, type SchemaBook } from './schema-book.js';

const PERSONAL = 'tributary.identity.IdentifiersAsserted.Personal';

const RECORDS = {
  IdentifiersAsserted: 'tributary.identity.IdentifiersAsserted',
  IdentifierBlocked: 'tributary.identity.IdentifierBlocked',
  EdgeCut: 'tributary.identity.EdgeCut',
} as const satisfies Record<AssertionEvent['type'], RecordName>;

const TYPES = new Map<string, AssertionEvent['type']>(
  Object.entries(RECORDS).map(([type, record]) => [record, type as AssertionEvent['type']]),
);

/** Assertion → framed Avro. `schemas/avro/identity` */
export const encodeAssertionEvent = (book: SchemaBook, event: AssertionEvent): Buffer => book.encode(RECORDS[event.type], event);

/** Framed Avro → assertion. Throws UnknownSchemaId or MalformedRecord. */
export function decodeAssertionEvent(book: SchemaBook, framed: Buffer): AssertionEvent {
  const { record, value } = book.decode(framed);
  const type = TYPES.get(record);
  if (type === undefined) throw new MalformedRecord(`${record} is not an assertion`);
  return { type, ...(value as object) } as AssertionEvent;
}

export const encodeIdentifierValue = (book: SchemaBook, value: IdentifierValue): Buffer => book.encode(PERSONAL, value);

/** Throws UnknownSchemaId or MalformedRecord. */
export function decodeIdentifierValue(book: SchemaBook, framed: Buffer): IdentifierValue {
  const { record, value } = book.decode(framed);
  if (record !== PERSONAL) throw new MalformedRecord(`${record} is not an identifier's value`);
  return value as IdentifierValue;
}
