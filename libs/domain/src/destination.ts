import type { BuyerBackground, VisitBackground } from './buyer-background.js';
import type { DeliveryMode, DeliveryPlan, IdentityUsed } from './delivery.events.js';
import type { KnownEffect } from './delivery.ledger.js';
import type { ConnectionId, TenantId } from './ids.js';
import type { OrderPersonal } from './order.events.js';
import type { OrderState } from './order.projection.js';
import type { ProductContent } from './catalog.events.js';
import type { DeliveryOutcome, LookUpOutcome, VendorReply, VendorRequest } from './outcome.js';
import type { StatusReading } from './delivery-status.js';
import type { ReasonCode } from './reasons.js';
import type { CoverageRules } from './report/coverage.js';
import type { VisitEvent, VisitPersonal } from './visit.events.js';

/** What decisions may know of the shop an order comes from. */
export interface SourceContext {
  readonly connectionId: ConnectionId;
  readonly storeUrl: string;
  /** ISO 3166 alpha-2, upper case, or null when nobody said. */
  readonly country: string | null;
  /** Whether this shop's buyers must have said yes (`auto` is resolved before it gets here). */
  readonly isConsentRequired: boolean;
}

export interface TenantContext {
  readonly tenantId: TenantId;
  /** For phones without a country when the order has none. */
  readonly defaultCountry: string | null;
}

/** A destination's settings as one version of them; secrets are never part of it. */
export interface DestinationContext<Settings> {
  readonly connectionId: ConnectionId;
  readonly version: number;
  /** Epoch ms of the first activation. */
  readonly activatedAt: number;
  /** Epoch ms at which this version of the settings was made. */
  readonly configuredAt: number;
  readonly settings: Settings;
}

export type PlanDecision =
  | {
      readonly kind: 'plan';
      readonly reference: string;
      readonly eventName: string;
      readonly revision: string;
      readonly mode: DeliveryMode;
      readonly plan: DeliveryPlan;
    }
  | {
      readonly kind: 'suppress';
      readonly reference: string;
      readonly eventName: string;
      readonly revision: string;
      readonly mode: DeliveryMode;
      readonly reason: string;
      readonly eventTime: number;
    };

/** One planned effect at the moment it is sent. */
export interface DeliveryIntent {
  readonly tenant: TenantContext;
  readonly source: SourceContext;
  readonly eventName: string;
  readonly reference: string;
  readonly plan: DeliveryPlan;
  readonly orderNumber: string;
  /** ISO alpha-2, empty when the order has none: known also when the personal part is gone. */
  readonly billingCountry: string;
  /** Null when its key is gone (erased, or lost with a database): what is in clear is sent alone. */
  readonly personal: OrderPersonal | null;
  /** True for a renewal: no browser was there. */
  readonly isRenewal: boolean;
  /** The order's status now, not when it was planned; `vanished` when it is gone from the shop. */
  readonly orderStatus: string;
  /** What the catalog has of the planned lines' products and variations, by id; empty where the destination asks for none. */
  readonly products: ReadonlyMap<string, ProductContent>;
  /** Epoch ms, the shop's clock: the end of the second in which the order was made. */
  readonly orderedAt: number;
  /** The order's own answer: `granted`, `denied`, `unknown`, null. */
  readonly consent: string | null;
  /** `0`, or `bump:<line item id>`. */
  readonly revision: string;
  /** Of a bump: whether the effect that it adds to was sent. */
  readonly isBaseSent: boolean;
  readonly background: BuyerBackground;
}

/** What a vendor offers against doubles, and how its requests are shaped. */
export interface DestinationDeclaration {
  /** How long after the first uncertain send the vendor still recognises a repeat; null: never. */
  readonly repeatWindowMs: number | null;
  /** It finds its own users by what is sent of a person; false: it does something for whom the order names. */
  readonly matchesPeople: boolean;
  readonly maxIntentsPerRequest: number;
  /** Body of a request of several intents; a larger one goes alone. */
  readonly maxRequestBytes: number;
  /** How long an order's intent may wait for company. */
  readonly orderLingerMs: number;
  readonly requestTimeoutMs: number;
  /** Requests per second and credential that are safe to begin with. */
  readonly requestsPerSecond: number;
  /** Transient answers (not throttling) before an intent is dead-lettered as `retries-exhausted`. */
  readonly maxAttempts: number;
  /** How often an effect of unknown outcome is looked up and must be absent before it is sent again; absent: there is no look-up. */
  readonly absencesBeforeRepeat?: number;
}

/** Why an effect does not leave although it was planned; `suppress` may be corrected by the shop where the reason is correctable. */
export interface HoldBack {
  readonly kind: 'suppress' | 'withdraw';
  readonly reason: ReasonCode;
}

