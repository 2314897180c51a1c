import { eventually } from './eventually.js';
import type { Stack } from './stack.js';

/** One record as it lies in a topic. */
export interface DumpedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: Buffer;
  readonly value: Buffer;
  /** Names and values. */
  readonly headers: Buffer;
}

/** Header values come as bytes or text, one or several. */
const bytesOf = (value: unknown): Buffer => {
  if (Array.isArray(value)) return Buffer.concat(value.map(bytesOf));
  return Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : '');
};

const headerBytes = (headers: Readonly<Record<string, unknown>> | undefined): Buffer =>
  Buffer.concat(Object.entries(headers ?? {}).flatMap(([name, value]) => [Buffer.from(name), bytesOf(value)]));

/** Every topic of the cluster but the broker's own. */
export async function topicsOf(stack: Stack): Promise<string[]> {
  const admin = stack.kafka.admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).filter((topic) => !topic.startsWith('__')).toSorted();
  } finally {
    await admin.disconnect();
  }
}

/** Reads topics from their first record to their present end with a plain consumer, decoding nothing. */
export async function dumpLog(stack: Stack, topics: readonly string[]): Promise<DumpedRecord[]> {
  const admin = stack.kafka.admin();
  await admin.connect();
  let wanted = 0;
  for (const topic of topics) for (const { low, high } of await admin.fetchTopicOffsets(topic)) wanted += Number(high) - Number(low);
  await admin.disconnect();
  const dumped: DumpedRecord[] = [];
  const consumer = stack.kafka.consumer({ groupId: `dump-${Date.now()}-${process.pid}`, sessionTimeout: 10_000, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ topic, partition, message }) => {
        const { offset, key, value } = message;
        dumped.push({
          topic,
          partition,
          offset,
          key: key ?? Buffer.alloc(0),
          value: value ?? Buffer.alloc(0),
          headers: headerBytes(message.headers),
        });
        return Promise.resolve();
      },
    });
    await eventually(`all ${wanted} records are read`, 30_000, () => dumped.length >= wanted);
  } finally {
    await consumer.disconnect();
  }
  return dumped;
}
