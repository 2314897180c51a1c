import type { Json, JsonObject } from '../json/json.ts';
import type { Site } from '../shop/site.ts';
import { virtualShop, type VirtualShop } from '../virtual-shop.ts';
import type { ShopAnswer } from './answer.ts';

const rowsOf = (answer: ShopAnswer): readonly JsonObject[] => answer.json as readonly JsonObject[];
const idsOf = (answer: ShopAnswer): readonly Json[] => rowsOf(answer).map(({ id = null }) => id);

/** A shop with so many orders, one a minute; the last one is the newest. */
function shopWithOrders(count: number, site: Partial<Site> = {}): VirtualShop & { readonly ids: readonly number[] } {
  const virtual = virtualShop({ site });
  const ids = Array.from({ length: count }, () => {
    virtual.pass(60);
    return virtual.shop.orders.create({ status: 'processing' }).id;
  });
  return { ...virtual, ids };
}

describe('a list of orders', () => {
  it('has ten rows unless asked for more, newest first, and totals in its headers', () => {
    const { ask, ids } = shopWithOrders(12);
    const answer = ask('orders');
    expect(idsOf(answer)).toEqual(ids.toReversed().slice(0, 10));
    expect(answer.headers).toMatchObject({ 'x-wp-total': '12', 'x-wp-totalpages': '2', date: 'Fri, 20 Nov 2026 12:12:00 GMT' });
    expect(idsOf(ask('orders?page=2'))).toEqual(ids.toReversed().slice(10));
  });

  it('links to the pages beside it with the filters and their defaults', () => {
    const { ask } = shopWithOrders(8);
    expect(ask('orders?page=2&per_page=3').headers['link']).toBe(
      '<https://shop.example/wp-json/wc/v3/orders?page=1&per_page=3&status%5B0%5D=any&dp=0&context=view>; rel="prev", ' +
        '<https://shop.example/wp-json/wc/v3/orders?page=3&per_page=3&status%5B0%5D=any&dp=0&context=view>; rel="next"',
    );
    expect(ask('orders').headers['link']).toBe('<https://shop.example/wp-json/>; rel="https://api.w.org/"');
  });

  it.each([
    ['per_page=101', 'per_page', 'between 1 (inclusive) and 100 (inclusive)'],
    ['per_page=0', 'per_page', 'between 1'],
    ['page=0', 'page', 'greater than or equal to 1'],
    ['orderby=date_modified', 'orderby', 'orderby is not one of'],
    ['order=up', 'order', 'not one of asc and desc'],
    ['modified_after=yesterday', 'modified_after', 'Invalid date'],
    ['modified_after=2026-11-20', 'modified_after', 'Invalid date'],
    ['dates_are_gmt=perhaps', 'dates_are_gmt', 'not of type boolean'],
    ['status=gone', 'status', 'not one of any, trash, pending'],
  ])('refuses %s with 400', (query, parameter, problem) => {
    const answer = shopWithOrders(1).ask(`orders?${query}`);
    expect(answer).toMatchObject({ status: 400, json: { code: 'rest_invalid_param', message: `Invalid parameter(s): ${parameter}` } });
    expect(answer.body).toContain(problem);
  });

  it('ignores parameters that it does not know', () => {
    expect(shopWithOrders(1).ask('orders?number=77&_skip_cache=1')).toMatchObject({ status: 200, headers: { 'x-wp-total': '1' } });
  });

  it('cuts down to _fields', () => {
    const { ask, ids } = shopWithOrders(1);
    expect(ask('orders?_fields=id,status,billing.email').json).toEqual([{ id: ids[0], status: 'processing', billing: { email: '' } }]);
    expect(ask(`orders/${ids[0]}?_fields=id`).json).toEqual({ id: ids[0] });
  });

  it('takes include, exclude and offset', () => {
    const { ask, ids } = shopWithOrders(5);
    const [first, second, third, fourth, fifth] = ids;
    expect(idsOf(ask(`orders?include=${fourth},${second}`))).toEqual([fourth, second]);
    expect(idsOf(ask(`orders?include[]=${second}&include[]=${fourth}&orderby=include`))).toEqual([second, fourth]);
    expect(idsOf(ask(`orders?exclude=${fifth}&order=asc`))).toEqual([first, second, third, fourth]);
    expect(idsOf(ask('orders?offset=3&per_page=2&orderby=id&order=asc'))).toEqual([fourth, fifth]);
  });

  it('breaks ties of a second by id', () => {
    const { shop, ask } = virtualShop();
    const ids = Array.from({ length: 12 }, () => shop.orders.create().id);
    expect(idsOf(ask('orders?orderby=modified&order=asc&per_page=100'))).toEqual(ids);
    expect(idsOf(ask('orders?orderby=modified&order=desc&per_page=100'))).toEqual(ids.toReversed());
  });

  it('counts by HEAD, without a body', () => {
    const answer = shopWithOrders(3).ask('orders', { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, headers: { 'x-wp-total': '3' }, body: '' });
  });

  it.each<[Partial<Site>, string]>([
    [{ version: '6.0.0' }, '3'],
    [{ version: '7.6.1' }, '3'],
    [{ version: '8.3.1' }, '0'],
    [{ version: '11.0.1' }, '0'],
  ])('past its end counts as %j does: %s', (site, total) => {
    expect(shopWithOrders(3, site).ask('orders?page=9')).toMatchObject({ status: 200, json: [], headers: { 'x-wp-total': total } });
  });
});

