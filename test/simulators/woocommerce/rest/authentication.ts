import { createHmac } from 'node:crypto';
import type { ShopClock } from '../shop/clock.ts';
import type { ApiKey, People } from '../shop/people.ts';
import { refuse, type Reply, type ShopRequest } from './answer.ts';

const OAUTH_WINDOW_SECONDS = 15 * 60;
const OAUTH_PARAMETERS = ['oauth_consumer_key', 'oauth_timestamp', 'oauth_nonce', 'oauth_signature', 'oauth_signature_method'] as const;

/** Whose key a request carries: none for a stranger, a Reply for credentials that are wrong. */
export type Caller =
  { readonly kind: 'key'; readonly key: ApiKey } | { readonly kind: 'stranger' } | { readonly kind: 'refused'; readonly reply: Reply };

const STRANGER: Caller = { kind: 'stranger' };
const refused = (message: string, code = 'woocommerce_rest_authentication_error'): Caller => ({
  kind: 'refused',
  reply: refuse(code, message, 401),
});

function basicCredentials(authorization: string | undefined): readonly [string, string] | null {
  if (authorization === undefined || !/^basic /i.test(authorization)) return null;
  const [user = '', ...password] = Buffer.from(authorization.slice('basic '.length), 'base64').toString('utf8').split(':');
  return user === '' || password.length === 0 ? null : [user, password.join(':')];
}

/** Basic or keys in the query; the query wins. An unknown key is like no key at all. */
function byKeyAndSecret(request: ShopRequest, parameters: URLSearchParams, people: People): Caller {
  const key = parameters.get('consumer_key');
  const secret = parameters.get('consumer_secret');
  const credentials = key !== null && secret !== null ? ([key, secret] as const) : basicCredentials(request.headers['authorization']);
  const known = credentials === null ? undefined : people.findKey(credentials[0]);
  if (credentials === null || known === undefined) return STRANGER;
  return known.consumerSecret === credentials[1] ? { kind: 'key', key: known } : refused('Consumer secret is invalid.');
}

/** RFC 3986, as OAuth wants it. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

function headerParameters(authorization: string | undefined): readonly (readonly [string, string])[] {
  if (authorization?.startsWith('OAuth ') !== true) return [];
  return [...authorization.matchAll(/(oauth_[a-z_-]*)="?([^",]*)"?/g)].map(
    ([, name = '', value = '']) => [name, decodeURIComponent(value)] as const,
  );
}

const byName = ([left]: readonly [string, string], [right]: readonly [string, string]): number =>
  left < right ? -1 : left > right ? 1 : 0;

function signatureOf(request: ShopRequest, parameters: ReadonlyMap<string, string>, secret: string): string {
  const { origin, pathname } = new URL(request.url);
  const query = [...parameters]
    .filter(([name]) => name !== 'oauth_signature')
    .toSorted(byName)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .join('&');
  const base = [request.method.toUpperCase(), encoded(origin + pathname), encoded(query)].join('&');
  const algorithm = parameters.get('oauth_signature_method') === 'HMAC-SHA1' ? 'sha1' : 'sha256';
  return createHmac(algorithm, `${secret}&`).update(base).digest('base64');
}

/** OAuth 1.0a with one leg: what is left where the shop sees no TLS. */
function byOAuth(request: ShopRequest, query: URLSearchParams, people: People, clock: ShopClock): Caller {
  const parameters = new Map([...query, ...headerParameters(request.headers['authorization'])]);
  const missing = OAUTH_PARAMETERS.filter((name) => (parameters.get(name) ?? '') === '');
  if (missing.length === OAUTH_PARAMETERS.length) return STRANGER;
  if (missing.length > 0) {
    return refused(
      `Missing OAuth parameter${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`,
      'woocommerce_rest_authentication_missing_parameter',
    );
  }
  const key = people.findKey(parameters.get('oauth_consumer_key') ?? '');
  if (key === undefined) return refused('Consumer key is invalid.');
  if (!['HMAC-SHA1', 'HMAC-SHA256'].includes(parameters.get('oauth_signature_method') ?? ''))
    return refused('Invalid signature - signature method is invalid.');
  if (signatureOf(request, parameters, key.consumerSecret) !== parameters.get('oauth_signature'))
    return refused('Invalid signature - provided signature does not match.');
  const timestamp = Number(parameters.get('oauth_timestamp'));
  const nonce = parameters.get('oauth_nonce') ?? '';
  const now = clock.nowSeconds();
  if (!(Math.abs(timestamp - now) <= OAUTH_WINDOW_SECONDS)) return refused('Invalid timestamp.');
  if ([...key.nonces.values()].includes(nonce)) return refused('Invalid nonce - nonce has already been used.');
  key.nonces.set(timestamp, nonce);
  for (const usedAt of key.nonces.keys()) if (usedAt < now - OAUTH_WINDOW_SECONDS) key.nonces.delete(usedAt);
  return { kind: 'key', key };
}

/** Who asks. Keys in clear count only where the shop sees TLS; else only a signature does. */
export function authenticate(request: ShopRequest, url: URL, people: People, clock: ShopClock): Caller {
  const inClear = url.protocol === 'https:' ? byKeyAndSecret(request, url.searchParams, people) : STRANGER;
  return inClear.kind === 'stranger' ? byOAuth(request, url.searchParams, people, clock) : inClear;
}
