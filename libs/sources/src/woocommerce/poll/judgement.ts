import { canonicalDecimal, compareRanks, isDecimalText, type ObservationRank } from '@tributary/domain';
import type { OrderFact } from '../woocommerce-order.source.js';
import type { GoneOrder, Glimpse, PollStep, SeenOrder } from './poll.step.js';

/** What the order fold says of an order, as far as a read is compared with it. */
export interface KnownHead {
  readonly orderId: string;
  /** Null while only a deletion was reported. */
  readonly rank: ObservationRank | null;
  readonly isVanished: boolean;
  /** Whether the order itself was ever observed. */
  readonly isObserved: boolean;
  /** A deletion was reported and nobody has looked since. */
  readonly isDeletionUnconfirmed: boolean;
  readonly status: string;
  readonly total: string | null;
}

/** An order that is to be read again, after a delay. */
export interface RereadRequest {
  readonly orderId: string;
  readonly delayMs: number;
}

/** What becomes of what was read. */
export interface Judgement {
  readonly publish: readonly SeenOrder[];
  readonly vanished: readonly GoneOrder[];
  readonly rereads: readonly RereadRequest[];
}

const MIN_DELAY_MS = 6_000;
const MAX_DELAY_MS = 3_600_000;

type Verdict = 'publish' | 'same' | { readonly delayMs: number };

/** A read that is behind what is known (a webhook came in between, a clock went back) says nothing now; one that is ahead will. */
const later = (head: ObservationRank, asOf: number): Verdict => ({
  delayMs: Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, head.asOf - asOf + MIN_DELAY_MS)),
});

function judgeOrder(fact: OrderFact, isUnlisted: boolean, head: KnownHead | undefined, receivedAt: number): Verdict {
  if (isUnlisted && head?.isObserved !== true) return 'same';
  if (head === undefined || head.rank === null) return 'publish';
  const { asOf, modifiedAt, contentHash } = fact;
  const isEqual = !head.isVanished && head.rank.contentHash === contentHash && head.rank.modifiedAt === modifiedAt;
  if (isEqual && !head.isDeletionUnconfirmed) return 'same';
  if (compareRanks({ asOf, modifiedAt, observedAt: receivedAt, contentHash }, head.rank) > 0) return 'publish';
  return isEqual ? 'same' : later(head.rank, asOf);
}

function judgeGone({ asOf }: GoneOrder, head: KnownHead | undefined): Verdict {
  if (head === undefined || head.isVanished) return 'same';
  return head.rank === null || asOf > head.rank.asOf ? 'publish' : later(head.rank, asOf);
}

const amount = (text: string): string => (isDecimalText(text) ? canonicalDecimal(text) : text);

const isAsKnown = ({ status, modifiedAt, total }: Glimpse, head: KnownHead | undefined): boolean =>
  head !== undefined &&
  !head.isVanished &&
  head.status === status &&
  head.rank?.modifiedAt === modifiedAt &&
  amount(head.total ?? '') === amount(total);

/** What of a step is compared with the heads. */
export type Judged = Pick<PollStep, 'orders' | 'gone' | 'glimpses' | 'missing'>;

/** Every order that a judgement of this step asks the heads for. */
export const ordersOf = ({ orders, gone, glimpses }: Judged): readonly string[] => [
  ...orders.map(({ fact }) => fact.content.orderId),
  ...gone.map(({ orderId }) => orderId),
  ...glimpses.map(({ orderId }) => orderId),
];

/**
 * What of a step is news. An order equal to its head, modification date included, is not published again; one that would lose to its
 * head is read again later; a glimpse that differs from its head is read whole. `receivedAt`: our clock, epoch ms.
 */
export function judge(step: Judged, heads: ReadonlyMap<string, KnownHead>, receivedAt: number): Judgement {
  const publish: SeenOrder[] = [];
  const vanished: GoneOrder[] = [];
  const rereads: RereadRequest[] = step.missing.map((orderId) => ({ orderId, delayMs: 0 }));
  for (const order of step.orders) {
    const { orderId } = order.fact.content;
    const verdict = judgeOrder(order.fact, order.isUnlisted, heads.get(orderId), receivedAt);
    if (verdict === 'publish') publish.push(order);
    else if (verdict !== 'same') rereads.push({ orderId, ...verdict });
  }
  for (const gone of step.gone) {
    const verdict = judgeGone(gone, heads.get(gone.orderId));
    if (verdict === 'publish') vanished.push(gone);
    else if (verdict !== 'same') rereads.push({ orderId: gone.orderId, ...verdict });
  }
  for (const glimpse of step.glimpses) {
    if (!isAsKnown(glimpse, heads.get(glimpse.orderId))) rereads.push({ orderId: glimpse.orderId, delayMs: 0 });
  }
  return { publish, vanished, rereads };
}
