import { ASSERTION_EVENTS_TOPIC, encodeAssertionEvent, encodeIdentifierValue, type SchemaBook } from '@tributary/codecs';
import {
  IDENTIFIER_RULES_VERSION,
  type AssertedIdentifier,
  type Envelope,
  type MerchantOwn,
  type OrderBridge,
  type ShownIdentifier,
  type SubjectRef,
} from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { Subject, Vault } from '@tributary/vault';
import type { KindSealer } from './kind-sealer.js';
import { recordOf, type PartitionCounts } from './topic-records.js';

/** Identifiers that were shown together. */
export interface UnsealedAssertion {
  readonly kind: 'assertion';
  readonly envelope: Envelope;
  readonly basis: string;
  readonly basisEventId: string | null;
  readonly order: OrderBridge | null;
  /** Distinct, sorted by kind. */
  readonly identifiers: readonly ShownIdentifier[];
  readonly own: Pick<MerchantOwn, 'subjects'>;
}

/** `identity.assertion-events.v1`: one record; every value sealed under its own subject, so that erasing one erases it. */
export class AssertionSealer implements KindSealer<UnsealedAssertion> {
  constructor(
    private readonly vault: Vault,
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {}

  refsOf({ envelope: { tenantId }, identifiers }: UnsealedAssertion): SubjectRef[] {
    return identifiers.map(({ kind, lookup }) => ({ tenantId, kind, normalised: lookup }));
  }

  recordsOf(fact: UnsealedAssertion, _refs: readonly SubjectRef[], subjects: readonly Subject[]): OutgoingRecord[] {
    return [this.recordUnder(subjects, fact)];
  }

  /** `subjects` in the order of the identifiers: one that is missing is an error, never the next one's. */
  recordUnder(subjects: readonly (Subject | undefined)[], fact: Omit<UnsealedAssertion, 'kind'>): OutgoingRecord {
    const { envelope, basis, basisEventId, order, identifiers, own } = fact;
    const { eventId, tenantId } = envelope;
    const asserted = identifiers.map(({ kind, value, sha256, shopConnectionId, flags }, index): AssertedIdentifier => {
      const subject = subjects[index];
      if (subject === undefined) throw new Error('an asserted identifier without a subject');
      const sealedValue = this.vault.seal(subject, encodeIdentifierValue(this.book, { value, sha256, shopConnectionId }), {
        topic: ASSERTION_EVENTS_TOPIC,
        eventId,
      });
      const { subjectId } = subject;
      return { kind, subjectId, ...flags, isMerchantOwn: flags.isMerchantOwn || own.subjects.includes(subjectId), sealedValue };
    });
    const event = {
      type: 'IdentifiersAsserted' as const,
      ...envelope,
      basis,
      basisEventId,
      ruleVersion: IDENTIFIER_RULES_VERSION,
      order,
      identifiers: asserted,
    };
    return recordOf(this.partitions, ASSERTION_EVENTS_TOPIC, tenantId, encodeAssertionEvent(this.book, event));
  }
}
