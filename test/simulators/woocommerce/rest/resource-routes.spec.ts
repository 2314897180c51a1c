import { loadRestRead } from '../../../builders/captured-webhooks.js';
import type { Json, JsonObject } from '../json/json.ts';
import { virtualShop } from '../virtual-shop.ts';
import type { ShopAnswer } from './answer.ts';

const idsOf = (answer: ShopAnswer): readonly Json[] => (answer.json as readonly JsonObject[]).map(({ id = null }) => id);
const firstOf = (answer: ShopAnswer): JsonObject => (answer.json as readonly JsonObject[])[0]!;
const capturedFirst = (name: string): JsonObject => (loadRestRead(name).body as readonly JsonObject[])[0]!;
const fieldTypes = (json: JsonObject): readonly string[] =>
  Object.entries(json).map(([name, value]) => `${name}: ${value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value}`);

function stockedShop() {
  const virtual = virtualShop();
  const mug = virtual.shop.catalog.add({ name: 'Mug', sku: 'MUG', weight: '0.5' }).id;
  const shirt = virtual.shop.catalog.add({ name: 'Shirt', sku: 'SHIRT', weight: '0.2' }).id;
  const light = virtual.shop.catalog.addVariation(shirt, { sku: 'SHIRT-M' }).id;
  const heavy = virtual.shop.catalog.addVariation(shirt, { sku: 'SHIRT-XL', weight: '0.25' }).id;
  return { ...virtual, mug, shirt, light, heavy };
}

describe('products', () => {
  it('have the fields and types of captured ones', () => {
    const { ask, shirt, heavy } = stockedShop();
    expect(fieldTypes(ask(`products/${shirt}`).json as JsonObject)).toEqual(fieldTypes(capturedFirst('get-products')));
    const variation = (ask(`products/${shirt}/variations`).json as readonly JsonObject[]).find(({ id }) => id === heavy)!;
    expect(fieldTypes(variation)).toEqual(fieldTypes(capturedFirst('get-products-14-variations')));
  });

  it('weigh what they weigh, a variation what its parent does where it has no weight of its own', () => {
    const { ask, mug, light, heavy } = stockedShop();
    expect([mug, light, heavy].map((id) => (ask(`products/${id}`).json as JsonObject)['weight'])).toEqual(['0.5', '0.2', '0.25']);
  });

  it('by include are top-level ones; a variation is found by its id and by its SKU', () => {
    const { ask, mug, shirt, heavy } = stockedShop();
    expect(idsOf(ask(`products?include=${mug},${heavy}`))).toEqual([mug]);
    expect(ask(`products/${heavy}`).json).toMatchObject({ type: 'variation', parent_id: shirt });
    expect(idsOf(ask('products?sku=SHIRT-XL'))).toEqual([heavy]);
  });

  it('that were deleted are 404', () => {
    const { ask, shop, mug } = stockedShop();
    shop.catalog.forceDelete(mug);
    expect(ask(`products/${mug}`)).toMatchObject({ status: 404, json: { code: 'woocommerce_rest_product_invalid_id' } });
  });

  it('are listed by when they were modified', () => {
    const { ask, shop, mug, pass } = stockedShop();
    pass(60);
    shop.catalog.update(mug, { weight: '0.6' });
    expect(idsOf(ask('products?modified_after=2026-11-20T12:00:00&dates_are_gmt=true'))).toEqual([mug]);
  });

  it('in the trash are listed only when asked for', () => {
    const { ask, shop, mug, shirt } = stockedShop();
    shop.catalog.trash(mug);
    expect(idsOf(ask('products'))).toEqual([shirt]);
    expect(idsOf(ask('products?status=trash'))).toEqual([mug]);
  });
});

describe('customers', () => {
  it('have the fields and types of captured ones', () => {
    const { ask, shop } = virtualShop();
    shop.people.add();
    expect(fieldTypes(firstOf(ask('customers')))).toEqual(fieldTypes(capturedFirst('get-customers')));
  });

  it('ignore modified_after and refuse orderby=modified', () => {
    const { ask, shop } = virtualShop();
    const { id } = shop.people.add();
    expect(idsOf(ask('customers?modified_after=2999-01-01T00:00:00'))).toEqual([id]);
    expect(ask('customers?orderby=modified').status).toBe(400);
  });

  it('are customers by role unless all are asked for', () => {
    const { ask, shop } = virtualShop();
    const { id } = shop.people.add();
    const subscriber = shop.people.add({ role: 'subscriber' }).id;
    expect(idsOf(ask('customers'))).toEqual([id]);
    expect(idsOf(ask('customers?role=all&orderby=id&order=asc'))).toEqual([1, id, subscriber]);
  });

  it('that are unknown are 404', () => {
    expect(virtualShop().ask('customers/99')).toMatchObject({ status: 404, json: { code: 'woocommerce_rest_invalid_id' } });
  });
});