describe('the status of a list', () => {
  it('is any live one by default; trash is asked for alone', () => {
    const { shop, ask, ids } = shopWithOrders(3);
    const [first, second, third] = ids;
    shop.orders.trash(second!);
    shop.orders.create({ status: 'checkout-draft' });
    expect(idsOf(ask('orders'))).toEqual([third, first]);
    expect(idsOf(ask('orders?status=any,trash'))).toEqual([third, first]);
    expect(idsOf(ask('orders?status=trash'))).toEqual([second]);
    expect(idsOf(ask('orders?status=trash,processing'))).toEqual([third, second, first]);
  });

  it('hides trashed orders from include and modified_after, not from a direct look', () => {
    const { shop, ask, ids } = shopWithOrders(1);
    shop.orders.trash(ids[0]!);
    expect(idsOf(ask(`orders?include=${ids[0]}`))).toEqual([]);
    expect(idsOf(ask('orders?modified_after=2000-01-01T00:00:00&dates_are_gmt=true'))).toEqual([]);
    expect(ask(`orders/${ids[0]}`)).toMatchObject({ status: 200, json: { status: 'trash' } });
  });

  it('knows those that plugins registered', () => {
    const { shop, ask } = virtualShop({ site: { customStatuses: ['listo-retiro'] } });
    const { id } = shop.orders.create({ status: 'listo-retiro' });
    expect(idsOf(ask('orders?status=listo-retiro'))).toEqual([id]);
    expect(idsOf(ask('orders'))).toEqual([id]);
  });
});

describe('bounds of time', () => {
  const SHANGHAI = { timezone: 'Asia/Shanghai', utcOffsetMinutes: 480 };

  it('are strict and by the second', () => {
    const { ask, ids } = shopWithOrders(3);
    const [first, second, third] = ids;
    const modified = (query: string) => idsOf(ask(`orders?dates_are_gmt=true&order=asc&${query}`));
    expect(modified('modified_after=2026-11-20T12:01:00')).toEqual([second, third]);
    expect(modified('modified_after=2026-11-20T12:00:59')).toEqual([first, second, third]);
    expect(modified('modified_after=2026-11-20T12:00:59.999')).toEqual([first, second, third]);
    expect(modified('modified_before=2026-11-20T12:03:00')).toEqual([first, second]);
    expect(modified('modified_after=2026-11-20T12:01:00&modified_before=2026-11-20T12:03:00')).toEqual([second]);
    expect(modified('after=2026-11-20T12:02:00')).toEqual([third]);
    expect(modified('before=2026-11-20T12:02:00')).toEqual([first]);
  });

  it('show nothing for a date far ahead', () => {
    expect(shopWithOrders(3).ask('orders?modified_after=2999-01-01T00:00:00').json).toEqual([]);
  });

  it('in naive UTC with dates_are_gmt are right everywhere', () => {
    for (const site of [SHANGHAI, {}]) {
      expect(idsOf(shopWithOrders(3, site).ask('orders?dates_are_gmt=true&modified_after=2026-11-20T12:02:00'))).toHaveLength(1);
    }
  });

  it('with Z and dates_are_gmt are wrong by the site’s offset: nothing in Shanghai, everything in Santiago', () => {
    const query = 'orders?dates_are_gmt=true&modified_after=2026-11-20T12:02:00Z';
    expect(idsOf(shopWithOrders(3, SHANGHAI).ask(query))).toHaveLength(0);
    expect(idsOf(shopWithOrders(3).ask(query))).toHaveLength(3);
  });

  it('in naive UTC without dates_are_gmt are wrong the other way', () => {
    const query = 'orders?modified_after=2026-11-20T12:02:00';
    expect(idsOf(shopWithOrders(3, SHANGHAI).ask(query))).toHaveLength(3);
    expect(idsOf(shopWithOrders(3).ask(query))).toHaveLength(0);
  });

  it('with a zone and without dates_are_gmt are right', () => {
    for (const site of [SHANGHAI, {}]) {
      const { ask } = shopWithOrders(3, site);
      expect(idsOf(ask('orders?modified_after=2026-11-20T12:02:00Z'))).toHaveLength(1);
      expect(idsOf(ask('orders?modified_after=2026-11-20T14:02:00%2B02:00'))).toHaveLength(1);
    }
  });

  it('of modification mean nothing to a shop older than 5.8', () => {
    const { ask } = shopWithOrders(3, { version: '5.5.0' });
    expect(idsOf(ask('orders?dates_are_gmt=true&modified_after=2999-01-01T00:00:00'))).toHaveLength(3);
  });
});

