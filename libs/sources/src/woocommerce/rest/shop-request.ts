import { createHmac } from 'node:crypto';
import type { ShopQuery, ShopRequest } from './shop-exchange.js';

/**
 * `basic` over HTTPS; `query` (keys in the address) where the host strips the Authorization header; `oauth` (1.0a, one-legged) over HTTP.
 * @see https://woocommerce.github.io/woocommerce-rest-api-docs/#authentication (read 2026-11-21)
 */
export type ShopAuthentication = 'basic' | 'query' | 'oauth';

/** How a shop wants to be asked; learned by asking. */
export interface ShopAccess {
  /** Address of `wp-json` with a slash at its end; sites may rename it. */
  readonly restRoot: string;
  readonly authentication: ShopAuthentication;
}

export interface ShopKeys {
  readonly consumerKey: string;
  readonly consumerSecret: string;
}

/** What makes a signed request unique: a shop refuses a nonce twice, and times more than 15 minutes off. */
export interface RequestMoment {
  readonly timestampSeconds: number;
  readonly nonce: string;
}

type Parameters = Readonly<Record<string, string>>;

const HEADERS = { accept: 'application/json', 'cache-control': 'no-cache', 'user-agent': 'Tributary' } as const;

/** RFC 3986: what `encodeURIComponent` leaves alone and PHP's `rawurlencode` does not. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : a > b ? 1 : 0);

const queryText = (parameters: Parameters): string =>
  Object.entries(parameters)
    .toSorted(byName)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');

/** The parameters with their OAuth 1.0a signature (HMAC-SHA256, no token). */
function oauthSigned(method: string, url: string, parameters: Parameters, keys: ShopKeys, moment: RequestMoment): Parameters {
  const unsigned = {
    ...parameters,
    oauth_consumer_key: keys.consumerKey,
    oauth_nonce: moment.nonce,
    oauth_signature_method: 'HMAC-SHA256',
    oauth_timestamp: String(moment.timestampSeconds),
    oauth_version: '1.0',
  };
  const text = [method, encode(url), encode(queryText(unsigned))].join('&');
  const signature = createHmac('sha256', `${encode(keys.consumerSecret)}&`)
    .update(text)
    .digest('base64');
  return { ...unsigned, oauth_signature: signature };
}

const basic = ({ consumerKey, consumerSecret }: ShopKeys): string =>
  `Basic ${Buffer.from(`${consumerKey}:${consumerSecret}`, 'utf8').toString('base64')}`;

/** The request that asks a shop a query, with its keys. */
export function shopRequest(query: ShopQuery, access: ShopAccess, keys: ShopKeys, moment: RequestMoment): ShopRequest {
  const { method = 'GET', parameters, body } = query;
  const url = `${access.restRoot}wc/v3${query.path}`;
  const request = (signed: Parameters, headers: Parameters = {}): ShopRequest => {
    const to = { method, url: `${url}?${queryText(signed)}` };
    if (body === undefined) return { ...to, headers: { ...HEADERS, ...headers } };
    return { ...to, headers: { ...HEADERS, 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
  };
  switch (access.authentication) {
    case 'basic':
      return request(parameters, { authorization: basic(keys) });
    case 'query':
      return request({ ...parameters, consumer_key: keys.consumerKey, consumer_secret: keys.consumerSecret });
    case 'oauth':
      return request(oauthSigned(method, url, parameters, keys, moment));
  }
}

/** The shop's front page, asked without keys: its `Link` header names the REST root. */
export const frontPageRequest = (storeUrl: string): ShopRequest => ({ url: `${storeUrl}/`, headers: { ...HEADERS, accept: 'text/html' } });

/** What the REST API tells everybody about the site; without `_fields` it is a list of every route. */
export const restIndexRequest = ({ restRoot }: ShopAccess): ShopRequest => ({
  url: `${restRoot}?${queryText({ _fields: 'timezone_string,gmt_offset' })}`,
  headers: HEADERS,
});
