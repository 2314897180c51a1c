import { v7 as uuidv7 } from 'uuid';
import { readSecretValues, type ReasonCode, type Sql, type TenantId } from '@tributary/domain';
import { RecordRefused } from '@tributary/kafka';
import {
  readKeptPayload,
  woocommerceSecretsSchema,
  type RefusedBody,
  type WebhookReading,
  type WoocommerceSecrets,
} from '@tributary/sources';
import {
  findRejections,
  findShop,
  keptPayloads,
  type FactAppender,
  type KeptPayloadPorts,
  type KeptRejection,
  type ResubmittedItem,
  type Shop,
  type StoredRejection,
} from '@tributary/stream';
import { failpoint } from '@tributary/telemetry';
import { isOfCatalog, isPolled, type CatalogIntake, type CatalogWebhook } from '../catalog.intake.js';
import { factOf } from '../webhook.facts.js';

export interface ResubmissionPorts extends KeptPayloadPorts {
  readonly sql: Sql;
  readonly appender: FactAppender;
  readonly catalog: CatalogIntake;
}

type Refusal = Pick<RefusedBody, 'detail'> & { readonly reason: string };

const READING_TIME_LIMIT_MS = 60_000;
const NOT_A_SHOP = 'its connection is no active WooCommerce connection any more';
const NOT_OPEN = 'the payload as kept does not open: its key is gone, or it is damaged';
const TOO_LARGE = 'as a record it is larger than the log takes';
const TOO_OLD = 'the topic does not hold it any more (90 days)';

/**
 * Rejected payloads once more through the reading code of this release: each becomes what a webhook with this body would have become,
 * under the event id and the arrival of the payload itself. So doing it twice changes no fold, and what came later still wins.
 * Throws while Kafka, the registry or Postgres are away; then nothing is lost and the whole may be asked again.
 */
export class Resubmission {
  constructor(private readonly ports: ResubmissionPorts) {}

  async run(tenantId: TenantId, eventIds: readonly string[]): Promise<ResubmittedItem[]> {
    const rows = await findRejections(this.ports.sql, tenantId, eventIds);
    const open = rows.filter(({ state }) => state === 'rejected');
    const kept = await keptPayloads(this.ports, tenantId, open, READING_TIME_LIMIT_MS);
    const shops = new Map<string, Shop | undefined>();
    for (const id of new Set(open.map(({ connectionId }) => connectionId)))
      shops.set(id, await findShop(this.ports.sql, 'ingest', tenantId, id));
    const items: ResubmittedItem[] = [];
    for (const row of rows) items.push(await this.again(tenantId, row, kept.get(row.eventId), shops.get(row.connectionId)));
    return items;
  }

  private async again(
    tenantId: TenantId,
    row: StoredRejection,
    kept: KeptRejection | undefined,
    shop: Shop | undefined,
  ): Promise<ResubmittedItem> {
    const { eventId, reference, reason } = row;
    if (row.state !== 'rejected') return { eventId, outcome: row.state, reference, reason: null, detail: 'earlier' };
    if (kept === undefined) return { eventId, outcome: 'refused', reference, reason, detail: TOO_OLD };
    const item = await this.take(shop, row, kept);
    const now = Date.now();
    const { connectionId } = kept.event;
    await this.ports.appender.append({
      kind: 'resubmission',
      envelope: { eventId: uuidv7(), tenantId, connectionId, occurredAt: now, receivedAt: now, source: 'operator' },
      result: {
        rejectedEventId: eventId,
        key: kept.key,
        outcome: item.outcome,
        reference: item.reference,
        reason: item.reason,
        detail: item.detail,
      },
    });
    return item;
  }

  private async take(shop: Shop | undefined, row: StoredRejection, { event, payload }: KeptRejection): Promise<ResubmittedItem> {
    const { eventId, reference } = row;
    const refused = ({ reason, detail }: Refusal): ResubmittedItem => ({ eventId, outcome: 'refused', reference, reason, detail });
    if (payload === null) return refused({ reason: row.reason, detail: NOT_OPEN });
    if (shop === undefined) return refused({ reason: row.reason, detail: NOT_A_SHOP });
    const secrets = await this.secretsOf(shop);
    const reading = this.read(shop, row, event, payload, secrets);
    if (reading.kind === 'refused') return refused(reading);
    const { topic, receivedAt, source } = event;
    if (isOfCatalog(reading)) return this.takeCatalog({ shop, source, receivedAt }, reading, row, secrets);
    const fact = factOf({ eventId, shop, topic, receivedAt, source, bytes: payload }, reading);
    const orderId = reading.kind === 'order' ? reading.content.orderId : reading.kind === 'deletion' ? reading.orderId : reference;
    if (fact === null) return { eventId, outcome: 'nothing-to-take', reference: orderId, reason: null, detail: reading.kind };
    try {
      await this.ports.appender.append(fact);
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error;
      return refused({ reason: 'body-too-large', detail: TOO_LARGE });
    }
    failpoint('resubmission.after-fact');
    return { eventId, outcome: 'taken', reference: orderId, reason: null, detail: '' };
  }

  /** Compared with its head first: what came later still wins, and the same content is not said twice. */
  private async takeCatalog(
    arrival: { readonly shop: Shop; readonly source: string; readonly receivedAt: number },
    reading: CatalogWebhook,
    { eventId, reference }: StoredRejection,
    secrets: WoocommerceSecrets | null,
  ): Promise<ResubmittedItem> {
    try {
      await this.ports.catalog.take(arrival, reading, secrets !== null && isPolled(arrival.shop, secrets));
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error;
      return { eventId, outcome: 'refused', reference, reason: 'body-too-large', detail: TOO_LARGE };
    }
    return { eventId, outcome: 'taken', reference, reason: null, detail: '' };
  }

  private async secretsOf(shop: Shop): Promise<WoocommerceSecrets | null> {
    const values = await this.ports.vault.getSecrets(shop.tenantId, shop.connectionId, shop.secretsVersion);
    return values === null ? null : woocommerceSecretsSchema.parse(readSecretValues(values));
  }

  private read(
    shop: Shop,
    row: StoredRejection,
    event: KeptRejection['event'],
    payload: Buffer,
    secrets: WoocommerceSecrets | null,
  ): WebhookReading {
    const { sizeBytes, source, topic, signature, receivedAt } = event;
    return readKeptPayload(
      { payload, sizeBytes, source, topic, signature, receivedAt, reason: row.reason as ReasonCode, detail: row.detail },
      { webhookSecrets: secrets?.webhookSecret ?? [], storeUrl: shop.settings.storeUrl, defaultCountry: shop.defaultCountry },
    );
  }
}
