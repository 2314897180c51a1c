import { idOf } from '../body-reader.js';
import { failed, readObject, readPage, type PollFailure, type Reading } from '../poll/poll-answer.js';
import type { ShopQuery, ShopReply } from '../rest/shop-exchange.js';
import { readListedWebhooks, type ListedWebhook } from './webhook-plan.js';

const PAGE_ROWS = 100;

/** Every webhook of the shop, whatever its status. @see https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks (read 2026-11-21) */
export const listWebhooksQuery = (page: number): ShopQuery => ({
  path: '/webhooks',
  parameters: { status: 'all', orderby: 'id', order: 'asc', per_page: String(PAGE_ROWS), page: String(page), _skip_cache: '1' },
});

export interface WebhooksPage {
  readonly webhooks: readonly ListedWebhook[];
  readonly isLast: boolean;
}

export function readWebhooksPage(reply: ShopReply, page: number): Reading<WebhooksPage> {
  const reading = readPage(reply);
  if (reading.kind === 'failed') return reading;
  const { rows, pageCount } = reading.value;
  return { kind: 'read', value: { webhooks: readListedWebhooks(rows), isLast: page >= pageCount } };
}

/** Who made it and for what, as wp-admin lists it. */
export const webhookName = (tenantId: string, connectionId: string, topic: string): string =>
  `Tributary ${tenantId}/${connectionId} ${topic}`;

export interface WebhookToMake {
  readonly name: string;
  readonly topic: string;
  readonly deliveryUrl: string;
  /** Letters and digits: WordPress decodes HTML entities in it before it signs. */
  readonly secret: string;
}

export const makeWebhookQuery = ({ name, topic, deliveryUrl, secret }: WebhookToMake): ShopQuery => ({
  method: 'POST',
  path: '/webhooks',
  parameters: {},
  body: { name, topic, delivery_url: deliveryUrl, secret, status: 'active' },
});

export const removeWebhookQuery = (id: number): ShopQuery => ({ method: 'DELETE', path: `/webhooks/${id}`, parameters: { force: 'true' } });

/** What came of making one. */
export type MadeWebhook =
  | { readonly kind: 'made'; readonly webhookId: number }
  /** 401 or 403 to keys that were good for reading a moment ago. */
  | { readonly kind: 'may-only-read' }
  | { readonly kind: 'failed'; readonly failure: PollFailure };

export function readMadeWebhook(reply: ShopReply): MadeWebhook {
  // A shop answers 201; behind some proxies it arrives as 200.
  const body = readObject(reply.kind === 'answered' && reply.answer.status === 201 ? withStatus200(reply) : reply);
  if (body.kind === 'failed') return body.failure.kind === 'refuses-keys' ? { kind: 'may-only-read' } : body;
  const webhookId = Number(idOf(body.value.value['id']) ?? '0');
  return webhookId === 0 ? failed('unusable', 'a webhook without id') : { kind: 'made', webhookId };
}

const withStatus200 = ({ answer }: Extract<ShopReply, { kind: 'answered' }>): ShopReply => ({
  kind: 'answered',
  answer: { ...answer, status: 200 },
});

/** Null when it is gone, also when it was before. */
export function readRemovedWebhook(reply: ShopReply): PollFailure | null {
  if (reply.kind === 'answered' && reply.answer.status === 404) return null;
  const body = readObject(reply);
  return body.kind === 'failed' ? body.failure : null;
}
