import type { Ground } from '../shop/ground.ts';
import { hooksOf } from '../webhooks/topics.ts';
import type { Webhook } from '../webhooks/webhook-registry.ts';
import type { JsonObject } from './json.ts';
import { dateFields, linksOf } from './links.ts';

/** Without the secret, the count of failures, and whether a ping is still open. */
export function webhookJson(ground: Ground, webhook: Webhook, origin: string): JsonObject {
  const [resource = '', ...event] = webhook.topic.split('.');
  return {
    id: webhook.id,
    name: webhook.name,
    status: webhook.status,
    topic: webhook.topic,
    resource,
    event: event.join('.'),
    hooks: hooksOf(webhook.topic),
    delivery_url: webhook.deliveryUrl,
    ...dateFields(ground, 'date_created', webhook.createdAt),
    ...dateFields(ground, 'date_modified', webhook.modifiedAt),
    _links: linksOf(ground, origin, 'webhooks', webhook.id),
  };
}
