import { setTimeout as pause } from 'node:timers/promises';
import {
  ledgerKey,
  movedWithin,
  newsOf,
  nextRound,
  NO_ROUNDS,
  observeStatus,
  openEffectOf,
  readStatuses,
  restMs,
  roundsAfter,
  withoutNames,
  type DeliveryOutcome,
  type LedgerEntry,
  type Moment,
  type StatusNames,
  type StatusQuery,
  type StatusReading,
  type StatusRecord,
  type StatusRound,
  type StatusRounds,
  type StatusSeen,
  type VendorReply,
  type VendorRequest,
} from '@tributary/domain';
import type { Credential, CredentialsStore } from '../credentials.store.js';
import type { DestinationAlerts } from '../destination-alerts.js';
import type { DestinationInForce, Move } from '../dispatch/dispatch.port.js';
import type { LedgerStore } from '../ledger.store.js';
import type { OutboxPublisher } from '../outbox/outbox-publisher.js';
import type { StatusLease, StatusReaders } from './status-readers.store.js';
import type { StatusSeals } from './status-seals.js';

/** Read together: as many as their lists are asked for once. */
const AT_ONCE = 2_000;
/** A list of more pages than this is none that anybody keeps. */
const MAX_PAGES = 1_000;
const RETRY_FIRST_MS = 5_000;
const RETRY_MAX_MS = 3_600_000;
/** A person hears of failures that may pass by themselves after this many turns in a row. */
const TOLD_AFTER_FAILURES = 5;
/** Nothing may leave for this connection now (no secrets yet, not linked, parked): looked at again. */
const NOT_NOW_MS = 30_000;

export interface StatusTurnPorts<Settings, Secrets> {
  readonly readers: StatusReaders;
  readonly ledger: LedgerStore;
  /** Leaves most of each slice to orders. */
  readonly credentials: CredentialsStore;
  readonly publisher: OutboxPublisher;
  readonly seals: StatusSeals;
  readonly told: DestinationAlerts;
  readonly inForce: (credential: Credential) => Promise<DestinationInForce<Settings, Secrets> | undefined>;
  readonly send: (request: VendorRequest, timeoutMs: number) => Promise<VendorReply>;
  readonly requestTimeoutMs: number;
  readonly moment: () => Moment;
}

/** The lists cannot be read now. */
class Unreadable extends Error {
  override readonly name = 'Unreadable';
  constructor(readonly outcome: DeliveryOutcome) {
    super(outcome.answer.code);
  }
}

/** The credential is parked or behind a breaker, or the process ends. */
class NotNow extends Error {
  override readonly name = 'NotNow';
}

/** One turn of asking what became of one connection's effects: reads whole lists, then writes what is new, and only that. */
export class StatusTurn<Settings, Secrets> {
  constructor(
    private readonly reading: StatusReading<Settings, Secrets>,
    private readonly ports: StatusTurnPorts<Settings, Secrets>,
  ) {}

  /** Rejects only with what is nobody's doing but ours, or with LeaseLost. */
  async run(lease: StatusLease, isStopping: () => boolean): Promise<void> {
    const { readers, told } = this.ports;
    const inForce = await this.ports.inForce(lease);
    if (inForce === undefined) return readers.release(lease, { dueInMs: NOT_NOW_MS, failures: 0, failure: null });
    const everyMs = this.reading.refreshEveryMs(inForce.settings);
    if (everyMs === null) return readers.release(lease, { dueInMs: null, failures: 0, failure: null });
    try {
      const rounds = await this.readDue(lease, inForce, everyMs, isStopping);
      if (lease.failures > 0) await told.statusesRead(lease);
      await readers.release(lease, { dueInMs: restMs(rounds, everyMs, Date.now()), failures: 0, failure: null });
    } catch (error) {
      if (error instanceof NotNow) return readers.release(lease, { dueInMs: NOT_NOW_MS, failures: lease.failures, failure: 'not-now' });
      if (!(error instanceof Unreadable)) throw error;
      await this.fail(lease, error.outcome, inForce.settingsKey);
    }
  }

  private async readDue(
    lease: StatusLease,
    inForce: DestinationInForce<Settings, Secrets>,
    everyMs: number,
    isStopping: () => boolean,
  ): Promise<StatusRounds> {
    let rounds = lease.rounds ?? NO_ROUNDS;
    for (;;) {
      const round = nextRound(rounds, everyMs, Date.now());
      if (round === null || isStopping()) return rounds;
      rounds = roundsAfter(rounds, round, await this.readSome(lease, round, inForce, isStopping));
      await this.ports.readers.keep(lease, rounds);
    }
  }

