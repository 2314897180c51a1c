import {
  asConnectionId,
  asSubjectId,
  asTenantId,
  contentHash,
  type OrderContent,
  type OrderDeletionReported,
  type OrderObserved,
  type OrderPersonal,
  type OrderVanished,
  type PersonalAddress,
} from '@tributary/domain';
import { phpJson, webhookSignature } from './php-json.js';

/** 2026-11-21T02:38:13Z, the moment of capture 024. */
export const ORDER_TIME = 1_795_228_693_000;

const BILLING: PersonalAddress = {
  firstName: 'Zoë',
  lastName: "O'Higgins",
  company: '',
  address1: 'Calle Ñuble 1234',
  address2: 'Depto 5B',
  city: 'Viña del Mar',
  state: 'CL-VS',
  postcode: '2520000',
  country: 'CL',
  email: 'Zoe.OHiggins+promo@Example.COM',
  phone: '(032) 212-3456',
};

/** The personal part that `orderObserved` has sealed. */
export const orderPersonal = (overrides: Partial<OrderPersonal> = {}): OrderPersonal => ({
  billing: BILLING,
  shipping: { ...BILLING, email: '', phone: '' },
  customerId: '',
  customerIp: '203.0.113.7',
  customerUserAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  visitorId: 'tto.1.1763690000.abc',
  ttclid: 'E.C.P.lab-ttclid',
  ttp: '',
  customerNote: '',
  attribution: { utm_source: 'tiktok' },
  ...overrides,
});

/** A paid order of 38,563 CLP: two coffees and a shirt, less a coupon, with shipping and a tip. */
export const orderContent = (overrides: Partial<OrderContent> = {}): OrderContent => ({
  orderId: '17',
  orderNumber: '17',
  status: 'processing',
  createdAt: ORDER_TIME,
  paidAt: ORDER_TIME,
  completedAt: null,
  currency: 'CLP',
  total: '38563',
  totalTax: '0',
  shippingTotal: '2990',
  shippingTax: '0',
  discountTotal: '3597',
  discountTax: '0',
  pricesIncludeTax: false,
  createdVia: 'checkout',
  paymentMethod: 'cod',
  parentId: '0',
  renewalOf: null,
  consent: 'granted',
  billingCountry: 'CL',
  shippingCountry: 'CL',
  lines: [
    {
      lineId: '1',
      productId: '11',
      variationId: '0',
      sku: 'CAF-500',
      name: 'Café Molido “Ñandú” ☕ 500 g',
      quantity: '2',
      subtotal: '28680',
      subtotalTax: '0',
      total: '26082',
      totalTax: '0',
      upsellMarker: null,
    },
    {
      lineId: '2',
      productId: '14',
      variationId: '15',
      sku: 'POL-M-AZ',
      name: 'Polera Lab - M, Azul',
      quantity: '1',
      subtotal: '9990',
      subtotalTax: '0',
      total: '8991',
      totalTax: '0',
      upsellMarker: null,
    },
  ],
  shippingLines: [{ lineId: '4', methodId: 'flat_rate', instanceId: '', total: '2990', totalTax: '0' }],
  feeLines: [{ lineId: '5', total: '500', totalTax: '0' }],
  refunds: [],
  ...overrides,
});

const PERSONAL_FIELDS: readonly string[] = [
  'billing.address1',
  'billing.address2',
  'billing.city',
  'billing.country',
  'billing.email',
  'billing.firstName',
  'billing.lastName',
  'billing.phone',
  'billing.postcode',
  'billing.state',
  'customerIp',
  'customerUserAgent',
  'shipping.address1',
  'shipping.address2',
  'shipping.city',
  'shipping.country',
  'shipping.firstName',
  'shipping.lastName',
  'shipping.postcode',
  'shipping.state',
  'ttclid',
  'visitorId',
];

