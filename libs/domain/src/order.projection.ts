import type { OrderEvent, OrderObserved } from './order.events.js';
import { assertNever, type ConnectionId, type TenantId } from './ids.js';

/** Where one observation stands among all of an order's observations; the fold keeps the greatest. */
export interface ObservationRank {
  /** Shop's clock, epoch ms: the observation was true at this moment. */
  readonly asOf: number;
  readonly modifiedAt: number;
  /** Our clock, epoch ms: arrival. */
  readonly observedAt: number;
  readonly contentHash: string;
}

/** What a fold must keep of an observation to rank the next one against it. */
export interface KeptObservation {
  readonly eventId: string;
  readonly asOf: number;
  readonly modifiedAt: number;
  readonly receivedAt: number;
  readonly contentHash: string;
}

/** What is known of an order. A plain maximum of its observations, so duplicates, order and loss do not matter. */
export interface OrderState<Kept extends KeptObservation = OrderObserved> {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly orderId: string;
  /** The greatest observation of any kind; null while only a deletion was reported. */
  readonly head: ObservationRank | null;
  /** The head says that the order is gone from the shop (a read answered 404). */
  readonly isVanished: boolean;
  /** The greatest observation that carried the order itself. */
  readonly observed: Kept | null;
  /** Newest arrival of a `*.deleted` webhook for this id, on our clock; a claim that asks for a look. */
  readonly deletionReportedAt: number | null;
}

const VANISHED_HASH = '';

export function compareRanks(a: ObservationRank, b: ObservationRank): number {
  return (
    a.asOf - b.asOf ||
    a.modifiedAt - b.modifiedAt ||
    a.observedAt - b.observedAt ||
    (a.contentHash < b.contentHash ? -1 : a.contentHash > b.contentHash ? 1 : 0)
  );
}

export const rankOf = (observation: KeptObservation): ObservationRank => ({
  asOf: observation.asOf,
  modifiedAt: observation.modifiedAt,
  observedAt: observation.receivedAt,
  contentHash: observation.contentHash,
});

const isGreater = (a: ObservationRank, b: ObservationRank | null): boolean => b === null || compareRanks(a, b) > 0;

/** Of two deliveries of one body in one millisecond the first minted stays: which is read first does not matter, and a repeat is no news. */
function supersedes(event: OrderObserved, before: KeptObservation | null): boolean {
  if (before === null) return true;
  const order = compareRanks(rankOf(event), rankOf(before));
  return order > 0 || (order === 0 && event.eventId < before.eventId);
}

const emptyState = <Kept extends KeptObservation>(event: OrderEvent): OrderState<Kept> => ({
  tenantId: event.tenantId,
  connectionId: event.connectionId,
  orderId: event.orderId,
  head: null,
  isVanished: false,
  observed: null,
  deletionReportedAt: null,
});

/**
 * The order fold, for projections that keep `keep(observation)` of the greatest observation.
 * Idempotent and commutative; returns the same object when the event says nothing new.
 */
export const orderFold =
  <Kept extends KeptObservation>(keep: (observation: OrderObserved) => Kept) =>
  (state: OrderState<Kept> | undefined, event: OrderEvent): OrderState<Kept> => {
    const before = state ?? emptyState<Kept>(event);
    switch (event.type) {
      case 'OrderObserved': {
        const rank = rankOf(event);
        const isHead = isGreater(rank, before.head);
        const isContent = supersedes(event, before.observed);
        if (!isHead && !isContent) return before;
        return {
          ...before,
          head: isHead ? rank : before.head,
          isVanished: isHead ? false : before.isVanished,
          observed: isContent ? keep(event) : before.observed,
        };
      }
      case 'OrderVanished': {
        const rank = { asOf: event.asOf, modifiedAt: event.asOf, observedAt: event.receivedAt, contentHash: VANISHED_HASH };
        return isGreater(rank, before.head) ? { ...before, head: rank, isVanished: true } : before;
      }
      case 'OrderDeletionReported':
        return before.deletionReportedAt !== null && before.deletionReportedAt >= event.receivedAt
          ? before
          : { ...before, deletionReportedAt: event.receivedAt };
      default:
        return assertNever(event);
    }
  };

/** {@link orderFold} that keeps whole observations. */
export const evolveOrder = orderFold<OrderObserved>((observation) => observation);

/** What a person calls the order's state: the shop's status, `vanished`, or `unknown` while only a deletion was reported. */
export function statusOf(state: OrderState<KeptObservation & { readonly status: string }>): string {
  if (state.isVanished) return 'vanished';
  return state.observed?.status ?? 'unknown';
}

/**
 * The event contradicts the head without clearly coming after it (or reports a deletion): which of the two holds only a new read of the
 * shop can tell.
 */
export function asksForReread<Kept extends KeptObservation>(before: OrderState<Kept> | undefined, event: OrderEvent): boolean {
  if (event.type === 'OrderDeletionReported') return true;
  const head = before?.head ?? null;
  return event.type === 'OrderObserved' && head !== null && event.contentHash !== head.contentHash && event.asOf <= head.asOf;
}

/** A deletion was reported after the newest observation reached us, and nobody has looked since. */
export const isDeletionUnconfirmed = <Kept extends KeptObservation>(state: OrderState<Kept>): boolean =>
  state.deletionReportedAt !== null && (state.head === null || state.deletionReportedAt >= state.head.observedAt);
