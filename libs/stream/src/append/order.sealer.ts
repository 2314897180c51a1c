import {
  encodeOrderBody,
  encodeOrderEvent,
  encodeOrderPersonal,
  ORDER_EVENTS_TOPIC,
  ORDER_RAW_TOPIC,
  type SchemaBook,
} from '@tributary/codecs';
import {
  orderKey,
  shownByOrder,
  type Envelope,
  type MerchantOwn,
  type OrderContent,
  type OrderNames,
  type OrderPersonal,
  type SubjectKind,
  type SubjectRef,
} from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { Subject, Vault } from '@tributary/vault';
import { AssertionSealer } from './assertion.sealer.js';
import type { KindSealer } from './kind-sealer.js';
import { compress, recordOf, type PartitionCounts } from './topic-records.js';

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
  /** The billing mail and phone, normalised. */
  readonly contacts: OrderNames['contacts'];
  readonly own: MerchantOwn;
  /** The body as received, and what it said it was; goes to the raw topic. */
  readonly raw: { readonly body: Buffer; readonly topic: string };
}

export interface UnsealedDeletion {
  readonly kind: 'deletion';
  readonly envelope: Envelope;
  readonly orderId: string;
}

/** A read answered 404. */
export interface UnsealedVanishing {
  readonly kind: 'vanished';
  readonly envelope: Envelope;
  readonly orderId: string;
  /** Epoch ms, the shop's clock. */
  readonly asOf: number;
}

const KINDS = ['email', 'phone', 'visitor', 'customer'] as const;
/** Whose key seals an order: its mail's, else its phone's, else its visitor's, else its own. */
const SEALING_ORDER: readonly SubjectKind[] = ['email', 'phone', 'visitor', 'order'];

/** `commerce.order-events.v1` and `commerce.order-raw.v1`: one record each; and what the order asserts about who bought it. */
export class OrderSealer implements KindSealer<UnsealedOrder> {
  private readonly assertions: AssertionSealer;

  constructor(
    private readonly vault: Vault,
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {
    this.assertions = new AssertionSealer(vault, book, partitions);
  }

  /** The people an order names, as the vault looks them up; an order that names nobody who can seal it has a subject of its own. */
  refsOf({ envelope, content, identifiers }: UnsealedOrder): SubjectRef[] {
    const { tenantId, connectionId } = envelope;
    const refs = KINDS.flatMap((kind): SubjectRef[] => {
      const value = identifiers[kind];
      if (value === null) return [];
      return [{ tenantId, kind, normalised: kind === 'customer' ? `${connectionId}:${value}` : value }];
    });
    const canSeal = refs.some(({ kind }) => SEALING_ORDER.includes(kind));
    return canSeal ? refs : [...refs, { tenantId, kind: 'order', normalised: `${connectionId}:${content.orderId}` }];
  }

  recordsOf(fact: UnsealedOrder, refs: readonly SubjectRef[], subjects: readonly Subject[]): OutgoingRecord[] {
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
      recordOf(this.partitions, ORDER_EVENTS_TOPIC, key, encodeOrderEvent(this.book, event)),
      recordOf(this.partitions, ORDER_RAW_TOPIC, key, encodeOrderBody(this.book, raw)),
      ...this.assertion(fact, byKind),
    ];
  }

  private assertion(
    { envelope, content, contacts, identifiers, own }: UnsealedOrder,
    byKind: ReadonlyMap<SubjectKind, Subject | undefined>,
  ): OutgoingRecord[] {
    const { connectionId, eventId } = envelope;
    const { customer: customerId, visitor: visitorId } = identifiers;
    const shown = shownByOrder({ connectionId, contacts, customerId, visitorId, consent: content.consent }, own.domains);
    if (shown.length === 0) return [];
    const order = { connectionId, orderId: content.orderId };
    const subjects = shown.map(({ kind }) => byKind.get(kind));
    return [this.assertions.recordUnder(subjects, { envelope, basis: 'order', basisEventId: eventId, order, identifiers: shown, own })];
  }
}

/** `commerce.order-events.v1`: what the shop says of an order that it no longer shows; names nobody. */
export class DeletionSealer implements KindSealer<UnsealedDeletion> {
  constructor(
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {}

  refsOf(): SubjectRef[] {
    return [];
  }

  recordsOf({ envelope, orderId }: UnsealedDeletion): OutgoingRecord[] {
    const event = { type: 'OrderDeletionReported' as const, ...envelope, orderId };
    return [recordOf(this.partitions, ORDER_EVENTS_TOPIC, orderKey(event), encodeOrderEvent(this.book, event))];
  }
}

/** `commerce.order-events.v1`: the order is gone from the shop; names nobody. */
export class VanishingSealer implements KindSealer<UnsealedVanishing> {
  constructor(
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {}

  refsOf(): SubjectRef[] {
    return [];
  }

  recordsOf({ envelope, orderId, asOf }: UnsealedVanishing): OutgoingRecord[] {
    const event = { type: 'OrderVanished' as const, ...envelope, orderId, asOf };
    return [recordOf(this.partitions, ORDER_EVENTS_TOPIC, orderKey(event), encodeOrderEvent(this.book, event))];
  }
}
