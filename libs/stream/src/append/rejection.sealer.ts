import { encodeRejectedEvent, REJECTED_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import type { Envelope, SubjectRef } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { Vault } from '@tributary/vault';
import type { KindSealer } from './kind-sealer.js';
import { compress, recordOf, type PartitionCounts } from './topic-records.js';

/** What could not be used, with the reason. */
export interface UnsealedRejection {
  readonly kind: 'rejection';
  readonly envelope: Envelope;
  readonly reference: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly sizeBytes: number;
  /** As received, where it did not match. */
  readonly signature?: string | null;
}

/** Record key of a rejected payload. */
export const rejectionKey = ({
  tenantId,
  connectionId,
  reference,
}: {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly reference: string | null;
}): string => `${tenantId}:${connectionId}:${reference ?? ''}`;

/** Of a rejected payload this much is kept. */
export const MAX_REJECTED_BYTES = 1024 * 1024;

/** `ingest.rejected-events.v1`: sealed under the tenant's key, because nobody knows whom the payload names. */
export class RejectionSealer implements KindSealer<UnsealedRejection> {
  constructor(
    private readonly vault: Vault,
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {}

  refsOf(): SubjectRef[] {
    return [];
  }

  async recordsOf(fact: UnsealedRejection): Promise<OutgoingRecord[]> {
    const { envelope, reference, reason, detail, topic, sizeBytes } = fact;
    const { compression, bytes } = compress(fact.payload.subarray(0, MAX_REJECTED_BYTES));
    const sealedPayload = await this.vault.sealForTenant(envelope.tenantId, bytes, {
      topic: REJECTED_EVENTS_TOPIC,
      eventId: envelope.eventId,
    });
    const value = encodeRejectedEvent(this.book, {
      type: 'PayloadRejected',
      ...envelope,
      reference,
      reason,
      detail,
      topic,
      sizeBytes,
      compression,
      sealedPayload,
      signature: fact.signature ?? null,
    });
    const { tenantId, connectionId } = envelope;
    return [recordOf(this.partitions, REJECTED_EVENTS_TOPIC, rejectionKey({ tenantId, connectionId, reference }), value)];
  }
}
