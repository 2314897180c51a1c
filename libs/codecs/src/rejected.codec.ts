import type { Envelope } from '@tributary/domain';
import { MalformedRecord, type SchemaBook } from './schema-book.js';

const REJECTED = 'tributary.ingest.PayloadRejected';

/** A payload that could not be used. `schemas/avro/ingest/payload-rejected.v1.avsc` */
export interface PayloadRejected extends Envelope {
  readonly reference: string | null;
  /** One of the closed list of reasons. */
  readonly reason: string;
  /** Names the field at fault, never its value. */
  readonly detail: string;
  readonly topic: string;
  readonly sizeBytes: number;
  readonly compression: 'zstd' | 'none';
  readonly sealedPayload: Buffer;
}

export const encodePayloadRejected = (book: SchemaBook, event: PayloadRejected): Buffer => book.encode(REJECTED, event);

/** Throws UnknownSchemaId or MalformedRecord. */
export function decodePayloadRejected(book: SchemaBook, framed: Buffer): PayloadRejected {
  const { record, value } = book.decode(framed);
  if (record !== REJECTED) throw new MalformedRecord(`${record} is not a rejected payload`);
  return value as PayloadRejected;
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

export const encodeRecordDeadLettered = (book: SchemaBook, event: RecordDeadLettered): Buffer =>
  book.encode('tributary.tiktok.RecordDeadLettered', event);
