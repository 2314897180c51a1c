import { loadCapture, loadRestRead } from '../../../builders/captured-webhooks.js';
import type { OrderInput } from '../shop/order-input.ts';
import type { Site } from '../shop/site.ts';
import { virtualShop, type VirtualShop } from '../virtual-shop.ts';

/** Names and types, in order; what a meta value holds is up to the shop. */
function shapeOf(value: unknown, name = ''): unknown {
  if (name === 'meta_data') return 'meta';
  if (Array.isArray(value)) return [...new Map(value.map((element) => [JSON.stringify(shapeOf(element)), shapeOf(element)])).values()];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.entries(value).map(([key, field]: [string, unknown]) => [key, shapeOf(field, key)]);
}

const capturedWebhook = (name: string): unknown => JSON.parse(loadCapture(name).rawBody.toString('utf8'));
const capturedRead = (name: string): unknown => loadRestRead(name).body;

const TAXED: Partial<Site> = { currency: 'USD', decimals: 2, taxPercent: 8.25, pricesIncludeTax: true };
const CHINESE: Partial<Site> = { currency: 'USD', timezone: 'Asia/Shanghai', utcOffsetMinutes: 480 };

function shopWithProducts(
  site: Partial<Site>,
): VirtualShop & { readonly order: (input: OrderInput) => number; readonly mug: number; readonly shirt: number; readonly shirtM: number } {
  const virtual = virtualShop({ site });
  const mug = virtual.shop.catalog.add({ name: 'Mug', sku: 'MUG', stock: 500 }).id;
  const shirt = virtual.shop.catalog.add({ name: 'Shirt', sku: 'SHIRT' }).id;
  const shirtM = virtual.shop.catalog.addVariation(shirt, { sku: 'SHIRT-M' }).id;
  return { ...virtual, mug, shirt, shirtM, order: (input) => virtual.shop.orders.create(input).id };
}
type Stocked = ReturnType<typeof shopWithProducts>;

const cases: readonly { what: string; site?: Partial<Site>; captured: () => unknown; order: (shop: Stocked) => number }[] = [
  {
    what: 'with coupon, fee, shipping and a variation',
    captured: () => capturedWebhook('024'),
    order: ({ order, mug, shirt, shirtM }) =>
      order({
        isPaid: true,
        paymentMethod: 'cod',
        lines: [
          { productId: mug, quantity: 2 },
          { productId: shirt, variationId: shirtM },
        ],
        shippingLines: [{ title: 'Post', total: 2_990 }],
        feeLines: [{ name: 'Tip', total: 500 }],
        couponLines: [{ code: 'LAB10', discount: 3_897 }],
      }),
  },
  {
    what: 'refunded',
    captured: () => capturedWebhook('038'),
    order: ({ order, mug, shirt, shirtM, shop }) => {
      const id = order({
        isPaid: true,
        paymentMethod: 'cod',
        lines: [
          { productId: mug, quantity: 2 },
          { productId: shirt, variationId: shirtM },
        ],
        shippingLines: [{ title: 'Post', total: 2_990 }],
        feeLines: [{ name: 'Tip', total: 500 }],
        couponLines: [{ code: 'LAB10', discount: 3_897 }],
      });
      shop.orders.addRefund(id, { amount: 6_490, reason: 'all' });
      return id;
    },
  },
  { what: 'unpaid', captured: () => capturedWebhook('152'), order: ({ order, mug }) => order({ lines: [{ productId: mug }] }) },
  {
    what: 'in the trash, of a customer',
    captured: () => capturedRead('order-trashed-get'),
    order: ({ order, mug, shop }) => {
      const id = order({ customerId: shop.people.add().id, status: 'completed', lines: [{ productId: mug }] });
      shop.orders.trash(id);
      return id;
    },
  },
  {
    what: 'with tax included',
    site: TAXED,
    captured: () => capturedWebhook('277'),
    order: ({ order, mug }) =>
      order({
        isPaid: true,
        lines: [{ productId: mug }],
        shippingLines: [{ title: 'Flat', total: 5 }],
        feeLines: [{ name: 'Gift discount', total: -7.77 }],
      }),
  },
  {
    what: 'whose product is gone',
    site: TAXED,
    captured: () => capturedRead('order-deleted-product'),
    order: ({ order, mug, shop }) => {
      const id = order({ lines: [{ productId: mug }] });
      shop.catalog.forceDelete(mug);
      return id;
    },
  },
  { what: 'without lines', captured: () => capturedRead('order-empty'), order: ({ order }) => order({}) },
  {
    what: 'of 7.6.1',
    site: { ...CHINESE, version: '7.6.1' },
    captured: () => capturedWebhook('w761-order.created'),
    order: ({ order, mug }) => order({ isPaid: true, lines: [{ productId: mug }] }),
  },
  {
    what: 'of 8.3.1',
    site: { ...CHINESE, version: '8.3.1' },
    captured: () => capturedWebhook('w831-order.created'),
    order: ({ order, mug }) => order({ isPaid: true, lines: [{ productId: mug }] }),
  },
  {
    what: 'of 9.9.5',
    site: { ...CHINESE, version: '9.9.5' },
    captured: () => capturedWebhook('w995-order.created'),
    order: ({ order, mug }) => order({ isPaid: true, lines: [{ productId: mug }] }),
  },
];

