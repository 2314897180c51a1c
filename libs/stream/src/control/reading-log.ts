import { partitionOf, type LogRecord } from '@tributary/domain';
import { BrokerUnavailable, readRange, TopicAdmin, type KafkaClient } from '@tributary/kafka';
import { describeError, type Log } from '@tributary/telemetry';

/** Whose records are wanted, and how long may be looked for them. */
interface WantedRecords {
  readonly topic: string;
  readonly keys: readonly string[];
  readonly timeLimitMs: number;
}

/** There was more log than could be read in the time given. */
export class LogTooLong extends Error {
  override readonly name = 'LogTooLong';
}

/** Nobody waits for the answer any more. */
class NobodyWaits extends Error {
  override readonly name = 'NobodyWaits';
}

/**
 * The records of some keys, by key and in log order: reads their partitions from the beginning to the present end, without touching any
 * live consumer group. For a person's question, never for a stream: it reads whole partitions. Throws {@link LogTooLong}, and
 * BrokerUnavailable when the brokers do not answer.
 */
export async function readRecordsOf(
  kafka: KafkaClient,
  { topic, keys, timeLimitMs }: WantedRecords,
  log: Log,
): Promise<ReadonlyMap<string, readonly LogRecord[]>> {
  const found = new Map<string, LogRecord[]>(keys.map((key) => [key, []]));
  if (found.size === 0) return found;
  const state = { isOver: false, isReading: false };
  const goOn = (): void => {
    if (state.isOver) throw new NobodyWaits('the time for reading is over');
    state.isReading = true;
  };
  const reading = readPartitionsOf(kafka, { topic, keys: [...found.keys()] }, log, goOn, (record) => found.get(record.key)?.push(record));
  try {
    await withinTime(timeLimitMs, reading, log, () =>
      state.isReading
        ? new LogTooLong(`the log of ${topic} could not be read to its end within ${timeLimitMs} ms`)
        : new BrokerUnavailable(`the brokers did not answer within ${timeLimitMs} ms`),
    );
  } finally {
    state.isOver = true;
  }
  return found;
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

/** Throws what `tooLate` says when the time runs out first (`work` then ends by itself), and kafkajs' own failures as what they mean. */
async function withinTime(timeLimitMs: number, work: Promise<void>, log: Log, tooLate: () => Error): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), timeLimitMs);
  });
  const done = work.catch((error: unknown) => {
    if (error instanceof Error && error.name.startsWith('KafkaJS'))
      throw new BrokerUnavailable('the brokers do not answer', { cause: error });
    throw error;
  });
  try {
    await Promise.race([done, limit]);
  } finally {
    clearTimeout(timer);
    done.catch((error: unknown) => log.debug({ cause: describeError(error) }, 'a look into the log ended early'));
  }
}
