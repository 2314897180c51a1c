import { orderBody, signedWebhook } from '../builders/order.builder.js';
import type { Stack } from './stack.js';
import { postWebhook, type ShopSpec } from './tenant.js';

const MINUTE_MS = 60_000;

/** A date as WooCommerce writes its `*_gmt` fields. */
export const gmtText = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

/** An order that was paid at `paidAtMs` (a minute ago unless told otherwise) and last changed then; any field open to overrides. */
export function paidOrder(
  id: number,
  overrides: Readonly<Record<string, unknown>> = {},
  paidAtMs: number = Date.now() - MINUTE_MS,
): Record<string, unknown> {
  const date = gmtText(paidAtMs);
  return orderBody({
    id,
    number: String(id),
    status: 'processing',
    date_created_gmt: date,
    date_modified_gmt: date,
    date_paid_gmt: date,
    ...overrides,
  });
}

/** One shop that delivers webhooks to one replica of ingest. */
export class ShopWindow {
  constructor(
    private readonly stack: Stack,
    readonly shop: ShopSpec,
    private readonly instance = 'ingest',
  ) {}

  /** Answers the status. */
  async deliver(body: unknown, topic = 'order.updated'): Promise<number> {
    const webhook = signedWebhook(body, this.shop.webhookSecret, topic);
    const answer = await postWebhook(this.stack.app(this.instance).url, this.shop.token, webhook);
    await answer.arrayBuffer();
    return answer.status;
  }
}

/** A shop whose token and secret follow from its id. */
export const shopSpec = (id: string, settings: object = {}): ShopSpec => ({
  id,
  token: `token-of-the-shop-${id}`,
  webhookSecret: `secret-of-the-shop-${id}`,
  settings,
});
