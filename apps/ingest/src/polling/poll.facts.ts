import { v7 as uuidv7 } from 'uuid';
import { IMPORT_SOURCE, type Envelope } from '@tributary/domain';
import type { GoneOrder, KnownHead, RefusedBody, SeenOrder, UnreadableOrder } from '@tributary/sources';
import type { PollLease, ShopId, UnsealedFact } from '@tributary/stream';

/** What stands where a webhook's topic would. */
const TOPIC = 'order.read';

/** How an order came to be read: by the poller's own looks and sweeps, or because a person asked for the shop's history. */
export type ReadSource = 'rest' | typeof IMPORT_SOURCE;

const envelope = (shop: ShopId, occurredAt: number, receivedAt: number, source: ReadSource = 'rest'): Envelope => ({
  eventId: uuidv7(),
  tenantId: shop.tenantId,
  connectionId: shop.connectionId,
  occurredAt,
  receivedAt,
  source,
});

const bytesOf = (row: unknown): Buffer => Buffer.from(JSON.stringify(row), 'utf8');

/** An order as a webhook's would be, under its own source. */
export function observedFact(shop: PollLease, { fact, row }: SeenOrder, receivedAt: number, source: ReadSource): UnsealedFact {
  return {
    ...fact,
    own: shop.own,
    envelope: envelope(shop, fact.modifiedAt, receivedAt, source),
    raw: { body: bytesOf(row), topic: TOPIC },
  };
}

export const vanishedFact = (shop: ShopId, { orderId, asOf }: GoneOrder, receivedAt: number): UnsealedFact => ({
  kind: 'vanished',
  envelope: envelope(shop, asOf, receivedAt),
  orderId,
  asOf,
});

/** What could not be read, kept with its reason. */
export function rejectedFact(shop: ShopId, { refusal, row }: UnreadableOrder, receivedAt: number, topic = TOPIC): UnsealedFact {
  const { reason, detail, orderId }: RefusedBody = refusal;
  const payload = bytesOf(row);
  return {
    kind: 'rejection',
    envelope: envelope(shop, receivedAt, receivedAt),
    reference: orderId,
    reason,
    detail,
    topic,
    payload,
    sizeBytes: payload.length,
  };
}

/** The head that an order will have once its observation is folded. */
export const headOfSeen = ({ fact }: SeenOrder, receivedAt: number): KnownHead => ({
  orderId: fact.content.orderId,
  rank: { asOf: fact.asOf, modifiedAt: fact.modifiedAt, observedAt: receivedAt, contentHash: fact.contentHash },
  isVanished: false,
  isObserved: true,
  isDeletionUnconfirmed: false,
  status: fact.content.status,
  total: fact.content.total,
});

export const headOfGone = ({ orderId, asOf }: GoneOrder, receivedAt: number): KnownHead => ({
  orderId,
  rank: { asOf, modifiedAt: asOf, observedAt: receivedAt, contentHash: '' },
  isVanished: true,
  isObserved: true,
  isDeletionUnconfirmed: false,
  status: 'vanished',
  total: null,
});
