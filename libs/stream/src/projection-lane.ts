import { BatchConsumer, withTopicAdmin, type BatchControl, type KafkaClient, type RecordBatch } from '@tributary/kafka';
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

  /** Offset after the topic's last record, by partition. */
  async endOffsets(): Promise<ReadonlyMap<number, number>> {
    return untilAvailable(
      () => withTopicAdmin(this.kafka, (admin) => admin.endOffsets(this.options.topic)),
      () => Promise.resolve(),
      this.log,
    );
  }
}
