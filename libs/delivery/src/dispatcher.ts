import {
  attemptDelivery,
  ledgerKey,
  nextStep,
  settleDelivery,
  type Destination,
  type DeliveryIntent,
  type DeliveryOutcome,
  type LedgerChange,
  type LedgerEntry,
  type Moment,
  type SubjectId,
  type VendorReply,
  type VendorRequest,
} from '@tributary/domain';
import { DatabaseUnavailable } from '@tributary/postgres';
import { describeError, failpoint, type Log } from '@tributary/telemetry';
import type { CredentialsStore, Credential } from './credentials.store.js';
import { isolate, type GroupOutcome } from './isolation.js';
import type { LedgerStore, Move } from './ledger.store.js';
import type { OutboxPublisher } from './outbox-publisher.js';

/** One destination connection as it is now, with its secrets. */
export interface DestinationInForce<Settings, Secrets> {
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly version: number;
  readonly baseUrl: string;
  /** Changes whenever settings or secrets do: a parked credential is tried again then. */
  readonly settingsKey: string;
}

/** What the app brings: its settings, the intents behind ledger entries, sealing, the wire and the clock. */
export interface DispatchPorts<Settings, Secrets> {
  inForce(credential: Credential): Promise<DestinationInForce<Settings, Secrets> | undefined>;
  /** Intents of these entries; an entry that is absent cannot be sent yet (its order is not folded yet). */
  intents(entries: readonly LedgerEntry[]): Promise<ReadonlyMap<string, PreparedIntent>>;
  /** Seals each intent's own part of the request for the log; null where its key is gone. */
  seal(entry: LedgerEntry, intent: PreparedIntent, request: string, eventId: string): Promise<Buffer | null>;
  send(request: VendorRequest, timeoutMs: number): Promise<VendorReply>;
  onParked(credential: Credential, code: string, message: string): Promise<void>;
  onBug(entry: LedgerEntry, code: string, message: string): Promise<void>;
  onOutcome(kind: DeliveryOutcome['kind'], entry: LedgerEntry): void;
  newEventId(): string;
}

export interface PreparedIntent extends DeliveryIntent {
  readonly sealedUnder: SubjectId | null;
}

export interface DispatcherOptions {
  readonly owner: string;
  readonly leaseMs: number;
  /** Requests under way in this process. */
  readonly poolSize: number;
  readonly inFlightPerCredential: number;
  readonly claimEveryMs: number;
  readonly claimPerCredential: number;
  /** Entries held in memory; beyond it they stay in the queue for whoever claims them. */
  readonly capacity: number;
}

interface Held {
  readonly entry: LedgerEntry;
  readonly isAlone: boolean;
}

interface Line {
  readonly credential: Credential;
  held: Held[];
  inFlight: number;
  /** Monotonic ms before which nothing leaves. */
  notBefore: number;
}

type SendResult =
  | { readonly kind: 'settled'; readonly mustStop: boolean; readonly isRefused: boolean }
  | { readonly kind: 'isolate'; readonly suspectIndex: number | null; readonly held: readonly Held[] }
  | { readonly kind: 'resend-alone'; readonly held: readonly Held[] }
  | { readonly kind: 'stopped'; readonly held: readonly Held[] };

const LEASE_MARGIN_MS = 5_000;
const NOT_YET_MS = 500;
const ASK_AGAIN_FIRST_MS = 50;
const ASK_AGAIN_MAX_MS = 1_000;
const ASK_AGAIN_FOR_MS = 60_000;
const NOT_SENT: DeliveryOutcome = {
  kind: 'transient',
  isThrottled: false,
  retryAfterMs: null,
  answer: { code: 'not-sent', message: 'it took too long to make the intent durable', requestId: null },
};

const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

/** Asks again while the database is away: what the vendor answered is known to nobody else. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  const until = performance.now() + ASK_AGAIN_FOR_MS;
  for (let delayMs = ASK_AGAIN_FIRST_MS; ; delayMs = Math.min(ASK_AGAIN_MAX_MS, delayMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable) || performance.now() > until) throw error;
      await pause(delayMs);
    }
  }
}

/**
 * Sends planned effects: the intent is durable in Postgres and in the topic before the request leaves, the outcome after it.
 * Fixed pool, round robin over credentials; everything that is shared between replicas (leases, slices, breakers) is in Postgres.
 */
