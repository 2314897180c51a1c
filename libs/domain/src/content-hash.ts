import { hash } from 'node:crypto';
import { canonicalAddress, decimal, type Canonical } from './canonical.js';
import type { OrderContent, OrderFeeLine, OrderLine, OrderPersonal, OrderRefund, OrderShippingLine } from './order.events.js';

const VERSION_TAG = 'tributary-order-1\n';

// The literals below list their keys in code-unit order: JSON.stringify writes them as they stand.

const canonicalLine = (line: OrderLine): Canonical<OrderLine> => ({
  lineId: line.lineId,
  name: line.name,
  productId: line.productId,
  quantity: decimal(line.quantity),
  sku: line.sku,
  subtotal: decimal(line.subtotal),
  subtotalTax: decimal(line.subtotalTax),
  total: decimal(line.total),
  totalTax: decimal(line.totalTax),
  upsellMarker: line.upsellMarker,
  variationId: line.variationId,
});

const canonicalShippingLine = (line: OrderShippingLine): Canonical<OrderShippingLine> => ({
  instanceId: line.instanceId,
  lineId: line.lineId,
  methodId: line.methodId,
  total: decimal(line.total),
  totalTax: decimal(line.totalTax),
});

const canonicalFeeLine = (line: OrderFeeLine): Canonical<OrderFeeLine> => ({
  lineId: line.lineId,
  total: decimal(line.total),
  totalTax: decimal(line.totalTax),
});

const canonicalRefund = (refund: OrderRefund): Canonical<OrderRefund> => ({
  refundId: refund.refundId,
  total: decimal(refund.total),
});

/** Decimal ids without leading zeros: the shorter is the smaller. */
const byRefundId = (a: OrderRefund, b: OrderRefund): number =>
  a.refundId.length - b.refundId.length || (a.refundId < b.refundId ? -1 : a.refundId > b.refundId ? 1 : 0);

const canonicalPersonal = (personal: OrderPersonal): Canonical<OrderPersonal> => ({
  // A list of pairs, because JavaScript reorders keys that look like integers.
  attribution: Object.entries(personal.attribution).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  billing: canonicalAddress(personal.billing),
  customerId: personal.customerId,
  customerIp: personal.customerIp,
  customerNote: personal.customerNote,
  customerUserAgent: personal.customerUserAgent,
  shipping: canonicalAddress(personal.shipping),
  ttclid: personal.ttclid,
  ttp: personal.ttp,
  visitorId: personal.visitorId,
});

const canonicalContent = (content: OrderContent): Canonical<OrderContent> => ({
  billingCountry: content.billingCountry,
  completedAt: content.completedAt,
  consent: content.consent,
  createdAt: content.createdAt,
  createdVia: content.createdVia,
  currency: content.currency,
  discountTax: decimal(content.discountTax),
  discountTotal: decimal(content.discountTotal),
  feeLines: content.feeLines.map(canonicalFeeLine),
  lines: content.lines.map(canonicalLine),
  orderId: content.orderId,
  orderNumber: content.orderNumber,
  paidAt: content.paidAt,
  parentId: content.parentId,
  paymentMethod: content.paymentMethod,
  pricesIncludeTax: content.pricesIncludeTax,
  refunds: content.refunds.toSorted(byRefundId).map(canonicalRefund),
  renewalOf: content.renewalOf,
  shippingCountry: content.shippingCountry,
  shippingLines: content.shippingLines.map(canonicalShippingLine),
  shippingTax: decimal(content.shippingTax),
  shippingTotal: decimal(content.shippingTotal),
  status: content.status,
  total: decimal(content.total),
  totalTax: decimal(content.totalTax),
});

/**
 * Whether two observations of an order say the same: SHA-256 hex over its canonical JSON, content and personal part, behind a version tag.
 * Independent of how it was read: links, payment URL, modification dates, order key, WooCommerce version and the
 * spelling of numbers are not in it; lists keep the shop's order, refunds are sorted by id.
 * Kept for ever: golden vectors in test/fixtures/golden/content-hash.json.
 */
export function contentHash(content: OrderContent, personal: OrderPersonal): string {
  const canonical = JSON.stringify({ content: canonicalContent(content), personal: canonicalPersonal(personal) });
  return hash('sha256', VERSION_TAG + canonical, 'hex');
}
