import { v7 as uuidv7 } from 'uuid';
import { readSecretValues, type Alerts, type AlertToOpen, type Envelope, type ReasonCode } from '@tributary/domain';
import {
  foreignSource,
  isSignatureValid,
  pingWebhookIdOf,
  readWebhook,
  seenInOrder,
  woocommerceSecretsSchema,
  type RefusedBody,
  type WebhookReading,
} from '@tributary/sources';
import { RecordRefused } from '@tributary/kafka';
import {
  webhookVault,
  type FactAppender,
  type ManagedWebhooks,
  type ShopAddress,
  type ShopDirectory,
  type Sightings,
  type UnsealedFact,
} from '@tributary/stream';
import { describeError, type Log } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';
import { isOfCatalog, isPolled, type CatalogIntake, type CatalogWebhook } from './catalog.intake.js';
import type { RequestBody } from './request-body.js';
import { factOf, type OrderReading } from './webhook.facts.js';

export interface WebhookRequest {
  readonly token: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: RequestBody;
}

export type WebhookAnswer =
  { readonly status: 200 } | { readonly status: 401 | 404 | 413 | 503; readonly title: string; readonly detail: string };

export interface IngestPorts {
  readonly shops: ShopDirectory;
  readonly webhooks: Pick<ManagedWebhooks, 'distrust'>;
  readonly vault: Vault;
  readonly appender: FactAppender;
  readonly catalog: CatalogIntake;
  readonly alerts: Alerts;
  readonly sightings: Pick<Sightings, 'note'>;
  readonly log: Log;
  readonly count: (outcome: string) => void;
}

/** With what deliveries to an address are signed. */
interface Signing {
  /** Two while one replaces the other. */
  readonly secrets: readonly string[];
  /** Polling brings what a delivery does not. */
  readonly isPolled: boolean;
}

interface Arrival extends Pick<ShopAddress, 'shop' | 'managed'> {
  readonly signing: Signing;
  readonly topic: string;
  readonly receivedAt: number;
}

const SOURCE = 'webhook';
const OK = { status: 200 } as const;
/** `resource.event`. The header is signed by nobody and is kept in clear, so any other text stays out. */
const TOPIC = /^[a-z][a-z0-9_-]{0,39}\.[a-z][a-z0-9_.-]{0,99}$/;
/** Base64 of 32 bytes: no other text of a header is kept. */
const SIGNATURE = /^[A-Za-z0-9+/]{43}=$/;
const TOO_LARGE = 'as a record it is larger than the log takes';
const UNKNOWN = {
  status: 404,
  title: 'Unknown address',
  detail: 'No shop has this webhook address. Copy it again from Tributary.',
} as const;

/**
 * A webhook from arrival to durability:
 * 1. the shop, by the token of the address (never by a header)
 * 2. a ping is answered and forgotten
 * 3. too large, cut off, wrongly signed, from a copy of the shop, of another topic, not readable: kept with the reason
 * 4. the source reads the body into a fact
 * 5. the fact is sealed and appended; answered after the acknowledgement
 */
export class WebhookPipeline {
  /** Goes with the shop's settings: other ones are another object. */
  private readonly signings = new WeakMap<ShopAddress, Signing>();

  constructor(private readonly ports: IngestPorts) {}

  async receive(request: WebhookRequest): Promise<WebhookAnswer> {
    const receivedAt = Date.now();
    try {
      const address = await this.ports.shops.find(request.token);
      if (address === undefined) return this.answered('unknown-address', UNKNOWN);
      const { shop, managed } = address;
      const signing = await this.signingOf(address);
      const given = request.headers['x-wc-webhook-topic'] ?? '';
      const topic = TOPIC.test(given) ? given : '';
      return await this.take({ shop, managed, signing, topic, receivedAt }, request);
    } catch (error) {
      this.ports.log.warn({ cause: describeError(error) }, 'a webhook could not be made durable');
      return this.answered('not-durable', {
        status: 503,
        title: 'Not now',
        detail: 'Neither the log nor the spool is available. The order comes in with the next webhook or poll.',
      });
    }
  }

  private async signingOf(address: ShopAddress): Promise<Signing> {
    const known = this.signings.get(address);
    if (known !== undefined) return known;
    const signing = await this.openSigning(address);
    this.signings.set(address, signing);
    return signing;
  }

