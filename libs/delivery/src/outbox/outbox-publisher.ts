import { setTimeout as pause } from 'node:timers/promises';
import { asTenantId, partitionOf, refusedRecordsAlert, type Alerts } from '@tributary/domain';
import type { LaneProducer } from '@tributary/kafka';
import { describeError, failpoint, type Log } from '@tributary/telemetry';
import { heldBack } from './held-back.js';
import type { OutboxRow, OutboxStore } from './outbox.store.js';

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;
const SWEEP_EVERY_MS = 1_000;
/** Older than this and not published: whoever wrote it is not going to. */
const LEFT_BEHIND_MS = 3_000;
const SWEEP_ROWS = 1_000;

export interface OutboxPublisherOptions {
  readonly topic: string;
  readonly partitions: number;
  /** An event that the broker refused is tried again after this long: somebody may have corrected the topic. */
  readonly refusedForMs: number;
  /** Refused events got into the topic after all: their effects may go on. */
  readonly onAccepted: () => Promise<void>;
}

interface Waiting {
  readonly rows: readonly OutboxRow[];
  readonly done: (refused: ReadonlySet<string>) => void;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Puts committed events into the delivery topic, in the order in which they were handed over. A batch that fails is repeated as
 * a whole before anything later leaves, so each key's events arrive in order at least once; the fold ignores repeats. An event
 * that the broker refuses for ever is kept in the outbox with all that follows it of its effect, and alerted; others go on.
 */
export class OutboxPublisher {
  private queue: Waiting[] = [];
  /** Effects with an event that the broker refused: nothing later of them may be published before it. */
  private readonly blocked = new Set<string>();
  private isRunning = false;
  private isStopped = false;
  private sweeping: NodeJS.Timeout | undefined;

  constructor(
    private readonly outbox: OutboxStore,
    private readonly producer: LaneProducer,
    private readonly alerts: Alerts,
    private readonly options: OutboxPublisherOptions,
    private readonly log: Log,
  ) {}

  /** Begins to look after events that a dead process left in the outbox, and after refused ones. */
  start(): void {
    const sweep = async (): Promise<void> => {
      try {
        if (this.queue.length === 0) await this.sweep();
      } catch (error) {
        this.log.warn({ cause: describeError(error) }, 'outbox could not be swept');
      }
      if (!this.isStopped) this.sweeping = setTimeout(() => void sweep(), SWEEP_EVERY_MS);
    };
    this.sweeping = setTimeout(() => void sweep(), SWEEP_EVERY_MS);
  }

  /**
   * Resolves when the rows are in the topic; it repeats until the broker is back or the process ends, and never rejects. Answers
   * the effects (ledger keys) of which something is refused: they must not go on.
   */
  publish(rows: readonly OutboxRow[]): Promise<ReadonlySet<string>> {
    if (rows.length === 0) return Promise.resolve(NONE);
    return new Promise((done) => {
      this.queue.push({ rows, done });
      if (!this.isRunning) void this.run();
    });
  }

  /** Publishes what these effects have in the outbox; answers like {@link publish}. */
  async publishAllOf(keys: readonly string[]): Promise<ReadonlySet<string>> {
    return keys.length === 0 ? NONE : this.publish(await this.outbox.of(keys));
  }

  /** Waits for what is under way, then takes nothing more. */
  async stop(): Promise<void> {
    clearTimeout(this.sweeping);
    this.isStopped = true;
    if (this.isRunning) await Promise.race([this.idle(), pause(5_000)]);
  }

  private async idle(): Promise<void> {
    while (this.isRunning) await pause(10);
  }

  private async sweep(): Promise<void> {
    const rows = await this.outbox.leftBehind(LEFT_BEHIND_MS, this.options.refusedForMs, SWEEP_ROWS);
    const triedAgain = rows.filter(({ wasRefused }) => wasRefused);
    for (const { ledgerKey } of triedAgain) this.blocked.delete(ledgerKey);
    const refused = await this.publish(rows);
    const accepted = triedAgain.filter(({ ledgerKey }) => !refused.has(ledgerKey));
    if (accepted.length === 0) return;
    // publish() does not wait until they are forgotten, and an effect with a refused event in the outbox may not go on.
    await this.outbox.published(accepted.map(({ id }) => id));
    await this.options.onAccepted();
    const left = await this.outbox.refusedCounts();
    const tenants = new Set(accepted.map(({ ledgerKey }) => ledgerKey.split(':', 1)[0] ?? ''));
    for (const tenantId of tenants) if (!left.has(tenantId)) await this.alerts.close(asTenantId(tenantId), null, 'record-refused');
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      const rows = batch.flatMap((waiting) => waiting.rows);
      failpoint('publish.before-append');
      const refused = await this.append(rows.filter(({ ledgerKey }) => !this.blocked.has(ledgerKey)));
      // Not in the topic: whoever waits must not go on. The rows stay in the outbox for the next process.
      if (refused === undefined) break;
      failpoint('publish.after-append');
      const aside = heldBack(rows, refused, this.blocked);
      if (aside.length > 0) await this.keep(aside);
      const keys = new Set(aside.map(({ ledgerKey }) => ledgerKey));
      for (const { done } of batch) done(keys);
      await this.forget(rows.filter((row) => !aside.includes(row)));
    }
    this.isRunning = false;
  }

  private async forget(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.outbox
      .published(rows.map(({ id }) => id))
      // They stay in the outbox and are published once more: the fold ignores that.
      .catch((error: unknown) => this.log.warn({ cause: describeError(error) }, 'published events stay in the outbox'));
  }

  private async keep(rows: readonly OutboxRow[]): Promise<void> {
    const { topic } = this.options;
    this.log.error({ topic, events: rows.length }, 'the broker refuses delivery events: they are kept in the outbox, their effects wait');
    try {
      await this.outbox.setAside(rows.map(({ id }) => id));
      for (const [tenantId, count] of await this.outbox.refusedCounts())
        await this.alerts.open(refusedRecordsAlert(asTenantId(tenantId), { topic, count, keptIn: 'the outbox' }));
    } catch (error) {
      // The next sweep finds them as they are, and is refused again.
      this.log.warn({ cause: describeError(error) }, 'refused events could not be set aside yet');
    }
  }

  /** Ids of the rows that the broker refuses; undefined: it is away and the process ends. */
  private async append(rows: readonly OutboxRow[]): Promise<ReadonlySet<number> | undefined> {
    const ids = new Map(
      rows.map(({ id, ledgerKey, value }) => [
        { topic: this.options.topic, partition: partitionOf(ledgerKey, this.options.partitions), key: ledgerKey, value, headers: {} },
        id,
      ]),
    );
    for (let delayMs = RETRY_FIRST_MS; ; delayMs = Math.min(RETRY_MAX_MS, delayMs * 2)) {
      try {
        const refused = await this.producer.appendTakeable([...ids.keys()]);
        return new Set([...refused].map((record) => ids.get(record)).filter((id) => id !== undefined));
      } catch (error) {
        if (this.isStopped) return undefined;
        this.log.warn({ cause: describeError(error), delayMs }, 'delivery events wait for Kafka');
        await pause(delayMs);
      }
    }
  }
}
