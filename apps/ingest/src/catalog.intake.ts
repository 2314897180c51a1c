import { SHAPED_RESOURCES } from '@tributary/domain';
import type { WebhookReading, WoocommerceSecrets } from '@tributary/sources';
import type { CatalogLookups, CatalogPublisher, CatalogSighting, Shop } from '@tributary/stream';

/** What a webhook says of anything but an order. */
export type CatalogWebhook = Extract<WebhookReading, { kind: 'catalog' | 'catalog-deletion' }>;

export const isOfCatalog = (reading: WebhookReading): reading is CatalogWebhook =>
  reading.kind === 'catalog' || reading.kind === 'catalog-deletion';

/** Whether somebody reads the shop by REST. */
export const isPolled = ({ settings }: Shop, { consumerKey }: WoocommerceSecrets): boolean =>
  settings.polling.enabled && consumerKey !== undefined;

/** What is behind the head is read again when the shop's clock has surely passed it. */
const LOOK_AGAIN_AFTER_MS = 6_000;

/** Webhooks of products, coupons, customers and custom resources, until they are durable. */
export class CatalogIntake {
  constructor(
    private readonly publisher: CatalogPublisher,
    private readonly lookups: CatalogLookups,
  ) {}

  /**
   * A deletion is never applied on its word: it is read where somebody reads the shop, else taken for true only of what is known.
   * Throws RecordRefused for what is larger than the log takes.
   */
  async take(sighting: CatalogSighting, reading: CatalogWebhook, isRead: boolean): Promise<void> {
    const { shop } = sighting;
    if (reading.kind === 'catalog') {
      const { lookAgain } = await this.publisher.observe(sighting, [reading.fact]);
      if (isRead) await this.lookups.ask(shop, lookAgain, LOOK_AGAIN_AFTER_MS);
      return;
    }
    const { item } = reading;
    const isShaped = SHAPED_RESOURCES.some((resource) => resource === item.resource);
    if (isRead && isShaped) await this.lookups.ask(shop, [item]);
    else await this.publisher.reported(sighting, item);
  }
}