it.each(cases)('has the fields and types of a captured order $what', ({ site = {}, captured, order }) => {
  const shop = shopWithProducts(site);
  expect(shapeOf(shop.shop.orderJson(order(shop)))).toEqual(shapeOf(captured()));
});

it.each([
  ['6.0.0', false, false],
  ['7.6.1', true, false],
  ['9.9.5', true, false],
  ['10.4.3', true, true],
])('in %s: a line has an image: %s, a global unique id: %s', (version, hasImage, hasGlobalUniqueId) => {
  const { order, mug, shop } = shopWithProducts({ version });
  const [line] = shop.orderJson(order({ lines: [{ productId: mug }] }))['line_items'] as readonly object[];
  expect([line && 'image' in line, line && 'global_unique_id' in line]).toEqual([hasImage, hasGlobalUniqueId]);
});

it('has the amounts of a captured order with tax included', () => {
  const { shop } = virtualShop({ site: TAXED });
  const coffee = shop.catalog.add({ price: 12_000 }).id;
  const { id } = shop.orders.create({
    isPaid: true,
    lines: [{ productId: coffee, quantity: 3 }],
    shippingLines: [{ title: 'Flat', total: 5 }],
    feeLines: [{ name: 'Gift discount', total: -7.77 }],
  });
  const amounts = ['total', 'total_tax', 'cart_tax', 'shipping_total', 'shipping_tax', 'discount_total'] as const;
  const captured = capturedWebhook('277') as Record<string, unknown>;
  const order = shop.orderJson(id);
  expect(amounts.map((name) => order[name])).toEqual(amounts.map((name) => captured[name]));
});

it('writes money with the decimals of the shop, not of the currency', () => {
  const { shop, ask } = virtualShop({ site: { currency: 'USD' } });
  const { id } = shop.orders.create({ currency: 'JPY', lines: [{ productId: shop.catalog.add({ price: 1_299 }).id }] });
  expect(shop.orderJson(id)).toMatchObject({ currency: 'JPY', currency_symbol: '¥', total: '1299.00' });
  expect(ask(`orders/${id}?dp=0`).json).toMatchObject({ total: '1299' });
});

it('shows a line’s unit price as a number, long where it has to be', () => {
  const { shop } = virtualShop({ site: TAXED });
  const product = shop.catalog.add({ price: 10 / 1.0825 }).id;
  const { id } = shop.orders.create({ lines: [{ productId: product }] });
  expect(shop.orderJson(id)).toMatchObject({ total: '10.00', line_items: [{ total: '9.24', price: 9.237875 }] });
});

it('gives numbers and booleans in meta back as text, objects as they are, and drops null', () => {
  const { shop } = virtualShop();
  const { id } = shop.orders.create({ meta: { count: 3, yes: true, no: false, nothing: null, nested: { a: [1, true] } } });
  expect(shop.orderJson(id)['meta_data']).toMatchObject([
    { key: 'count', value: '3' },
    { key: 'yes', value: '1' },
    { key: 'no', value: '' },
    { key: 'nested', value: { a: [1, true] } },
  ]);
});

it('writes dates in the site’s time and in UTC, both without zone', () => {
  const { shop } = virtualShop({ site: { utcOffsetMinutes: 480 } });
  expect(shop.orderJson(shop.orders.create().id)).toMatchObject({
    date_created: '2026-11-20T20:00:00',
    date_created_gmt: '2026-11-20T12:00:00',
    date_paid: null,
    date_paid_gmt: null,
  });
});

it('renders an order once, and again when the order or the catalog changed', () => {
  const { shop } = virtualShop();
  const { id } = shop.orders.create();
  const first = shop.orderJson(id);
  expect(shop.orderJson(id)).toBe(first);
  shop.orders.saveUnchanged(id);
  const second = shop.orderJson(id);
  expect(second).not.toBe(first);
  shop.catalog.add();
  expect(shop.orderJson(id)).not.toBe(second);
});
