import type { History, LedgerFact, TakenPurchase } from './history.js';

export interface Findings {
  /** Orders: promised, a purchase, and the vendor never took one. */
  readonly lost: readonly string[];
  /** Orders of which the vendor counts more than one Purchase. */
  readonly sentTwice: readonly string[];
  /** Orders that the ledger calls delivered and the vendor never saw. */
  readonly deliveredInNameOnly: readonly string[];
  /** Orders whose ledger entry has not come to its end. */
  readonly unsettled: readonly string[];
  /** Orders that were sent more often than the ledger has attempts: a request left without its intent. */
  readonly unrecorded: readonly string[];
  /** What the vendor dropped as a repeat, and the uncertainty in the ledger that made us send again. */
  readonly repeats: readonly { readonly orderId: string; readonly times: number; readonly reason: string }[];
}

/** @see TikTok's documentation of deduplication (server and server), read 2026-11-21 */
const WINDOW_MS = 48 * 3_600_000;
const UNEXPLAINED = 'unexplained';

/** How often the vendor counts these: the first of an identity, and whatever comes after its window. */
function countedOf(taken: readonly TakenPurchase[]): number {
  const countedAt = new Map<string, number>();
  let counted = 0;
  for (const { identity, at } of taken.toSorted((a, b) => a.at - b.at)) {
    const before = countedAt.get(identity);
    if (before !== undefined && at - before < WINDOW_MS) continue;
    countedAt.set(identity, at);
    counted += 1;
  }
  return counted;
}

function reasonOf(fact: LedgerFact | undefined): string {
  const uncertain = fact?.attempts.find(({ outcome }) => outcome === 'unknown');
  return uncertain === undefined ? UNEXPLAINED : (uncertain.code ?? 'no outcome was recorded');
}

/** Judges a history by itself: it asks neither the system nor the vendor what they think of it. */
export function check({ acknowledged, taken, requests, ledger }: History): Findings {
  const takenOf = Map.groupBy(taken, ({ orderId }) => orderId);
  const factOf = new Map(ledger.map((fact) => [fact.orderId, fact]));
  const promised = new Set(acknowledged.filter(({ isPurchase }) => isPurchase).map(({ orderId }) => orderId));
  const sends = new Map<string, number>();
  for (const id of requests.flatMap(({ eventIds }) => eventIds)) sends.set(id, (sends.get(id) ?? 0) + 1);
  const repeated = [...takenOf].map(([orderId, list]) => ({ orderId, times: list.length - countedOf(list) }));
  return {
    lost: [...promised].filter((orderId) => !takenOf.has(orderId)),
    sentTwice: [...takenOf].filter(([, list]) => countedOf(list) > 1).map(([orderId]) => orderId),
    deliveredInNameOnly: ledger
      .filter(({ orderId, state }) => state === 'delivered' && !takenOf.has(orderId))
      .map(({ orderId }) => orderId),
    unsettled: [...promised].filter((orderId) => factOf.get(orderId)?.isSettled !== true),
    unrecorded: ledger
      .filter(({ eventId, attempts }) => eventId !== null && (sends.get(eventId) ?? 0) > attempts.length)
      .map(({ orderId }) => orderId),
    repeats: repeated.filter(({ times }) => times > 0).map((repeat) => ({ ...repeat, reason: reasonOf(factOf.get(repeat.orderId)) })),
  };
}

/** What must be empty; repeats are allowed as long as the ledger says why. */
export const faultsOf = ({ repeats, ...faults }: Findings): Omit<Findings, 'repeats'> & { readonly unexplained: readonly string[] } => ({
  ...faults,
  unexplained: repeats.filter(({ reason }) => reason === UNEXPLAINED).map(({ orderId }) => orderId),
});

export const NO_FAULTS: ReturnType<typeof faultsOf> = {
  lost: [],
  sentTwice: [],
  deliveredInNameOnly: [],
  unsettled: [],
  unrecorded: [],
  unexplained: [],
};

/** Repeats by reason, for people. */
export function countRepeats({ repeats }: Findings): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason, times } of repeats) counts[reason] = (counts[reason] ?? 0) + times;
  return counts;
}
