import type { VendorAnswer, VisitDeliveryEvent, VisitOutcome } from '@tributary/domain';
import { MalformedRecord, type SchemaBook } from './schema-book.js';

const ATTEMPTED = 'tributary.tiktok.VisitsAttempted';
const SETTLED = 'tributary.tiktok.VisitsSettled';

/** Event of a request with visits → framed Avro. `schemas/avro/tiktok/visits-attempted.v1.avsc`, `visits-settled.v1.avsc` */
export function encodeVisitDeliveryEvent(book: SchemaBook, event: VisitDeliveryEvent): Buffer {
  if (event.type === 'VisitsAttempted') return book.encode(ATTEMPTED, { ...event, dueAt: event.visits[0]?.dueAt ?? event.occurredAt });
  const { code = null, message = null, requestId = null } = event.answer ?? {};
  return book.encode(SETTLED, { ...event, code, message, requestId });
}

type Common = Omit<VisitDeliveryEvent, 'type' | 'answer' | 'visits'>;
interface Attempted extends Common {
  readonly dueAt: number;
  readonly visits: readonly Omit<VisitOutcome, 'state' | 'reason' | 'attemptedAt' | 'dueAt'>[];
}
interface Settled extends Common {
  readonly code: string | null;
  readonly message: string | null;
  readonly requestId: string | null;
  readonly visits: readonly VisitOutcome[];
}

const answerOf = ({ code, message, requestId }: Settled): VendorAnswer | null =>
  code === null ? null : { code, message: message ?? '', requestId };

/** Framed Avro → event. Throws UnknownSchemaId or MalformedRecord. */
export function decodeVisitDeliveryEvent(book: SchemaBook, framed: Buffer): VisitDeliveryEvent {
  const { record, value } = book.decode(framed);
  if (record === ATTEMPTED) {
    const { dueAt, visits, ...common } = value as Attempted;
    const attempted = { state: 'attempted', reason: null, attemptedAt: common.occurredAt, dueAt } as const;
    return { ...common, type: 'VisitsAttempted', answer: null, visits: visits.map((visit) => ({ ...visit, ...attempted })) };
  }
  if (record !== SETTLED) throw new MalformedRecord(`${record} is not an event of a request with visits`);
  const settled = value as Settled;
  const { eventId, tenantId, connectionId, occurredAt, receivedAt, source, mode, visits } = settled;
  return {
    type: 'VisitsSettled',
    eventId,
    tenantId,
    connectionId,
    occurredAt,
    receivedAt,
    source,
    mode,
    visits,
    answer: answerOf(settled),
  };
}
