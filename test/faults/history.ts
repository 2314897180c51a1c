import type { TakenEvent } from '../simulators/tiktok/event-book.ts';
import type { Received } from '../simulators/tiktok/vendor.ts';

/** A webhook that was answered 200: from here on the order is our promise. */
export interface Acknowledgement {
  readonly orderId: string;
  /** Epoch ms. */
  readonly at: number;
  /** Whether what the shop said then is a purchase under the settings. */
  readonly isPurchase: boolean;
}

/** A Purchase that the vendor took, whether it counts or repeats an earlier one. */
export interface TakenPurchase {
  readonly orderId: string;
  /** The vendor drops a repeat of the same identity: pixel, event name, event id. */
  readonly identity: string;
  readonly at: number;
  readonly requestId: string;
}

/** A request that reached the vendor, whatever came of it. */
export interface SentRequest {
  readonly eventIds: readonly string[];
  readonly at: number;
  readonly outcome: string;
}

export interface LedgerFact {
  readonly orderId: string;
  readonly eventId: string | null;
  readonly state: string;
  readonly isSettled: boolean;
  readonly attempts: readonly { readonly at: number; readonly outcome: string; readonly code: string | null }[];
}

/** Everything the checker may know: what was promised, what arrived at the vendor, what the ledger says in the end. */
export interface History {
  readonly acknowledged: readonly Acknowledgement[];
  readonly taken: readonly TakenPurchase[];
  readonly requests: readonly SentRequest[];
  readonly ledger: readonly LedgerFact[];
}

const orderIdOf = ({ body }: TakenEvent): string => String((body?.['properties'] as { readonly order_id?: unknown } | undefined)?.order_id);

const toTaken = (event: TakenEvent): TakenPurchase => ({
  orderId: orderIdOf(event),
  identity: JSON.stringify([event.pixel, event.event, event.eventId]),
  at: event.at,
  requestId: event.requestId,
});

/** The vendor's side of a history; several when the vendor was told to forget in between. */
export const vendorHistory = (...received: readonly Received[]): Pick<History, 'taken' | 'requests'> => ({
  taken: received.flatMap(({ accepted, duplicates }) => [...accepted, ...duplicates].map(toTaken)),
  requests: received.flatMap(({ requests }) => requests.map(({ eventIds, at, outcome }) => ({ eventIds, at, outcome }))),
});

/** A copy that a later reset leaves alone. */
export const copyOf = ({ counts, requests, accepted, duplicates }: Received): Received => ({
  counts,
  requests: [...requests],
  accepted: [...accepted],
  duplicates: [...duplicates],
});
