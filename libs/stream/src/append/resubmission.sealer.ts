import { encodeRejectedEvent, REJECTED_EVENTS_TOPIC, type PayloadResubmitted, type SchemaBook } from '@tributary/codecs';
import type { SubjectRef } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { KindSealer } from './kind-sealer.js';
import { recordOf, type PartitionCounts } from './topic-records.js';

/** What became of a rejected payload that was read again. */
export interface UnsealedResubmission {
  readonly kind: 'resubmission';
  readonly event: PayloadResubmitted;
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

  recordsOf({ event }: UnsealedResubmission): OutgoingRecord[] {
    return [recordOf(this.partitions, REJECTED_EVENTS_TOPIC, event.key, encodeRejectedEvent(this.book, event))];
  }
}
