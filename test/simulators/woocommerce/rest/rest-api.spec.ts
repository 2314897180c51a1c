import { createHmac } from 'node:crypto';
import type { ApiKey } from '../shop/people.ts';
import { virtualShop, type VirtualShop } from '../virtual-shop.ts';
import type { ShopAnswer } from './answer.ts';
import { LostConnection } from './edge.ts';

const HTTPS = 'https://shop.example';
const HTTP = 'http://shop.example';
const basic = ({ consumerKey, consumerSecret }: Pick<ApiKey, 'consumerKey' | 'consumerSecret'>) => ({
  authorization: `Basic ${Buffer.from(`${consumerKey}:${consumerSecret}`).toString('base64')}`,
});

const visit = (
  { shop }: VirtualShop,
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body: string | null = null,
): ShopAnswer => shop.handle({ method, url, headers, body });

const CANNOT_LIST = {
  status: 401,
  json: { code: 'woocommerce_rest_cannot_view', message: 'Sorry, you cannot list resources.', data: { status: 401 } },
};
const NOT_AUTHENTIC = 'woocommerce_rest_authentication_error';

const rfc3986 = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

interface Signing {
  readonly key: ApiKey;
  readonly atSeconds: number;
  readonly nonce?: string;
  readonly method?: 'HMAC-SHA256' | 'HMAC-SHA1';
  readonly secret?: string;
}

/** An address signed by OAuth 1.0a with one leg, as WooCommerce's documentation describes it. */
function signed(address: string, { key, atSeconds, nonce = 'n1', method = 'HMAC-SHA256', secret = key.consumerSecret }: Signing): string {
  const url = new URL(address);
  const parameters = [
    ...url.searchParams,
    ['oauth_consumer_key', key.consumerKey],
    ['oauth_nonce', nonce],
    ['oauth_signature_method', method],
    ['oauth_timestamp', String(atSeconds)],
  ] as [string, string][];
  const query = parameters
    .map(([name, value]) => [rfc3986(name), rfc3986(value)] as const)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  const base = `GET&${rfc3986(url.origin + url.pathname)}&${rfc3986(query)}`;
  const signature = createHmac(method === 'HMAC-SHA1' ? 'sha1' : 'sha256', `${secret}&`)
    .update(base)
    .digest('base64');
  return `${url.origin}${url.pathname}?${query}&oauth_signature=${rfc3986(signature)}`;
}

