import type { ShopAnswer, ShopRequest } from './rest/answer.ts';
import type { DeliveryResult, EventDelivery, ShopDelivery } from './webhooks/delivery.ts';
import { WoocommerceShop, type ShopOptions } from './woocommerce-shop.ts';

/** Epoch ms of a quiet moment to begin at. */
const BEGIN = Date.parse('2026-11-20T12:00:00Z');

export interface VirtualShop {
  readonly shop: WoocommerceShop;
  /** Epoch ms of the world. */
  now(): number;
  pass(seconds: number): void;
  /** Everything the shop sent, in its order. */
  readonly sent: (ShopDelivery | EventDelivery)[];
  /** What the receiver answers from now on. */
  answerWith(result: DeliveryResult): void;
  /** Asks as the owner of a key with all rights, over TLS; `path` is below `/wp-json/wc/v3/`. */
  ask(path: string, request?: Partial<ShopRequest>): ShopAnswer;
}

export const isEvent = (delivery: ShopDelivery | EventDelivery): delivery is EventDelivery => delivery.kind === 'event';

/** A shop with a clock that stands still until told to move, and a receiver that takes everything. */
export function virtualShop(options: Partial<ShopOptions> = {}): VirtualShop {
  let nowMs = BEGIN;
  let result: DeliveryResult = 200;
  const sent: ShopDelivery[] = [];
  const deliver = (delivery: ShopDelivery): DeliveryResult => {
    sent.push(delivery);
    return result;
  };
  const shop = new WoocommerceShop({ now: () => nowMs, deliver, ...options });
  const { consumerKey, consumerSecret } = shop.people.addKey('read_write');
  const authorization = `Basic ${Buffer.from(`${consumerKey}:${consumerSecret}`).toString('base64')}`;
  return {
    shop,
    sent,
    now: () => nowMs,
    pass: (seconds) => {
      nowMs += seconds * 1_000;
    },
    answerWith: (wanted) => {
      result = wanted;
    },
    ask: (path, request) =>
      shop.handle({
        method: 'GET',
        url: `${shop.site.homeUrl}/${shop.site.restPrefix}/wc/v3/${path}`,
        headers: { authorization, ...(request?.body === undefined ? {} : { 'content-type': 'application/json' }) },
        body: null,
        ...request,
      }),
  };
}
