import { zstdCompressSync } from 'node:zlib';
import { partitionOf } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';

/** Of every topic that facts go to: how many partitions it has. */
export type PartitionCounts = ReadonlyMap<string, number>;

const COMPRESS_FROM_BYTES = 200;

/** A record at the partition of its key. */
export function recordOf(counts: PartitionCounts, topic: string, key: string, value: Buffer): OutgoingRecord {
  const count = counts.get(topic);
  if (count === undefined) throw new Error(`facts go to ${topic}, whose partitions were not counted at the start`);
  return { topic, partition: partitionOf(key, count), key, value, headers: {} };
}

export const compress = (body: Buffer): { readonly compression: 'zstd' | 'none'; readonly bytes: Buffer } =>
  body.length < COMPRESS_FROM_BYTES ? { compression: 'none', bytes: body } : { compression: 'zstd', bytes: zstdCompressSync(body) };