  private async openSigning({ shop, managed }: ShopAddress): Promise<Signing> {
    const { tenantId, connectionId, secretsVersion, settings } = shop;
    if (managed !== null) {
      const values = readSecretValues(await this.ports.vault.getSecrets(tenantId, webhookVault(connectionId), managed.number));
      if (typeof values['secret'] !== 'string')
        throw new Error('the webhook’s secret is not in the vault: it is made anew with the next look');
      return { secrets: [values['secret']], isPolled: settings.polling.enabled };
    }
    const values = await this.ports.vault.getSecrets(tenantId, connectionId, secretsVersion);
    // Lost with a database: nothing may be judged by its signature until they are given again.
    if (values === null) throw new Error('the connection’s secrets are not in the vault: apply its settings again');
    const secrets = woocommerceSecretsSchema.parse(readSecretValues(values));
    return { secrets: secrets.webhookSecret, isPolled: isPolled(shop, secrets) };
  }

  private async take(arrival: Arrival, { headers, body }: WebhookRequest): Promise<WebhookAnswer> {
    if (body.kind !== 'whole') return this.unreadable(arrival, body);
    if (headers['x-wc-webhook-signature'] === undefined && pingWebhookIdOf(body.bytes) !== null) return this.answered('ping', OK);
    if (!isSignatureValid(body.bytes, headers['x-wc-webhook-signature'], arrival.signing.secrets))
      return this.wronglySigned(arrival, body.bytes, headers['x-wc-webhook-signature'] ?? null);
    const copy = foreignSource(headers['x-wc-webhook-source'], arrival.shop.settings.storeUrl);
    if (copy !== null) return this.fromCopy(arrival, copy, body.bytes);
    const { managed } = arrival;
    if (managed !== null && managed.topic !== arrival.topic) {
      const detail = `its address is of ${managed.topic}`;
      return this.refused(arrival, { kind: 'refused', reason: 'unknown-topic', detail, orderId: null }, body.bytes);
    }
    const reading = readWebhook({
      rawBody: body.bytes,
      headers,
      receivedAt: arrival.receivedAt,
      defaultCountry: arrival.shop.defaultCountry,
    });
    if (reading.kind === 'refused') return this.refused(arrival, reading, body.bytes);
    this.note(arrival, reading);
    return isOfCatalog(reading) ? this.catalog(arrival, reading, body.bytes) : this.read(arrival, reading, body.bytes);
  }

  private async read(arrival: Arrival, reading: OrderReading, bytes: Buffer): Promise<WebhookAnswer> {
    const fact = factOf({ ...arrival, eventId: uuidv7(), source: SOURCE, bytes }, reading);
    try {
      if (fact !== null) await this.append(fact);
    } catch (error) {
      if (!(error instanceof RecordRefused) || reading.kind !== 'order') throw error;
      const { orderId } = reading.content;
      return this.refused(arrival, { kind: 'refused', reason: 'body-too-large', detail: TOO_LARGE, orderId }, bytes);
    }
    return this.answered(reading.kind, OK);
  }

  private async catalog(arrival: Arrival, reading: CatalogWebhook, bytes: Buffer): Promise<WebhookAnswer> {
    const { shop, signing, receivedAt } = arrival;
    try {
      await this.ports.catalog.take({ shop, source: SOURCE, receivedAt }, reading, signing.isPolled);
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error;
      return this.refused(arrival, { kind: 'refused', reason: 'body-too-large', detail: TOO_LARGE, orderId: null }, bytes);
    }
    return this.answered(reading.kind, OK);
  }

  private note({ shop, receivedAt }: Arrival, reading: WebhookReading): void {
    const { sightings } = this.ports;
    sightings.note(shop, 'webhook', receivedAt);
    if (reading.kind !== 'order') return;
    for (const seen of seenInOrder(reading.content, reading.personal)) sightings.note(shop, seen, reading.content.createdAt);
  }

  private async unreadable(arrival: Arrival, body: Exclude<RequestBody, { kind: 'whole' }>): Promise<WebhookAnswer> {
    const reason = body.kind === 'too-large' ? 'body-too-large' : 'body-truncated';
    await this.reject(arrival, { reason, detail: `${body.sizeBytes} bytes`, orderId: null }, body.excerpt, body.sizeBytes);
    return this.answered(reason, {
      status: 413,
      title: 'Too large',
      detail: 'A webhook may have 5 MiB. The order was not taken; a poll can still read it.',
    });
  }

