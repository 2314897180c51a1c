import { createHash } from 'node:crypto';
import { phpJson, webhookSignature } from '../../../builders/php-json.ts';
import type { Json } from '../json/json.ts';
import type { Site } from '../shop/site.ts';

/** The receiver's HTTP status; null: no answer in time, or none at all; `php-died`: the shop's process ended while it waited. */
export type DeliveryResult = number | 'php-died' | null;

/** One request that the shop sends. */
export interface ShopDelivery {
  readonly kind: 'ping' | 'event' | 'key-grant';
  readonly url: string;
  /** In the order of the wire, without Host, Connection and Content-Length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly followsRedirects: boolean;
}

/** What a webhook says; headers and text are made when somebody asks for them. */
export interface EventDelivery extends ShopDelivery {
  readonly kind: 'event';
  readonly webhookId: number;
  readonly topic: string;
  readonly payload: Json;
}

/** One request that the shop sent, and what came of it. */
export interface SentRequest {
  readonly at: number;
  readonly kind: ShopDelivery['kind'];
  readonly url: string;
  /** Null for what is no webhook event. */
  readonly topic: string | null;
  readonly deliveryId: string | null;
  readonly body: string;
  readonly status: DeliveryResult;
}

/** Carries a request of the shop to where it goes. */
export type Deliver = (delivery: ShopDelivery | EventDelivery) => DeliveryResult | Promise<DeliveryResult>;

const PING_TIMEOUT_MS = 5_000;
const EVENT_TIMEOUT_MS = 60_000;

const userAgentOf = ({ version, wordpressVersion }: Site): string => `WooCommerce/${version} Hookshot (WordPress/${wordpressVersion})`;
const ACCEPTS = { Accept: '*/*', 'Accept-Encoding': 'deflate, gzip, br, zstd' } as const;

/** Unsigned, a form, and without any X-WC header. */
export const pingOf = (site: Site, webhookId: number, url: string): ShopDelivery => ({
  kind: 'ping',
  url,
  headers: { 'User-Agent': userAgentOf(site), ...ACCEPTS, 'Content-Type': 'application/x-www-form-urlencoded' },
  body: `webhook_id=${webhookId}`,
  timeoutMs: PING_TIMEOUT_MS,
  followsRedirects: true,
});

/** The key as `wp_specialchars_decode` leaves it: a secret that holds `&amp;` signs as `&`. */
const decoded = (secret: string): string =>
  secret.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#039;', "'").replaceAll('&amp;', '&');

export interface EventParts {
  readonly site: Site;
  readonly salt: string;
  readonly webhookId: number;
  readonly topic: string;
  readonly url: string;
  readonly secret: string;
  readonly atSeconds: number;
  readonly payload: Json;
}

/** A signed event. Its delivery id is made of the webhook and the second, so all of one second share it. */
export class SignedEvent implements EventDelivery {
  readonly kind = 'event';
  readonly timeoutMs = EVENT_TIMEOUT_MS;
  readonly followsRedirects = false;
  readonly #parts: EventParts;
  #body: string | null = null;
  #headers: Readonly<Record<string, string>> | null = null;

  constructor(parts: EventParts) {
    this.#parts = parts;
  }

  get webhookId(): number {
    return this.#parts.webhookId;
  }

  get topic(): string {
    return this.#parts.topic;
  }

  get url(): string {
    return this.#parts.url;
  }

  get payload(): Json {
    return this.#parts.payload;
  }

  get body(): string {
    this.#body ??= phpJson(this.payload).trim();
    return this.#body;
  }

  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= this.#madeHeaders();
    return this.#headers;
  }

  #madeHeaders(): Readonly<Record<string, string>> {
    const { site, salt, webhookId, topic, secret, atSeconds } = this.#parts;
    const [resource = '', ...event] = topic.split('.');
    return {
      'User-Agent': userAgentOf(site),
      ...ACCEPTS,
      'Content-Type': 'application/json',
      'X-WC-Webhook-Source': `${site.homeUrl}/`,
      'X-WC-Webhook-Topic': topic,
      'X-WC-Webhook-Resource': resource,
      'X-WC-Webhook-Event': event.join('.'),
      'X-WC-Webhook-Signature': webhookSignature(Buffer.from(this.body, 'utf8'), decoded(secret)),
      'X-WC-Webhook-ID': String(webhookId),
      'X-WC-Webhook-Delivery-ID': createHash('md5').update(`${salt}${webhookId}${atSeconds}`).digest('hex'),
    };
  }
}

const OPEN_PORTS: ReadonlySet<string> = new Set(['', '80', '443', '8080']);
const PRIVATE_HOST = /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))\./;

/** Whether WordPress sends anything there at all (`wp_http_validate_url`); names are not looked up. */
export function isReachable({ homeUrl, deliversAnywhere }: Site, address: string): boolean {
  if (deliversAnywhere) return true;
  const url = new URL(address);
  const home = new URL(homeUrl);
  if (url.username !== '' || url.password !== '' || url.hostname.startsWith('[')) return false;
  if (url.host === home.host) return true;
  const isPrivate = PRIVATE_HOST.test(url.hostname) || url.hostname === 'localhost';
  return OPEN_PORTS.has(url.port) && (!isPrivate || url.hostname === home.hostname);
}