  /** Answers the last key that was read; null when the round is over. */
  private async readSome(
    lease: StatusLease,
    round: StatusRound,
    inForce: DestinationInForce<Settings, Secrets>,
    isStopping: () => boolean,
  ): Promise<string | null> {
    const { ledger, publisher } = this.ports;
    const entries = await ledger.findOpen(lease, movedWithin(round), round.after, AT_ONCE);
    if (entries.length === 0) return null;
    const open = entries.map(openEffectOf);
    const lists: StatusRecord[][] = [];
    // All of them or nothing: what half of the lists say may be older than what is known.
    for (const query of this.reading.queries(open, inForce.settings, Date.now()))
      lists.push(await this.wholeList(lease, query, inForce, isStopping));
    const moves = await this.newsIn(entries, readStatuses(open, lists));
    void publisher.publish(await ledger.commit(moves));
    const last = entries.at(-1);
    return last === undefined || entries.length < AT_ONCE ? null : ledgerKey(last.key);
  }

  private async wholeList(
    lease: StatusLease,
    query: StatusQuery,
    { settings, secrets, baseUrl }: DestinationInForce<Settings, Secrets>,
    isStopping: () => boolean,
  ): Promise<StatusRecord[]> {
    const { send, requestTimeoutMs, credentials } = this.ports;
    const records: StatusRecord[] = [];
    let before = '';
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      await this.takeToken(lease, isStopping);
      const read = this.reading.interpret(
        await send(this.reading.toRequest(query, page, settings, secrets, baseUrl), requestTimeoutMs),
        page,
      );
      if (read.kind === 'cannot-tell') throw new Unreadable(read.outcome);
      if (page === 1) await credentials.succeeded(lease);
      // Whoever answers every page with the same one has no pages.
      const written = JSON.stringify(read.records);
      if (written !== before) records.push(...read.records);
      if (read.isLast || written === before) return records;
      before = written;
    }
    const answer = { code: 'too-many-pages', message: `a list of more than ${MAX_PAGES} pages`, requestId: null };
    throw new Unreadable({ kind: 'unknown', answer });
  }

  private async takeToken(credential: Credential, isStopping: () => boolean): Promise<void> {
    const { credentials } = this.ports;
    while (!(await credentials.take(credential))) {
      const refusal = await credentials.refusal(credential);
      if (isStopping() || refusal.kind !== 'slice') throw new NotNow(refusal.kind);
      await pause(refusal.waitMs);
    }
  }

  private async newsIn(entries: readonly LedgerEntry[], seen: ReadonlyMap<string, StatusSeen>): Promise<Move[]> {
    const { seals, moment } = this.ports;
    const known = await seals.open(entries.filter(({ key }) => seen.has(ledgerKey(key))));
    const moves: Move[] = [];
    for (const entry of entries) {
      const now = seen.get(ledgerKey(entry.key));
      if (now === undefined) continue;
      const at = moment();
      const eventId = at.newEventId();
      const change = await this.changeOf(entry, now, known.get(ledgerKey(entry.key)) ?? null, { ...at, newEventId: () => eventId });
      if (change !== null) moves.push({ change, queue: { kind: 'leave-queue' } });
    }
    return moves;
  }

  private async changeOf(entry: LedgerEntry, seen: StatusSeen, known: StatusNames | null, moment: Moment): Promise<Move['change'] | null> {
    const news = newsOf(entry, seen, known);
    if (news === null || news.names === null) return news === null ? null : observeStatus(entry, news, null, moment);
    const sealed = await this.ports.seals.seal(entry, news.names, moment.newEventId());
    if (sealed !== null) return observeStatus(entry, news, sealed, moment);
    const nameless = newsOf(entry, withoutNames(seen), known);
    return nameless === null ? null : observeStatus(entry, nameless, null, moment);
  }

  /** What was refused says the same here as it does of an order: a token that has expired stops everything, throttling slows all down. */
  private async fail(lease: StatusLease, outcome: DeliveryOutcome, settingsKey: string): Promise<void> {
    const { credentials, readers, told } = this.ports;
    const { code, message } = outcome.answer;
    const failures = lease.failures + 1;
    if (outcome.kind === 'misconfigured' && code === 'http-401') {
      await credentials.park(lease, code, settingsKey);
      await told.parked(lease, code, message);
      return readers.release(lease, { dueInMs: NOT_NOW_MS, failures, failure: code });
    }
    let waitMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 20));
    if (outcome.kind === 'misconfigured') waitMs = RETRY_MAX_MS;
    if (outcome.kind === 'transient' && outcome.isThrottled)
      waitMs = Math.max(waitMs, await credentials.failed(lease, true, outcome.retryAfterMs ?? 0));
    if (outcome.kind === 'misconfigured' || failures >= TOLD_AFTER_FAILURES) await told.statusesUnreadable(lease, code, message);
    return readers.release(lease, { dueInMs: waitMs, failures, failure: code });
  }
}
