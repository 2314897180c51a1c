import {
  asConnectionId,
  type ConnectionId,
  type DeliveryEvent,
  type DeliveryEventBase,
  type DeliveryMode,
  type DeliveryPlan,
  type IdentityUsed,
  type StatusNames,
  type TenantId,
  type VendorAnswer,
} from '@tributary/domain';
import { MalformedRecord, type RecordName, type SchemaBook } from './schema-book.js';

type EventType = DeliveryEvent['type'];

/** What not every destination's effects come to. */
type RareEventType = 'Withdrawn' | 'StatusObserved';

/** Which record carries which event on one destination's delivery topic. */
export type DeliveryRecords = Readonly<Record<Exclude<EventType, RareEventType>, RecordName> & Partial<Record<RareEventType, RecordName>>>;

export const TIKTOK_DELIVERY_RECORDS: DeliveryRecords = {
  Planned: 'tributary.tiktok.ConversionPlanned',
  Suppressed: 'tributary.tiktok.ConversionSuppressed',
  Attempted: 'tributary.tiktok.ConversionAttempted',
  Delivered: 'tributary.tiktok.ConversionDelivered',
  Rejected: 'tributary.tiktok.ConversionRejected',
  Parked: 'tributary.tiktok.ConversionParked',
  Requeued: 'tributary.tiktok.ConversionRequeued',
  Unconfirmed: 'tributary.tiktok.ConversionUnconfirmed',
  Expired: 'tributary.tiktok.ConversionExpired',
  ResolvedByOperator: 'tributary.tiktok.ResolvedByOperator',
};

export const FULFILLMENT_DELIVERY_RECORDS: DeliveryRecords = {
  Planned: 'tributary.fulfillment.CourierOrderPlanned',
  Suppressed: 'tributary.fulfillment.CourierOrderSuppressed',
  Attempted: 'tributary.fulfillment.CourierOrderAttempted',
  Delivered: 'tributary.fulfillment.CourierOrderDelivered',
  Rejected: 'tributary.fulfillment.CourierOrderRejected',
  Parked: 'tributary.fulfillment.CourierOrderParked',
  Requeued: 'tributary.fulfillment.CourierOrderRequeued',
  Unconfirmed: 'tributary.fulfillment.CourierOrderUnconfirmed',
  Expired: 'tributary.fulfillment.CourierOrderExpired',
  Withdrawn: 'tributary.fulfillment.CourierOrderWithdrawn',
  StatusObserved: 'tributary.fulfillment.StatusObserved',
  ResolvedByOperator: 'tributary.fulfillment.ResolvedByOperator',
};

const flattenKey = (event: DeliveryEventBase): object => ({
  eventId: event.eventId,
  tenantId: event.tenantId,
  connectionId: event.connectionId,
  occurredAt: event.occurredAt,
  receivedAt: event.receivedAt,
  source: event.source,
  sourceConnectionId: event.key.sourceConnectionId,
  reference: event.key.reference,
  eventName: event.key.eventName,
  revision: event.key.revision,
  mode: event.key.mode,
  version: event.version,
});

const flattenAnswer = (answer: VendorAnswer | null): object => ({
  code: answer?.code ?? null,
  message: answer?.message ?? null,
  requestId: answer?.requestId ?? null,
});

const NO_IDENTITY: Readonly<Record<keyof IdentityUsed, null>> = {
  consent: null,
  consentFrom: null,
  visitorVersion: null,
  profileId: null,
  profileVersion: null,
  clickFrom: null,
};

/** What an event says beyond its key, as the record's own fields. */
function ownFields(event: DeliveryEvent): object {
  switch (event.type) {
    case 'Planned':
      return event.plan;
    case 'Delivered':
    case 'Rejected':
    case 'Parked':
    case 'Requeued':
      return { ...event, ...flattenAnswer(event.answer) };
    case 'Attempted':
      return { ...event, ...(event.identity ?? NO_IDENTITY) };
    case 'StatusObserved':
      return { ...event, sealedUnder: event.names?.sealedUnder ?? null, sealedPersonal: event.names?.sealed ?? null };
    case 'Suppressed':
    case 'Unconfirmed':
    case 'Expired':
    case 'Withdrawn':
    case 'ResolvedByOperator':
      return event;
  }
}

