import { isUtf8 } from 'node:buffer';
import { contentHash, type OrderContent, type OrderPersonal } from '@tributary/domain';
import { Complaints, isJsonObject, readDate, type JsonObject } from './body-reader.js';
import { readCatalogWebhook, type CatalogReading } from './catalog/catalog.webhook.js';
import { orderIdOf, readOrderContent, readOrderPersonal } from './order-body.js';
import { readOrderMeta } from './order-meta.js';
import { peopleOf, type OrderIdentifiers, type OrderPeople } from './order-people.js';
import { refused, type RefusedBody } from './refused-body.js';
import { isSignatureValid } from './webhook-signature.js';
import { keepShopFacts, woocommerceFileSchema, woocommerceSecretsSchema } from './woocommerce.schema.js';

/** How far behind its `Date` header a REST read is taken to be true: a change of the last seconds may not be in it. */
export const REST_SETTLE_MS = 5_000;
const PING = /^webhook_id=(\d{1,20})$/;
const MAX_PING_BYTES = 32;
const TOPIC = /^([a-z][a-z0-9_-]{0,39})\.([a-z][a-z0-9_.-]{0,99})$/;
const UTF8_BOM = '\uFEFF';
const HTTP_STATUS = /^[1-5]\d\d$/;
const SHOP_ERROR_CODE = /^(?:woocommerce|rest)_[a-z0-9_]{1,80}$/;

export interface WebhookDelivery {
  readonly rawBody: Buffer;
  /** Names in lower case, as Node gives them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Epoch ms, our clock. */
  readonly receivedAt: number;
  /** The tenant's, ISO alpha-2: for phones of orders without a billing country. */
  readonly defaultCountry: string | null;
}

export interface OrderFact {
  readonly kind: 'order';
  readonly content: OrderContent;
  readonly personal: OrderPersonal;
  /** Epoch ms, the shop's clock. */
  readonly modifiedAt: number;
  /** Epoch ms, the shop's clock: the order was so at this moment. */
  readonly asOf: number;
  readonly contentHash: string;
  readonly personalFields: readonly string[];
  readonly identifiers: OrderIdentifiers;
  readonly contacts: OrderPeople['contacts'];
}

export type WebhookReading =
  | { readonly kind: 'ping'; readonly webhookId: string }
  | OrderFact
  | { readonly kind: 'deletion'; readonly orderId: string }
  | CatalogReading;

export interface OrderReadContext {
  /** Shop's clock, epoch ms, of the REST read (see {@link restReadMoment}); null for a webhook, which is true as of its modification. */
  readonly readAt: number | null;
  readonly defaultCountry: string | null;
}

/** The moment on the shop's clock at which a REST answer is taken to be true: its `Date` header less 5 s; null without a readable header. */
export function restReadMoment(dateHeader: string | undefined): number | null {
  const date = Date.parse(dateHeader ?? '');
  return Number.isNaN(date) ? null : date - REST_SETTLE_MS;
}

/**
 * The webhook id of a creation ping, the unsigned form body `webhook_id=<digits>` and nothing else; null for any other body.
 * Must be answered exactly 200, or the shop pings for ever.
 */
export function pingWebhookIdOf(rawBody: Buffer): string | null {
  if (rawBody.length > MAX_PING_BYTES) return null;
  return PING.exec(rawBody.toString('latin1'))?.[1] ?? null;
}

/** The shop could not represent the order (it vanished first, or the webhook's owner lost the right) and signed its own error. */
const isShopError = (body: JsonObject): boolean =>
  body['id'] === undefined && typeof body['code'] === 'string' && typeof body['message'] === 'string';

function shopErrorDetail(body: JsonObject): string {
  const code = String(body['code']);
  const status = isJsonObject(body['data']) ? body['data']['status'] : undefined;
  const statusText = typeof status === 'number' && HTTP_STATUS.test(String(status)) ? `, status ${status}` : '';
  return SHOP_ERROR_CODE.test(code) ? `${code}${statusText}` : `an error code that WooCommerce does not use${statusText}`;
}

