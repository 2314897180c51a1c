import { randomUUID } from 'node:crypto';
import { readSettings } from '@tributary/config';
import {
  createKafka,
  kafkaConnection,
  kafkaSettings,
  LaneProducer,
  RecordRefused,
  withTopicAdmin,
  type OutgoingRecord,
} from '@tributary/kafka';
import { createLog } from '@tributary/telemetry';

const log = createLog('test', 'silent');
const kafka = createKafka(kafkaConnection(readSettings(kafkaSettings, process.env), 'test'), log);
const topic = `test.${randomUUID()}.v1`;
const record = (key: string, size = 10): OutgoingRecord => ({ topic, partition: 0, key, value: Buffer.alloc(size, 1), headers: {} });
const end = (): Promise<number | undefined> => withTopicAdmin(kafka, async (admin) => (await admin.endOffsets(topic)).get(0));

let producer: LaneProducer;
beforeAll(() =>
  withTopicAdmin(kafka, (admin) =>
    admin.apply([{ name: topic, retention: { kind: 'for-ever' } }], {
      partitions: 1,
      replicationFactor: 1,
      minInSyncReplicas: 1,
      isLocal: true,
    }),
  ),
);
beforeEach(() => {
  producer = new LaneProducer(kafka, { lanes: 2, requestTimeoutMs: 5_000 }, log);
});
afterEach(() => producer.close());

describe('the lane producer', () => {
  it('acknowledges every record of a burst', async () => {
    const before = (await end()) ?? 0;
    await producer.appendAll(Array.from({ length: 2_000 }, (_, index) => record(`k${index}`)));
    expect(await end()).toBe(before + 2_000);
  });

  it('fails only the record that the broker refuses', async () => {
    const before = (await end()) ?? 0;
    const outcomes = await Promise.allSettled(
      [record('a'), record('huge', 9 * 1024 * 1024), record('b'), record('c')].map((one) => producer.append(one)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: expect.any(RecordRefused) });
    expect(await end()).toBe(before + 3);
  });

  it('takes nothing more once it is closed', async () => {
    await producer.close();
    await expect(producer.append(record('late'))).rejects.toThrow('did not acknowledge');
  });
});