/** A full valid observation with fixed values; the content hash follows the overrides (of the content, not of the sealed part). */
export function orderObserved(overrides: Partial<OrderObserved> = {}): OrderObserved {
  const content = orderContent();
  const observed: OrderObserved = {
    type: 'OrderObserved',
    eventId: '019aa3f0-0000-7000-8000-000000000001',
    tenantId: asTenantId('acme'),
    connectionId: asConnectionId('shop'),
    occurredAt: ORDER_TIME,
    receivedAt: ORDER_TIME + 1_500,
    source: 'webhook',
    ...content,
    asOf: ORDER_TIME,
    modifiedAt: ORDER_TIME,
    contentHash: '',
    subjects: {
      email: asSubjectId('6f1c0f5e-1d8a-4a53-9a40-000000000001'),
      phone: asSubjectId('6f1c0f5e-1d8a-4a53-9a40-000000000002'),
      visitor: asSubjectId('6f1c0f5e-1d8a-4a53-9a40-000000000003'),
      customer: null,
    },
    personalFields: PERSONAL_FIELDS,
    sealedUnder: asSubjectId('6f1c0f5e-1d8a-4a53-9a40-000000000001'),
    sealedPersonal: Buffer.from('sealed'),
    ...overrides,
  };
  return { ...observed, contentHash: overrides.contentHash ?? contentHash(observed, orderPersonal()) };
}

/** A `*.deleted` webhook for the order of `orderObserved`. */
export const orderDeletionReported = (overrides: Partial<OrderDeletionReported> = {}): OrderDeletionReported => ({
  type: 'OrderDeletionReported',
  eventId: '019aa3f0-0000-7000-8000-000000000002',
  tenantId: asTenantId('acme'),
  connectionId: asConnectionId('shop'),
  occurredAt: ORDER_TIME + 60_000,
  receivedAt: ORDER_TIME + 60_000,
  source: 'webhook',
  orderId: '17',
  ...overrides,
});

/** A REST read that found the order of `orderObserved` gone. */
export const orderVanished = (overrides: Partial<OrderVanished> = {}): OrderVanished => ({
  type: 'OrderVanished',
  eventId: '019aa3f0-0000-7000-8000-000000000003',
  tenantId: asTenantId('acme'),
  connectionId: asConnectionId('shop'),
  occurredAt: ORDER_TIME + 120_000,
  receivedAt: ORDER_TIME + 120_000,
  source: 'rest',
  orderId: '17',
  asOf: ORDER_TIME + 115_000,
  ...overrides,
});

const GMT = '2026-11-21T02:38:13';
const LOCAL = '2026-11-20T23:38:13';

const lineBody = {
  id: 1,
  name: 'Café Molido “Ñandú” ☕ 500 g',
  product_id: 11,
  variation_id: 0,
  quantity: 2,
  tax_class: '',
  subtotal: '28680',
  subtotal_tax: '0',
  total: '26082',
  total_tax: '0',
  taxes: [],
  meta_data: [{ id: 44, key: '_reduced_stock', value: '2', display_key: '_reduced_stock', display_value: '2' }],
  sku: 'CAF-500',
  global_unique_id: '',
  price: 13041,
  image: { id: '', src: '' },
  parent_name: null,
};