describe('who may ask', () => {
  it('takes Basic and keys in the query over https', () => {
    const virtual = virtualShop();
    const key = virtual.shop.people.addKey('read');
    expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/orders`, basic(key)).status).toBe(200);
    const query = `consumer_key=${key.consumerKey}&consumer_secret=${key.consumerSecret}`;
    expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/orders?${query}`).status).toBe(200);
  });

  it('refuses Basic and keys in the query over http, as if nobody had asked', () => {
    const virtual = virtualShop();
    const key = virtual.shop.people.addKey('read');
    const query = `consumer_key=${key.consumerKey}&consumer_secret=${key.consumerSecret}`;
    expect(visit(virtual, `${HTTP}/wp-json/wc/v3/orders`, basic(key))).toMatchObject(CANNOT_LIST);
    expect(visit(virtual, `${HTTP}/wp-json/wc/v3/orders?${query}`)).toMatchObject(CANNOT_LIST);
  });

  it('says the same to an unknown key, to a revoked one and where the server strips Authorization', () => {
    const virtual = virtualShop();
    const key = virtual.shop.people.addKey('read');
    expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/orders`, basic({ consumerKey: 'ck_x', consumerSecret: 'cs_x' }))).toMatchObject(
      CANNOT_LIST,
    );
    virtual.shop.edge.settings.stripsAuthorization = true;
    expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/orders`, basic(key))).toMatchObject(CANNOT_LIST);
    virtual.shop.edge.settings.stripsAuthorization = false;
    virtual.shop.people.revokeKey(key.consumerKey);
    expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/orders`, basic(key))).toMatchObject(CANNOT_LIST);
  });

  it('lets keys in the query through where the server strips Authorization', () => {
    const virtual = virtualShop();
    const { consumerKey, consumerSecret } = virtual.shop.people.addKey('read');
    virtual.shop.edge.settings.stripsAuthorization = true;
    const query = `consumer_key=${consumerKey}&consumer_secret=${consumerSecret}`;
    expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/orders?${query}`).status).toBe(200);
  });

  it('tells a wrong secret apart', () => {
    const virtual = virtualShop();
    const { consumerKey } = virtual.shop.people.addKey('read');
    expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/orders`, basic({ consumerKey, consumerSecret: 'cs_no' }))).toMatchObject({
      status: 401,
      json: { code: NOT_AUTHENTIC, message: 'Consumer secret is invalid.' },
    });
  });

  it('knows nobody at ?rest_route=', () => {
    const virtual = virtualShop();
    expect(visit(virtual, `${HTTPS}/?rest_route=/wc/v3/orders`, basic(virtual.shop.people.addKey('read')))).toMatchObject(CANNOT_LIST);
  });

  it('lets a key do what its user may: 403 when demoted, 401 when deleted', () => {
    const virtual = virtualShop();
    const user = virtual.shop.people.add({ role: 'shop_manager' }).id;
    const headers = basic(virtual.shop.people.addKey('read', user));
    const status = () => visit(virtual, `${HTTPS}/wp-json/wc/v3/orders`, headers).status;
    expect(status()).toBe(200);
    virtual.shop.people.update(user, { role: 'subscriber' });
    expect(status()).toBe(403);
    virtual.shop.people.delete(user);
    expect(status()).toBe(401);
  });

  it('lets a reader read everything and write nothing', () => {
    const virtual = virtualShop();
    const headers = { ...basic(virtual.shop.people.addKey('read')), 'content-type': 'application/json' };
    for (const path of ['orders', 'customers', 'products', 'webhooks', 'system_status', 'settings/general']) {
      expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/${path}`, headers).status).toBe(200);
    }
    const webhook = JSON.stringify({ topic: 'order.updated', delivery_url: 'https://ingest.example/' });
    expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/webhooks`, headers, 'POST', webhook)).toMatchObject({
      status: 401,
      json: { code: NOT_AUTHENTIC, message: 'The API key provided does not have write permissions.' },
    });
    expect(virtual.shop.webhooks.all()).toEqual([]);
  });
});

describe('OAuth 1.0a over http', () => {
  const path = `${HTTP}/wp-json/wc/v3/orders?status=processing&status[0]=any&modified_after=2026-11-20T00:00:00`;
  const signing = (virtual: VirtualShop): Signing => ({ key: virtual.shop.people.addKey('read'), atSeconds: virtual.now() / 1_000 });

  it.each(['HMAC-SHA256', 'HMAC-SHA1'] as const)('takes a signature by %s', (method) => {
    const virtual = virtualShop();
    expect(visit(virtual, signed(path, { ...signing(virtual), method })).status).toBe(200);
  });

  it.each([
    ['a wrong secret', { secret: 'cs_no' }, 'Invalid signature - provided signature does not match.'],
    ['a clock 16 minutes behind', { atSeconds: 1_795_176_000 - 960 }, 'Invalid timestamp.'],
    ['a clock 16 minutes ahead', { atSeconds: 1_795_176_000 + 960 }, 'Invalid timestamp.'],
  ])('refuses %s', (_what, change, message) => {
    const virtual = virtualShop();
    expect(virtual.now()).toBe(1_795_176_000_000);
    expect(visit(virtual, signed(path, { ...signing(virtual), ...change }))).toMatchObject({
      status: 401,
      json: { code: NOT_AUTHENTIC, message },
    });
  });

  it('takes a clock 14 minutes off', () => {
    const virtual = virtualShop();
    expect(visit(virtual, signed(path, { ...signing(virtual), atSeconds: virtual.now() / 1_000 - 840 })).status).toBe(200);
  });

  it('takes a nonce once', () => {
    const virtual = virtualShop();
    const address = signed(path, signing(virtual));
    expect(visit(virtual, address).status).toBe(200);
    expect(visit(virtual, address)).toMatchObject({ status: 401, json: { message: 'Invalid nonce - nonce has already been used.' } });
  });

  it('refuses what was changed after it was signed, and what misses a part', () => {
    const virtual = virtualShop();
    const address = signed(path, signing(virtual));
    expect(visit(virtual, `${address}&per_page=100`)).toMatchObject({ json: { message: expect.stringContaining('signature') } });
    expect(visit(virtual, `${HTTP}/wp-json/wc/v3/orders?oauth_nonce=1`)).toMatchObject({
      status: 401,
      json: { code: 'woocommerce_rest_authentication_missing_parameter' },
    });
  });
});

describe('where the API is', () => {
  it('is told by every page, also under another prefix', () => {
    const virtual = virtualShop({ site: { restPrefix: 'api' } });
    expect(visit(virtual, `${HTTPS}/`).headers['link']).toBe('<https://shop.example/api/>; rel="https://api.w.org/"');
    expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/orders`)).toMatchObject({
      status: 404,
      headers: { 'content-type': 'text/html; charset=UTF-8' },
    });
    expect(visit(virtual, `${HTTPS}/api/wc/v3/orders`, basic(virtual.shop.people.addKey('read'))).status).toBe(200);
  });

  it('tells strangers time zone and namespaces', () => {
    expect(visit(virtualShop(), `${HTTPS}/wp-json/`).json).toMatchObject({
      timezone_string: 'America/Santiago',
      gmt_offset: -3,
      namespaces: expect.arrayContaining(['wc/v3']),
    });
  });

  it('has no route for what it does not know', () => {
    const { ask } = virtualShop();
    expect(ask('nothing')).toMatchObject({ status: 404, json: { code: 'rest_no_route' } });
    expect(ask('orders', { method: 'DELETE' })).toMatchObject({ status: 404, json: { code: 'rest_no_route' } });
    expect(ask('webhooks', { method: 'POST', body: '{' })).toMatchObject({ status: 400, json: { code: 'rest_invalid_json' } });
  });
});

