import { encodeRejectedEvent, REJECTED_EVENTS_TOPIC, type PayloadResubmitted, type SchemaBook } from '@tributary/codecs';
import type { Envelope, SubjectRef } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { KindSealer } from './kind-sealer.js';
import { recordOf, type PartitionCounts } from './topic-records.js';

/** What became of a rejected payload that was read again. */
export interface UnsealedResubmission {
  readonly kind: 'resubmission';
  readonly envelope: Envelope;
  readonly result: Omit<PayloadResubmitted, keyof Envelope | 'type'>;
}

/** `ingest.rejected-events.v1`: behind the payload itself, in its partition; names nobody. */
export class ResubmissionSealer implements KindSealer<UnsealedResubmission> {
  constructor(
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {}

  refsOf(): SubjectRef[] {
    return [];
  }

  recordsOf({ envelope, result }: UnsealedResubmission): OutgoingRecord[] {
    const value = encodeRejectedEvent(this.book, { type: 'PayloadResubmitted', ...envelope, ...result });
    return [recordOf(this.partitions, REJECTED_EVENTS_TOPIC, result.key, value)];
  }
}
