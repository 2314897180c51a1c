import type { ShopAnswer, ShopReply } from '../rest/shop-exchange.js';
import { readPage, readSingle } from './poll-answer.js';

const DATE = 'Sat, 21 Nov 2026 02:51:42 GMT';
const HEADERS = { date: DATE, 'x-wp-total': '2', 'x-wp-totalpages': '1' };

const answered = (answer: Partial<ShopAnswer>): ShopReply => ({
  kind: 'answered',
  answer: { status: 200, headers: HEADERS, body: '[{"id":1},{"id":2}]', ...answer },
});

const failureOf = (reply: ShopReply): unknown => {
  const page = readPage(reply);
  return page.kind === 'failed' ? page.failure : page;
};

describe('a page of a list', () => {
  it('brings its rows, how many there are, and the shop’s own time', () => {
    expect(readPage(answered({}))).toEqual({
      kind: 'read',
      value: { rows: [{ id: 1 }, { id: 2 }], total: 2, pageCount: 1, shopTime: Date.parse(DATE) },
    });
  });

  it.each<[string, Partial<ShopAnswer>, string]>([
    ['without X-WP-Total', { headers: { date: DATE, 'x-wp-totalpages': '0' }, body: '[]' }, 'unusable'],
    ['without Date', { headers: { ...HEADERS, date: '' } }, 'unusable'],
    ['of HTML', { body: '<!doctype html>' }, 'unusable'],
    ['that is an object', { body: '{}' }, 'unusable'],
    ['that is empty', { body: '' }, 'unusable'],
    ['from WooCommerce’s cache', { headers: { ...HEADERS, 'x-wc-cache': 'HIT' } }, 'cached'],
    ['from a proxy’s cache', { headers: { ...HEADERS, age: '7' } }, 'cached'],
    ['of 404', { status: 404, body: '{"code":"rest_no_route"}' }, 'unusable'],
    ['of 401', { status: 401, body: '{"code":"woocommerce_rest_cannot_view"}' }, 'refuses-keys'],
    ['of a firewall’s 403', { status: 403, body: '<html>' }, 'refuses-keys'],
    ['of 500', { status: 500, body: '' }, 'shop-error'],
    ['of 503', { status: 503, body: '' }, 'shop-error'],
  ])('is never taken for “no orders” %s', (_, answer, kind) => {
    expect(failureOf(answered(answer))).toMatchObject({ kind });
  });

  it('waits as long as the shop asks, in seconds or until a date', () => {
    expect(failureOf(answered({ status: 429, headers: { 'retry-after': '90' } }))).toEqual({
      kind: 'throttled',
      detail: 'status 429',
      retryAfterMs: 90_000,
    });
    const until = { date: DATE, 'retry-after': 'Sat, 21 Nov 2026 02:52:42 GMT' };
    expect(failureOf(answered({ status: 503, headers: until }))).toMatchObject({ kind: 'throttled', retryAfterMs: 60_000 });
  });

  it('says WooCommerce’s own code and nothing else of the body', () => {
    const body = JSON.stringify({ code: 'woocommerce_rest_cannot_view', message: 'Sorry, ada@example.com' });
    expect(failureOf(answered({ status: 401, body }))).toMatchObject({ detail: 'status 401, woocommerce_rest_cannot_view' });
    const odd = JSON.stringify({ code: 'Sorry, ada@example.com' });
    expect(failureOf(answered({ status: 401, body: odd }))).toMatchObject({ detail: 'status 401' });
  });

  it('passes on why there was no answer', () => {
    expect(failureOf({ kind: 'not-answered', cause: 'timeout', detail: 'no answer in time' })).toMatchObject({ kind: 'timeout' });
  });
});

describe('a single order', () => {
  const gone = (code: string): ShopReply => answered({ status: 404, headers: { date: DATE }, body: JSON.stringify({ code }) });

  it('is gone only when the shop itself says so', () => {
    expect(readSingle(gone('woocommerce_rest_shop_order_invalid_id'))).toEqual({
      kind: 'read',
      value: { row: null, shopTime: Date.parse(DATE) },
    });
    expect(readSingle(gone('rest_no_route'))).toMatchObject({ kind: 'failed', failure: { kind: 'unusable' } });
    expect(readSingle(answered({ status: 404, body: '<html>' }))).toMatchObject({ kind: 'failed' });
  });

  it('is its row otherwise', () => {
    expect(readSingle(answered({ body: '{"id":1}' }))).toMatchObject({ value: { row: { id: 1 } } });
  });
});