describe('between the shop and the world', () => {
  it('fails as often as it was told', () => {
    const { shop, ask } = virtualShop();
    shop.edge.fail({ kind: 'http-error', status: 429, retryAfterSeconds: 7, times: 2 });
    expect(ask('orders')).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
    expect(ask('orders').headers).not.toHaveProperty('x-wp-total');
    expect(ask('orders').status).toBe(200);
  });

  it('fails only where it was told', () => {
    const { shop, ask } = virtualShop();
    shop.edge.fail({ kind: 'http-error', path: '/orders' });
    expect([ask('orders').status, ask('products').status]).toEqual([503, 200]);
    shop.edge.clearFaults();
    expect(ask('orders').status).toBe(200);
  });

  it('answers a page of HTML with 200', () => {
    const { shop, ask } = virtualShop();
    shop.edge.fail({ kind: 'html' });
    const answer = ask('orders');
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=UTF-8' } });
    expect(answer.body).toContain('<html>');
  });

  it.each([
    ['cut', 0],
    ['hang', 0],
    ['cut-after-doing', 1],
  ] as const)('gives no answer by %s, having created %d webhooks', (kind, created) => {
    const { shop, ask } = virtualShop();
    shop.edge.fail({ kind, times: 1 });
    const body = JSON.stringify({ topic: 'order.updated', delivery_url: 'https://ingest.example/' });
    expect(() => ask('webhooks', { method: 'POST', body })).toThrow(LostConnection);
    expect(shop.webhooks.all()).toHaveLength(created);
  });

  it('serves old answers from a cache, by address alone', () => {
    const { shop, ask, pass } = virtualShop();
    shop.edge.settings.cacheSeconds = 60;
    const before = ask('orders');
    shop.orders.create();
    pass(59);
    expect(ask('orders')).toMatchObject({ headers: { 'x-cache': 'HIT', age: '59', 'x-wp-total': '0', date: before.headers['date'] } });
    expect(ask('orders?_=2').headers['x-wp-total']).toBe('1');
    pass(1);
    expect(ask('orders').headers['x-wp-total']).toBe('1');
  });

  it('may lose the totals to a proxy', () => {
    const { shop, ask } = virtualShop();
    shop.edge.settings.stripsTotals = true;
    const { status, headers, body } = ask('orders');
    expect([status, headers['x-wp-total'], body]).toEqual([200, undefined, '[]']);
  });

  it('redirects to where the shop moved', () => {
    const virtual = virtualShop();
    virtual.shop.edge.settings.redirectsTo = 'https://www.shop.example';
    expect(visit(virtual, `${HTTPS}/wp-json/wc/v3/orders?page=2`)).toMatchObject({
      status: 301,
      headers: { location: 'https://www.shop.example/wp-json/wc/v3/orders?page=2' },
    });
  });

  it('dates answers by the shop’s clock and by whoever stamps them', () => {
    const { shop, ask } = virtualShop();
    shop.changeClock(-60_000);
    expect(ask('orders').headers['date']).toBe('Fri, 20 Nov 2026 11:59:00 GMT');
    shop.edge.settings.dateSkewMs = 90_000;
    expect(ask('orders').headers['date']).toBe('Fri, 20 Nov 2026 12:00:30 GMT');
  });
});