describe('coupons', () => {
  it('have the fields and types of captured ones, and are found by code', () => {
    const { ask, shop } = virtualShop();
    const { id } = shop.coupons.add({ code: 'lab10' });
    expect(fieldTypes(firstOf(ask('coupons')))).toEqual(fieldTypes(capturedFirst('get-coupons')));
    expect(idsOf(ask('coupons?code=LAB10'))).toEqual([id]);
    shop.coupons.trash(id);
    expect(ask('coupons').json).toEqual([]);
  });
});

describe('refunds', () => {
  function refunded() {
    const virtual = stockedShop();
    const { id, lines } = virtual.shop.orders.create({ lines: [{ productId: virtual.mug, quantity: 2 }] });
    const refundId = virtual.shop.orders.addRefund(id, {
      amount: 500,
      reason: 'broken',
      lines: [{ lineId: lines[0]!.id, quantity: 1, total: 500 }],
    });
    return { ...virtual, id, refundId };
  }

  it('have the fields and types of captured ones', () => {
    const { ask, id, refundId } = refunded();
    const captured = loadRestRead('refund-create-partial').body as JsonObject;
    const refund = ask(`orders/${id}/refunds/${refundId}`).json as JsonObject;
    expect(fieldTypes(refund)).toEqual(fieldTypes(captured));
    const lineOf = (json: JsonObject) => (json['line_items'] as readonly JsonObject[])[0]!;
    expect(fieldTypes(lineOf(refund))).toEqual(fieldTypes(lineOf(captured)));
    expect(refund).toMatchObject({
      amount: '500',
      line_items: [{ quantity: -1, total: '-500', meta_data: [{ key: '_refunded_item_id' }] }],
    });
    expect(fieldTypes(firstOf(ask('refunds')))).toEqual(fieldTypes(capturedFirst('get-refunds')));
    expect(fieldTypes(firstOf(ask(`orders/${id}/refunds`)))).toEqual(fieldTypes(capturedFirst('get-orders-17-refunds')));
  });

  it('vanish when deleted, while the order’s date stays', () => {
    const { ask, shop, id, refundId, pass } = refunded();
    pass(60);
    shop.orders.deleteRefund(id, refundId);
    expect(ask(`orders/${id}/refunds`).json).toEqual([]);
    expect(ask(`orders/${id}/refunds/${refundId}`).status).toBe(404);
    expect(ask(`orders/${id}`).json).toMatchObject({ refunds: [], date_modified_gmt: '2026-11-20T12:00:00' });
  });

  it('of an order that never was are 404', () => {
    expect(virtualShop().ask('orders/99/refunds').status).toBe(404);
  });
});

describe('the shop about itself', () => {
  const { ask } = virtualShop({
    site: { storage: 'hpos', weightUnit: 'lbs', hasWpCron: false, plugins: [{ plugin: 'acme/acme.php', name: 'Acme', version: '1.2' }] },
  });

  it('names its version, storage, cron and plugins', () => {
    expect(ask('system_status').json).toMatchObject({
      environment: { version: '11.0.1', wp_cron: false },
      settings: { currency: 'CLP', number_of_decimals: 0, HPOS_enabled: true },
      active_plugins: [{ plugin: 'acme/acme.php', version: '1.2' }, { plugin: 'woocommerce/woocommerce.php' }],
    });
  });

  it('names its weight unit, country and currency', () => {
    expect(ask('settings/products/woocommerce_weight_unit').json).toMatchObject({ value: 'lbs' });
    expect(ask('settings/general/woocommerce_default_country').json).toMatchObject({ value: 'CL:CL-RM' });
    expect(ask('settings/general').json).toContainEqual(expect.objectContaining({ id: 'woocommerce_currency', value: 'CLP' }));
    expect(ask('settings/nothing').status).toBe(404);
    expect(ask('settings/general/nothing').status).toBe(404);
  });

  it('names the sign of its currency as HTML, unlike an order', () => {
    const captured = loadRestRead('get-data-currencies-current').body as JsonObject;
    const shown = ask('data/currencies/current').json as JsonObject;
    expect(fieldTypes(shown)).toEqual(fieldTypes(captured));
    expect([shown['code'], shown['symbol']]).toEqual([captured['code'], captured['symbol']]);
  });

  it('lists totals like a captured shop', () => {
    const captured = loadRestRead('get-reports-orders-totals').body as readonly JsonObject[];
    const totals = ask('reports/orders/totals').json as readonly JsonObject[];
    expect(totals.map(({ slug, name }) => [slug, name])).toEqual(captured.map(({ slug, name }) => [slug, name]));
  });
});
