import type { OrderContent, OrderPersonal } from '@tributary/domain';

/** What can be seen of a connection, each with the moment of the last time. */
export const SIGHTINGS = ['webhook', 'visit', 'checkout-order', 'snippet-order', 'cookie-order'] as const;
export type Sighting = (typeof SIGHTINGS)[number];

/** Ways of making an order in which a browser runs through the shop's checkout. */
const CHECKOUTS: ReadonlySet<string> = new Set(['checkout', 'store-api']);

/** What an order shows of the shop's snippet. Renewals carry their parent's meta, so they show nothing. */
export function seenInOrder(
  { createdVia, renewalOf, consent }: Pick<OrderContent, 'createdVia' | 'renewalOf' | 'consent'>,
  { visitorId }: Pick<OrderPersonal, 'visitorId'>,
): readonly Sighting[] {
  if (!CHECKOUTS.has(createdVia) || renewalOf !== null) return [];
  const hasCookie = visitorId !== '';
  return [
    'checkout-order',
    ...(consent !== null || hasCookie ? (['snippet-order'] as const) : []),
    ...(hasCookie ? (['cookie-order'] as const) : []),
  ];
}
