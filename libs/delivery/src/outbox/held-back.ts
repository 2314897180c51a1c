import type { OutboxRow } from './outbox.store.js';

/**
 * Of the rows handed over, in order, those that count as not published: refused ones and whatever follows one of the same
 * effect, for the ledger takes exactly the next version of a key. Adds the effects to `blocked`.
 */
export function heldBack(rows: readonly OutboxRow[], refused: ReadonlySet<number>, blocked: Set<string>): OutboxRow[] {
  return rows.filter(({ id, ledgerKey }) => {
    if (refused.has(id)) blocked.add(ledgerKey);
    return blocked.has(ledgerKey);
  });
}
