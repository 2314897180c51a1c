import type { Envelope, TenantId, ConnectionId, MerchantOwn } from '@tributary/domain';
import type { WebhookReading } from '@tributary/sources';
import type { UnsealedFact } from '@tributary/stream';
import type { CatalogWebhook } from './catalog.intake.js';

/** A body and where it came from. */
export interface ReadBody {
  readonly eventId: string;
  readonly shop: { readonly tenantId: TenantId; readonly connectionId: ConnectionId; readonly own: MerchantOwn };
  readonly topic: string;
  /** Epoch ms, our clock: arrival. */
  readonly receivedAt: number;
  readonly source: string;
  readonly bytes: Buffer;
}

/** What can be read of an address but a refusal and the catalog, which is compared with its heads before it is a fact. */
export type OrderReading = Exclude<WebhookReading, { kind: 'refused' } | CatalogWebhook>;

/** What a reading says, as the fact to be appended; null when it says nothing that is kept. */
export function factOf(body: ReadBody, reading: OrderReading): UnsealedFact | null {
  const { eventId, shop, topic, receivedAt, source, bytes } = body;
  const envelope = (occurredAt: number): Envelope => ({
    eventId,
    tenantId: shop.tenantId,
    connectionId: shop.connectionId,
    occurredAt,
    receivedAt,
    source,
  });
  switch (reading.kind) {
    case 'ping':
      return null;
    case 'order':
      return { ...reading, envelope: envelope(reading.modifiedAt), own: shop.own, raw: { body: bytes, topic } };
    case 'deletion':
      return { kind: 'deletion', envelope: envelope(receivedAt), orderId: reading.orderId };
  }
}