/** A full order as WooCommerce 11's REST API and webhooks write it (3 kB), every field open to overrides; see {@link orderContent}. */
export const orderBody = (overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  id: 17,
  parent_id: 0,
  status: 'processing',
  currency: 'CLP',
  version: '11.0.1',
  prices_include_tax: false,
  date_created: LOCAL,
  date_modified: LOCAL,
  discount_total: '3597',
  discount_tax: '0',
  shipping_total: '2990',
  shipping_tax: '0',
  cart_tax: '0',
  total: '38563',
  total_tax: '0',
  customer_id: 0,
  order_key: 'wc_order_hUUrWesGYDvaN',
  billing: {
    first_name: BILLING.firstName,
    last_name: BILLING.lastName,
    company: BILLING.company,
    address_1: BILLING.address1,
    address_2: BILLING.address2,
    city: BILLING.city,
    state: BILLING.state,
    postcode: BILLING.postcode,
    country: BILLING.country,
    email: BILLING.email,
    phone: BILLING.phone,
  },
  shipping: {
    first_name: BILLING.firstName,
    last_name: BILLING.lastName,
    company: BILLING.company,
    address_1: BILLING.address1,
    address_2: BILLING.address2,
    city: BILLING.city,
    state: BILLING.state,
    postcode: BILLING.postcode,
    country: BILLING.country,
    phone: '',
  },
  payment_method: 'cod',
  payment_method_title: 'Cash on delivery',
  transaction_id: '',
  customer_ip_address: '203.0.113.7',
  customer_user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  created_via: 'checkout',
  customer_note: '',
  date_completed: null,
  date_paid: LOCAL,
  cart_hash: '',
  number: '17',
  meta_data: [
    { id: 1, key: 'cdp_id', value: 'tto.1.1763690000.abc' },
    { id: 2, key: 'cdp_ttclid', value: 'E.C.P.lab-ttclid' },
    { id: 3, key: 'cdp_consent', value: 'granted' },
    { id: 4, key: '_wc_order_attribution_utm_source', value: 'tiktok' },
  ],
  line_items: [
    lineBody,
    {
      ...lineBody,
      id: 2,
      name: 'Polera Lab - M, Azul',
      product_id: 14,
      variation_id: 15,
      quantity: 1,
      subtotal: '9990',
      total: '8991',
      meta_data: [],
      sku: 'POL-M-AZ',
      price: 8991,
      parent_name: 'Polera Lab',
    },
  ],
  tax_lines: [],
  shipping_lines: [
    {
      id: 4,
      method_title: 'Despacho',
      method_id: 'flat_rate',
      instance_id: '',
      total: '2990',
      total_tax: '0',
      taxes: [],
      tax_status: 'taxable',
      meta_data: [],
    },
  ],
  fee_lines: [
    { id: 5, name: 'Propina', tax_class: '', tax_status: 'taxable', amount: '', total: '500', total_tax: '0', taxes: [], meta_data: [] },
  ],
  coupon_lines: [],
  refunds: [],
  payment_url: 'https://shop.example/checkout/order-pay/17/?pay_for_order=true&key=wc_order_hUUrWesGYDvaN',
  is_editable: false,
  needs_payment: false,
  needs_processing: true,
  date_created_gmt: GMT,
  date_modified_gmt: GMT,
  date_completed_gmt: null,
  date_paid_gmt: GMT,
  currency_symbol: '$',
  _links: {
    self: [{ href: 'https://shop.example/wp-json/wc/v3/orders/17' }],
    collection: [{ href: 'https://shop.example/wp-json/wc/v3/orders' }],
  },
  ...overrides,
});

export interface SignedWebhook {
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  readonly rawBody: Buffer;
}

/** A webhook request as the shop would send it: body written as PHP writes it, headers with its signature. */
export function signedWebhook(body: unknown, secret: string, topic = 'order.updated'): SignedWebhook {
  const rawBody = Buffer.from(phpJson(body), 'utf8');
  const [resource = '', event = ''] = topic.split('.', 2);
  return {
    rawBody,
    headers: {
      'user-agent': 'WooCommerce/11.0.1 Hookshot (WordPress/6.9.1)',
      accept: '*/*',
      'content-type': 'application/json',
      'x-wc-webhook-source': 'https://shop.example/',
      'x-wc-webhook-topic': topic,
      'x-wc-webhook-resource': resource,
      'x-wc-webhook-event': event,
      'x-wc-webhook-signature': webhookSignature(rawBody, secret),
      'x-wc-webhook-id': '1',
      'x-wc-webhook-delivery-id': '5ca4c145b1c2941f012f07ea4ab2d5bf',
      'content-length': String(rawBody.length),
    },
  };
}
