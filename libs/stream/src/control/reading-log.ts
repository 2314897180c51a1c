import { partitionOf, type LogRecord } from '@tributary/domain';
import { readRange, TopicAdmin, type KafkaClient } from '@tributary/kafka';
import { describeError, type Log } from '@tributary/telemetry';

/** Whose records are wanted, and how long may be looked for them. */
export interface WantedRecords {
  readonly topic: string;
  readonly keys: readonly string[];
  readonly timeLimitMs: number;
}

export interface FoundRecords {
  /** By key, in log order. */
  readonly records: ReadonlyMap<string, readonly LogRecord[]>;
  /** The time was over before the end of the log was reached. */
  readonly isCutOff: boolean;
}

class TimeIsOver extends Error {
  override readonly name = 'TimeIsOver';
}

/**
 * Reads the partitions of some keys from their beginning to their present end and keeps the records of those keys, without touching
 * any live consumer group. For a person's question, never for a stream: it reads whole partitions.
 */
export async function readRecordsOf(kafka: KafkaClient, { topic, keys, timeLimitMs }: WantedRecords, log: Log): Promise<FoundRecords> {
  const records = new Map<string, LogRecord[]>(keys.map((key) => [key, []]));
  if (keys.length === 0) return { records, isCutOff: false };
  const admin = await TopicAdmin.connect(kafka);
  const ends = await admin.endOffsets(topic).finally(() => admin.close());
  const wanted = new Set(keys.map((key) => partitionOf(key, ends.size)));
  // The reader is given every partition: the others begin at their end, so that nothing of them is fetched.
  const from = new Map([...ends].map(([partition, end]) => [partition, wanted.has(partition) ? 0 : end]));
  const until = new Map([...ends].filter(([partition]) => wanted.has(partition)));
  let isOver = false;
  const reading = readRange(
    kafka,
    { topic, from, until },
    (batch) => {
      if (isOver) return Promise.reject(new TimeIsOver('the time for reading is over'));
      for (const record of batch.records) records.get(record.key)?.push(record);
      return Promise.resolve();
    },
    log,
  );
  return { records, isCutOff: await isSlowerThan(reading, timeLimitMs, log, () => (isOver = true)) };
}

/** True when the time ran out first; `work` then ends by itself and its failure is only told to the log. */
async function isSlowerThan(work: Promise<void>, timeLimitMs: number, log: Log, onOver: () => void): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<true>((resolve) => {
    timer = setTimeout(() => {
      onOver();
      resolve(true);
    }, timeLimitMs);
  });
  work.catch((error: unknown) => log.debug({ cause: describeError(error) }, 'a look into the log ended early'));
  try {
    return await Promise.race([work.then(() => false as const), limit]);
  } finally {
    clearTimeout(timer);
  }
}
