import { BatchConsumer, withTopicAdmin, type BatchControl, type KafkaClient, type RecordBatch, type TopicAdmin } from '@tributary/kafka';
import type { Log } from '@tributary/telemetry';
import type { Lane } from './batch-transport.module.js';
import { untilAvailable, type Projection } from './projection.js';

export interface ProjectionLaneOptions {
  readonly pattern: string;
  readonly groupId: string;
  readonly topic: string;
  readonly sessionTimeoutMs: number;
  readonly partitionsAtOnce: number;
  readonly onFatal: (error: Error) => void;
  readonly onAssignment?: (partitions: readonly number[]) => void;
}

const MAX_BYTES_PER_PARTITION = 2 * 1024 * 1024;

/** A consumer group whose offsets are those of one projection. */
export class ProjectionLane<Event> implements Lane {
  private consumer: BatchConsumer | undefined;

  constructor(
    private readonly kafka: KafkaClient,
    private readonly projection: Projection<Event>,
    private readonly options: ProjectionLaneOptions,
    private readonly log: Log,
  ) {}

  get pattern(): string {
    return this.options.pattern;
  }

  async start(onBatch: (batch: RecordBatch, control: BatchControl) => Promise<{ readonly nextOffset: number }>): Promise<void> {
    const { topic, groupId, sessionTimeoutMs, partitionsAtOnce, onFatal, onAssignment } = this.options;
    this.consumer = new BatchConsumer(
      this.kafka,
      {
        groupId,
        topics: [topic],
        sessionTimeoutMs,
        partitionsAtOnce,
        maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
        startOffsets: async (_topic, partitions) => this.projection.startOffsets(partitions, await this.endOffsets()),
        onBatch,
        onFatal,
        onAssignment: (assignment) => onAssignment?.(assignment.get(topic) ?? []),
      },
      this.log,
    );
    await this.consumer.start();
  }

  async stop(): Promise<void> {
    await this.consumer?.stop();
  }

  /** Milliseconds since the poll loop last went round; 0 before it started. */
  idleForMs(): number {
    return this.consumer?.idleForMs() ?? 0;
  }

  /** Offset after the topic's last record, by partition that holds one: what retention has taken away nobody waits for. */
  heldEndOffsets(): Promise<ReadonlyMap<number, number>> {
    return this.asked(async (admin) => {
      const begins = await admin.beginOffsets(this.options.topic);
      const ends = await admin.endOffsets(this.options.topic);
      return new Map([...ends].filter(([partition, end]) => (begins.get(partition) ?? 0) < end));
    });
  }

  private endOffsets(): Promise<ReadonlyMap<number, number>> {
    return this.asked((admin) => admin.endOffsets(this.options.topic));
  }

  private asked<T>(work: (admin: TopicAdmin) => Promise<T>): Promise<T> {
    return untilAvailable(
      () => withTopicAdmin(this.kafka, work),
      () => Promise.resolve(),
      this.log,
    );
  }
}
