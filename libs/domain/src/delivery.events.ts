import type { Envelope } from './envelope.js';
import type { ConnectionId, SubjectId, TenantId } from './ids.js';

export type DeliveryMode = 'live' | 'test';

/** What one effect is known by, for ever (see ledger-key.ts for its written form). */
export interface LedgerKeyParts {
  readonly tenantId: TenantId;
  readonly destinationConnectionId: ConnectionId;
  readonly sourceConnectionId: ConnectionId;
  /** Order id or visit event id. */
  readonly reference: string;
  readonly eventName: string;
  /** `0`, or `bump:<line item id>`. */
  readonly revision: string;
  readonly mode: DeliveryMode;
}

export type DeliveryState =
  | 'planned'
  | 'suppressed'
  | 'attempted'
  | 'transient'
  | 'unknown'
  | 'delivered'
  | 'rejected'
  | 'parked'
  | 'unconfirmed'
  | 'expired'
  | 'withdrawn';

/** Base of every delivery event; `connectionId` of the envelope is the destination connection. */
export interface DeliveryEventBase extends Envelope {
  readonly key: LedgerKeyParts;
  /** 1 for the first event of a key, then each one more: lets every fold ignore what it has already. */
  readonly version: number;
}

export interface PlannedLine {
  /** Id of the order's line item; empty for what is none, and in plans from before it was kept. */
  readonly lineId: string;
  readonly contentId: string;
  readonly name: string;
  /** Per unit, decimal text, in the plan's currency. */
  readonly unitPrice: string;
  /** Whole pieces, ≥ 1. */
  readonly quantity: number;
  /** Where the destination needs more of the product than the order says (its weight): the shop's ids, `"0"` for none. */
  readonly productId?: string;
  readonly variationId?: string;
}

/** What a plan freezes: it is never computed again. Holds nothing personal. */
export interface DeliveryPlan {
  /** Id under which the vendor deduplicates. */
  readonly vendorEventId: string;
  /** Epoch milliseconds; age is counted from here. */
  readonly eventTime: number;
  /** Event id of the observation that this was decided on. */
  readonly observationId: string;
  readonly settingsVersion: number;
  /** Decimal text; null when the vendor cannot take the currency. */
  readonly value: string | null;
  readonly currency: string | null;
  /** What one unit of the order's currency was worth in `currency`, decimal text; null when nothing was converted. */
  readonly rate: string | null;
  /** The day that the settings give for `rate`, `YYYY-MM-DD`. */
  readonly rateDate: string | null;
  /** What the lines' content ids name: `product` or `product_group`. */
  readonly contentType: string;
  readonly lines: readonly PlannedLine[];
  /** Which match keys the order alone gives the request, sorted (`email`, `phone`, `ttclid`, …). */
  readonly matchKeys: readonly string[];
}

export interface DeliveryPlanned extends DeliveryEventBase {
  readonly type: 'Planned';
  readonly plan: DeliveryPlan;
}

export interface DeliverySuppressed extends DeliveryEventBase {
  readonly type: 'Suppressed';
  /** One of the closed list in reasons.ts. */
  readonly reason: string;
  readonly observationId: string;
  readonly settingsVersion: number;
  readonly eventTime: number;
}

/** Which identity, consent and click a request used: frozen with the attempt. Names nobody. */
export interface IdentityUsed {
  /** `granted`, `denied`, `none`; an open list. */
  readonly consent: string;
  /** Whose word that is: `order`, `visit`, `shop`. */
  readonly consentFrom: string;
  /** Version of the visitor; null when none was known. */
  readonly visitorVersion: number | null;
  readonly profileId: string | null;
  readonly profileVersion: number | null;
  /** `order`, `visitor`, `profile`, `session-entry`; null without a click id, and for visits, which show their own. */
  readonly clickFrom: string | null;
}

