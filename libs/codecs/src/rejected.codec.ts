import type { Envelope } from '@tributary/domain';
import { MalformedRecord, type SchemaBook } from './schema-book.js';

const REJECTED = 'tributary.ingest.PayloadRejected';
const RESUBMITTED = 'tributary.ingest.PayloadResubmitted';

/** A payload that could not be used. `schemas/avro/ingest/payload-rejected.v1.avsc` */
export interface PayloadRejected extends Envelope {
  readonly type: 'PayloadRejected';
  readonly reference: string | null;
  /** One of the closed list of reasons. */
  readonly reason: string;
  /** Names the field at fault, never its value. */
  readonly detail: string;
  readonly topic: string;
  readonly sizeBytes: number;
  readonly compression: 'zstd' | 'none';
  readonly sealedPayload: Buffer;
  /** As received, where it did not match. */
  readonly signature: string | null;
}

/** A rejected payload was read again. `schemas/avro/ingest/payload-resubmitted.v1.avsc` */
export interface PayloadResubmitted extends Envelope {
  readonly type: 'PayloadResubmitted';
  readonly rejectedEventId: string;
  /** Record key of the rejected payload: both stand in one partition. */
  readonly key: string;
  readonly outcome: 'taken' | 'nothing-to-take' | 'refused';
  readonly reference: string | null;
  /** Why it is still refused; else null. */
  readonly reason: string | null;
  readonly detail: string;
}

export type RejectedEvent = PayloadRejected | PayloadResubmitted;

export const encodeRejectedEvent = (book: SchemaBook, event: RejectedEvent): Buffer =>
  book.encode(event.type === 'PayloadRejected' ? REJECTED : RESUBMITTED, event);

/** Throws UnknownSchemaId or MalformedRecord. */
export function decodeRejectedEvent(book: SchemaBook, framed: Buffer): RejectedEvent {
  const { record, value } = book.decode(framed);
  const fields = value as object;
  if (record === REJECTED) return { type: 'PayloadRejected', ...fields } as PayloadRejected;
  if (record === RESUBMITTED) return { type: 'PayloadResubmitted', ...fields } as PayloadResubmitted;
  throw new MalformedRecord(`${record} is not a rejected payload`);
}

/** A record of a topic that could not be folded, kept with its cause. `schemas/avro/tiktok/record-dead-lettered.v1.avsc` */
export interface RecordDeadLettered extends Envelope {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly schemaId: number | null;
  readonly reason: string;
  readonly cause: string;
  readonly payload: Buffer;
}

/** Of which app the dead letter is. */
export type DeadLetterRecord = 'tributary.tiktok.RecordDeadLettered' | 'tributary.fulfillment.RecordDeadLettered';

export const encodeRecordDeadLettered = (book: SchemaBook, record: DeadLetterRecord, event: RecordDeadLettered): Buffer =>
  book.encode(record, event);
