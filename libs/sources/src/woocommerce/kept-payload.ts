import type { ReasonCode } from '@tributary/domain';
import { readCatalogItem } from './catalog/catalog-body.js';
import { refused, type RefusedBody } from './refused-body.js';
import { isSignatureValid } from './webhook-signature.js';
import { readOrderJson, readWebhook, type WebhookReading } from './woocommerce-order.source.js';
import { foreignSource } from './webhooks/webhook-source.js';

/** A payload of a WooCommerce connection that was rejected on arrival and kept. */
export interface KeptPayload {
  readonly payload: Buffer;
  /** Of the payload as it came; more than what is kept when it was cut. */
  readonly sizeBytes: number;
  /** As the envelope: `webhook`, `rest`, … */
  readonly source: string;
  /** The webhook's topic; empty when it had none that can be read. */
  readonly topic: string;
  /** Why it is rejected. */
  readonly reason: ReasonCode;
  /** As kept with the reason; of `foreign-source` the host that sent it. */
  readonly detail: string;
  /** As received where it did not match; else null. */
  readonly signature: string | null;
  /** Epoch ms, our clock, of the arrival. */
  readonly receivedAt: number;
}

/** What the shop's connection says today. */
export interface KeptPayloadContext {
  readonly webhookSecrets: readonly string[];
  readonly storeUrl: string;
  readonly defaultCountry: string | null;
}

const READ_BY_REST = 'rest';

const still = (reason: ReasonCode, detail: string): RefusedBody => refused(reason, detail);

function readRow(payload: Buffer, topic: string, defaultCountry: string | null): WebhookReading {
  const [resource = ''] = topic.split('.', 1);
  try {
    // When the shop showed it is not known any more, so it is taken to be true as of its modification: it never hides what came after.
    const context = { readAt: null, defaultCountry };
    const row = JSON.parse(payload.toString('utf8')) as unknown;
    if (resource === 'order') return readOrderJson(row, context);
    const fact = readCatalogItem(resource, row, context);
    return fact.kind === 'refused' ? fact : { kind: 'catalog', fact };
  } catch {
    return still('body-not-json', 'the kept row cannot be parsed as JSON');
  }
}

/**
 * Reads a kept payload as this release reads it, under the connection's present secrets. Never throws. What was wrongly signed is taken
 * only if the signature that came with it matches now, and what another host sent only if the connection is about that host now; of a
 * payload that was cut nothing can be read.
 */
export function readKeptPayload(kept: KeptPayload, { webhookSecrets, storeUrl, defaultCountry }: KeptPayloadContext): WebhookReading {
  const { payload, sizeBytes, reason, signature, topic, receivedAt } = kept;
  if (payload.length < sizeBytes) return still(reason, `only the first ${payload.length} of ${sizeBytes} bytes were kept`);
  if (reason === 'bad-signature' && !isSignatureValid(payload, signature ?? undefined, webhookSecrets))
    return still(reason, signature === null ? 'no signature came with it' : 'X-WC-Webhook-Signature');
  if (reason === 'foreign-source' && foreignSource(`https://${kept.detail}`, storeUrl) !== null) return still(reason, kept.detail);
  if (kept.source === READ_BY_REST) return readRow(payload, topic, defaultCountry);
  return readWebhook({ rawBody: payload, headers: topic === '' ? {} : { 'x-wc-webhook-topic': topic }, receivedAt, defaultCountry });
}
