import { isMadeByBrowser, type OrderContent, type OrderPersonal } from '@tributary/domain';

/** What can be seen of a connection, each with the moment of the last time. */
export const SIGHTINGS = ['webhook', 'visit', 'checkout-order', 'snippet-order', 'cookie-order'] as const;
export type Sighting = (typeof SIGHTINGS)[number];

/** What an order shows of the shop's snippet. Renewals carry their parent's meta, so they show nothing. */
export function seenInOrder(
  { createdVia, renewalOf, consent }: Pick<OrderContent, 'createdVia' | 'renewalOf' | 'consent'>,
  { visitorId }: Pick<OrderPersonal, 'visitorId'>,
): readonly Sighting[] {
  if (!isMadeByBrowser({ createdVia, renewalOf })) return [];
  const hasCookie = visitorId !== '';
  return [
    'checkout-order',
    ...(consent !== null || hasCookie ? (['snippet-order'] as const) : []),
    ...(hasCookie ? (['cookie-order'] as const) : []),
  ];
}
