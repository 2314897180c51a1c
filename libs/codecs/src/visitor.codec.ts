import type { OpenedPart, SubjectId, VisitorChanged, VisitorEvent, VisitorForgotten, VisitsApplied } from '@tributary/domain';
import { MalformedRecord, type RecordName, type SchemaBook } from './schema-book.js';
import { VISIT_EVENTS_TOPIC } from './topics.js';
import { decodeVisitPersonal } from './visit.codec.js';

type WrittenEvent = Exclude<VisitorEvent, VisitorForgotten>;

const RECORDS = {
  VisitorChanged: 'tributary.identity.VisitorChanged',
  VisitsApplied: 'tributary.identity.VisitsApplied',
} as const satisfies Record<WrittenEvent['type'], RecordName>;

/** Visitor or progress → framed Avro; forgetting one is a tombstone. `schemas/avro/identity` */
export const encodeVisitorEvent = (book: SchemaBook, event: WrittenEvent): Buffer => book.encode(RECORDS[event.type], event);

/** Framed Avro → visitor or progress. Throws UnknownSchemaId or MalformedRecord. */
export function decodeVisitorEvent(book: SchemaBook, framed: Buffer): VisitorChanged | VisitsApplied {
  const { record, value } = book.decode(framed);
  switch (record) {
    case RECORDS.VisitorChanged:
      return { type: 'VisitorChanged', ...(value as object) } as VisitorChanged;
    case RECORDS.VisitsApplied:
      return { type: 'VisitsApplied', ...(value as object) } as VisitsApplied;
    default:
      throw new MalformedRecord(`${record} is not about a visitor`);
  }
}

/** A visitor's parts as the vault opens them, in their order. */
export const sealedParts = ({
  visitor,
  parts,
}: Pick<VisitorChanged, 'visitor' | 'parts'>): {
  readonly subjectId: SubjectId;
  readonly sealed: Buffer;
  readonly topic: string;
  readonly eventId: string;
}[] => parts.map(({ eventId, sealed }) => ({ subjectId: visitor, sealed, topic: VISIT_EVENTS_TOPIC, eventId }));

/** What the vault opened, read: for `readVisitorEvidence`. Throws UnknownSchemaId or MalformedRecord. */
export const openedParts = (book: SchemaBook, { parts }: Pick<VisitorChanged, 'parts'>, opened: readonly (Buffer | null)[]): OpenedPart[] =>
  parts.map(({ eventId, at }, index) => {
    const framed = opened[index] ?? null;
    return { eventId, at, personal: framed === null ? null : decodeVisitPersonal(book, framed) };
  });
