import { ASSERTION_EVENTS_TOPIC, encodeAssertionEvent, type SchemaBook } from '@tributary/codecs';
import type { EdgeCut, IdentifierBlocked, SubjectRef } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { KindSealer } from './kind-sealer.js';
import { recordOf, type PartitionCounts } from './topic-records.js';

/** What an operator decided of the identity graph. */
export interface UnsealedDecision {
  readonly kind: 'decision';
  readonly event: IdentifierBlocked | EdgeCut;
}

/** `identity.assertion-events.v1`: names subjects only, so nothing is sealed. */
export class DecisionSealer implements KindSealer<UnsealedDecision> {
  constructor(
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {}

  refsOf(): SubjectRef[] {
    return [];
  }

  recordsOf({ event }: UnsealedDecision): OutgoingRecord[] {
    return [recordOf(this.partitions, ASSERTION_EVENTS_TOPIC, event.tenantId, encodeAssertionEvent(this.book, event))];
  }
}
