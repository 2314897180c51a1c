import { ledgerKey, type LedgerEntry } from '@tributary/domain';
import type { Credential } from '../credentials.store.js';
import type { Held } from './dispatch.port.js';
import { takeBatch } from './request-batch.js';

/** What waits for one credential, and how many of its requests are under way. */
export interface Line {
  readonly credential: Credential;
  waiting: Held[];
  /** Monotonic ms until which what waits may wait for company; a full request waits no longer. */
  leavesAt: number;
  inFlight: number;
  /** Monotonic ms before which nothing leaves. */
  notBefore: number;
  /** Monotonic ms up to which the requests so far have used the credential's rate. */
  usedUntil: number;
}

/** A batch on its way; what is put back is no longer part of it. */
export interface Batch {
  readonly line: Line;
  held: readonly Held[];
}

/**
 * The entries that are leased to this process: one line per credential, served round robin. Holds no clock and does no I/O.
 *
 * A line's requests keep the distance of its rate, with one ahead: taken as fast as entries come, a slice of one second is used up
 * in its first moments, and whatever comes then waits for the next.
 */
export class CredentialLines {
  /** Ms that one request uses of a credential's rate. */
  private readonly spacingMs: number;
  private readonly lines = new Map<string, Line>();
  /** Each entry that waits or is being sent here: a lease that ran out may bring it a second time. */
  private readonly inHand = new Map<string, Held>();
  private rotation: string[] = [];
  private count = 0;

  constructor(
    requestsPerSecond: number,
    /** Entries of a full request. */
    private readonly fullAt: number,
  ) {
    this.spacingMs = 1_000 / requestsPerSecond;
  }

  /** Entries that wait; those being sent do not count. */
  get waitingCount(): number {
    return this.count;
  }

  /** Takes an entry, unless it is here already in this version or a later one. It may wait for company until `leavesAtMs`. */
  hold(held: Held, leavesAtMs = 0): void {
    const ledgerId = ledgerKey(held.entry.key);
    if ((this.inHand.get(ledgerId)?.entry.version ?? 0) >= held.entry.version) return;
    this.inHand.set(ledgerId, held);
    const line = this.lineOf(held.entry);
    line.leavesAt = line.waiting.length === 0 ? leavesAtMs : Math.min(line.leavesAt, leavesAtMs);
    line.waiting.push(held);
    this.count += 1;
  }

  /** The next line, in turn, of which something may leave now; undefined when none has anything. */
  next(nowMs: number, inFlightPerCredential: number): Line | undefined {
    for (let unvisited = this.rotation.length; unvisited > 0; unvisited -= 1) {
      const key = this.rotation.shift();
      const line = key === undefined ? undefined : this.lines.get(key);
      if (key === undefined || line === undefined) continue;
      if (line.waiting.length === 0 && line.inFlight === 0) {
        this.lines.delete(key);
        continue;
      }
      this.rotation.push(key);
      if (line.waiting.length > 0 && line.inFlight < inFlightPerCredential && this.waitMs(line, nowMs) <= 0) return line;
    }
    return undefined;
  }

  /** For how long nothing of the line may leave; zero or less: not at all. */
  waitMs(line: Line, nowMs: number): number {
    const leavesAt = line.waiting.length >= this.fullAt ? 0 : line.leavesAt;
    return Math.max(leavesAt, line.notBefore, line.usedUntil - this.spacingMs) - nowMs;
  }

  /** What leaves next of a line; it stays in hand until {@link finish}. */
  take(line: Line, maxIntents: number, nowMs: number): Batch {
    const { batch, rest } = takeBatch(line.waiting, maxIntents);
    line.usedUntil = Math.max(line.usedUntil, nowMs) + this.spacingMs;
    line.waiting = rest;
    line.inFlight += 1;
    this.count -= batch.length;
    return { line, held: batch };
  }

  /** Some of a batch did not fit: they wait on, before everything else. */
  putBack(batch: Batch, unfit: readonly Held[]): void {
    const back = new Set(unfit);
    batch.held = batch.held.filter((held) => !back.has(held));
    batch.line.waiting = [...unfit, ...batch.line.waiting];
    batch.line.leavesAt = 0;
    this.count += unfit.length;
  }

  /** The batch is at its end: what of it has not come anew since is no longer in hand. */
  finish({ line, held }: Batch): void {
    line.inFlight -= 1;
    for (const one of held) {
      const ledgerId = ledgerKey(one.entry.key);
      if (this.inHand.get(ledgerId) === one) this.inHand.delete(ledgerId);
    }
  }

  /** These are given back: whoever claims them next, also this process, holds them anew. */
  letGo(entries: readonly LedgerEntry[]): void {
    for (const entry of entries) {
      const ledgerId = ledgerKey(entry.key);
      if ((this.inHand.get(ledgerId)?.entry.version ?? 0) <= entry.version) this.inHand.delete(ledgerId);
    }
  }

  /** Empties all lines; what is on its way is not affected. */
  takeAllWaiting(): Held[] {
    const waiting = [...this.lines.values()].flatMap((line) => line.waiting.splice(0));
    this.count = 0;
    return waiting;
  }

  private lineOf({ key: { tenantId, destinationConnectionId } }: LedgerEntry): Line {
    const key = `${tenantId}:${destinationConnectionId}`;
    let line = this.lines.get(key);
    if (line === undefined) {
      line = {
        credential: { tenantId, connectionId: destinationConnectionId },
        waiting: [],
        leavesAt: 0,
        inFlight: 0,
        notBefore: 0,
        usedUntil: 0,
      };
      this.lines.set(key, line);
      this.rotation.push(key);
    }
    return line;
  }
}
