import { ledgerKey, type DeliveryMode, type LedgerEntry, type VisitEvent } from '@tributary/domain';
import { packVisits, type PackedVisit } from './visit-pack.js';

/** A visit that is to be sent: its entry as planned, and the visit itself. */
export interface QueuedVisit extends PackedVisit {
  readonly entry: LedgerEntry;
  readonly visit: VisitEvent;
}

/** Visits that share a row of the queue: one credential, one mode. */
export interface VisitRow {
  readonly id: string;
  readonly tenantId: string;
  readonly connectionId: string;
  readonly mode: DeliveryMode;
  readonly settingsVersion: number;
  readonly visits: readonly QueuedVisit[];
}

/** Where a visit of a row goes: out of the queue; due for whoever comes after `delayMs`; ours for `leaseMs`. */
export type VisitMove =
  | { readonly kind: 'leave-queue' }
  | { readonly kind: 'due'; readonly delayMs: number; readonly isAlone: boolean }
  | { readonly kind: 'lease'; readonly leaseMs: number };

/** What moves of visits make of the rows that hold them. */
export interface RowChanges {
  /** Rows with nothing left. */
  readonly gone: readonly string[];
  readonly leased: readonly { readonly id: string; readonly leaseMs: number }[];
  /** Rows that lose some of their visits. */
  readonly rewritten: readonly { readonly id: string; readonly packed: Buffer }[];
  /** Visits that wait, in rows of their own. */
  readonly added: readonly (VisitRow & { readonly delayMs: number; readonly isAlone: boolean })[];
}

interface OpenRow extends VisitRow {
  readonly open: Set<string>;
}

interface Item {
  readonly queued: QueuedVisit;
  readonly row: OpenRow;
}

/** The visits that this process has leased, and which of each row are still to be sent. Holds no clock and does no I/O. */
export class VisitHand {
  private readonly items = new Map<string, Item>();

  constructor(private readonly newId: () => string) {}

  get(key: string): QueuedVisit | undefined {
    return this.items.get(key)?.queued;
  }

  /** Takes a row that is leased to us; a visit that is in hand already, from another row, stays with that one. */
  take(row: VisitRow): void {
    const open = { ...row, open: new Set<string>() };
    for (const queued of row.visits) {
      const key = ledgerKey(queued.entry.key);
      if (this.items.has(key)) continue;
      open.open.add(key);
      this.items.set(key, { queued, row: open });
    }
  }

  /** No longer ours to send; their rows wait until the lease ends. */
  forget(keys: readonly string[]): void {
    for (const key of keys) this.items.delete(key);
  }

  /** What these moves mean for the rows. Nothing changes here before {@link apply}. */
  changes(moves: ReadonlyMap<string, VisitMove>): RowChanges {
    const touched = new Set<OpenRow>();
    const waiting = new Map<string, { visits: QueuedVisit[]; row: OpenRow; delayMs: number; isAlone: boolean }>();
    const leases = new Map<OpenRow, number>();
    for (const [key, move] of moves) {
      const item = this.items.get(key);
      if (item === undefined) continue;
      touched.add(item.row);
      if (move.kind === 'lease') leases.set(item.row, Math.max(move.leaseMs, leases.get(item.row) ?? 0));
      if (move.kind !== 'due') continue;
      const { tenantId, connectionId, mode, settingsVersion } = item.row;
      const group = JSON.stringify([tenantId, connectionId, mode, settingsVersion, move.isAlone]);
      const before = waiting.get(group) ?? { visits: [], row: item.row, delayMs: 0, isAlone: move.isAlone };
      before.visits.push(item.queued);
      waiting.set(group, { ...before, delayMs: Math.max(before.delayMs, move.delayMs) });
    }
    const gone: string[] = [];
    const rewritten: { id: string; packed: Buffer }[] = [];
    for (const row of touched) {
      const left = [...row.open].filter((key) => !this.leaves(moves.get(key)));
      if (left.length === 0) gone.push(row.id);
      else if (left.length < row.open.size && [...row.open].some((key) => moves.get(key)?.kind === 'due'))
        rewritten.push({ id: row.id, packed: packVisits(left.flatMap((key) => this.get(key) ?? [])) });
    }
    return {
      gone,
      rewritten,
      leased: [...leases].map(([{ id }, leaseMs]) => ({ id, leaseMs })),
      added: [...waiting.values()].map(({ row, visits, delayMs, isAlone }) => {
        const { tenantId, connectionId, mode, settingsVersion } = row;
        return { id: this.newId(), tenantId, connectionId, mode, settingsVersion, visits, delayMs, isAlone };
      }),
    };
  }

  /** The changes are in the database: what left the queue or waits is no longer in hand. */
  apply(moves: ReadonlyMap<string, VisitMove>): void {
    for (const [key, move] of moves) {
      if (!this.leaves(move)) continue;
      this.items.get(key)?.row.open.delete(key);
      this.items.delete(key);
    }
  }

  private leaves(move: VisitMove | undefined): boolean {
    return move !== undefined && move.kind !== 'lease';
  }
}