/** Asks the vendor whether it has an effect. */
export interface VendorLookUp<Settings, Secrets> {
  toRequest(reference: string, settings: Settings, secrets: Secrets, baseUrl: string): VendorRequest;
  interpret(reply: VendorReply, reference: string): LookUpOutcome;
}

/** What a destination does about a visit: an event of this name, or nothing. Without a reason it never sends such visits. */
export type VisitDecision = { readonly eventName: string } | { readonly eventName: null; readonly reason: ReasonCode | null };

/** One visit at the moment it is sent. */
export interface VisitIntent {
  readonly tenant: TenantContext;
  /** The shop whose pages were visited; null when it is gone. */
  readonly source: SourceContext | null;
  readonly eventName: string;
  readonly visit: VisitEvent;
  /** Null where nothing was kept, or when its key is gone (erased, or lost with a database). */
  readonly personal: VisitPersonal | null;
  readonly background: VisitBackground;
}

/** The part of a destination that sends visits. Pure. */
export interface VisitDestination<Settings, Secrets> {
  /** How long a visit may wait for company. */
  readonly lingerMs: number;
  /** `isConsentRequired` is the shop's of today; the visit says what held when it happened. */
  planVisit(visit: VisitEvent, source: SourceContext | null, destination: DestinationContext<Settings>, nowMs: number): VisitDecision;
  /** What has come up against sending since it was decided; null: nothing. Asked before every request. */
  holdBack(intent: VisitIntent, settings: Settings, nowMs: number): HoldBack | null;
  /** Which identity and consent a request with this visit uses. */
  identityOf(intent: VisitIntent): IdentityUsed;
  /** What a request with this visit says of the person, sorted. */
  matchKeysOf(intent: VisitIntent): readonly string[];
  toRequest(intents: readonly VisitIntent[], mode: DeliveryMode, settings: Settings, secrets: Secrets, baseUrl: string): VendorRequest;
}

/** A destination is a pure adapter: three files and one line in the registry (docs/add-a-destination.md). */
export interface Destination<Settings, Secrets> {
  /** Equals its folder's name and the connection's `kind`. */
  readonly kind: string;
  readonly declaration: DestinationDeclaration;
  /** True where the vendor must know names and addresses as they are; else whatever names a person is hashed. */
  readonly sendsPersonalDataInClear?: boolean;
  /** Suppressions that are decided anew when the order changes. */
  readonly correctable?: readonly ReasonCode[];
  /**
   * What to do about an order as it is now; empty when it does not qualify (yet). `nowMs` is our clock. `known`: what was decided about
   * this order for this connection before, so that what comes later can be told from what was counted.
   */
  plan(
    order: OrderState,
    tenant: TenantContext,
    source: SourceContext,
    destination: DestinationContext<Settings>,
    nowMs: number,
    known: readonly KnownEffect[],
  ): readonly PlanDecision[];
  /** Why a planned effect may no longer be sent (too old, its mode has ended); null while it may. */
  expiryOf(plan: DeliveryPlan, mode: DeliveryMode, settings: Settings, nowMs: number): ReasonCode | null;
  /** False while a person has not connected the account: nothing is sent, nothing is lost. Absent: settings and secrets suffice. */
  isConnected?(settings: Settings, secrets: Secrets): boolean;
  /** What the order as it is now, opened, and what is known of its buyer have against sending; null: nothing. Asked before every request. */
  holdBack?(intent: DeliveryIntent, settings: Settings, nowMs: number): HoldBack | null;
  /** Settings under which one order's event is a test that counts nowhere, however old the order; null: that needs a test code. Absent: no test mode. */
  forTest?(settings: Settings, testCode: string | null): Settings | null;
  /** What an order's status alone has against an effect that waits, however long its turn takes; null: nothing. Absent: it is asked in its turn. */
  withdrawnBy?(orderStatus: string): ReasonCode | null;
  readonly lookUp?: VendorLookUp<Settings, Secrets>;
  /** For vendors that tell what became of an effect after they took it. */
  readonly statuses?: StatusReading<Settings, Secrets>;
  /** Which identity and consent a request with this intent uses. Absent: none. */
  identityOf?(intent: DeliveryIntent): IdentityUsed;
  /** What a request with this intent says of the person, sorted. Absent: what was planned. */
  matchKeysOf?(intent: DeliveryIntent): readonly string[];
  /** Which intents may share a request: equal text. */
  batchKey(mode: DeliveryMode, settings: Settings): string;
  toRequest(intents: readonly DeliveryIntent[], mode: DeliveryMode, settings: Settings, secrets: Secrets, baseUrl: string): VendorRequest;
  /** One outcome per intent, in the intents' order. */
  interpret(reply: VendorReply, intentCount: number): readonly DeliveryOutcome[];
  /** For vendors that take visits as well. */
  readonly visits?: VisitDestination<Settings, Secrets>;
  /** For vendors that match people: what reports say of match keys. */
  readonly coverage?: CoverageRules;
}