export class Dispatcher<Settings, Secrets> {
  private readonly lines = new Map<string, Line>();
  /** Version of each entry that waits or is being sent here: a lease that ran out may bring it a second time. */
  private readonly inHand = new Map<string, number>();
  private rotation: string[] = [];
  private inFlight = 0;
  private heldCount = 0;
  private isStopped = true;
  private timer: NodeJS.Timeout | undefined;
  private wakeAt: NodeJS.Timeout | undefined;
  private claimCursor = 0;

  constructor(
    private readonly destination: Destination<Settings, Secrets>,
    private readonly store: LedgerStore,
    private readonly credentials: CredentialsStore,
    private readonly publisher: OutboxPublisher,
    private readonly ports: DispatchPorts<Settings, Secrets>,
    private readonly options: DispatcherOptions,
    private readonly log: Log,
  ) {}

  /** Begins to claim and to send. `credentials` lists the connections of this destination, asked before each claim. */
  start(credentials: () => readonly Credential[]): void {
    this.isStopped = false;
    const claim = async (): Promise<void> => {
      try {
        await this.claim(credentials());
      } catch (error) {
        this.log.warn({ cause: describeError(error) }, 'claim failed');
      }
      if (!this.isStopped) this.timer = setTimeout(() => void claim(), this.options.claimEveryMs);
    };
    void claim();
  }

  /** Sends nothing more and waits for what is under way, as long as a request may take: its intent may wait for Kafka, which is away. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.wakeAt);
    const held = [...this.lines.values()].flatMap((line) => line.held.splice(0));
    this.heldCount = 0;
    const until = performance.now() + this.destination.declaration.requestTimeoutMs;
    while (this.inFlight > 0 && performance.now() < until) await pause(10);
    if (held.length > 0) await this.release(held, 0);
  }

  /** Takes entries that were just planned and are leased to this process; what it has no room for waits in the queue. */
  offer(entries: readonly LedgerEntry[]): void {
    if (this.isStopped) return;
    for (const entry of entries) {
      if (this.heldCount >= this.options.capacity) return;
      this.hold({ entry, isAlone: false });
    }
    this.pumpAfterLinger();
  }

  private hold(held: Held): void {
    const ledgerId = ledgerKey(held.entry.key);
    if ((this.inHand.get(ledgerId) ?? 0) >= held.entry.version) return;
    this.inHand.set(ledgerId, held.entry.version);
    const credential = { tenantId: held.entry.key.tenantId, connectionId: held.entry.key.destinationConnectionId };
    const key = `${credential.tenantId}:${credential.connectionId}`;
    let line = this.lines.get(key);
    if (line === undefined) {
      line = { credential, held: [], inFlight: 0, notBefore: 0 };
      this.lines.set(key, line);
      this.rotation.push(key);
    }
    line.held.push(held);
    this.heldCount += 1;
  }

  private pumpAfterLinger(): void {
    this.wakeAt ??= setTimeout(() => {
      this.wakeAt = undefined;
      this.pump();
    }, this.destination.declaration.orderLingerMs);
  }

  private async claim(all: readonly Credential[]): Promise<void> {
    if (all.length === 0 || this.heldCount >= this.options.capacity / 2) return;
    const window = Array.from({ length: Math.min(64, all.length) }, (_, index) => all[(this.claimCursor + index) % all.length]).filter(
      (credential) => credential !== undefined,
    );
    this.claimCursor = (this.claimCursor + window.length) % all.length;
    const { entries, unpublished } = await this.store.claim(
      window,
      this.options.owner,
      this.options.leaseMs,
      this.options.claimPerCredential,
    );
    if (entries.length === 0) return;
    await this.publisher.publish(unpublished);
    for (const held of entries) this.hold(held);
    this.pump();
  }

  /** Starts as many requests as the pool has room for, one credential after the other. */
  private pump(): void {
    for (let visited = 0; visited < this.rotation.length && this.inFlight < this.options.poolSize && !this.isStopped;) {
      const key = this.rotation.shift();
      if (key === undefined) return;
      const line = this.lines.get(key);
      if (line === undefined) continue;
      if (line.held.length === 0 && line.inFlight === 0) {
        this.lines.delete(key);
        continue;
      }
      this.rotation.push(key);
      if (line.held.length === 0 || line.inFlight >= this.options.inFlightPerCredential || line.notBefore > performance.now()) {
        visited += 1;
        continue;
      }
      visited = 0;
      this.launch(line);
    }
  }

