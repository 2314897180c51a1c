// The machine's own limit of Kafka's client: produce (acks of all, 4 sends outstanding) and consume (eachBatch that does nothing).
// Takes a KafkaLimitJob from BENCH_JOB and prints one line of KafkaLimitReport.
import { randomBytes, randomUUID } from 'node:crypto';
import kafkajs, { type Admin, type Kafka as Client, type Producer } from 'kafkajs';
import type { KafkaLimitJob, KafkaLimitReport } from './jobs.mts';

const { Kafka, logLevel, Partitioners } = kafkajs;
const PARTITIONS = 12;
const SENDS_OUTSTANDING = 4;

async function produce(producer: Producer, topic: string, { batchRecords, recordBytes, records }: KafkaLimitJob): Promise<number> {
  const values = Array.from({ length: batchRecords }, () => randomBytes(recordBytes));
  let left = Math.ceil(records / batchRecords);
  const began = performance.now();
  const sender = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const messages = values.map((value, index) => ({ key: `limit:shop:${index}`, value, partition: index % PARTITIONS }));
      await producer.send({ topic, acks: -1, messages });
    }
  };
  await Promise.all(Array.from({ length: SENDS_OUTSTANDING }, sender));
  return records / ((performance.now() - began) / 1_000);
}

/** From the first batch to the last: joining the group is not in it. */
async function consume(client: Client, topic: string, expected: number): Promise<number> {
  const groupId = `bench-limit-${randomUUID()}`;
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 250, maxBytesPerPartition: 2 * 1024 * 1024, maxBytes: 64 * 1024 * 1024 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let seen = 0;
  let first = 0;
  let firstAt = 0;
  const perSecond = await new Promise<number>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        partitionsConsumedConcurrently: 3,
        eachBatch: ({ batch }) => {
          if (firstAt === 0) {
            firstAt = performance.now();
            first = batch.messages.length;
          }
          seen += batch.messages.length;
          if (seen >= expected) resolve((seen - first) / ((performance.now() - firstAt) / 1_000));
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return perSecond;
}

async function measure(client: Client, admin: Admin, job: KafkaLimitJob): Promise<KafkaLimitReport> {
  const topic = `bench-limit-${randomUUID()}`;
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }] });
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
  await producer.connect();
  const report: { producePerSecond: number[]; consumePerSecond: number[] } = { producePerSecond: [], consumePerSecond: [] };
  try {
    await produce(producer, topic, { ...job, records: job.batchRecords * 8 });
    for (let round = 0; round < job.rounds; round += 1) report.producePerSecond.push(await produce(producer, topic, job));
    for (let round = 0; round < job.rounds; round += 1)
      report.consumePerSecond.push(await consume(client, topic, job.records * job.rounds));
  } finally {
    await producer.disconnect();
    await admin.deleteTopics({ topics: [topic] });
  }
  return report;
}

const job = JSON.parse(process.env['BENCH_JOB'] ?? '') as KafkaLimitJob;
const client = new Kafka({ brokers: job.brokers.split(','), clientId: 'bench-limit', logLevel: logLevel.NOTHING });
const admin = client.admin();
await admin.connect();
try {
  process.stdout.write(`${JSON.stringify(await measure(client, admin, job))}\n`);
} finally {
  await admin.disconnect();
}
