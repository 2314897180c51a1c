import type { Envelope } from './envelope.js';
import type { ConnectionId, SubjectId } from './ids.js';
import type { SubjectKind } from './vault.port.js';

/** What only ingest can judge, in clear, of a value that may join people; under {@link IdentifiersAsserted.ruleVersion}. */
export interface IdentifierFlags {
  /** Why this value must never join anybody (`placeholder`, `test-address`, …; an open list), else null. */
  readonly blocked: string | null;
  /** A mail address at one of the merchant's own domains, or the mail or phone of somebody who runs the shop: staff ordering by phone. */
  readonly isMerchantOwn: boolean;
  /** A mail address that a function has, not a person (`info@`, `sales@`). */
  readonly isRoleAddress: boolean;
  /** It came hashed, so little of the above could be judged: it never merges two profiles until it was seen in clear. */
  readonly isHashOnly: boolean;
}

/** One of the subjects that were seen together. */
export interface AssertedIdentifier extends IdentifierFlags {
  readonly kind: SubjectKind;
  readonly subjectId: SubjectId;
  /** Sealed under this very subject, framed {@link IdentifierValue}: what a delivery needs of it. */
  readonly sealedValue: Buffer;
}

/** `shape: schemas/avro/identity/identifiers-asserted-personal.v2.avsc` */
export interface IdentifierValue {
  /** Normalised; empty when it came hashed. */
  readonly value: string;
  /** SHA-256 hex of the normalised value; of a visitor or customer id its plain text’s. */
  readonly sha256: string;
  /** Of a customer id: the shop that gave it; empty for all others, and in values from before it was kept. */
  readonly shopConnectionId: string;
}

/** The order on which they were seen: ties the visitor of the checkout to the billing ids of the same order, and nothing else. */
export interface OrderBridge {
  readonly connectionId: ConnectionId;
  readonly orderId: string;
}

/**
 * Two or more subjects were seen together, or one on an order. Nothing else makes an edge of the identity graph. The same
 * observation may be asserted again (every change of an order does): the fold over assertions is idempotent.
 */
export interface IdentifiersAsserted extends Envelope {
  readonly type: 'IdentifiersAsserted';
  /** `identify`, `order`, `registration`, `purchase-shown`; an open list. */
  readonly basis: string;
  /** Event id of the observation that showed them; null for an identify call. */
  readonly basisEventId: string | null;
  /** Version of the rules that made the flags. */
  readonly ruleVersion: number;
  readonly order: OrderBridge | null;
  /** Distinct; sorted by kind. */
  readonly identifiers: readonly AssertedIdentifier[];
}

interface NamedSubject {
  readonly kind: SubjectKind;
  readonly subjectId: SubjectId;
}

/** An operator's decision: this subject joins nobody (`isBlocked`), or may again. */
export interface IdentifierBlocked extends Envelope, NamedSubject {
  readonly type: 'IdentifierBlocked';
  readonly isBlocked: boolean;
  /** A code, never free text. */
  readonly reason: string;
}

/** An operator's decision: these two are not the same person's whatever was seen (`isCut`), or may be again. */
export interface EdgeCut extends Envelope {
  readonly type: 'EdgeCut';
  readonly isCut: boolean;
  readonly one: NamedSubject;
  readonly other: NamedSubject;
  /** A code, never free text. */
  readonly reason: string;
}

export type AssertionEvent = IdentifiersAsserted | IdentifierBlocked | EdgeCut;
