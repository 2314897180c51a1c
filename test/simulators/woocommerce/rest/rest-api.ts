import { isJsonObject, type JsonObject } from '../json/json.ts';
import { indexJson } from '../json/site-json.ts';
import type { Ground } from '../shop/ground.ts';
import type { ApiKey, People } from '../shop/people.ts';
import { refuse, ShopAnswer, type Reply, type ShopRequest } from './answer.ts';
import { authenticate } from './authentication.ts';
import type { Act, Route, RouteMethod } from './route.ts';

/** What every answer of WordPress' REST API has. */
const STANDARD_HEADERS = {
  'content-type': 'application/json; charset=UTF-8',
  'x-robots-tag': 'noindex',
  'x-content-type-options': 'nosniff',
  'access-control-expose-headers': 'X-WP-Total, X-WP-TotalPages, Link',
  'access-control-allow-headers': 'Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type',
  expires: 'Wed, 11 Jan 1984 05:00:00 GMT',
  'cache-control': 'no-cache, must-revalidate, max-age=0, no-store, private',
} as const;

const REFUSALS: Readonly<Record<Act, readonly [code: string, message: string]>> = {
  list: ['woocommerce_rest_cannot_view', 'Sorry, you cannot list resources.'],
  view: ['woocommerce_rest_cannot_view', 'Sorry, you cannot view this resource.'],
  create: ['woocommerce_rest_cannot_create', 'Sorry, you are not allowed to create resources.'],
  edit: ['woocommerce_rest_cannot_edit', 'Sorry, you are not allowed to edit this resource.'],
  delete: ['woocommerce_rest_cannot_delete', 'Sorry, you are not allowed to delete this resource.'],
};
const NO_ROUTE = refuse('rest_no_route', 'No route was found matching the URL and request method.', 404);
const NO_JSON = refuse('rest_invalid_json', 'Invalid JSON body passed.', 400);

interface Match {
  readonly route: Route;
  readonly method: RouteMethod | null;
  readonly parts: readonly string[];
}

type MethodName = keyof Route['methods'];

function bodyOf({ body, headers }: ShopRequest): JsonObject | null {
  if (body === null || body === '') return {};
  if (headers['content-type']?.includes('application/json') !== true) return Object.fromEntries(new URLSearchParams(body));
  try {
    const parsed: unknown = JSON.parse(body);
    return isJsonObject(parsed) ? parsed : {};
  } catch {
    return null;
  }
}

/** `/wp-json` of a shop: who may, which route, and the headers of every answer. */
export class RestApi {
  readonly #ground: Ground;
  readonly #people: People;
  readonly #routes: readonly Route[];

  constructor(ground: Ground, people: People, routes: readonly Route[]) {
    this.#ground = ground;
    this.#people = people;
    this.#routes = routes;
  }

  /** Null: not an address of the REST API. */
  answer(request: ShopRequest, dateMs: number): ShopAnswer | null {
    const url = new URL(request.url);
    const { homeUrl, restPrefix } = this.#ground.site;
    const plainRoute = url.searchParams.get('rest_route');
    const prefix = `/${restPrefix}`;
    if (plainRoute === null && url.pathname !== prefix && !url.pathname.startsWith(`${prefix}/`)) return null;
    const origin = `${url.protocol}//${new URL(homeUrl).host}`;
    const path = (plainRoute ?? url.pathname.slice(prefix.length)).replaceAll(/^\/|\/$/g, '');
    const match = path.startsWith('wc/v3/') ? this.#match(path.slice('wc/v3/'.length), request.method) : null;
    const reply = path === '' ? { status: 200, json: indexJson(this.#ground, origin) } : this.#reply(request, url, match, origin);
    const headers = {
      date: new Date(dateMs).toUTCString(),
      ...STANDARD_HEADERS,
      link: `<${origin}${prefix}/>; rel="https://api.w.org/"`,
      ...(match === null ? {} : { allow: Object.keys(match.route.methods).join(', ') }),
      ...reply.headers,
    };
    return request.method === 'HEAD' ? new ShopAnswer(reply.status, headers, null, '') : new ShopAnswer(reply.status, headers, reply.json);
  }

  #match(path: string, method: string): Match | null {
    for (const route of this.#routes) {
      const found = route.pattern.exec(path);
      if (found === null) continue;
      const name = (method === 'HEAD' ? 'GET' : method === 'PATCH' ? 'PUT' : method) as MethodName;
      return { route, method: route.methods[name] ?? null, parts: found.slice(1) };
    }
    return null;
  }

  #reply(request: ShopRequest, url: URL, match: Match | null, origin: string): Reply {
    // Keys count for addresses below the prefix only, not for `?rest_route=`.
    const isBelowPrefix = !url.searchParams.has('rest_route');
    const caller = isBelowPrefix ? authenticate(request, url, this.#people, this.#ground.clock) : ({ kind: 'stranger' } as const);
    if (caller.kind === 'refused') return caller.reply;
    const key = caller.kind === 'key' ? caller.key : null;
    const forbidden = key === null ? null : keyRefusal(key, request.method);
    if (forbidden !== null) return forbidden;
    if (match === null || match.method === null) return NO_ROUTE;
    const body = bodyOf(request);
    if (body === null) return NO_JSON;
    const refusalStatus = key === null ? 401 : this.#people.refusalStatus(key.userId);
    const [code, message] = REFUSALS[match.method.act];
    if (refusalStatus !== null) return refuse(code, message, refusalStatus);
    const view = { origin, decimals: this.#ground.site.decimals };
    return match.method.answer({ parts: match.parts, parameters: url.searchParams, body, view, key });
  }
}

function keyRefusal({ permissions }: ApiKey, method: string): Reply | null {
  const need = method === 'GET' || method === 'HEAD' ? 'read' : 'write';
  if (permissions === 'read_write' || permissions === need) return null;
  return refuse('woocommerce_rest_authentication_error', `The API key provided does not have ${need} permissions.`, 401);
}
