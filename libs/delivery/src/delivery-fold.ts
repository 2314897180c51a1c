import { evolveLedger, ledgerKey, type Claim, type DeliveryEvent, type LedgerEntry, type Positioned, type Sql } from '@tributary/domain';
import { advanceOffset } from '@tributary/postgres';
import type { LedgerStore } from './ledger.store.js';

/** Folds a batch of delivery events over what the ledger has; answers the entries that became newer. */
export function foldDeliveries(known: ReadonlyMap<string, LedgerEntry>, events: readonly DeliveryEvent[]): LedgerEntry[] {
  const changed = new Map<string, LedgerEntry>();
  for (const event of events) {
    const key = ledgerKey(event.key);
    const before = changed.get(key) ?? known.get(key);
    const after = evolveLedger(before, event);
    if (after !== undefined && after !== before) changed.set(key, after);
  }
  return [...changed.values()];
}

/** Applies a batch of the app's own delivery topic; most of it is known already, because the app wrote it. */
export async function applyDeliveryEvents(
  sql: Sql,
  store: LedgerStore,
  events: readonly Positioned<DeliveryEvent>[],
  claim: Claim,
): Promise<boolean> {
  const keys = [...new Set(events.map(({ event }) => ledgerKey(event.key)))];
  const known = new Map((await store.find(keys)).map((entry) => [ledgerKey(entry.key), entry]));
  const changed = foldDeliveries(
    known,
    events.map(({ event }) => event),
  );
  if (changed.length === 0) return advanceOffset(sql, claim.key, claim.expected, claim.next);
  return store.applyFolded(changed, claim);
}