/** The intent, durable before the request leaves. */
export interface DeliveryAttempted extends DeliveryEventBase {
  readonly type: 'Attempted';
  /** 1-based. */
  readonly attempt: number;
  /** When, with no outcome recorded by then, the outcome counts as unknown. */
  readonly dueAt: number;
  readonly settingsVersion: number;
  /** What this request says of the person, identity's part among it; sorted. */
  readonly matchKeys: readonly string[];
  readonly sealedUnder: SubjectId | null;
  /** This event's part of the request as sent, sealed; null when there was no key to seal it with. */
  readonly sealedRequest: Buffer | null;
  /** Null where the destination uses none, and in attempts from before it was kept. */
  readonly identity: IdentityUsed | null;
}

/** What the vendor answered, without anything personal. */
export interface VendorAnswer {
  /** The vendor's code, `http-<status>`, or ours (`timeout`, `connection-lost`, `not-json`). */
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
}

export interface DeliveryDelivered extends DeliveryEventBase {
  readonly type: 'Delivered';
  readonly answer: VendorAnswer;
}

export interface DeliveryRejected extends DeliveryEventBase {
  readonly type: 'Rejected';
  readonly reason: string;
  readonly answer: VendorAnswer;
}

export interface DeliveryParked extends DeliveryEventBase {
  readonly type: 'Parked';
  readonly reason: string;
  readonly answer: VendorAnswer;
}

/** Waits for another attempt: `transient` (the vendor said later), `unknown` (nobody knows), or `planned` (resumed). */
export interface DeliveryRequeued extends DeliveryEventBase {
  readonly type: 'Requeued';
  readonly to: 'transient' | 'unknown' | 'planned';
  readonly reason: string;
  readonly dueAt: number;
  /** Null when a person or new settings caused it. With the reason `not-found` it is a look-up's, after the attempt. */
  readonly answer: VendorAnswer | null;
}

/** The window in which a second send is safe is over: a person decides. */
export interface DeliveryUnconfirmed extends DeliveryEventBase {
  readonly type: 'Unconfirmed';
  readonly reason: string;
}

export interface DeliveryExpired extends DeliveryEventBase {
  readonly type: 'Expired';
  readonly reason: string;
}

/** Nothing was sent, and nothing will be: the order went another way before it left. */
export interface DeliveryWithdrawn extends DeliveryEventBase {
  readonly type: 'Withdrawn';
  readonly reason: string;
}

export interface DeliveryResolvedByOperator extends DeliveryEventBase {
  readonly type: 'ResolvedByOperator';
  readonly resolution: 'retry' | 'delivered' | 'abandoned';
  readonly acceptDuplicate: boolean;
  /** Who decided, as the API knows them (never a person's mail): a token's name. */
  readonly operator: string;
}

/** Who brings it and on which round; each null where the vendor does not say. Personal: only ever sealed. */
export interface StatusNames {
  readonly driverId: string | null;
  readonly driverName: string | null;
  readonly routeId: string | null;
  readonly routeName: string | null;
}

/** Sealed {@link StatusNames}. */
export interface SealedNames {
  readonly sealedUnder: SubjectId;
  readonly sealed: Buffer;
}

/** What the vendor says of an effect that it took; only what is new is an event. `occurredAt` is when it was read. */
export interface DeliveryStatusObserved extends DeliveryEventBase {
  readonly type: 'StatusObserved';
  /** The vendor's own word. */
  readonly status: string;
  readonly statusName: string | null;
  /** True: the vendor is done with it, nothing more is asked. */
  readonly isFinal: boolean;
  readonly trackingId: string | null;
  /** Epoch ms: when the vendor made its record. */
  readonly recordedAt: number | null;
  /** Epoch ms: when the parcel was, or is to be, fetched. */
  readonly withdrawnAt: number | null;
  /** Null: what was known of names still holds. */
  readonly names: SealedNames | null;
}

export type DeliveryEvent =
  | DeliveryPlanned
  | DeliverySuppressed
  | DeliveryAttempted
  | DeliveryDelivered
  | DeliveryRejected
  | DeliveryParked
  | DeliveryRequeued
  | DeliveryUnconfirmed
  | DeliveryExpired
  | DeliveryWithdrawn
  | DeliveryStatusObserved
  | DeliveryResolvedByOperator;