  private async wronglySigned(arrival: Arrival, bytes: Buffer, signature: string | null): Promise<WebhookAnswer> {
    const { tenantId, connectionId } = arrival.shop;
    const refusal = { reason: 'bad-signature', detail: 'X-WC-Webhook-Signature', orderId: null } as const;
    await this.reject(arrival, refusal, bytes, bytes.length, SIGNATURE.test(signature ?? '') ? signature : null);
    await this.alert({
      tenantId,
      connectionId,
      kind: 'bad-signature',
      what: 'A webhook came whose signature does not match its body. Its content was not used.',
      todo: 'Compare the webhook’s secret in WooCommerce (Settings, Advanced, Webhooks) with the connection’s webhookSecret. Somebody may also have got hold of the address.',
    });
    if (arrival.managed !== null) await this.ports.webhooks.distrust(arrival.managed.number);
    // Seven failures in a row make WooCommerce switch the webhook off; where polling brings the order anyway, that is not worth it.
    if (arrival.signing.isPolled) return this.answered('bad-signature', OK);
    return this.answered('bad-signature', {
      status: 401,
      title: 'Bad signature',
      detail: 'The signature does not match the body: check the webhook’s secret.',
    });
  }

  /** Kept, never published: orders of a copy are nobody's orders. Answered 200, because failures would switch off the copy's webhooks only. */
  private async fromCopy(arrival: Arrival, copy: string, bytes: Buffer): Promise<WebhookAnswer> {
    const { tenantId, connectionId, settings } = arrival.shop;
    await this.reject(arrival, { reason: 'foreign-source', detail: copy, orderId: null }, bytes, bytes.length);
    await this.alert({
      tenantId,
      connectionId,
      kind: 'shop-copy',
      what: `Webhooks with this shop’s secret come from ${copy}; the connected shop is ${new URL(settings.storeUrl).hostname}. They were not used.`,
      todo: `If ${copy} is a copy of the shop (staging, a test), delete its webhooks there. If the shop moved there, put that address into storeUrl and apply: its orders are taken from then on, and with REST keys those in between are read.`,
    });
    return this.answered('foreign-source', OK);
  }

  private async refused(arrival: Arrival, { reason, detail, orderId }: RefusedBody, bytes: Buffer): Promise<WebhookAnswer> {
    await this.reject(arrival, { reason, detail, orderId }, bytes, bytes.length);
    // Somebody added a webhook for something that is no resource: kept, and nobody's fault.
    if (reason === 'unknown-topic') return this.answered(reason, OK);
    const { tenantId, connectionId } = arrival.shop;
    const isShopError = reason === 'shop-error-body';
    await this.alert({
      tenantId,
      connectionId,
      kind: isShopError ? 'shop-error-body' : 'webhook-rejected',
      what: isShopError
        ? `The shop sent an error instead of what it announced (${detail}).`
        : `A signed webhook could not be read (${reason}: ${detail}).`,
      todo: isShopError
        ? 'If it says cannot_view: the WordPress user who owns the webhook lost the right to see it; save the webhook as an administrator. If it says invalid_id: it was deleted at once; nothing to do.'
        : 'See it under /v1/tenants/{tenant}/rejected. A plugin may have changed its format.',
    });
    return this.answered(reason, OK);
  }

  private async reject(
    arrival: Arrival,
    refusal: { readonly reason: ReasonCode; readonly detail: string; readonly orderId: string | null },
    payload: Buffer,
    sizeBytes: number,
    signature: string | null = null,
  ): Promise<void> {
    const { reason, detail, orderId: reference } = refusal;
    await this.append({
      kind: 'rejection',
      envelope: this.envelope(arrival, arrival.receivedAt),
      reference,
      reason,
      detail,
      topic: arrival.topic,
      payload,
      sizeBytes,
      signature,
    });
  }

  /** What is told here is durable already: the answer does not hang on it. */
  private async alert(alert: AlertToOpen): Promise<void> {
    await this.ports.alerts.open(alert).catch((error: unknown) => {
      this.ports.log.warn({ tenantId: alert.tenantId, kind: alert.kind, cause: describeError(error) }, 'the alert could not be written');
    });
  }

  private append(fact: UnsealedFact): Promise<void> {
    return this.ports.appender.append(fact);
  }

  private envelope({ shop, receivedAt }: Arrival, occurredAt: number): Envelope {
    return { eventId: uuidv7(), tenantId: shop.tenantId, connectionId: shop.connectionId, occurredAt, receivedAt, source: SOURCE };
  }

  private answered(outcome: string, answer: WebhookAnswer): WebhookAnswer {
    this.ports.count(outcome);
    return answer;
  }
}
