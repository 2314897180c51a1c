import { createHmac } from 'node:crypto';

/** A WooCommerce order's JSON. */
export type OrderBody = Readonly<Record<string, unknown>>;

export interface DemoWebhook {
  readonly topic: 'order.created' | 'order.updated';
  readonly body: OrderBody;
}

export interface DemoOrder {
  readonly id: string;
  /** For the person at the terminal. */
  readonly what: string;
  /** In the shop's order; the next leaves once the state of the one before is known. */
  readonly webhooks: readonly DemoWebhook[];
  /** Null: a conversion, sent or suppressed, follows; else why none does. */
  readonly staysOut: string | null;
}

/** How many order numbers one demo takes. */
export const DEMO_ORDERS = 8;

/** The shop's clock is three hours behind UTC. */
const SHOP_OFFSET_MS = -3 * 3_600_000;

const written = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

function dates(name: 'created' | 'modified' | 'paid', ms: number): OrderBody {
  return { [`date_${name}`]: written(ms + SHOP_OFFSET_MS), [`date_${name}_gmt`]: written(ms) };
}

const BANK_TRANSFER = { payment_method: 'bacs', payment_method_title: 'Bank transfer' };

/** The order of capture 280 (an order in yen), for a buyer with other data than the template's. */
function inYen(template: OrderBody): OrderBody {
  const buyer = { first_name: 'Ana', last_name: 'Smith', address_1: '1 Market St', address_2: '', city: 'San Francisco', state: 'JP13' };
  const person = { ...buyer, company: '', postcode: '94105', country: 'JP', phone: '415-555-2671' };
  const [line] = template['line_items'] as readonly OrderBody[];
  return {
    currency: 'JPY',
    currency_symbol: '¥',
    prices_include_tax: true,
    total: '1299.00',
    total_tax: '99.00',
    cart_tax: '99.00',
    discount_total: '0.00',
    shipping_total: '0.00',
    billing: { ...person, email: 'ana@example.com' },
    shipping: person,
    meta_data: [],
    line_items: [{ ...line, quantity: 1, subtotal: '1200.00', total: '1200.00', total_tax: '99.00', price: 1200, meta_data: [] }],
    shipping_lines: [],
    fee_lines: [],
  };
}

/** A handful of orders that each show one thing; ids are `firstId` and the following. */
export function demoOrders(template: OrderBody, firstId: number, nowMs: number): readonly DemoOrder[] {
  let nextId = firstId;
  const order = (what: string, versions: readonly OrderBody[], staysOut: string | null = null): DemoOrder => {
    const id = nextId++;
    const webhooks = versions.map((overrides, index): DemoWebhook => {
      const own = { id, number: String(id), payment_url: `https://shop.example/checkout/order-pay/${id}/?pay_for_order=true` };
      const usual = { ...template, ...own, ...dates('created', nowMs - 120_000), ...dates('modified', nowMs) };
      return { topic: index === 0 ? 'order.created' : 'order.updated', body: { ...usual, ...overrides } };
    });
    return { id: String(id), what, webhooks, staysOut };
  };
  const paid = dates('paid', nowMs);
  return [
    order('paid by card', [paid]),
    order('cash on delivery, not paid yet', [{ payment_method: 'cod', payment_method_title: 'Cash on delivery' }]),
    order('cheque, not paid yet', [{ payment_method: 'cheque', payment_method_title: 'Cheque' }], 'not paid yet'),
    order('bank transfer, paid later', [
      { ...BANK_TRANSFER, ...dates('modified', nowMs - 60_000), status: 'on-hold' },
      { ...BANK_TRANSFER, ...paid },
    ]),
    order('the same webhook twice', [paid, paid]),
    order('made by the shop’s staff', [{ ...paid, created_via: 'admin' }]),
    order('in yen', [{ ...paid, ...inYen(template) }]),
    order('buyer declined tracking', [{ ...paid, meta_data: [{ id: 1, key: 'cdp_consent', value: 'denied' }] }]),
  ];
}

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A webhook as a shop sends it: the body as PHP writes JSON, signed over its bytes. */
export function signedRequest({ topic, body }: DemoWebhook, secret: string): SignedRequest {
  const text = JSON.stringify(body)
    .replaceAll('/', String.raw`\/`)
    .replace(/[^\0-\x7F]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const bytes = Buffer.from(text, 'utf8');
  const [resource = '', event = ''] = topic.split('.');
  return {
    body: bytes,
    headers: {
      'user-agent': 'WooCommerce/11.0.1 Hookshot (WordPress/6.9.1)',
      'content-type': 'application/json',
      'x-wc-webhook-source': 'https://shop.example/',
      'x-wc-webhook-topic': topic,
      'x-wc-webhook-resource': resource,
      'x-wc-webhook-event': event,
      'x-wc-webhook-signature': createHmac('sha256', secret).update(bytes).digest('base64'),
      'x-wc-webhook-id': '1',
    },
  };
}
