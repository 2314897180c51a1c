import { setTimeout as pause } from 'node:timers/promises';
import { ledgerKey, type LedgerEntry } from '@tributary/domain';
import { describeError, type Log } from '@tributary/telemetry';
import type { Credential, CredentialsStore } from '../credentials.store.js';
import type { OutboxPublisher } from '../outbox/outbox-publisher.js';
import { Attempts } from './attempts.js';
import { Clearance } from './clearance.js';
import { CredentialLines, type Batch, type Line } from './credential-lines.js';
import type { DispatcherOptions, DispatchPorts, EffectStore, Held, Prepared, PreparedIntent, Vendor } from './dispatch.port.js';
import { GroupSender } from './group-sender.js';
import { isolate, type GroupOutcome } from './isolation.js';

const CREDENTIALS_PER_CLAIM = 64;
const AFTER_STOP_MS = 1_000;
const NOT_YET_MS = 500;

/**
 * Sends planned effects: the intent is durable in Postgres and in the topic before the request leaves, the outcome after it.
 * Fixed pool, round robin over credentials; everything that is shared between replicas (leases, slices, breakers) is in Postgres.
 */
export class Dispatcher<Settings, Secrets, Intent extends Prepared = PreparedIntent> {
  private readonly lines: CredentialLines;
  private readonly sender: GroupSender<Settings, Secrets, Intent>;
  private inFlight = 0;
  private isStopped = true;
  private timer: NodeJS.Timeout | undefined;
  private claimCursor = 0;

