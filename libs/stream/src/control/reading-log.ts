import { partitionOf, type LogRecord } from '@tributary/domain';
import { BrokerUnavailable, readRange, TopicAdmin, type KafkaClient } from '@tributary/kafka';
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
  /** The time was over, or Kafka away, before the end of the log was reached. */
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
  const found = new Map<string, LogRecord[]>(keys.map((key) => [key, []]));
  if (found.size === 0) return { records: found, isCutOff: false };
  let isOver = false;
  const goOn = (): void => {
    if (isOver) throw new TimeIsOver('the time for reading is over');
  };
  const reading = readPartitionsOf(kafka, { topic, keys: [...found.keys()] }, log, goOn, (record) => found.get(record.key)?.push(record));
  const isComplete = await isDoneWithin(timeLimitMs, reading, log);
  isOver = true;
  return { records: found, isCutOff: !isComplete };
}

/** `goOn` throws when nobody waits any more. */
async function readPartitionsOf(
  kafka: KafkaClient,
  { topic, keys }: Pick<WantedRecords, 'topic' | 'keys'>,
  log: Log,
  goOn: () => void,
  onRecord: (record: LogRecord) => void,
): Promise<void> {
  const ends = await endsOf(kafka, topic);
  const wanted = new Set(keys.map((key) => partitionOf(key, ends.size)));
  // The reader is given every partition: the others begin at their end, so that nothing of them is fetched.
  const from = new Map([...ends].map(([partition, end]) => [partition, wanted.has(partition) ? 0 : end]));
  const until = new Map([...ends].filter(([partition]) => wanted.has(partition)));
  goOn();
  const onBatch = async ({ records }: { readonly records: readonly LogRecord[] }): Promise<void> => {
    goOn();
    for (const record of records) onRecord(record);
  };
  await readRange(kafka, { topic, from, until }, onBatch, log);
}

async function endsOf(kafka: KafkaClient, topic: string): Promise<ReadonlyMap<number, number>> {
  const admin = await TopicAdmin.connect(kafka);
  try {
    return await admin.endOffsets(topic);
  } finally {
    await admin.close();
  }
}

const isBrokerAway = (error: unknown): boolean =>
  error instanceof BrokerUnavailable || (error instanceof Error && error.name.startsWith('KafkaJS'));

/** False when the time ran out first (`work` then ends by itself), or the brokers did not answer. */
async function isDoneWithin(timeLimitMs: number, work: Promise<void>, log: Log): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeLimitMs);
  });
  const done = work.then(
    () => true,
    (error: unknown) => {
      if (!isBrokerAway(error) && !(error instanceof TimeIsOver)) throw error;
      log.warn({ cause: describeError(error) }, 'the log could not be read to its end');
      return false;
    },
  );
  try {
    return await Promise.race([done, limit]);
  } finally {
    clearTimeout(timer);
    done.catch((error: unknown) => log.warn({ cause: describeError(error) }, 'a look into the log failed'));
  }
}
