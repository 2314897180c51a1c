/** What the shop is told, in the words of its control API. */
export type ShopOrder = Readonly<Record<string, unknown>>;

export interface ShopAct {
  /** Last part of `/_control/orders/{id}/…`. */
  readonly action: 'status' | 'save';
  readonly body: { readonly status?: string };
  /** Whether what becomes of the order is decided by this, and not by what was before. */
  readonly decides: boolean;
}

export interface DemoOrder {
  /** For the person at the terminal. */
  readonly what: string;
  readonly placed: ShopOrder;
  /** What happens to it in the shop; each once the status before it is known. */
  readonly acts: readonly ShopAct[];
  /** Null: a conversion, sent or suppressed, follows; else why none does. */
  readonly staysOut: string | null;
}

export const DEMO_PRODUCT = { name: 'Café de grano 250 g', sku: 'CAFE-250', price: 12_990, weight: '0.25' } as const;

const BUYER = {
  first_name: 'Zoë',
  last_name: "O'Higgins",
  address_1: 'Calle Ñuble 1234',
  address_2: 'Depto 5B',
  city: 'Viña del Mar',
  state: 'CL-VS',
  postcode: '2520000',
  country: 'CL',
} as const;
const BILLING = { ...BUYER, email: 'Zoe.OHiggins+promo@Example.COM', phone: '(032) 212-3456' } as const;
const IN_JAPAN = {
  first_name: 'Ana',
  last_name: 'Smith',
  address_1: '1 Market St',
  city: 'San Francisco',
  state: 'JP13',
  postcode: '94105',
  country: 'JP',
} as const;
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** A handful of orders that each show one thing. `visitorId`: of the demo's visit, which the first of them was made in. */
export function demoOrders(productId: number, visitorId: string): readonly DemoOrder[] {
  const usual = {
    paymentMethod: 'card',
    paymentMethodTitle: 'Credit card',
    billing: BILLING,
    shipping: BUYER,
    ipAddress: '203.0.113.7',
    userAgent: BROWSER,
    lines: [{ productId, quantity: 2 }],
    shippingLines: [{ title: 'Despacho', total: 2_990 }],
    meta: { cdp_ttclid: 'E.C.P.demo-ttclid', cdp_consent: 'granted', _wc_order_attribution_utm_source: 'tiktok' },
  };
  const order = (what: string, changes: ShopOrder, acts: readonly ShopAct[] = [], staysOut: string | null = null): DemoOrder => ({
    what,
    placed: { ...usual, ...changes },
    acts,
    staysOut,
  });
  const paid = { isPaid: true };
  return [
    order('paid by card', { ...paid, meta: { ...usual.meta, cdp_id: visitorId } }),
    order('cash on delivery, not paid yet', { paymentMethod: 'cod', paymentMethodTitle: 'Cash on delivery', status: 'processing' }),
    order('cheque, not paid yet', { paymentMethod: 'cheque', paymentMethodTitle: 'Cheque', status: 'on-hold' }, [], 'not paid yet'),
    order('bank transfer, paid later', { paymentMethod: 'bacs', paymentMethodTitle: 'Bank transfer', status: 'on-hold' }, [
      { action: 'status', body: { status: 'processing' }, decides: true },
    ]),
    order('saved again in the shop', paid, [{ action: 'save', body: {}, decides: false }]),
    order('made by the shop’s staff', { ...paid, createdVia: 'admin' }),
    order('in yen', {
      ...paid,
      currency: 'JPY',
      billing: { ...IN_JAPAN, email: 'ana@example.com', phone: '415-555-2671' },
      shipping: IN_JAPAN,
      meta: {},
      lines: [{ productId, quantity: 1, total: 1_299 }],
      shippingLines: [],
    }),
    order('buyer declined tracking', { ...paid, meta: { cdp_consent: 'denied' } }),
  ];
}
