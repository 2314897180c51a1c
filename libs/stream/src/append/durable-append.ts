import { RecordRefused, type LaneProducer, type OutgoingRecord } from '@tributary/kafka';
import { describeError, failpoint, type Log } from '@tributary/telemetry';
import { withDeadline } from './deadline.js';
import type { SpoolStore } from './spool.store.js';

export interface DurableAppendOptions {
  /** No acknowledgement within this time: the records go to the spool. */
  readonly deadlineMs: number;
  readonly drainEveryMs: number;
  readonly drainRecords: number;
  /** Kafka went away, or came back. */
  readonly onBreaker: (isOpen: boolean) => void;
}

/** Neither Kafka nor the spool took the records: say so to the caller, who must ask again. */
class NotDurable extends Error {
  override readonly name = 'NotDurable';
}

/** Makes records durable: in Kafka, or, while Kafka is away, in the spool. Resolves only then. */
export class DurableAppend {
  private isOpen = false;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly producer: LaneProducer,
    private readonly spool: SpoolStore,
    private readonly options: DurableAppendOptions,
    private readonly log: Log,
  ) {}

  /** Begins to drain what an earlier outage left in the spool. */
  start(): void {
    this.timer = setTimeout(() => void this.drainLoop(), this.options.drainEveryMs);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.producer.close();
  }

  /** True while webhooks go to the spool. */
  get isKafkaAway(): boolean {
    return this.isOpen;
  }

  /** Throws {@link NotDurable}, or RecordRefused for a record that the broker will never take. */
  async append(records: readonly OutgoingRecord[]): Promise<void> {
    failpoint('ingest.before-append');
    if (!this.isOpen && (await this.toKafka(records))) {
      failpoint('ingest.after-append');
      return;
    }
    try {
      await this.spool.put(records);
    } catch (error) {
      throw new NotDurable('neither Kafka nor the spool is there', { cause: error });
    }
    failpoint('ingest.after-append');
  }

  private async toKafka(records: readonly OutgoingRecord[]): Promise<boolean> {
    const work = this.producer.appendAll(records);
    try {
      if (await withDeadline(work, this.options.deadlineMs)) return true;
      // It may still arrive; then the log holds the record twice, which every fold ignores.
      work.catch((error: unknown) => this.log.debug({ cause: describeError(error) }, 'a late append failed; its records are in the spool'));
    } catch (error) {
      // The spool would only carry it to the same refusal.
      if (error instanceof RecordRefused) throw error;
      this.log.debug({ cause: describeError(error) }, 'append failed; its records go to the spool');
    }
    this.setOpen(true);
    return false;
  }

  private setOpen(isOpen: boolean): void {
    if (this.isOpen === isOpen) return;
    this.isOpen = isOpen;
    this.log.warn({ isOpen }, isOpen ? 'Kafka does not answer: webhooks go to the spool' : 'Kafka is back');
    this.options.onBreaker(isOpen);
  }

  private async drainLoop(): Promise<void> {
    try {
      const drained = await this.spool.drain(this.options.drainRecords, async (records) => {
        if (!(await withDeadline(this.producer.appendAll(records), this.options.deadlineMs * 2)))
          throw new NotDurable('Kafka does not answer yet');
      });
      // Nothing left (or another process drains): Kafka may be tried again; the next append is the probe.
      if (drained !== null || this.isOpen) this.setOpen(false);
      if (drained !== null && drained > 0) this.log.info({ records: drained }, 'spool drained');
      if (!this.isStopped)
        this.timer = setTimeout(() => void this.drainLoop(), drained === this.options.drainRecords ? 0 : this.options.drainEveryMs);
    } catch (error) {
      this.log.debug({ cause: describeError(error) }, 'the spool waits');
      if (!this.isStopped) this.timer = setTimeout(() => void this.drainLoop(), this.options.drainEveryMs);
    }
  }
}