/** Delivery event → framed Avro. `schemas/avro/<destination>` */
export function encodeDeliveryEvent(book: SchemaBook, records: DeliveryRecords, event: DeliveryEvent): Buffer {
  const record = records[event.type];
  if (record === undefined) throw new TypeError(`${event.type} is no event of this destination`);
  return book.encode(record, { ...ownFields(event), ...flattenKey(event) });
}

interface FlatKey {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly sourceConnectionId: string;
  readonly reference: string;
  readonly eventName: string;
  readonly revision: string;
  readonly mode: DeliveryMode;
}
interface FlatAnswer {
  readonly code: string | null;
  readonly message: string | null;
  readonly requestId: string | null;
}

const unflattenAnswer = (fields: FlatAnswer): VendorAnswer | null =>
  fields.code === null ? null : { code: fields.code, message: fields.message ?? '', requestId: fields.requestId };

/** Framed Avro → delivery event. Throws UnknownSchemaId or MalformedRecord. */
export function decodeDeliveryEvent(book: SchemaBook, records: DeliveryRecords, framed: Buffer): DeliveryEvent {
  const { record, value } = book.decode(framed);
  const type = (Object.keys(records) as EventType[]).find((candidate) => records[candidate] === record);
  if (type === undefined) throw new MalformedRecord(`${record} is not a delivery event of this destination`);
  const { tenantId, connectionId, sourceConnectionId, reference, eventName, revision, mode, ...rest } = value as FlatKey &
    Record<string, unknown>;
  const key = {
    tenantId,
    destinationConnectionId: connectionId,
    sourceConnectionId: asConnectionId(sourceConnectionId),
    reference,
    eventName,
    revision,
    mode,
  };
  const event = { type, tenantId, connectionId, key, ...rest };
  if (type === 'Planned') return planned(event);
  if (type === 'Attempted') return attempted(event);
  if (type === 'StatusObserved') return statusObserved(event);
  if ('code' in rest) {
    const { code, message, requestId, ...others } = event as unknown as FlatAnswer & object;
    return { ...others, answer: unflattenAnswer({ code, message, requestId }) } as DeliveryEvent;
  }
  return event as unknown as DeliveryEvent;
}

function attempted(event: Record<string, unknown>): DeliveryEvent {
  const { consent, consentFrom, visitorVersion, profileId, profileVersion, clickFrom, ...rest } = event;
  const used = { consent, consentFrom, visitorVersion, profileId, profileVersion, clickFrom };
  // Other destinations' records have none of these fields.
  const identity = typeof consent === 'string' ? used : null;
  return { ...rest, identity } as unknown as DeliveryEvent;
}

function statusObserved(event: Record<string, unknown>): DeliveryEvent {
  const { sealedUnder, sealedPersonal, ...rest } = event;
  const names = sealedUnder === null ? null : { sealedUnder, sealed: sealedPersonal };
  return { ...rest, names } as unknown as DeliveryEvent;
}

const STATUS_NAMES = 'tributary.fulfillment.StatusObserved.Personal';

/** The sealed part of a status, framed. */
export const encodeStatusNames = (book: SchemaBook, names: StatusNames): Buffer => book.encode(STATUS_NAMES, names);

/** Throws UnknownSchemaId or MalformedRecord. */
export function decodeStatusNames(book: SchemaBook, framed: Buffer): StatusNames {
  const { record, value } = book.decode(framed);
  if (record !== STATUS_NAMES) throw new MalformedRecord(`${record} is not who brings a delivery`);
  return value as StatusNames;
}

const PLAN_FIELDS = [
  'vendorEventId',
  'eventTime',
  'observationId',
  'settingsVersion',
  'value',
  'currency',
  'rate',
  'rateDate',
  'contentType',
  'lines',
  'matchKeys',
] as const satisfies readonly (keyof DeliveryPlan)[];

/** Other destinations' plans do without. */
const ABSENT: Partial<Record<keyof DeliveryPlan, string>> = { contentType: 'product' };

function planned(event: Record<string, unknown>): DeliveryEvent {
  const envelope = { ...event };
  const plan: Record<string, unknown> = {};
  for (const field of PLAN_FIELDS) {
    plan[field] =
      field === 'lines' ? (event[field] as object[]).map((line) => ({ lineId: '', ...line })) : (event[field] ?? ABSENT[field] ?? null);
    delete envelope[field];
  }
  return { ...envelope, plan } as unknown as DeliveryEvent;
}
