import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import type { Log } from '@tributary/telemetry';
import { BatchConsumer, type RecordBatch } from './batch-consumer.adapter.js';
import { withTopicAdmin } from './topic-admin.adapter.js';

export interface ReadRange {
  readonly topic: string;
  /** First offset to read and offset after the last one, by partition. */
  readonly from: ReadonlyMap<number, number>;
  readonly until: ReadonlyMap<number, number>;
}

/**
 * Reads a range of a topic to its end, in offset order per partition, without touching any live consumer group:
 * the reader's own throw-away group commits nothing and is deleted afterwards.
 */
export async function readRange(kafka: Kafka, range: ReadRange, onBatch: (batch: RecordBatch) => Promise<void>, log: Log): Promise<void> {
  const open = new Set(
    [...range.until].filter(([partition, end]) => end > (range.from.get(partition) ?? 0)).map(([partition]) => partition),
  );
  if (open.size === 0) return;
  const groupId = `tributary-reader-${randomUUID()}`;
  let finish: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const finished = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  const consumer = new BatchConsumer(
    kafka,
    {
      groupId,
      topics: [range.topic],
      sessionTimeoutMs: 30_000,
      partitionsAtOnce: 4,
      maxBytesPerPartition: 4 * 1024 * 1024,
      startOffsets: (_topic, partitions) =>
        Promise.resolve(new Map(partitions.map((partition) => [partition, range.from.get(partition) ?? 0]))),
      onBatch: async (batch) => {
        const end = range.until.get(batch.partition) ?? 0;
        if (!open.has(batch.partition)) return { nextOffset: batch.nextOffset };
        await onBatch({ ...batch, records: batch.records.filter((record) => record.offset < end) }).catch((error: unknown) => {
          fail(error instanceof Error ? error : new Error(String(error)));
          throw error;
        });
        if (batch.nextOffset >= end) open.delete(batch.partition);
        if (open.size === 0) finish();
        return { nextOffset: batch.nextOffset };
      },
      onFatal: (error) => fail(error),
    },
    log,
  );
  await consumer.start();
  try {
    await finished;
  } finally {
    await consumer.stop();
    await withTopicAdmin(kafka, (admin) => admin.deleteGroup(groupId));
  }
}
