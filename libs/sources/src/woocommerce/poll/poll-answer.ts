import { isJsonObject, type JsonObject } from '../body-reader.js';
import type { NoAnswer, ShopAnswer, ShopReply } from '../rest/shop-exchange.js';

/** Why a look at a shop brought nothing: one closed list, also the metric label. */
export type PollFailureKind =
  | NoAnswer
  /** 401 or 403. */
  | 'refuses-keys'
  /** 429, or 503 with Retry-After. */
  | 'throttled'
  | 'shop-error'
  /** HTML, no X-WP-Total, no Date, rows that are none: never taken for “no orders”. */
  | 'unusable'
  /** A proxy or plugin answered from a cache. */
  | 'cached'
  /** Nothing at wp-json, and the front page names no other place. */
  | 'no-rest-api'
  | 'clock-went-back'
  /** More orders than a page changed within one second, and they would not hold still. */
  | 'unsettled';

export interface PollFailure {
  readonly kind: PollFailureKind;
  /** A status, an error code of WooCommerce or a host: never a value of an order or a key. */
  readonly detail: string;
  /** As the shop asked; null when it did not. */
  readonly retryAfterMs: number | null;
}

export interface ShopPage {
  readonly rows: readonly unknown[];
  /** X-WP-Total: rows of all pages. */
  readonly total: number;
  readonly pageCount: number;
  /** The answer's Date, epoch ms. */
  readonly shopTime: number;
}

export type Reading<T> = { readonly kind: 'read'; readonly value: T } | { readonly kind: 'failed'; readonly failure: PollFailure };

const CODE = /^[a-z0-9_]{1,80}$/;
const ORDER_GONE: ReadonlySet<string> = new Set(['woocommerce_rest_shop_order_invalid_id', 'woocommerce_rest_order_invalid_id']);
const CACHE_HIT = /\bhit\b/i;
const CACHE_HEADERS = ['x-wc-cache', 'x-cache', 'cf-cache-status', 'x-litespeed-cache', 'x-proxy-cache', 'x-varnish-cache'];

export const failed = (
  kind: PollFailureKind,
  detail: string,
  retryAfterMs: number | null = null,
): { kind: 'failed'; failure: PollFailure } => ({
  kind: 'failed',
  failure: { kind, detail, retryAfterMs },
});

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** WooCommerce's own code of a refusal (`woocommerce_rest_cannot_view`), else null. */
function errorCodeOf(answer: ShopAnswer): string | null {
  const body = parse(answer.body);
  const code = isJsonObject(body) ? body['code'] : undefined;
  return typeof code === 'string' && CODE.test(code) ? code : null;
}

function retryAfterOf(answer: ShopAnswer): number | null {
  const text = answer.headers['retry-after'];
  if (text === undefined) return null;
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1_000;
  const until = Date.parse(text);
  const from = Date.parse(answer.headers['date'] ?? '');
  return Number.isNaN(until) || Number.isNaN(from) ? null : Math.max(0, until - from);
}

const isCached = ({ headers }: ShopAnswer): boolean =>
  Number(headers['age'] ?? '0') > 0 || CACHE_HEADERS.some((name) => CACHE_HIT.test(headers[name] ?? ''));

function refusalOf(answer: ShopAnswer): { kind: 'failed'; failure: PollFailure } {
  const { status } = answer;
  const code = errorCodeOf(answer);
  const detail = code === null ? `status ${status}` : `status ${status}, ${code}`;
  const retryAfterMs = retryAfterOf(answer);
  if (status === 401 || status === 403) return failed('refuses-keys', detail);
  if (status === 429 || (status === 503 && retryAfterMs !== null)) return failed('throttled', detail, retryAfterMs);
  if (status >= 500) return failed('shop-error', detail, retryAfterMs);
  return failed('unusable', detail);
}

interface Body {
  readonly value: unknown;
  readonly shopTime: number;
}

/** The JSON and the moment of a good answer, or what is wrong with it. */
function readBody(reply: ShopReply, isExpected = (answer: ShopAnswer): boolean => answer.status === 200): Reading<Body> {
  if (reply.kind === 'not-answered') return failed(reply.cause, reply.detail);
  const { answer } = reply;
  if (!isExpected(answer)) return refusalOf(answer);
  if (isCached(answer)) return failed('cached', 'the answer came from a cache');
  const shopTime = Date.parse(answer.headers['date'] ?? '');
  if (Number.isNaN(shopTime)) return failed('unusable', 'no Date header');
  const value = parse(answer.body);
  return value === undefined ? failed('unusable', 'not JSON') : { kind: 'read', value: { value, shopTime } };
}

/** A header that counts; null for anything else. */
const countOf = (text: string | undefined): number | null => (text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null);

/** One page of a list. */
export function readPage(reply: ShopReply): Reading<ShopPage> {
  const body = readBody(reply);
  if (body.kind === 'failed' || reply.kind !== 'answered') return body as Reading<never>;
  const { value, shopTime } = body.value;
  const total = countOf(reply.answer.headers['x-wp-total']);
  const pageCount = countOf(reply.answer.headers['x-wp-totalpages']);
  if (!Array.isArray(value)) return failed('unusable', 'not a list');
  if (total === null || pageCount === null) return failed('unusable', 'no X-WP-Total');
  return { kind: 'read', value: { rows: value, total, pageCount, shopTime } };
}

/** The list of a report, which has no pages. */
export function readReport(reply: ShopReply): Reading<{ readonly rows: readonly unknown[]; readonly shopTime: number }> {
  const body = readBody(reply);
  if (body.kind === 'failed') return body;
  const { value, shopTime } = body.value;
  return Array.isArray(value) ? { kind: 'read', value: { rows: value, shopTime } } : failed('unusable', 'not a list');
}

/** One object. */
export function readObject(reply: ShopReply): Reading<{ readonly value: JsonObject; readonly shopTime: number }> {
  const body = readBody(reply);
  if (body.kind === 'failed') return body;
  const { value, shopTime } = body.value;
  return isJsonObject(value) ? { kind: 'read', value: { value, shopTime } } : failed('unusable', 'not an object');
}

const isGone = (answer: ShopAnswer, codes: ReadonlySet<string>): boolean => answer.status === 404 && codes.has(errorCodeOf(answer) ?? '');

/**
 * One order by its id, or another thing whose absence WooCommerce tells with one of these codes: `row` is null when the shop says that
 * there is none.
 */
export function readSingle(reply: ShopReply, codes = ORDER_GONE): Reading<{ readonly row: unknown; readonly shopTime: number }> {
  const body = readBody(reply, (answer) => answer.status === 200 || isGone(answer, codes));
  if (body.kind === 'failed' || reply.kind !== 'answered') return body as Reading<never>;
  const { value, shopTime } = body.value;
  return { kind: 'read', value: { row: isGone(reply.answer, codes) ? null : value, shopTime } };
}
