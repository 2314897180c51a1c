import { zstdCompressSync } from 'node:zlib';
import {
  encodeOrderBody,
  encodeOrderEvent,
  encodeOrderPersonal,
  encodePayloadRejected,
  ORDER_EVENTS_TOPIC,
  ORDER_RAW_TOPIC,
  REJECTED_EVENTS_TOPIC,
  type SchemaBook,
} from '@tributary/codecs';
import {
  orderKey,
  partitionOf,
  type Envelope,
  type OrderContent,
  type OrderPersonal,
  type SubjectKind,
  type SubjectRef,
} from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { Subject, Vault } from '@tributary/vault';

/** An order as a source read it, before anything is sealed. */
export interface UnsealedOrder {
  readonly kind: 'order';
  readonly envelope: Envelope;
  readonly content: OrderContent;
  readonly personal: OrderPersonal;
  readonly modifiedAt: number;
  readonly asOf: number;
  readonly contentHash: string;
  readonly personalFields: readonly string[];
  /** Normalised as the vault looks them up; null where the order names nobody of that kind. */
  readonly identifiers: Readonly<Record<'email' | 'phone' | 'visitor' | 'customer', string | null>>;
  /** The body as received, and what it said it was; goes to the raw topic. */
  readonly raw: { readonly body: Buffer; readonly topic: string };
}

export interface UnsealedDeletion {
  readonly kind: 'deletion';
  readonly envelope: Envelope;
  readonly orderId: string;
}

export interface UnsealedRejection {
  readonly kind: 'rejection';
  readonly envelope: Envelope;
  readonly reference: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly sizeBytes: number;
}

export type UnsealedFact = UnsealedOrder | UnsealedDeletion | UnsealedRejection;

export interface TopicPartitions {
  readonly orders: number;
  readonly raw: number;
  readonly rejected: number;
}

const KINDS = ['email', 'phone', 'visitor', 'customer'] as const;
/** Whose key seals an order: its mail's, else its phone's, else its visitor's, else its own. */
const SEALING_ORDER: readonly SubjectKind[] = ['email', 'phone', 'visitor', 'order'];
const COMPRESS_FROM_BYTES = 200;
/** Of a rejected payload this much is kept. */
const MAX_REJECTED_BYTES = 1024 * 1024;

const compress = (body: Buffer): { readonly compression: 'zstd' | 'none'; readonly bytes: Buffer } =>
  body.length < COMPRESS_FROM_BYTES ? { compression: 'none', bytes: body } : { compression: 'zstd', bytes: zstdCompressSync(body) };

/** The people an order names, as the vault looks them up; an order that names nobody who can seal it has a subject of its own. */
function refsOf({ envelope, content, identifiers }: UnsealedOrder): SubjectRef[] {
  const { tenantId, connectionId } = envelope;
  const refs = KINDS.flatMap((kind): SubjectRef[] => {
    const value = identifiers[kind];
    if (value === null) return [];
    return [{ tenantId, kind, normalised: kind === 'customer' ? `${connectionId}:${value}` : value }];
  });
  const canSeal = refs.some(({ kind }) => SEALING_ORDER.includes(kind));
  return canSeal ? refs : [...refs, { tenantId, kind: 'order', normalised: `${connectionId}:${content.orderId}` }];
}

/** Turns facts into records: people become subject ids, personal parts are sealed, everything is framed Avro. */
export class FactSealer {
  constructor(
    private readonly vault: Vault,
    private readonly book: SchemaBook,
    private readonly partitions: TopicPartitions,
  ) {}

  /** Records of each fact, in the facts' order; one look-up in the vault for all of them. */
  async seal(facts: readonly UnsealedFact[]): Promise<OutgoingRecord[][]> {
    const refs = facts.map((fact) => (fact.kind === 'order' ? refsOf(fact) : []));
    const subjects = await this.vault.subjectsFor(refs.flat());
    const sealed: OutgoingRecord[][] = [];
    let next = 0;
    for (const [index, fact] of facts.entries()) {
      const own = refs[index] ?? [];
      sealed.push(await this.records(fact, own, subjects.slice(next, next + own.length)));
      next += own.length;
    }
    return sealed;
  }

  private async records(fact: UnsealedFact, refs: readonly SubjectRef[], subjects: readonly Subject[]): Promise<OutgoingRecord[]> {
    switch (fact.kind) {
      case 'order':
        return this.order(fact, refs, subjects);
      case 'deletion': {
        const event = { type: 'OrderDeletionReported' as const, ...fact.envelope, orderId: fact.orderId };
        return [this.record(ORDER_EVENTS_TOPIC, this.partitions.orders, orderKey(event), encodeOrderEvent(this.book, event))];
      }
      case 'rejection':
        return [await this.rejection(fact)];
    }
  }

  private order(fact: UnsealedOrder, refs: readonly SubjectRef[], subjects: readonly Subject[]): OutgoingRecord[] {
    const { envelope, content, modifiedAt, asOf, contentHash, personalFields } = fact;
    const byKind = new Map(refs.map(({ kind }, index) => [kind, subjects[index]]));
    const sealer = SEALING_ORDER.map((kind) => byKind.get(kind)).find((subject) => subject !== undefined);
    if (sealer === undefined) throw new Error('an order without a subject to seal it');
    const idOf = (kind: SubjectKind): Subject['subjectId'] | null => byKind.get(kind)?.subjectId ?? null;
    const { eventId } = envelope;
    const event = {
      type: 'OrderObserved' as const,
      ...envelope,
      ...content,
      asOf,
      modifiedAt,
      contentHash,
      personalFields,
      subjects: { email: idOf('email'), phone: idOf('phone'), visitor: idOf('visitor'), customer: idOf('customer') },
      sealedUnder: sealer.subjectId,
      sealedPersonal: this.vault.seal(sealer, encodeOrderPersonal(this.book, fact.personal), { topic: ORDER_EVENTS_TOPIC, eventId }),
    };
    const { compression, bytes } = compress(fact.raw.body);
    const raw = {
      ...envelope,
      orderId: content.orderId,
      topic: fact.raw.topic,
      compression,
      sealedUnder: sealer.subjectId,
      sealedBody: this.vault.seal(sealer, bytes, { topic: ORDER_RAW_TOPIC, eventId }),
    };
    const key = orderKey({ ...envelope, orderId: content.orderId });
    return [
      this.record(ORDER_EVENTS_TOPIC, this.partitions.orders, key, encodeOrderEvent(this.book, event)),
      this.record(ORDER_RAW_TOPIC, this.partitions.raw, key, encodeOrderBody(this.book, raw)),
    ];
  }

  private async rejection(fact: UnsealedRejection): Promise<OutgoingRecord> {
    const { envelope, reference, reason, detail, topic, sizeBytes } = fact;
    const { compression, bytes } = compress(fact.payload.subarray(0, MAX_REJECTED_BYTES));
    const sealedPayload = await this.vault.sealForTenant(envelope.tenantId, bytes, {
      topic: REJECTED_EVENTS_TOPIC,
      eventId: envelope.eventId,
    });
    const value = encodePayloadRejected(this.book, {
      ...envelope,
      reference,
      reason,
      detail,
      topic,
      sizeBytes,
      compression,
      sealedPayload,
    });
    return this.record(
      REJECTED_EVENTS_TOPIC,
      this.partitions.rejected,
      `${envelope.tenantId}:${envelope.connectionId}:${reference ?? ''}`,
      value,
    );
  }

  private record(topic: string, partitionCount: number, key: string, value: Buffer): OutgoingRecord {
    return { topic, partition: partitionOf(key, partitionCount), key, value, headers: {} };
  }
}
