import type {
  OrderContent,
  OrderFeeLine,
  OrderLine,
  OrderPersonal,
  OrderRefund,
  OrderShippingLine,
  PersonalAddress,
} from '@tributary/domain';
import {
  idOf,
  isTrue,
  MAX_LONG_TEXT_CHARS,
  objectOf,
  readDate,
  readDecimal,
  readId,
  readObjects,
  textOf,
  type Complaints,
  type JsonObject,
} from './body-reader.js';
import { upsellMarkerOf, type OrderMeta } from './order-meta.js';

const CURRENCY = /^[A-Za-z0-9_-]{1,20}$/;
const COUNTRY = /^[A-Z]{2}$/;

/** ISO alpha-2 or nothing: the country travels in clear, so free text that somebody typed there must not. */
export function countryOf(address: JsonObject): string {
  const country = textOf(address['country']).trim().toUpperCase();
  return COUNTRY.test(country) ? country : '';
}

/** The order's id; null when it has none that can be read. */
export function orderIdOf(order: JsonObject): string | null {
  const id = idOf(order['id']);
  return id === '0' ? null : id;
}

function readLine(line: JsonObject, at: string, complaints: Complaints): OrderLine {
  return {
    lineId: readId(line, 'id', at, complaints),
    productId: readId(line, 'product_id', at, complaints),
    variationId: readId(line, 'variation_id', at, complaints),
    sku: textOf(line['sku']),
    name: textOf(line['name']),
    quantity: readDecimal(line, 'quantity', at, complaints),
    subtotal: readDecimal(line, 'subtotal', at, complaints),
    subtotalTax: readDecimal(line, 'subtotal_tax', at, complaints),
    total: readDecimal(line, 'total', at, complaints),
    totalTax: readDecimal(line, 'total_tax', at, complaints),
    upsellMarker: upsellMarkerOf(line),
  };
}

const readShippingLine = (line: JsonObject, at: string, complaints: Complaints): OrderShippingLine => ({
  lineId: readId(line, 'id', at, complaints),
  methodId: textOf(line['method_id']),
  instanceId: textOf(line['instance_id']),
  total: readDecimal(line, 'total', at, complaints),
  totalTax: readDecimal(line, 'total_tax', at, complaints),
});

const readFeeLine = (line: JsonObject, at: string, complaints: Complaints): OrderFeeLine => ({
  lineId: readId(line, 'id', at, complaints),
  total: readDecimal(line, 'total', at, complaints),
  totalTax: readDecimal(line, 'total_tax', at, complaints),
});

const readRefund = (refund: JsonObject, at: string, complaints: Complaints): OrderRefund => ({
  refundId: readId(refund, 'id', at, complaints),
  total: readDecimal(refund, 'total', at, complaints),
});

function readEach<T>(
  order: JsonObject,
  key: string,
  complaints: Complaints,
  read: (element: JsonObject, at: string, complaints: Complaints) => T,
): readonly T[] {
  return readObjects(order, key, complaints).map((element, index) => read(element, `${key}[${index}].`, complaints));
}

function readRequiredText(order: JsonObject, key: string, complaints: Complaints): string {
  const text = textOf(order[key]).trim();
  if (text === '') complaints.add('', key, 'is missing');
  return text;
}

/**
 * The part of a WooCommerce order (REST representation wc/v3) that names nobody; what cannot be read is added to `complaints`.
 * @see https://developer.woocommerce.com/docs/apis/rest-api/v3/orders (read 2026-11-21)
 */
export function readOrderContent(order: JsonObject, modifiedAt: number, meta: OrderMeta, complaints: Complaints): OrderContent {
  const orderId = orderIdOf(order);
  if (orderId === null) complaints.add('', 'id', order['id'] === undefined || order['id'] === null ? 'is missing' : 'is not an id');
  const currency = readRequiredText(order, 'currency', complaints);
  if (!CURRENCY.test(currency)) complaints.add('', 'currency', 'is not a currency code');
  const amount = (key: string): string => readDecimal(order, key, '', complaints);
  return {
    orderId: orderId ?? '0',
    orderNumber: textOf(order['number']) || (orderId ?? ''),
    status: readRequiredText(order, 'status', complaints).replace(/^wc-/, ''),
    createdAt: readDate(order, 'date_created_gmt', complaints) ?? modifiedAt,
    paidAt: readDate(order, 'date_paid_gmt', complaints),
    completedAt: readDate(order, 'date_completed_gmt', complaints),
    currency,
    total: readDecimal(order, 'total', '', complaints, true),
    totalTax: amount('total_tax'),
    shippingTotal: amount('shipping_total'),
    shippingTax: amount('shipping_tax'),
    discountTotal: amount('discount_total'),
    discountTax: amount('discount_tax'),
    pricesIncludeTax: isTrue(order['prices_include_tax']),
    createdVia: textOf(order['created_via']),
    paymentMethod: textOf(order['payment_method']),
    parentId: readId(order, 'parent_id', '', complaints),
    renewalOf: meta.renewalOf,
    consent: meta.consent,
    billingCountry: countryOf(objectOf(order['billing'])),
    shippingCountry: countryOf(objectOf(order['shipping'])),
    lines: readEach(order, 'line_items', complaints, readLine),
    shippingLines: readEach(order, 'shipping_lines', complaints, readShippingLine),
    feeLines: readEach(order, 'fee_lines', complaints, readFeeLine),
    refunds: readEach(order, 'refunds', complaints, readRefund),
  };
}

/** A billing or shipping address. */
export const readAddress = (address: JsonObject): PersonalAddress => ({
  firstName: textOf(address['first_name']),
  lastName: textOf(address['last_name']),
  company: textOf(address['company']),
  address1: textOf(address['address_1']),
  address2: textOf(address['address_2']),
  city: textOf(address['city']),
  state: textOf(address['state']),
  postcode: textOf(address['postcode']),
  country: textOf(address['country']),
  email: textOf(address['email']),
  phone: textOf(address['phone']),
});

/** The part of a WooCommerce order that can name somebody. */
export function readOrderPersonal(order: JsonObject, meta: OrderMeta, complaints: Complaints): OrderPersonal {
  const customerId = readId(order, 'customer_id', '', complaints);
  return {
    billing: readAddress(objectOf(order['billing'])),
    shipping: readAddress(objectOf(order['shipping'])),
    customerId: customerId === '0' ? '' : customerId,
    customerIp: textOf(order['customer_ip_address']).trim(),
    customerUserAgent: textOf(order['customer_user_agent'], MAX_LONG_TEXT_CHARS),
    visitorId: meta.visitorId,
    ttclid: meta.ttclid,
    ttp: meta.ttp,
    customerNote: textOf(order['customer_note'], MAX_LONG_TEXT_CHARS),
    attribution: meta.attribution,
  };
}