  private launch(line: Line): void {
    const batch = this.takeBatch(line);
    this.heldCount -= batch.length;
    line.inFlight += 1;
    this.inFlight += 1;
    void this.work(line, batch)
      .catch((error: unknown) => {
        this.log.warn(
          { tenantId: line.credential.tenantId, connectionId: line.credential.connectionId, cause: describeError(error) },
          'dispatch failed',
        );
        return this.returnUnattempted(batch);
      })
      .finally(() => {
        this.letGo(batch);
        line.inFlight -= 1;
        this.inFlight -= 1;
        this.pump();
      });
  }

  private letGo(batch: readonly Held[]): void {
    for (const { entry } of batch) {
      const ledgerId = ledgerKey(entry.key);
      if ((this.inHand.get(ledgerId) ?? 0) <= entry.version) this.inHand.delete(ledgerId);
    }
  }

  /** What was not attempted goes back at once; what was attempted keeps its lease and counts as unknown when that ends. */
  private async returnUnattempted(batch: readonly Held[]): Promise<void> {
    try {
      await this.store.releaseUnattempted(
        batch.map(({ entry }) => ledgerKey(entry.key)),
        this.options.owner,
        NOT_YET_MS,
      );
    } catch (error) {
      this.log.warn({ cause: describeError(error) }, 'leases end by themselves');
    }
  }

  private takeBatch(line: Line): Held[] {
    const [first] = line.held;
    if (first === undefined) return [];
    if (first.isAlone) return line.held.splice(0, 1);
    const batch: Held[] = [];
    const rest: Held[] = [];
    for (const held of line.held) {
      const fits =
        batch.length < this.destination.declaration.maxIntentsPerRequest && !held.isAlone && held.entry.key.mode === first.entry.key.mode;
      (fits ? batch : rest).push(held);
    }
    line.held = rest;
    return batch;
  }

  /** One batch to its end: sent, searched for the one at fault if the vendor refused it whole, or given back. */
  private async work(line: Line, batch: readonly Held[]): Promise<void> {
    const result = await this.sendGroup(line, batch);
    if (result.kind === 'isolate') {
      const left = await isolate(result.held, result.suspectIndex, (group) => this.sendPart(line, group));
      if (left.length > 0) await this.release(await this.refresh(left), 1_000);
    } else if (result.kind === 'resend-alone') {
      for (const [index, held] of result.held.entries()) {
        const outcome = await this.sendPart(line, [held]);
        if (outcome.kind === 'stopped') {
          await this.release(result.held.slice(index + 1), 1_000);
          return;
        }
      }
    }
  }

  /** Sends a part of a refused request; its entries have moved on since, so they are read anew. Waits for a token. */
  private async sendPart(line: Line, group: readonly Held[]): Promise<GroupOutcome> {
    const result = await this.sendGroup(line, await this.refresh(group), true);
    if (result.kind === 'isolate') return { kind: 'refused-whole', suspectIndex: result.suspectIndex };
    if (result.kind !== 'settled' || result.mustStop) return { kind: 'stopped' };
    return { kind: result.isRefused ? 'at-fault' : 'taken' };
  }

  private async refresh(group: readonly Held[]): Promise<Held[]> {
    const entries = await this.store.find(group.map(({ entry }) => ledgerKey(entry.key)));
    return entries.map((entry) => ({ entry, isAlone: false }));
  }

  private moment(): Moment {
    return { nowMs: Date.now(), newEventId: () => this.ports.newEventId(), random: Math.random() };
  }

  private async release(held: readonly Held[], delayMs: number): Promise<void> {
    this.letGo(held);
    await this.store.release(
      held.map(({ entry }) => entry),
      this.options.owner,
      delayMs,
    );
  }

  private async sendGroup(line: Line, group: readonly Held[], isPart = false): Promise<SendResult> {
    const { credential } = line;
    const inForce = await this.ports.inForce(credential);
    if (inForce === undefined) {
      // Suspended or disabled: nothing leaves; the entries stay in the queue until it is active again.
      await this.release(group, 60_000);
      return { kind: 'stopped', held: [] };
    }
    const open = await this.closeWhatIsOver(group, inForce.settings);
    const prepared = await this.ports.intents(open.map(({ entry }) => entry));
    const ready = open.filter(({ entry }) => prepared.has(ledgerKey(entry.key)));
    const waiting = open.filter(({ entry }) => !prepared.has(ledgerKey(entry.key)));
    if (waiting.length > 0) await this.release(waiting, NOT_YET_MS);
    if (ready.length === 0) return { kind: 'settled', mustStop: false, isRefused: false };
    const attempted = await this.attempt(line, ready, prepared, inForce, isPart);
    if (attempted === undefined) return { kind: 'stopped', held: [] };
    return this.deliver(credential, attempted.entries, attempted.request, inForce);
  }

