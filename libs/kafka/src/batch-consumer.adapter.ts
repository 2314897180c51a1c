import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { LogRecord } from '@tributary/domain';
import { describeError, type Log } from '@tributary/telemetry';
import { PollProgress, type BatchProgress } from './poll-progress.js';

/** What one fetch brought of one partition, in offset order. */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  /** Offset after the last record, control records included. */
  readonly nextOffset: number;
  readonly highWatermark: number;
}

/** What a handler may do while it works on a batch. */
export interface BatchControl {
  /** Keeps the membership alive; call it inside long work. */
  heartbeat(): Promise<void>;
  /** True when the partition was moved, paused or sought meanwhile: stop, nothing of the rest counts. */
  isStale(): boolean;
}

/** `{nextOffset}`: go on there (normally the batch's own); anything else than the batch's end is a seek. */
export type BatchHandler = (batch: RecordBatch, control: BatchControl) => Promise<{ readonly nextOffset: number }>;

export interface BatchConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly partitionsAtOnce: number;
  readonly maxBytesPerPartition: number;
  /** Where to go on, per partition just assigned; asked at every assignment. */
  readonly startOffsets: (topic: string, partitions: readonly number[]) => Promise<ReadonlyMap<number, number>>;
  readonly onBatch: BatchHandler;
  /** Partitions now held by this process, by topic. */
  readonly onAssignment?: (assignment: ReadonlyMap<string, readonly number[]>) => void;
  /** The consumer is gone for good: the process must end. */
  readonly onFatal: (error: Error) => void;
}

const COMMIT_EVERY_MS = 2_000;

/** Batches of a consumer group; offsets live in Postgres and only visit Kafka for lag tools. */
export class BatchConsumer {
  private readonly consumer: Consumer;
  private readonly unreported = new Map<string, { topic: string; partition: number; offset: string }>();
  private reporting: NodeJS.Timeout | undefined;
  private generation = 0;
  private readonly progress = new PollProgress(() => performance.now());

  constructor(
    kafka: Kafka,
    private readonly options: BatchConsumerOptions,
    private readonly log: Log,
  ) {
    this.consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      heartbeatInterval: Math.max(300, Math.floor(options.sessionTimeoutMs / 4)),
      rebalanceTimeout: 30_000,
      maxWaitTimeInMs: 250,
      minBytes: 1,
      maxBytesPerPartition: options.maxBytesPerPartition,
      maxBytes: 64 * 1024 * 1024,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 10, restartOnFailure: () => Promise.resolve(true) },
    });
  }

  /** Joins the group and consumes until {@link stop}. */
  async start(): Promise<void> {
    this.consumer.on(this.consumer.events.GROUP_JOIN, ({ payload }) => {
      this.place(new Map(Object.entries(payload.memberAssignment)));
    });
    const { FETCH_START, FETCH, REBALANCING, CONNECT } = this.consumer.events;
    for (const event of [FETCH_START, FETCH, REBALANCING, CONNECT]) this.consumer.on(event, () => this.progress.loop());
    this.consumer.on(this.consumer.events.CRASH, ({ payload }) => {
      // While the brokers are away it crashes and starts again every few seconds: that is not standing still.
      this.progress.loop();
      this.log.warn(
        { group: this.options.groupId, isRestarting: payload.restart, cause: describeError(payload.error) },
        'consumer crashed',
      );
      if (!payload.restart) this.options.onFatal(payload.error);
    });
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.options.partitionsAtOnce,
      eachBatch: (payload) => this.consume(payload),
    });
    this.reporting = setInterval(() => void this.report(), COMMIT_EVERY_MS);
    this.reporting.unref();
  }

  /** Milliseconds since the poll loop last went round, or since a batch in hand last said that it goes on. */
  idleForMs(): number {
    return this.progress.idleForMs();
  }

  /** Finishes the batch in hand, reports offsets and leaves the group. */
  async stop(): Promise<void> {
    clearInterval(this.reporting);
    await this.report();
    await this.consumer.disconnect();
  }

  /** Makes the next fetch of a partition begin at `offset`. */
  seek(topic: string, partition: number, offset: number): void {
    this.consumer.seek({ topic, partition, offset: String(offset) });
  }

  /** Pauses synchronously (an await before it is too late), loads the offsets, seeks, resumes. */
  private place(assignment: ReadonlyMap<string, number[]>): void {
    this.generation += 1;
    const { generation } = this;
    const held = [...assignment].map(([topic, partitions]) => ({ topic, partitions }));
    if (held.every(({ partitions }) => partitions.length === 0)) {
      this.options.onAssignment?.(assignment);
      return;
    }
    this.consumer.pause(held);
    void this.placeAll(held, generation).then(
      () => this.options.onAssignment?.(assignment),
      (error: unknown) => this.options.onFatal(error instanceof Error ? error : new Error(String(error))),
    );
  }

  private async placeAll(held: readonly { topic: string; partitions: number[] }[], generation: number): Promise<void> {
    for (const { topic, partitions } of held) {
      const offsets = await this.options.startOffsets(topic, partitions);
      if (generation !== this.generation) return;
      for (const partition of partitions) {
        const offset = offsets.get(partition);
        if (offset === undefined) throw new Error(`no start offset for ${topic}[${partition}]`);
        this.seek(topic, partition, offset);
      }
    }
    this.consumer.resume(held.map(({ topic, partitions }) => ({ topic, partitions })));
  }

  private async consume(payload: EachBatchPayload): Promise<void> {
    if (payload.isStale() || !payload.isRunning()) return;
    const progress = this.progress.begin();
    try {
      await this.handOver(payload, progress);
    } finally {
      progress.end();
    }
  }

  private async handOver(
    { batch, resolveOffset, heartbeat, isStale, isRunning }: EachBatchPayload,
    progress: BatchProgress,
  ): Promise<void> {
    const last = Number(batch.lastOffset());
    const given: RecordBatch = {
      topic: batch.topic,
      partition: batch.partition,
      nextOffset: last + 1,
      highWatermark: Number(batch.highWatermark),
      records: batch.messages.map((message) => ({
        offset: Number(message.offset),
        key: message.key?.toString('utf8') ?? '',
        value: message.value,
        timestamp: Number(message.timestamp),
      })),
    };
    const { nextOffset } = await this.options.onBatch(given, {
      isStale: () => isStale() || !isRunning(),
      heartbeat: () => {
        progress.beat();
        return heartbeat();
      },
    });
    if (nextOffset === given.nextOffset) resolveOffset(batch.lastOffset());
    else this.seek(batch.topic, batch.partition, nextOffset);
    this.unreported.set(`${batch.topic}/${batch.partition}`, {
      topic: batch.topic,
      partition: batch.partition,
      offset: String(nextOffset),
    });
    await heartbeat();
  }

  private async report(): Promise<void> {
    const offsets = [...this.unreported.values()];
    if (offsets.length === 0) return;
    this.unreported.clear();
    // Only lag tools read these; a rebalance in between makes the broker refuse them, which harms nobody.
    await this.consumer
      .commitOffsets(offsets)
      .catch((error: unknown) => this.log.debug({ cause: describeError(error) }, 'offsets were not reported to Kafka'));
  }
}
