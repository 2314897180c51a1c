import type { Json } from '../json/json.ts';

/** Records are never changed, only replaced: what was made of one (its JSON) stays true for it. Times are epoch seconds, money is in major units. */
export interface Address {
  readonly first_name: string;
  readonly last_name: string;
  readonly company: string;
  readonly address_1: string;
  readonly address_2: string;
  readonly city: string;
  readonly state: string;
  readonly postcode: string;
  readonly country: string;
  readonly phone: string;
}
export interface BillingAddress extends Address {
  readonly email: string;
}

export interface Meta {
  readonly id: number;
  readonly key: string;
  readonly value: Json;
}

export interface OrderLine {
  readonly id: number;
  readonly name: string;
  readonly productId: number;
  readonly variationId: number;
  readonly quantity: number;
  readonly subtotal: number;
  readonly total: number;
  readonly meta: readonly Meta[];
}

export interface ShippingLine {
  readonly id: number;
  readonly title: string;
  readonly total: number;
}
export interface FeeLine {
  readonly id: number;
  readonly name: string;
  readonly total: number;
}
export interface CouponLine {
  readonly id: number;
  readonly code: string;
  readonly discount: number;
}

export interface RefundLine {
  readonly id: number;
  /** Line of the order that is given back. */
  readonly lineId: number;
  readonly quantity: number;
  readonly total: number;
  readonly metaId: number;
}
export interface RefundRecord {
  readonly id: number;
  readonly createdAt: number;
  readonly amount: number;
  readonly reason: string;
  readonly kind: Meta;
  readonly lines: readonly RefundLine[];
}

export interface OrderRecord {
  readonly id: number;
  readonly parentId: number;
  readonly status: string;
  readonly currency: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly paidAt: number | null;
  readonly completedAt: number | null;
  readonly customerId: number;
  readonly orderKey: string;
  readonly number: string;
  readonly billing: BillingAddress;
  readonly shipping: Address;
  readonly paymentMethod: string;
  readonly paymentMethodTitle: string;
  readonly transactionId: string;
  readonly createdVia: string;
  readonly customerNote: string;
  readonly ipAddress: string;
  readonly userAgent: string;
  readonly cartHash: string;
  readonly taxPercent: number;
  readonly taxLineId: number;
  readonly meta: readonly Meta[];
  readonly lines: readonly OrderLine[];
  readonly shippingLines: readonly ShippingLine[];
  readonly feeLines: readonly FeeLine[];
  readonly couponLines: readonly CouponLine[];
  readonly refunds: readonly RefundRecord[];
}

const sum = (amounts: readonly { readonly total: number }[]): number => amounts.reduce((total, line) => total + line.total, 0);

/** What everything without tax comes to. */
export const netOf = ({ lines, shippingLines, feeLines }: OrderRecord): number => sum(lines) + sum(shippingLines) + sum(feeLines);
export const shippingOf = ({ shippingLines }: OrderRecord): number => sum(shippingLines);
export const totalOf = (order: OrderRecord): number => netOf(order) * (1 + order.taxPercent / 100);
export const refundedOf = ({ refunds }: OrderRecord): number => refunds.reduce((total, { amount }) => total + amount, 0);
