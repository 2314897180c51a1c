import type { IdentityUsed, VendorAnswer, VisitDeliveryEvent, VisitOutcome } from '@tributary/domain';
import { MalformedRecord, type SchemaBook } from './schema-book.js';

const ATTEMPTED = 'tributary.tiktok.VisitsAttempted';
const SETTLED = 'tributary.tiktok.VisitsSettled';

/** Event of a request with visits → framed Avro. `schemas/avro/tiktok/visits-attempted.v1.avsc`, `visits-settled.v1.avsc` */
export function encodeVisitDeliveryEvent(book: SchemaBook, event: VisitDeliveryEvent): Buffer {
  const visits = event.visits.map(({ identity, ...visit }) => ({ ...visit, ...(identity ?? NO_IDENTITY) }));
  if (event.type === 'VisitsAttempted')
    return book.encode(ATTEMPTED, { ...event, visits, dueAt: event.visits[0]?.dueAt ?? event.occurredAt });
  const { code = null, message = null, requestId = null } = event.answer ?? {};
  return book.encode(SETTLED, { ...event, visits, code, message, requestId });
}

const NO_IDENTITY = { consent: null, consentFrom: null, visitorVersion: null, profileId: null, profileVersion: null };

/** As a record has it: of a visit that was part of a request the consent is always said. */
type Written<Visit> = Omit<Visit, 'identity'> & {
  readonly consent: string | null;
  readonly consentFrom: string | null;
  readonly visitorVersion: number | null;
  readonly profileId: string | null;
  readonly profileVersion: number | null;
};
type Common = Omit<VisitDeliveryEvent, 'type' | 'answer' | 'visits'>;
interface Attempted extends Common {
  readonly dueAt: number;
  readonly visits: readonly Written<Omit<VisitOutcome, 'state' | 'reason' | 'attemptedAt' | 'dueAt'>>[];
}
interface Settled extends Common {
  readonly code: string | null;
  readonly message: string | null;
  readonly requestId: string | null;
  readonly visits: readonly Written<VisitOutcome>[];
}

const answerOf = ({ code, message, requestId }: Settled): VendorAnswer | null =>
  code === null ? null : { code, message: message ?? '', requestId };

function withIdentity<Visit extends object>(
  written: Written<Visit>,
): Omit<Written<Visit>, keyof typeof NO_IDENTITY> & { readonly identity: IdentityUsed | null } {
  const { consent, consentFrom, visitorVersion, profileId, profileVersion, ...visit } = written;
  const identity =
    consent === null ? null : { consent, consentFrom: consentFrom ?? '', visitorVersion, profileId, profileVersion, clickFrom: null };
  return { ...visit, identity };
}

/** Framed Avro → event. Throws UnknownSchemaId or MalformedRecord. */
export function decodeVisitDeliveryEvent(book: SchemaBook, framed: Buffer): VisitDeliveryEvent {
  const { record, value } = book.decode(framed);
  if (record === ATTEMPTED) {
    const { dueAt, visits, ...common } = value as Attempted;
    const attempted = { state: 'attempted', reason: null, attemptedAt: common.occurredAt, dueAt } as const;
    return { ...common, type: 'VisitsAttempted', answer: null, visits: visits.map((visit) => ({ ...withIdentity(visit), ...attempted })) };
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
    visits: visits.map(withIdentity),
    answer: answerOf(settled),
  };
}