describe('walking while orders change', () => {
  const modifiedAscending = 'orders?dates_are_gmt=true&orderby=modified&order=asc&per_page=5';

  it('loses orders when pages are walked by their number', () => {
    const { shop, ask, ids, pass } = shopWithOrders(12);
    const seen = new Set<Json>();
    for (let page = 1; page <= 3; page += 1) {
      for (const id of idsOf(ask(`${modifiedAscending}&page=${page}`))) seen.add(id);
      pass(1);
      if (page === 1) for (const id of ids.slice(0, 2)) shop.orders.saveUnchanged(id);
    }
    expect(ids.filter((id) => !seen.has(id))).toEqual([ids[5], ids[6]]);
  });

  it('loses an order when another one is trashed between two pages', () => {
    const { shop, ask, ids } = shopWithOrders(12);
    const seen = new Set(idsOf(ask(modifiedAscending)));
    shop.orders.trash(ids[0]!);
    for (const page of [2, 3]) for (const id of idsOf(ask(`${modifiedAscending}&page=${page}`))) seen.add(id);
    expect(ids.filter((id) => !seen.has(id))).toEqual([ids[5]]);
  });

  it('loses none when each page begins after the last second seen', () => {
    const { shop, ask, ids, pass } = shopWithOrders(12);
    const seen = new Set<Json>();
    let cursor = '2026-11-20T12:00:00';
    for (let request = 1; request <= 10; request += 1) {
      const rows = rowsOf(ask(`${modifiedAscending}&modified_after=${cursor}`));
      for (const { id = null } of rows) seen.add(id);
      cursor = (rows.at(-1)?.['date_modified_gmt'] as string | undefined) ?? cursor;
      pass(1);
      if (request === 1) for (const id of ids.slice(0, 2)) shop.orders.saveUnchanged(id);
    }
    expect(ids.filter((id) => !seen.has(id))).toEqual([]);
  });
});

describe('one order', () => {
  it('that never was or was deleted is 404', () => {
    const { shop, ask, ids } = shopWithOrders(1);
    shop.orders.forceDelete(ids[0]!);
    expect(ask(`orders/${ids[0]}`)).toMatchObject({
      status: 404,
      body: '{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID.","data":{"status":404}}',
    });
  });

  it('shows at once what SQL changed', () => {
    const { shop, ask, ids } = shopWithOrders(1);
    shop.orders.sqlEdit(ids[0]!, { status: 'completed' });
    expect(ask(`orders/${ids[0]}`).json).toMatchObject({ status: 'completed', date_modified_gmt: '2026-11-20T12:01:00' });
  });
});

describe('totals per status', () => {
  it('leave out the trash', () => {
    const { shop, ask, ids } = shopWithOrders(3);
    shop.orders.trash(ids[0]!);
    shop.orders.setStatus(ids[1]!, 'completed');
    const totals = rowsOf(ask('reports/orders/totals'));
    expect(totals.map(({ slug, total }) => [slug, total])).toEqual([
      ['pending', 0],
      ['processing', 1],
      ['on-hold', 0],
      ['completed', 1],
      ['cancelled', 0],
      ['refunded', 0],
      ['failed', 0],
      ['checkout-draft', 0],
    ]);
  });
});