  /** Records what is expired or can no longer be repeated; answers the rest. */
  private async closeWhatIsOver(group: readonly Held[], settings: Settings): Promise<Held[]> {
    const open: Held[] = [];
    const closes: LedgerChange[] = [];
    const gone: string[] = [];
    for (const held of group) {
      const moment = this.moment();
      const step = nextStep(
        held.entry,
        this.destination.declaration,
        (plan, mode) => this.destination.expiryOf(plan, mode, settings, moment.nowMs),
        moment,
      );
      if (step.kind === 'attempt') open.push(held);
      else if (step.kind === 'close') closes.push(step.change);
      else gone.push(ledgerKey(held.entry.key));
    }
    if (gone.length > 0) await this.store.leaveQueue(gone);
    void this.publisher.publish(await this.store.commit(closes.map((change): Move => ({ change, queue: { kind: 'leave-queue' } }))));
    return open;
  }

  /** Makes the intents durable: in Postgres with a token of the credential's slice, then in the topic. Undefined: nothing may leave now. */
  private async attempt(
    line: Line,
    ready: readonly Held[],
    prepared: ReadonlyMap<string, PreparedIntent>,
    inForce: DestinationInForce<Settings, Secrets>,
    isPart: boolean,
  ): Promise<{ readonly entries: readonly LedgerEntry[]; readonly request: VendorRequest } | undefined> {
    const leaseMs = this.destination.declaration.requestTimeoutMs + LEASE_MARGIN_MS * 2;
    const mode = ready[0]?.entry.key.mode ?? 'live';
    const toRequest = (some: readonly PreparedIntent[]): VendorRequest =>
      this.destination.toRequest(some, mode, inForce.settings, inForce.secrets, inForce.baseUrl);
    const parts: { readonly intent: PreparedIntent; readonly entry: LedgerEntry; readonly move: Move }[] = [];
    for (const { entry, isAlone } of ready) {
      const intent = prepared.get(ledgerKey(entry.key));
      if (intent === undefined) continue;
      const change = await this.intend(entry, intent, toRequest([intent]).body, inForce.version, leaseMs);
      parts.push({ intent, entry: change.entry, move: { change, queue: { kind: 'lease', leaseMs, owner: this.options.owner, isAlone } } });
    }
    const began = performance.now();
    const rows = await this.commitWithToken(
      line,
      parts.map(({ move }) => move),
      isPart,
    );
    if (rows === undefined) {
      await this.release(ready, 0);
      return undefined;
    }
    failpoint('dispatch.after-intent');
    await this.publisher.publish(rows);
    const committed = new Set(rows.map((row) => row.ledgerKey));
    const mine = parts.filter(({ entry }) => committed.has(ledgerKey(entry.key)));
    if (mine.length === 0) return undefined;
    // A process that slept past its lease must not send: somebody else may have taken the effect over.
    if (performance.now() - began > LEASE_MARGIN_MS) {
      await this.giveBack(mine.map(({ entry }) => entry));
      return undefined;
    }
    return { entries: mine.map(({ entry }) => entry), request: toRequest(mine.map(({ intent }) => intent)) };
  }

  /** Records that these attempts never left, unless somebody has taken them over meanwhile. */
  private async giveBack(entries: readonly LedgerEntry[]): Promise<void> {
    this.log.warn({ entries: entries.length }, 'the intent took longer than its lease allows: nothing was sent');
    const moves = entries.map((entry) => this.settle(entry, NOT_SENT));
    void this.publisher.publish(await persistently(() => this.store.commit(moves)));
  }

  private async intend(
    entry: LedgerEntry,
    intent: PreparedIntent,
    body: string,
    settingsVersion: number,
    leaseMs: number,
  ): Promise<LedgerChange> {
    const eventId = this.ports.newEventId();
    const sealedRequest = await this.ports.seal(entry, intent, body, eventId);
    const moment = { ...this.moment(), newEventId: () => eventId };
    const matchKeys = entry.plan?.matchKeys ?? [];
    return attemptDelivery(
      entry,
      { dueAt: moment.nowMs + leaseMs, settingsVersion, matchKeys, sealedUnder: intent.sealedUnder, sealedRequest },
      moment,
    );
  }

