import { phpJson } from '../../../builders/php-json.ts';
import { ShopAnswer, type ShopRequest } from '../rest/answer.ts';
import type { Ground } from '../shop/ground.ts';
import type { KeyPermissions, People } from '../shop/people.ts';
import { isReachable, type Deliver, type ShopDelivery } from '../webhooks/delivery.ts';

const PARAMETERS = ['app_name', 'user_id', 'return_url', 'callback_url', 'scope'] as const;
const SCOPES: Readonly<Record<string, KeyPermissions>> = { read: 'read', write: 'write', read_write: 'read_write' };
const CALLBACK_TIMEOUT_MS = 60_000;

type Asked = Readonly<Record<(typeof PARAMETERS)[number], string>> & { readonly permissions: KeyPermissions };

const HTML = { 'content-type': 'text/html; charset=UTF-8' } as const;
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
const withScheme = (address: string): string => (address.includes('://') ? address : `https://${address}`);

/** WordPress' page for “no”. */
const denied = (message: string): ShopAnswer =>
  new ShopAnswer(401, HTML, null, `<!doctype html><html><title>Access denied</title><p>Error: ${escaped(message)}.</p></html>`);

function withAnswer(address: string, success: 0 | 1, userId: string): string {
  const url = new URL(withScheme(address));
  url.searchParams.set('success', String(success));
  url.searchParams.set('user_id', userId);
  return url.href;
}

/**
 * `/wc-auth/v1/`: an app asks for a key, the merchant, who is logged in here, approves, the shop posts the key to the app and sends the
 * merchant back. The post is unsigned and does not say which shop it is from.
 */
export class WcAuth {
  readonly #ground: Ground;
  readonly #people: People;
  readonly #deliver: Deliver;
  readonly #nonce: string;

  constructor(ground: Ground, people: People, deliver: Deliver) {
    this.#ground = ground;
    this.#people = people;
    this.#deliver = deliver;
    this.#nonce = ground.chance.text(10, '0123456789abcdef');
  }

  /** Null: not an address of this flow. */
  async answer({ url: address }: ShopRequest): Promise<ShopAnswer | null> {
    const url = new URL(address);
    const route = /^\/wc-auth\/v1\/(authorize|access_granted)\/?$/.exec(url.pathname)?.[1];
    if (route === undefined) return null;
    const asked = this.#read(url.searchParams);
    if (typeof asked === 'string') return denied(asked);
    if (route === 'authorize') return this.#approvalPage(asked, url.searchParams);
    return url.searchParams.get('wc_auth_nonce') === this.#nonce ? this.#grant(asked) : denied('Invalid nonce verification');
  }

  /** What is asked for, or what is wrong with it. */
  #read(parameters: URLSearchParams): Asked | string {
    const given = Object.fromEntries(PARAMETERS.map((name) => [name, parameters.get(name) ?? ''])) as Record<
      (typeof PARAMETERS)[number],
      string
    >;
    const missing = PARAMETERS.find((name) => given[name] === '');
    if (missing !== undefined) return `Missing parameter ${missing}`;
    const permissions = SCOPES[given.scope];
    if (permissions === undefined) return `Invalid scope ${given.scope}`;
    for (const name of ['return_url', 'callback_url'] as const) {
      if (!URL.canParse(withScheme(given[name]))) return `The ${given[name]} is not a valid URL`;
    }
    const isSecure = withScheme(given.callback_url).toLowerCase().startsWith('https://');
    return isSecure || this.#ground.site.deliversAnywhere ? { ...given, permissions } : 'The callback_url needs to be over SSL';
  }

  #approvalPage(asked: Asked, parameters: URLSearchParams): ShopAnswer {
    const granted = new URLSearchParams(parameters);
    granted.set('wc_auth_nonce', this.#nonce);
    const approve = `${this.#ground.site.homeUrl}/wc-auth/v1/access_granted/?${granted.toString()}`;
    const deny = withAnswer(asked.return_url, 0, asked.user_id);
    const page = `<!doctype html><html><title>Application authentication request</title><h1>${escaped(asked.app_name)} would like to connect to your store</h1>
<p>This will give "${escaped(asked.app_name)}" ${asked.permissions} access.</p>
<a class="wc-auth-approve" href="${escaped(approve)}">Approve</a> <a class="wc-auth-deny" href="${escaped(deny)}">Deny</a></html>`;
    return new ShopAnswer(200, HTML, null, page);
  }

  async #grant(asked: Asked): Promise<ShopAnswer> {
    const { site } = this.#ground;
    const key = this.#people.addKey(asked.permissions);
    const callback: ShopDelivery = {
      kind: 'key-grant',
      url: withScheme(asked.callback_url),
      headers: {
        'User-Agent': `WordPress/${site.wordpressVersion}; ${site.homeUrl}`,
        Accept: '*/*',
        'Accept-Encoding': 'deflate, gzip, br, zstd',
        'Content-Type': 'application/json;charset=UTF-8',
      },
      body: phpJson({
        key_id: key.id,
        user_id: asked.user_id,
        consumer_key: key.consumerKey,
        consumer_secret: key.consumerSecret,
        key_permissions: key.permissions,
      }),
      timeoutMs: CALLBACK_TIMEOUT_MS,
      followsRedirects: true,
    };
    const status = isReachable(site, callback.url) ? await this.#deliver(callback) : null;
    if (status === 200) return new ShopAnswer(302, { location: withAnswer(asked.return_url, 1, asked.user_id) }, null, '');
    this.#people.revokeKey(key.consumerKey);
    return denied('An error occurred in the request and at the time were unable to send the consumer data');
  }
}