  constructor(
    private readonly destination: Vendor<Settings, Secrets, Intent>,
    private readonly store: EffectStore,
    credentials: CredentialsStore,
    private readonly publisher: OutboxPublisher,
    private readonly ports: DispatchPorts<Settings, Secrets, Intent>,
    private readonly options: DispatcherOptions,
    private readonly log: Log,
  ) {
    const { owner, isolationLeaseMs, requestsPerSecond } = options;
    this.lines = new CredentialLines(requestsPerSecond, destination.declaration.maxIntentsPerRequest);
    const attemptOptions = { owner, isolationLeaseMs, isStopping: () => this.isStopped };
    const attempts = new Attempts(destination, store, credentials, publisher, ports, attemptOptions, log);
    const release = (held: readonly Held[], delayMs: number): Promise<void> => this.release(held, delayMs);
    const clearance = new Clearance(destination, store, credentials, publisher, ports, release);
    this.sender = new GroupSender(destination, attempts, clearance, store, credentials, publisher, ports, release);
  }

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
    const waiting = this.lines.takeAllWaiting();
    const until = performance.now() + this.destination.declaration.requestTimeoutMs;
    while (this.inFlight > 0 && performance.now() < until) await pause(10);
    if (waiting.length > 0) await this.release(waiting, 0);
  }

  /** How many more entries it would take now. */
  get room(): number {
    return this.isStopped ? 0 : this.options.capacity - this.lines.waitingCount;
  }

  /** Takes entries that were just planned and are leased to this process; answers the keys of those that it does not take: they wait in the queue. */
  offer(entries: readonly LedgerEntry[]): readonly string[] {
    if (this.isStopped) return entries.map(({ key }) => ledgerKey(key));
    const leavesAtMs = performance.now() + this.options.lingerMs;
    const taken = entries.slice(0, Math.max(0, this.room));
    for (const entry of taken) this.lines.hold({ entry, isAlone: false }, leavesAtMs);
    this.pump();
    this.pumpAfter(this.options.lingerMs);
    return entries.slice(taken.length).map(({ key }) => ledgerKey(key));
  }

  private async claim(all: readonly Credential[]): Promise<void> {
    if (all.length === 0 || this.lines.waitingCount >= this.options.capacity / 2) return;
    const count = Math.min(CREDENTIALS_PER_CLAIM, all.length);
    const window = Array.from({ length: count }, (_, index) => all[(this.claimCursor + index) % all.length]).filter(
      (credential) => credential !== undefined,
    );
    this.claimCursor = (this.claimCursor + window.length) % all.length;
    const { owner, leaseMs, claimPerCredential } = this.options;
    const claimed = await this.store.claim(window, owner, leaseMs, claimPerCredential);
    if (claimed.length === 0) return;
    await this.ports.ensureNotSetBack();
    // What the log does not have yet of their past must be there before anything later.
    const refused = await this.publisher.publishAllOf(claimed.map(({ entry }) => ledgerKey(entry.key)));
    for (const held of claimed) if (!refused.has(ledgerKey(held.entry.key))) this.lines.hold(held);
    this.pump();
  }

  /** Starts as many requests as the pool has room for, one credential after the other. */
  private pump(): void {
    while (this.inFlight < this.options.poolSize && !this.isStopped) {
      const line = this.lines.next(performance.now(), this.options.inFlightPerCredential);
      if (line === undefined) return;
      this.launch(line);
    }
  }

  private launch(line: Line): void {
    const nowMs = performance.now();
    const batch = this.lines.take(line, this.destination.declaration.maxIntentsPerRequest, nowMs);
    this.pumpAfter(this.lines.waitMs(line, nowMs));
    this.inFlight += 1;
    void this.work(batch)
      .catch((error: unknown) => {
        const { tenantId, connectionId } = line.credential;
        this.log.warn({ tenantId, connectionId, cause: describeError(error) }, 'dispatch failed');
        return this.returnUnattempted(batch);
      })
      .finally(() => {
        this.lines.finish(batch);
        this.inFlight -= 1;
        this.pump();
      });
  }

  /** What was not attempted goes back at once; what was attempted keeps its lease and counts as unknown when that ends. */
  private async returnUnattempted({ held }: Batch): Promise<void> {
    try {
      await this.store.releaseUnattempted(
        held.map(({ entry }) => ledgerKey(entry.key)),
        this.options.owner,
        NOT_YET_MS,
      );
    } catch (error) {
      this.log.warn({ cause: describeError(error) }, 'leases end by themselves');
    }
  }

  /** One batch to its end: sent, searched for the one at fault if the vendor refused it whole, or given back. */
  private async work(batch: Batch): Promise<void> {
    const { line } = batch;
    const result = await this.sender.send({
      credential: line.credential,
      held: batch.held,
      isPart: false,
      onUnfit: (unfit) => this.keepForLater(batch, unfit),
    });
    if (result.kind === 'stopped' && result.waitMs !== null) this.holdOff(line, result.waitMs);
    if (result.kind === 'isolate') {
      const left = await isolate(result.held, result.suspectIndex, (group) => this.sendPart(line, group));
      if (left.length > 0) await this.release(await this.refresh(left), AFTER_STOP_MS);
    } else if (result.kind === 'resend-alone') {
      for (const [index, held] of result.held.entries()) {
        const outcome = await this.sendPart(line, [held]);
        if (outcome.kind === 'stopped') {
          await this.release(result.held.slice(index + 1), AFTER_STOP_MS);
          return;
        }
      }
    }
  }

  private async keepForLater(batch: Batch, unfit: readonly Held[]): Promise<void> {
    if (this.isStopped) await this.release(unfit, 0);
    else this.lines.putBack(batch, unfit);
    this.pump();
  }

  private holdOff(line: Line, waitMs: number): void {
    line.notBefore = performance.now() + waitMs;
    this.pumpAfter(waitMs);
  }

  private pumpAfter(waitMs: number): void {
    if (waitMs > 0) setTimeout(() => this.pump(), waitMs + 1).unref();
  }

  /** Sends a part of a refused request; its entries have moved on since, so they are read anew. Waits for a token. */
  private async sendPart(line: Line, group: readonly Held[]): Promise<GroupOutcome> {
    const result = await this.sender.send({
      credential: line.credential,
      held: await this.refresh(group),
      isPart: true,
      onUnfit: (unfit) => this.release(unfit, 0),
    });
    if (result.kind === 'isolate') return { kind: 'refused-whole', suspectIndex: result.suspectIndex };
    if (result.kind === 'stopped' && result.waitMs !== null) this.holdOff(line, result.waitMs);
    if (result.kind !== 'settled' || result.mustStop) return { kind: 'stopped' };
    return { kind: result.isRefused ? 'at-fault' : 'taken' };
  }

  private async refresh(group: readonly Held[]): Promise<Held[]> {
    const entries = await this.store.find(group.map(({ entry }) => ledgerKey(entry.key)));
    return entries.map((entry) => ({ entry, isAlone: false }));
  }

  private async release(held: readonly Held[], delayMs: number): Promise<void> {
    const entries = held.map(({ entry }) => entry);
    this.lines.letGo(entries);
    await this.store.release(entries, this.options.owner, delayMs);
  }
}