const describe = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`);

/**
 * One order in WooCommerce's REST representation (wc/v3), as a webhook or a REST read shows it, turned into a fact. Never throws.
 * Refusals: `not-an-order`, `invalid-field`.
 */
export function readOrderJson(value: unknown, context: OrderReadContext): OrderFact | RefusedBody {
  if (!isJsonObject(value)) return refused('not-an-order', `the body is ${describe(value)}`);
  const complaints = new Complaints();
  const modifiedAt = readDate(value, 'date_modified_gmt', complaints);
  if (modifiedAt === null) complaints.add('', 'date_modified_gmt', 'is missing');
  const meta = readOrderMeta(value);
  const content = readOrderContent(value, modifiedAt ?? 0, meta, complaints);
  const personal = readOrderPersonal(value, meta, complaints);
  if (modifiedAt === null || complaints.first !== null) return refused('invalid-field', complaints.first ?? '', orderIdOf(value));
  return {
    kind: 'order',
    content,
    personal,
    modifiedAt,
    asOf: context.readAt === null ? modifiedAt : Math.max(modifiedAt, context.readAt),
    contentHash: contentHash(content, personal),
    ...peopleOf(personal, context.defaultCountry),
  };
}

type ParsedBody = { readonly kind: 'parsed'; readonly value: unknown } | RefusedBody;

function parseBody(rawBody: Buffer): ParsedBody {
  if (!isUtf8(rawBody)) return refused('body-not-utf8', 'the body holds bytes that are not UTF-8');
  const text = rawBody.toString('utf8');
  try {
    return { kind: 'parsed', value: JSON.parse(text.startsWith(UTF8_BOM) ? text.slice(1) : text) as unknown };
  } catch {
    return refused('body-not-json', rawBody.length === 0 ? 'the body is empty' : 'the body cannot be parsed as JSON');
  }
}

/** Resource and event; the topic is not covered by the signature, so it only chooses how to read, and the body is the truth. */
function topicOf(headers: WebhookDelivery['headers']): { readonly resource: string; readonly event: string } | null {
  const match = TOPIC.exec(headers['x-wc-webhook-topic'] ?? '');
  return match === null ? null : { resource: match[1] ?? '', event: match[2] ?? '' };
}

/**
 * What a delivery to a WooCommerce connection's webhook address says. Never throws; the signature is checked by the caller
 * (all but a ping is signed). An order body without a topic header is still an order; a body with status `trash` too.
 *
 * Refusals: `body-not-utf8`, `body-not-json`, `shop-error-body`, `not-an-order`, `not-a-resource`, `unknown-topic`, `invalid-field`.
 * @see https://developer.woocommerce.com/docs/apis/rest-api/v3/webhooks/ (read 2026-11-21)
 */
export function readWebhook(delivery: WebhookDelivery): WebhookReading {
  const webhookId = pingWebhookIdOf(delivery.rawBody);
  if (webhookId !== null) return { kind: 'ping', webhookId };
  const body = parseBody(delivery.rawBody);
  if (body.kind === 'refused') return body;
  const { value } = body;
  if (isJsonObject(value) && isShopError(value)) return refused('shop-error-body', shopErrorDetail(value));
  const topic = topicOf(delivery.headers);
  if (topic !== null && topic.resource !== 'order') return readCatalogWebhook(topic, value, delivery.defaultCountry);
  if (!isJsonObject(value)) return refused('not-an-order', `the body is ${describe(value)}`);
  if (topic?.event === 'deleted' && value['status'] === undefined) {
    const orderId = orderIdOf(value);
    return orderId === null ? refused('invalid-field', 'id is missing or not an id') : { kind: 'deletion', orderId };
  }
  if (topic === null && value['line_items'] === undefined) return refused('not-an-order', 'the body has no line_items', orderIdOf(value));
  return readOrderJson(value, { readAt: null, defaultCountry: delivery.defaultCountry });
}

/** The source of WooCommerce shops: its part of tenants.yaml, its signature and how its bodies are read. */
export const woocommerceSource = {
  kind: 'woocommerce',
  settings: woocommerceFileSchema,
  keep: keepShopFacts,
  secrets: woocommerceSecretsSchema,
  role: 'shop',
  generated: ['webhookToken', 'webhookSecret'],
  address: 'webhookToken',
  isSignatureValid,
  readWebhook,
  readOrderJson,
} as const;
