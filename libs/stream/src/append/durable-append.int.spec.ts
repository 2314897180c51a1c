import { readSettings } from '@tributary/config';
import { createKafka, kafkaConnection, kafkaSettings, LaneProducer, RecordRefused, type OutgoingRecord } from '@tributary/kafka';
import { PostgresAlerts } from '@tributary/postgres';
import { createLog } from '@tributary/telemetry';
import { LimitedTopic } from '../../../../test/integration/limited-topic.js';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { eventually } from '../../../../test/stack/eventually.js';
import { DurableAppend } from './durable-append.js';
import { SpoolStore } from './spool.store.js';

const log = createLog('test', 'silent');
const kafka = createKafka(kafkaConnection(readSettings(kafkaSettings, process.env), 'test'), log);
const database = new OwnDatabase('append');

let topic: LimitedTopic;
let durable: DurableAppend;
let spool: SpoolStore;

beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql.query('', 'truncate ingest_ops.spool, alerts.alerts');
  topic = new LimitedTopic(kafka);
  await topic.create(2_000);
  spool = new SpoolStore(database.sql);
  durable = new DurableAppend(
    new LaneProducer(kafka, { lanes: 1, requestTimeoutMs: 5_000 }, log),
    spool,
    new PostgresAlerts(database.sql),
    { deadlineMs: 5_000, drainEveryMs: 20, drainRecords: 2, refusedForMs: 500 },
    log,
  );
});
afterEach(() => durable.stop());

const record = (key: string, size: number): OutgoingRecord => ({
  topic: topic.name,
  partition: 0,
  key: `acme:shop:${key}`,
  value: Buffer.alloc(size, 1),
  headers: {},
});
const spooled = async (): Promise<string[]> =>
  (await database.sql.query<{ key: string }>('', 'select key from ingest_ops.spool order by id')).map(({ key }) => key);
const openAlerts = async (): Promise<string[]> =>
  (await database.sql.query<{ kind: string }>('', 'select kind from alerts.alerts where closed_at is null')).map(({ kind }) => kind);

it('drains all that the broker takes, keeps and alerts what it refuses, and appends that once the topic takes it', async () => {
  await spool.put([record('large-1', 5_000), record('1', 100), record('large-2', 5_000), record('2', 100), record('3', 100)]);
  durable.start();
  await eventually('the others are drained', 10_000, async () => (await spooled()).length === 2);
  expect(await spooled()).toEqual(['acme:shop:large-1', 'acme:shop:large-2']);
  expect(await topic.endOffset()).toBe(3);
  await eventually('a person is told', 5_000, async () => (await openAlerts()).includes('record-refused'));
  expect(durable.isKafkaAway).toBe(false);
  await topic.lift();
  await eventually('all is drained', 20_000, async () => (await spooled()).length === 0);
  expect(await topic.endOffset()).toBe(5);
  await eventually('the alert is closed', 5_000, async () => (await openAlerts()).length === 0);
});

it('tells the caller of a record that the broker refuses, spools nothing and calls it no outage', async () => {
  await expect(durable.append([record('large', 5_000)])).rejects.toThrow(RecordRefused);
  expect(await spooled()).toEqual([]);
  expect(durable.isKafkaAway).toBe(false);
});
