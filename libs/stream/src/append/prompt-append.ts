import { RecordRefused, type LaneProducer, type OutgoingRecord } from '@tributary/kafka';
import { describeError, failpoint, type Log } from '@tributary/telemetry';
import { LATE, withDeadline } from './deadline.js';

/** Kafka did not take the records in time: say so to the caller, who must ask again. */
class NotNow extends Error {
  override readonly name = 'NotNow';
}

export interface PromptAppendOptions {
  /** No acknowledgement within this time: {@link NotNow}. */
  readonly deadlineMs: number;
  /** After a failure nothing is tried for this long, so that nobody waits for what is known to fail. */
  readonly pauseMs: number;
  /** More than this many records without an acknowledgement: {@link NotNow} at once, so that memory stays bounded. */
  readonly maxOutstandingRecords: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** Appends to Kafka or says at once that it cannot: for callers that ask again by themselves (visits), and so need no spool. */
export class PromptAppend {
  private outstanding = 0;
  private pausedUntilMs = 0;

  constructor(
    private readonly producer: LaneProducer,
    private readonly options: PromptAppendOptions,
    private readonly log: Log,
  ) {}

  /** False while nothing is tried, or too much is outstanding: whoever asks can be told before any work is done. */
  get isReady(): boolean {
    return this.options.now() >= this.pausedUntilMs && this.outstanding < this.options.maxOutstandingRecords;
  }

  /** Resolves after the acknowledgement. Throws {@link NotNow}, or RecordRefused for a record that the broker will never take. */
  async append(records: readonly OutgoingRecord[]): Promise<void> {
    if (!this.isReady) throw new NotNow('Kafka did not answer lately, or too much waits for it');
    failpoint('collect.before-append');
    this.outstanding += records.length;
    const work = this.producer.appendAll(records).finally(() => {
      this.outstanding -= records.length;
    });
    try {
      if ((await withDeadline(work, this.options.deadlineMs)) !== LATE) return;
    } catch (error) {
      if (error instanceof RecordRefused) throw error;
      this.pause(error);
      throw new NotNow('Kafka did not take the records', { cause: error });
    }
    // It may still arrive; the caller sends it again, and every fold ignores the repeat.
    work.catch((error: unknown) => this.log.debug({ cause: describeError(error) }, 'a late append failed'));
    const late = new NotNow('Kafka did not acknowledge in time');
    this.pause(late);
    throw late;
  }

  private pause(cause: unknown): void {
    if (!this.isReady) return;
    this.pausedUntilMs = this.options.now() + this.options.pauseMs;
    this.log.warn(
      { cause: describeError(cause), pauseMs: this.options.pauseMs },
      'visits are refused for a moment: Kafka does not take them',
    );
  }

  close(): Promise<void> {
    return this.producer.close();
  }
}
