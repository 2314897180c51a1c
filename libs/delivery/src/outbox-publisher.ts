import { partitionOf } from '@tributary/domain';
import type { LaneProducer } from '@tributary/kafka';
import { describeError, failpoint, type Log } from '@tributary/telemetry';
import type { LedgerStore, OutboxRow } from './ledger.store.js';

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;
const SWEEP_EVERY_MS = 1_000;
/** Older than this and not published: whoever wrote it is not going to. */
const LEFT_BEHIND_MS = 3_000;
const SWEEP_ROWS = 1_000;

interface Waiting {
  readonly rows: readonly OutboxRow[];
  readonly done: () => void;
}

const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

/**
 * Puts committed events into the delivery topic, in the order in which they were handed over. A batch that fails is repeated as
 * a whole before anything later leaves, so each key's events arrive in order at least once; the fold ignores repeats.
 */
export class OutboxPublisher {
  private queue: Waiting[] = [];
  private isRunning = false;
  private isStopped = false;
  private sweeping: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: LedgerStore,
    private readonly producer: LaneProducer,
    private readonly topic: string,
    private readonly partitions: number,
    private readonly log: Log,
  ) {}

  /** Begins to look after events that a dead process left in the outbox. */
  start(): void {
    const sweep = async (): Promise<void> => {
      try {
        const rows = await this.store.leftBehind(LEFT_BEHIND_MS, SWEEP_ROWS);
        if (rows.length > 0 && this.queue.length === 0) await this.publish(rows);
      } catch (error) {
        this.log.warn({ cause: describeError(error) }, 'outbox could not be swept');
      }
      if (!this.isStopped) this.sweeping = setTimeout(() => void sweep(), SWEEP_EVERY_MS);
    };
    this.sweeping = setTimeout(() => void sweep(), SWEEP_EVERY_MS);
  }

  /** Resolves when the rows are in the topic. Never rejects: it repeats until the broker is back or the process ends. */
  publish(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) return Promise.resolve();
    return new Promise((done) => {
      this.queue.push({ rows, done });
      if (!this.isRunning) void this.run();
    });
  }

  /** Waits for what is under way, then takes nothing more. */
  async stop(): Promise<void> {
    clearTimeout(this.sweeping);
    this.isStopped = true;
    if (this.isRunning) await Promise.race([this.publish([]).then(() => this.idle()), pause(5_000)]);
  }

  private async idle(): Promise<void> {
    while (this.isRunning) await pause(10);
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      const rows = batch.flatMap((waiting) => waiting.rows);
      failpoint('publish.before-append');
      // Not in the topic: whoever waits must not go on. The rows stay in the outbox for the next process.
      if (!(await this.append(rows))) break;
      failpoint('publish.after-append');
      for (const { done } of batch) done();
      await this.store.published(rows.map(({ id }) => id)).catch((error: unknown) => {
        // They stay in the outbox and are published once more: the fold ignores that.
        this.log.warn({ cause: describeError(error) }, 'published events stay in the outbox');
      });
    }
    this.isRunning = false;
  }

  /** False: the broker is away and the process ends. */
  private async append(rows: readonly OutboxRow[]): Promise<boolean> {
    const records = rows.map(({ ledgerKey, value }) => ({
      topic: this.topic,
      partition: partitionOf(ledgerKey, this.partitions),
      key: ledgerKey,
      value,
      headers: {},
    }));
    for (let delayMs = RETRY_FIRST_MS; ; delayMs = Math.min(RETRY_MAX_MS, delayMs * 2)) {
      try {
        await this.producer.appendAll(records);
        return true;
      } catch (error) {
        if (this.isStopped) return false;
        this.log.warn({ cause: describeError(error), delayMs }, 'delivery events wait for Kafka');
        await pause(delayMs);
      }
    }
  }
}
