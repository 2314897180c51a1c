import type { Envelope, TenantId, ConnectionId } from '@tributary/domain';
import type { WebhookReading } from '@tributary/sources';
import type { UnsealedFact } from '@tributary/stream';

/** A body and where it came from. */
export interface ReadBody {
  readonly eventId: string;
  readonly shop: { readonly tenantId: TenantId; readonly connectionId: ConnectionId; readonly ownDomains: readonly string[] };
  readonly topic: string;
  /** Epoch ms, our clock: arrival. */
  readonly receivedAt: number;
  readonly source: string;
  readonly bytes: Buffer;
}

/** What a reading says, as the fact to be appended; null when it says nothing that is kept. */
export function factOf(body: ReadBody, reading: Exclude<WebhookReading, { kind: 'refused' }>): UnsealedFact | null {
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
    case 'ignored':
      return null;
    case 'order':
      return { ...reading, envelope: envelope(reading.modifiedAt), ownDomains: shop.ownDomains, raw: { body: bytes, topic } };
    case 'deletion':
      return { kind: 'deletion', envelope: envelope(receivedAt), orderId: reading.orderId };
  }
}