  private async commitWithToken(
    line: Line,
    moves: readonly Move[],
    isPart: boolean,
  ): Promise<Awaited<ReturnType<LedgerStore['commit']>> | undefined> {
    for (;;) {
      const rows = await this.store.commit(moves, this.credentials.token(line.credential));
      // No row although a token was there: somebody else has moved them all.
      if (rows.length > 0 || !(await this.isAnyWhereItWas(moves))) return rows;
      const refusal = await this.credentials.refusal(line.credential);
      if (refusal.kind === 'slice' && isPart && !this.isStopped) {
        await pause(refusal.waitMs);
        continue;
      }
      if (refusal.kind !== 'parked') {
        line.notBefore = performance.now() + refusal.waitMs;
        setTimeout(() => this.pump(), refusal.waitMs + 1).unref();
      }
      return undefined;
    }
  }

  private async isAnyWhereItWas(moves: readonly Move[]): Promise<boolean> {
    const before = new Map(moves.map(({ change: { entry } }) => [ledgerKey(entry.key), entry.version - 1]));
    return (await this.store.find([...before.keys()])).some(({ key, version }) => before.get(ledgerKey(key)) === version);
  }

  private async deliver(
    credential: Credential,
    entries: readonly LedgerEntry[],
    request: VendorRequest,
    inForce: DestinationInForce<Settings, Secrets>,
  ): Promise<SendResult> {
    const reply = await this.ports.send(request, this.destination.declaration.requestTimeoutMs);
    failpoint('dispatch.after-answer');
    const outcomes = this.destination.interpret(reply, entries.length);
    const moves: Move[] = [];
    for (const [index, entry] of entries.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) continue;
      moves.push(this.settle(entry, outcome));
      this.ports.onOutcome(outcome.kind, entry);
    }
    await persistently(() => this.noteCredential(credential, outcomes, inForce.settingsKey));
    const rows = await persistently(() => this.store.commit(moves));
    failpoint('dispatch.after-outcome');
    void this.publisher.publish(rows);
    for (const [index, entry] of entries.entries()) {
      const outcome = outcomes[index];
      if (outcome?.kind === 'bug') await this.ports.onBug(entry, outcome.answer.code, outcome.answer.message);
    }
    const held = moves.map(({ change }): Held => ({ entry: change.entry, isAlone: false }));
    const [first] = outcomes;
    if (first?.kind === 'isolate') return { kind: 'isolate', suspectIndex: first.suspectIndex, held };
    if (first?.kind === 'resend-alone') return { kind: 'resend-alone', held };
    return {
      kind: 'settled',
      mustStop: outcomes.some(({ kind }) => kind === 'transient' || kind === 'unknown' || kind === 'misconfigured'),
      isRefused: outcomes.some(({ kind }) => kind === 'rejected' || kind === 'bug'),
    };
  }

  private settle(entry: LedgerEntry, outcome: DeliveryOutcome): Move {
    const moment = this.moment();
    const change = settleDelivery(entry, outcome, this.destination.declaration, moment);
    const { state, dueAt, settledAt } = change.entry;
    if (settledAt !== null || state === 'parked') return { change, queue: { kind: 'leave-queue' } };
    if (outcome.kind === 'isolate' || outcome.kind === 'resend-alone') {
      return {
        change,
        queue: { kind: 'lease', leaseMs: this.options.leaseMs, owner: this.options.owner, isAlone: outcome.kind === 'resend-alone' },
      };
    }
    return { change, queue: { kind: 'due', delayMs: Math.max(0, (dueAt ?? moment.nowMs) - moment.nowMs), isAlone: false } };
  }

  /** What the reply says about the credential as a whole. */
  private async noteCredential(credential: Credential, outcomes: readonly DeliveryOutcome[], settingsKey: string): Promise<void> {
    const refused = outcomes.find(({ kind }) => kind === 'misconfigured');
    if (refused !== undefined) {
      await this.credentials.park(credential, refused.answer.code, settingsKey);
      await this.ports.onParked(credential, refused.answer.code, refused.answer.message);
      return;
    }
    const late = outcomes.find((outcome) => outcome.kind === 'transient' || outcome.kind === 'unknown');
    if (late === undefined) await this.credentials.succeeded(credential);
    else if (late.kind === 'transient') await this.credentials.failed(credential, late.isThrottled, late.retryAfterMs ?? 0);
    else await this.credentials.failed(credential, false, 0);
  }
}
