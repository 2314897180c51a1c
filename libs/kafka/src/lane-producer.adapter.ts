import kafkajs, { type Kafka, type Producer, type ProducerBatch } from 'kafkajs';
import { describeError, type Log } from '@tributary/telemetry';
import { BrokerUnavailable, RecordRefused } from './client.adapter.js';

/** One record to append. The partition is computed by us (murmur2 of the key) and sent explicitly. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Of a key of a compacted topic nothing is to be kept. */
export interface OutgoingTombstone extends Omit<OutgoingRecord, 'value'> {
  readonly value: null;
}

export type Appendable = OutgoingRecord | OutgoingTombstone;

export interface LaneProducerOptions {
  /** A lane is a group of partitions with one send outstanding. */
  readonly lanes: number;
  /** How long one send may wait for the broker before it counts as failed. */
  readonly requestTimeoutMs: number;
  readonly maxBatchBytes?: number;
}

/** Records that were handed over together: they travel, and fail, together. */
interface Waiting {
  readonly records: readonly Appendable[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Protocol errors that are about a record, not about the broker. */
const REFUSALS: ReadonlySet<unknown> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'CORRUPT_MESSAGE']);

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && (REFUSALS.has((error as { type?: unknown }).type) || (error.cause !== undefined && isRefusal(error.cause)));

/** Records over this size travel alone, so that one refused record fails nobody else's send. */
const ALONE_BYTES = 256 * 1024;
const DEFAULT_BATCH_BYTES = 1024 * 1024;

/** Collects while one send is outstanding and sends the collection as soon as it returns: no timer. */
class Lane {
  private waiting: Waiting[] = [];
  private isSending = false;

  constructor(
    private readonly send: (records: readonly Appendable[]) => Promise<void>,
    private readonly maxBatchBytes: number,
  ) {}

  append(records: readonly Appendable[]): Promise<void> {
    let bytes = 0;
    for (const { value } of records) bytes += value?.length ?? 0;
    return new Promise((resolve, reject) => {
      this.waiting.push({ records, bytes, resolve, reject });
      if (!this.isSending) void this.drain();
    });
  }

  /** Something of the batch was refused: only those that were handed over with it fail. */
  private async sendOneByOne(batch: readonly Waiting[]): Promise<void> {
    for (const { records, resolve, reject } of batch) {
      try {
        await this.send(records);
        resolve();
      } catch (error) {
        reject(error as Error);
      }
    }
  }

  private take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.waiting) {
      const isLarge = waiting.bytes > ALONE_BYTES;
      if (count > 0 && (isLarge || bytes + waiting.bytes > this.maxBatchBytes)) break;
      count += 1;
      bytes += waiting.bytes;
      if (isLarge) break;
    }
    return this.waiting.splice(0, count);
  }

  private async drain(): Promise<void> {
    this.isSending = true;
    // What arrives in the same turn of the event loop leaves together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.take();
      try {
        await this.send(batch.flatMap(({ records }) => records));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        if (error instanceof RecordRefused && batch.length > 1) await this.sendOneByOne(batch);
        else for (const { reject } of batch) reject(error as Error);
      }
    }
    this.isSending = false;
  }
}

function toProducerBatch(records: readonly Appendable[], timeoutMs: number): ProducerBatch {
  const byTopic = new Map<string, Appendable[]>();
  for (const record of records) {
    const list = byTopic.get(record.topic);
    if (list === undefined) byTopic.set(record.topic, [record]);
    else list.push(record);
  }
  return {
    acks: -1,
    timeout: timeoutMs,
    topicMessages: [...byTopic].map(([topic, list]) => ({
      topic,
      messages: list.map(({ key, value, partition, headers }) => ({ key, value, partition, headers })),
    })),
  };
}

/**
 * Appends records with acks=all; resolves after the acknowledgement, rejects with {@link BrokerUnavailable} or {@link RecordRefused}.
 * Not idempotent on purpose: kafkajs' idempotent producer loses acknowledged messages when a connection drops,
 * plain acks=all may append a record twice, which every fold ignores.
 */
export class LaneProducer {
  private readonly lanes: readonly Lane[];
  private producer: Promise<Producer> | undefined;
  private isClosed = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly options: LaneProducerOptions,
    private readonly log: Log,
  ) {
    this.lanes = Array.from(
      { length: options.lanes },
      () => new Lane((records) => this.send(records), options.maxBatchBytes ?? DEFAULT_BATCH_BYTES),
    );
  }

  append(record: Appendable): Promise<void> {
    return this.laneOf(record).append([record]);
  }

  /** Appends all and waits for all; records of one partition keep their order. */
  async appendAll(records: readonly Appendable[]): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    const lane = this.laneOf(first);
    // Mostly all are of one lane: one promise for all of them.
    const isOneGroup = records.every((record) => this.laneOf(record) === lane && (record.value?.length ?? 0) <= ALONE_BYTES);
    if (isOneGroup) await lane.append(records);
    else await Promise.all(records.map((record) => this.append(record)));
  }

  private laneOf({ partition }: Appendable): Lane {
    const lane = this.lanes[partition % this.lanes.length];
    if (lane === undefined) throw new Error('a producer needs at least one lane');
    return lane;
  }

  /** Like {@link appendAll}, but a record that the broker will never take fails nobody: answers those. */
  async appendTakeable<Outgoing extends Appendable>(records: readonly Outgoing[]): Promise<ReadonlySet<Outgoing>> {
    const refused = new Set<Outgoing>();
    const settled = await Promise.allSettled(records.map((record) => this.append(record)));
    for (const [index, outcome] of settled.entries()) {
      if (outcome.status === 'fulfilled') continue;
      const record = records[index];
      if (!(outcome.reason instanceof RecordRefused) || record === undefined) throw outcome.reason;
      refused.add(record);
    }
    return refused;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const producer = this.producer;
    this.producer = undefined;
    await (await producer?.catch(() => undefined))?.disconnect();
  }

  private connected(): Promise<Producer> {
    if (this.isClosed) return Promise.reject(new BrokerUnavailable('the producer is closed'));
    if (this.producer === undefined) {
      const producer = this.kafka.producer({
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
        allowAutoTopicCreation: false,
        retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 200 },
      });
      const made = producer.connect().then(() => producer);
      made.catch(() => this.discard(made));
      this.producer = made;
    }
    return this.producer;
  }

  /** A producer that failed once is thrown away: its connections and its metadata may be of another time. */
  private discard(producer: Promise<Producer>): void {
    if (this.producer === producer) this.producer = undefined;
    producer
      .then((used) => used.disconnect())
      .catch((error: unknown) => this.log.debug({ cause: describeError(error) }, 'a discarded producer did not disconnect'));
  }

  private async send(records: readonly Appendable[]): Promise<void> {
    const used = this.connected();
    try {
      const producer = await used;
      await producer.sendBatch(toProducerBatch(records, this.options.requestTimeoutMs));
    } catch (error) {
      if (isRefusal(error)) throw new RecordRefused('the broker refuses a record', { cause: error });
      this.discard(used);
      this.log.warn({ records: records.length, cause: describeError(error) }, 'append failed');
      throw new BrokerUnavailable('the broker did not acknowledge', { cause: error });
    }
  }
}
