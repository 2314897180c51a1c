import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '@tributary/config';
import { BatchConsumer, createKafka, kafkaConnection, kafkaSettings, LaneProducer, TopicAdmin, type RecordBatch } from '@tributary/kafka';
import { createLog } from '@tributary/telemetry';
import { startSecureKafka, type SecureKafka } from '../../tools/bootstrap/secure-kafka.mts';
import { eventually } from '../stack/eventually.js';
import { HOME } from '../stack/stack.js';

const log = createLog('test', 'silent');
const TOPIC = 'secure.test-events.v1';

describe('Kafka with SASL/PLAIN over TLS, from the environment', () => {
  let broker: SecureKafka;
  let folder: string;
  const environment = (overrides: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    KAFKA_BROKERS: broker.brokers,
    KAFKA_CA_FILE: join(folder, 'ca.pem'),
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_USERNAME: broker.username,
    KAFKA_PASSWORD: broker.password,
    ...overrides,
  });
  const kafkaOf = (overrides: NodeJS.ProcessEnv = {}) =>
    createKafka(kafkaConnection(readSettings(kafkaSettings, environment(overrides)), 'test'), log);

  beforeAll(async () => {
    broker = await startSecureKafka({ home: HOME });
    folder = mkdtempSync(join(tmpdir(), 'tributary-ca-'));
    writeFileSync(join(folder, 'ca.pem'), broker.caPem);
    const admin = await TopicAdmin.connect(kafkaOf());
    await admin.apply([{ name: TOPIC, retention: { kind: 'for-ever' } }], {
      partitions: 1,
      replicationFactor: 1,
      minInSyncReplicas: 1,
      isLocal: true,
    });
    await admin.close();
  }, 180_000);
  afterAll(async () => {
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  it('appends and consumes', async () => {
    const kafka = kafkaOf();
    const producer = new LaneProducer(kafka, { lanes: 1, requestTimeoutMs: 5_000 }, log);
    await producer.append({ topic: TOPIC, partition: 0, key: 'k', value: Buffer.from('v'), headers: {} });
    await producer.close();
    const seen: string[] = [];
    const consumer = new BatchConsumer(
      kafka,
      {
        groupId: 'secure',
        topics: [TOPIC],
        sessionTimeoutMs: 6_000,
        partitionsAtOnce: 1,
        maxBytesPerPartition: 1_048_576,
        startOffsets: () => Promise.resolve(new Map([[0, 0]])),
        onBatch: (batch: RecordBatch) => {
          seen.push(...batch.records.map((record) => `${record.key}=${String(record.value)}`));
          return Promise.resolve({ nextOffset: batch.nextOffset });
        },
        onFatal: (error) => seen.push(error.message),
      },
      log,
    );
    await consumer.start();
    await eventually('the record is consumed', 20_000, () => seen.includes('k=v'));
    await consumer.stop();
  }, 60_000);

  it('is refused with a wrong password', async () => {
    await expect(TopicAdmin.connect(kafkaOf({ KAFKA_PASSWORD: 'wrong' }))).rejects.toThrow(/brokers do not answer/);
  }, 60_000);

  it('is refused without the authority that signed the broker’s certificate', async () => {
    await expect(TopicAdmin.connect(kafkaOf({ KAFKA_CA_FILE: undefined, KAFKA_TLS: 'true' }))).rejects.toThrow(/brokers do not answer/);
  }, 60_000);
});
