import type { Envelope } from './envelope.js';
import type { SubjectId } from './ids.js';

/** Money and quantities are decimal strings as the shop wrote them (`"38563"`, `"10.00"`, `"1.5"`): never floats. */
export type DecimalText = string;

export interface OrderLine {
  readonly lineId: string;
  readonly productId: string;
  /** `"0"` for a simple product. */
  readonly variationId: string;
  /** Empty when the shop has none or the product is deleted. */
  readonly sku: string;
  readonly name: string;
  readonly quantity: DecimalText;
  /** Before discount, without tax. */
  readonly subtotal: DecimalText;
  readonly subtotalTax: DecimalText;
  /** After discount, without tax. */
  readonly total: DecimalText;
  readonly totalTax: DecimalText;
  /** The upsell plugin's marker on the line (`_upstroke_purchase`, `_bump_purchase`, …), else null. */
  readonly upsellMarker: string | null;
}

export interface OrderShippingLine {
  readonly lineId: string;
  readonly methodId: string;
  readonly instanceId: string;
  readonly total: DecimalText;
  readonly totalTax: DecimalText;
}

export interface OrderFeeLine {
  readonly lineId: string;
  readonly total: DecimalText;
  readonly totalTax: DecimalText;
}

export interface OrderRefund {
  readonly refundId: string;
  /** Negative. */
  readonly total: DecimalText;
}

/** The part of an order that names nobody; travels in clear. `shape: schemas/avro/commerce/order-observed.v1.avsc` */
export interface OrderContent {
  readonly orderId: string;
  /** As the merchant sees it; plugins replace it, so it is not the id. */
  readonly orderNumber: string;
  /** Without `wc-`; any custom slug is possible, and `trash`. */
  readonly status: string;
  readonly createdAt: number;
  readonly paidAt: number | null;
  readonly completedAt: number | null;
  readonly currency: string;
  readonly total: DecimalText;
  readonly totalTax: DecimalText;
  readonly shippingTotal: DecimalText;
  readonly shippingTax: DecimalText;
  readonly discountTotal: DecimalText;
  readonly discountTax: DecimalText;
  readonly pricesIncludeTax: boolean;
  /** `checkout`, `store-api`, `rest-api`, `admin`, `subscription`, a plugin's name. */
  readonly createdVia: string;
  readonly paymentMethod: string;
  /** `"0"` when there is none. */
  readonly parentId: string;
  /** Id of the subscription that this order renews, else null. */
  readonly renewalOf: string | null;
  /** The buyer's answer frozen at checkout: `granted`, `denied`, `unknown`; null when the shop's snippet is not installed. */
  readonly consent: string | null;
  readonly billingCountry: string;
  readonly shippingCountry: string;
  readonly lines: readonly OrderLine[];
  readonly shippingLines: readonly OrderShippingLine[];
  readonly feeLines: readonly OrderFeeLine[];
  readonly refunds: readonly OrderRefund[];
}

export interface PersonalAddress {
  readonly firstName: string;
  readonly lastName: string;
  readonly company: string;
  readonly address1: string;
  readonly address2: string;
  readonly city: string;
  readonly state: string;
  readonly postcode: string;
  readonly country: string;
  readonly email: string;
  readonly phone: string;
}

/** The part of an order that can name somebody; only ever travels sealed. Empty text means unknown. `shape: schemas/avro/commerce/order-observed-personal.v1.avsc` */
export interface OrderPersonal {
  readonly billing: PersonalAddress;
  readonly shipping: PersonalAddress;
  /** The shop's customer id; empty for a guest, never `"0"`. */
  readonly customerId: string;
  readonly customerIp: string;
  readonly customerUserAgent: string;
  /** Order meta `cdp_id`. */
  readonly visitorId: string;
  /** Order meta `cdp_ttclid`. */
  readonly ttclid: string;
  /** Order meta `cdp_ttp`. */
  readonly ttp: string;
  readonly customerNote: string;
  /** WooCommerce's own `_wc_order_attribution_*` meta, without the prefix (`session_entry`, `utm_source`, …). */
  readonly attribution: Readonly<Record<string, string>>;
}

/** Who the order names, as subject ids; null where the order names nobody of that kind. */
export interface OrderSubjects {
  readonly email: SubjectId | null;
  readonly phone: SubjectId | null;
  readonly visitor: SubjectId | null;
  readonly customer: SubjectId | null;
}

/** The shop said: this is the order, as of `asOf` on the shop's clock. `receivedAt` is the arrival (`observedAt` of the fold). */
export interface OrderObserved extends Envelope, OrderContent {
  readonly type: 'OrderObserved';
  readonly asOf: number;
  readonly modifiedAt: number;
  /** SHA-256 hex over the canonical normalised order (see content-hash.ts). */
  readonly contentHash: string;
  readonly subjects: OrderSubjects;
  /** Which personal fields are filled and usable (`billing.email`, `customerIp`, …), sorted: lets decisions and coverage work without opening anything. */
  readonly personalFields: readonly string[];
  /** The subject under whose key `sealedPersonal` is sealed. */
  readonly sealedUnder: SubjectId;
  /** Sealed, Confluent-framed {@link OrderPersonal}. */
  readonly sealedPersonal: Buffer;
}

/** A `*.deleted` webhook named this id. Not proof: legacy storage names other resources' ids. It asks for a look. */
export interface OrderDeletionReported extends Envelope {
  readonly type: 'OrderDeletionReported';
  readonly orderId: string;
}

/** A REST read answered 404 for this order: it is gone for good, as of `asOf` on the shop's clock. */
export interface OrderVanished extends Envelope {
  readonly type: 'OrderVanished';
  readonly orderId: string;
  readonly asOf: number;
}

export type OrderEvent = OrderObserved | OrderDeletionReported | OrderVanished;
