import type { Envelope } from './envelope.js';
import type { ConnectionId, SubjectId } from './ids.js';
import type { DecimalText } from './order.events.js';

/** A visitor's answer about advertising. An open list in the log: `granted`, `denied`, `unknown` (nobody has asked or answered yet). */
export type ConsentAnswer = 'granted' | 'denied' | 'unknown';

/** Clear part of what every visit says. `envelope.eventId` is the browser's own; `occurredAt` is on the browser's clock. */
interface VisitContext extends Envelope {
  /** The WooCommerce connection whose pages were visited, as it was set at that time. */
  readonly shopConnectionId: ConnectionId;
  /** Null without a visitor id, and where consent does not allow one (but see {@link ConsentChanged}). */
  readonly visitor: SubjectId | null;
  readonly consent: ConsentAnswer;
  /** Whether the shop needed a `granted` at that time; with {@link consent} it says whether identifiers were kept. */
  readonly isConsentRequired: boolean;
  /** Host name of the page in lower case; empty when the event named no page. */
  readonly pageHost: string;
  /** Path of the page without query; a segment that looks like a mail address reads `*`. */
  readonly pagePath: string;
  /** Which personal fields are filled (`url`, `ttclid`, …), sorted: coverage without opening anything. */
  readonly personalFields: readonly string[];
  /** The visitor, when there is a sealed part. */
  readonly sealedUnder: SubjectId | null;
  /** Sealed, Confluent-framed {@link VisitPersonal}; null without a visitor or without consent. */
  readonly sealedPersonal: Buffer | null;
  /** Equal for equal click ids of this visitor, so that nobody must open the sealed part to tell them apart; null without one. */
  readonly clickMark: string | null;
}

/** One product of a visit. Texts are empty when the page did not say. */
export interface VisitContent {
  /** As the page names it to pixels: SKU, product or variation id. */
  readonly contentId: string;
  readonly name: string;
  readonly category: string;
  readonly brand: string;
  /** Per unit; null when unknown. */
  readonly price: DecimalText | null;
  readonly quantity: DecimalText | null;
}

/** What a visit was about. */
export interface VisitCommerce {
  /** `product` or `product_group`; null when the page did not say. */
  readonly contentType: string | null;
  readonly contents: readonly VisitContent[];
  readonly value: DecimalText | null;
  /** ISO 4217 in capitals. */
  readonly currency: string | null;
}

/** The part of a visit that can name somebody; only ever travels sealed. Empty text means unknown. `shape: schemas/avro/visits/visit-personal.v2.avsc` */
export interface VisitPersonal {
  /** With query, as the browser had it. */
  readonly url: string;
  readonly referrer: string;
  /** Public addresses only. */
  readonly ip: string;
  readonly userAgent: string;
  /** BCP 47. */
  readonly locale: string;
  /** Of the page's URL, else as the browser kept it. */
  readonly ttclid: string;
  /** Epoch ms at which the click id was first seen; null when the browser could not say. */
  readonly ttclidAt: number | null;
  /** Cookie `_ttp`. */
  readonly ttp: string;
  /** What the visitor searched for. */
  readonly searchText: string;
  /** Normalised; empty when it came hashed. */
  readonly email: string;
  readonly emailSha256: string;
  /** E.164; empty when it came hashed. */
  readonly phone: string;
  readonly phoneSha256: string;
  readonly customerId: string;
  /** The browser's own id, as the cookie has it; empty in visits from before it was kept. */
  readonly visitorId: string;
  /** Further properties that the page gave, by name. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface PageViewed extends VisitContext {
  readonly type: 'PageViewed';
}

export interface ProductViewed extends VisitContext, VisitCommerce {
  readonly type: 'ProductViewed';
}

export interface CartItemAdded extends VisitContext, VisitCommerce {
  readonly type: 'CartItemAdded';
}

export interface CheckoutStarted extends VisitContext, VisitCommerce {
  readonly type: 'CheckoutStarted';
}

export interface PaymentInfoAdded extends VisitContext, VisitCommerce {
  readonly type: 'PaymentInfoAdded';
  readonly paymentMethod: string | null;
}

/** What was searched for is personal and stands in the sealed part. */
export interface Searched extends VisitContext, VisitCommerce {
  readonly type: 'Searched';
}

export interface Registered extends VisitContext {
  readonly type: 'Registered';
  /** Who registered, where the page said so and consent allowed it. */
  readonly subjects: { readonly email: SubjectId | null; readonly phone: SubjectId | null; readonly customer: SubjectId | null };
}

/** The thank-you page of an order was shown and the browser's own Purchase went to the pixel: the twin of the server's. */
export interface PurchaseShown extends VisitContext, VisitCommerce {
  readonly type: 'PurchaseShown';
  /** Decimal text. */
  readonly orderId: string;
  readonly orderNumber: string | null;
  /** Null when the page did not say. */
  readonly isPaid: boolean | null;
  /** The event id that the pixel was given, when it is not the visit's own. */
  readonly pixelEventId: string | null;
  /** The event's name as the pixel was given it. */
  readonly pixelEventName: string | null;
  readonly pixelCode: string | null;
}

/**
 * The visitor answered, or changed the answer. Unlike other visits a `denied` here keeps its visitor (and nothing else): a
 * withdrawal must reach what was collected before it.
 */
export interface ConsentChanged extends VisitContext {
  readonly type: 'ConsentChanged';
  /** What the answer was read from (`api`, `tcf`, `gcm`, `wp`, `gpc`); an open list. */
  readonly signal: string | null;
}

export interface CustomVisitEvent extends VisitContext, VisitCommerce {
  readonly type: 'CustomVisitEvent';
  /** As the page calls it: `[a-z][a-z0-9_]{0,63}`, such as `lead` or `subscribe`. */
  readonly name: string;
}

export type VisitEvent =
  | PageViewed
  | ProductViewed
  | CartItemAdded
  | CheckoutStarted
  | PaymentInfoAdded
  | Searched
  | Registered
  | PurchaseShown
  | ConsentChanged
  | CustomVisitEvent;

/**
 * Record key of a visit, `tenant:visitor`; without a visitor `tenant:eventId`. Decides the partition, for ever: golden vectors in
 * test/fixtures/golden/visit-key.json.
 */
export const visitKey = ({ tenantId, visitor, eventId }: Pick<VisitContext, 'tenantId' | 'visitor' | 'eventId'>): string =>
  `${tenantId}:${visitor ?? eventId}`;
