import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { phpJson } from '../../builders/php-json.ts';

const TEMPLATE = join(import.meta.dirname, 'order.json');
const ORDER = 'ORDER___';
const PERSON = 'PERSON__';
/** Of fixed width, so that every body has the same length. */
export const FIRST_ORDER_ID = 10_000_000;
const FIRST_PERSON = 20_000_000;

/** Where webhooks go and how they are signed. */
export interface ShopAddress {
  readonly port: number;
  readonly token: string;
  readonly webhookSecret: string;
}

/** Whose orders these are. */
export interface Buyers {
  /** Share of orders by somebody who never bought before (a new mail address, phone and visitor), 0–1. */
  readonly newShare: number;
  /** The others are bought by that many people, in turn. */
  readonly returning: number;
}

const written = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

/** The JSON of a paid order as PHP writes it, cut where an order and a person are named. */
function pieces(nowMs: number): { readonly texts: readonly string[]; readonly holes: readonly string[] } {
  const template = JSON.parse(readFileSync(TEMPLATE, 'utf8')) as Record<string, unknown> & { billing: object };
  const date = written(nowMs - 60_000);
  const dates = Object.fromEntries(
    ['created', 'modified', 'paid'].flatMap((name) => [`date_${name}`, `date_${name}_gmt`]).map((name) => [name, date]),
  );
  const body = phpJson({
    ...template,
    ...dates,
    id: ORDER,
    number: ORDER,
    billing: { ...template.billing, email: `Zoe.OHiggins+${PERSON}@Example.COM`, phone: `9 ${PERSON}` },
    meta_data: [
      { id: 1, key: 'cdp_id', value: `tto.1.1763690000.${PERSON}` },
      { id: 2, key: 'cdp_ttclid', value: 'E.C.P.lab-ttclid' },
      { id: 3, key: 'cdp_consent', value: 'granted' },
      { id: 4, key: '_wc_order_attribution_utm_source', value: 'tiktok' },
    ],
    payment_url: `https://shop.example/checkout/order-pay/${ORDER}/?pay_for_order=true`,
  }).replace(`"id":"${ORDER}"`, `"id":${ORDER}`);
  const hole = new RegExp(`${ORDER}|${PERSON}`, 'g');
  return { texts: body.split(hole), holes: body.match(hole) ?? [] };
}

/** Whole HTTP requests, signed, ready to be written to a socket; made before anything is timed. */
export class WebhookBytes {
  readonly #shop: ShopAddress;
  readonly #buyers: Buyers;
  readonly #texts: readonly string[];
  readonly #holes: readonly string[];

  constructor(shop: ShopAddress, buyers: Buyers, nowMs: number) {
    this.#shop = shop;
    this.#buyers = buyers;
    ({ texts: this.#texts, holes: this.#holes } = pieces(nowMs));
  }

  /** Spread evenly: of any ten in a row, a tenth of `newShare` is new. */
  #personOf(orderId: number): number {
    const { newShare, returning } = this.#buyers;
    const isNew = Math.floor((orderId + 1) * newShare) > Math.floor(orderId * newShare);
    return FIRST_PERSON + (isNew ? 1_000_000 + (orderId - FIRST_ORDER_ID) : orderId % returning);
  }

  body(orderId: number): Buffer {
    const [order, person] = [String(orderId), String(this.#personOf(orderId))];
    let text = this.#texts[0] ?? '';
    for (const [index, hole] of this.#holes.entries()) text += (hole === ORDER ? order : person) + (this.#texts[index + 1] ?? '');
    return Buffer.from(text, 'latin1');
  }

  request(orderId: number): Buffer {
    const body = this.body(orderId);
    const head = [
      `POST /v1/sources/woocommerce/${this.#shop.token} HTTP/1.1`,
      'Host: ingest.example',
      'User-Agent: WooCommerce/11.0.1 Hookshot (WordPress/6.9.1)',
      'Accept: */*',
      'Content-Type: application/json',
      'X-WC-Webhook-Source: https://shop.example/',
      'X-WC-Webhook-Topic: order.updated',
      'X-WC-Webhook-Resource: order',
      'X-WC-Webhook-Event: updated',
      `X-WC-Webhook-Signature: ${createHmac('sha256', this.#shop.webhookSecret).update(body).digest('base64')}`,
      'X-WC-Webhook-ID: 1',
      `Content-Length: ${body.length}`,
      '',
      '',
    ].join('\r\n');
    return Buffer.concat([Buffer.from(head, 'latin1'), body]);
  }
}
