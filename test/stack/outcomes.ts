import type { Stack } from './stack.js';

/** An effect as the ledger has it. */
export interface LedgerLine {
  readonly source: string;
  readonly destination: string;
  readonly orderId: string;
  readonly state: string;
  readonly reason: string | null;
  /** Outcomes of its attempts, oldest first. */
  readonly attempts: readonly string[];
}

/** The ledger, ordered by key. */
export const ledgerOf = (stack: Stack): Promise<LedgerLine[]> =>
  stack.sql.query<LedgerLine>(
    '',
    `select source_connection_id as source, destination_connection_id as destination, reference as "orderId", state, reason,
            array(select a ->> 'outcome' from jsonb_array_elements(attempts) with ordinality as t(a, n) order by n) as attempts
       from tiktok.ledger_entries order by ledger_key`,
  );

/** `state` → number of effects in it. */
export async function ledgerCounts(stack: Stack): Promise<Record<string, number>> {
  const rows = await stack.sql.query<{ state: string; count: number }>(
    '',
    'select state, count(*)::int as count from tiktok.ledger_entries group by state order by state',
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/** Ids of the events that counted at TikTok, sorted: one that counted twice stands there twice. */
export const countedEventIds = (stack: Stack): string[] =>
  stack.tiktok
    .received()
    .accepted.map(({ eventId }) => eventId)
    .toSorted();

/** Runs `work` over all items, at most `atOnce` at a time; results in the items' order. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
