import { readSettings } from '@tributary/config';
import { allSubjects, SchemaBook, TIKTOK_DELIVERY_RECORDS, type RecordName } from '@tributary/codecs';
import { ledgerKey } from '@tributary/domain';
import { createKafka, kafkaConnection, kafkaSettings, LaneProducer } from '@tributary/kafka';
import { PostgresAlerts } from '@tributary/postgres';
import { createLog } from '@tributary/telemetry';
import { ledgerKeyParts, plannedEntry } from '../../../../test/builders/delivery.builder.js';
import { LimitedTopic } from '../../../../test/integration/limited-topic.js';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { eventually } from '../../../../test/stack/eventually.js';
import { LedgerStore } from '../ledger.store.js';
import { OutboxPublisher } from './outbox-publisher.js';
import { OutboxStore, type OutboxRow } from './outbox.store.js';

const MAX_BYTES = 2_000;
const log = createLog('test', 'silent');
const kafka = createKafka(kafkaConnection(readSettings(kafkaSettings, process.env), 'test'), log);
const database = new OwnDatabase('publisher');
const book = new SchemaBook();
for (const [index, { record }] of allSubjects().entries()) book.setWriterId(record as RecordName, index + 1);

const keyOf = (reference: string): string => ledgerKey(ledgerKeyParts({ reference }));

let topic: LimitedTopic;
let producer: LaneProducer;
let publisher: OutboxPublisher;
let outbox: OutboxStore;
let ledger: LedgerStore;

beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql.query('', 'truncate tiktok.ledger_entries, tiktok_ops.outbox, tiktok_ops.dispatch_queue, alerts.alerts');
  topic = new LimitedTopic(kafka);
  await topic.create(MAX_BYTES);
  producer = new LaneProducer(kafka, { lanes: 1, requestTimeoutMs: 5_000 }, log);
  outbox = new OutboxStore(database.sql, 'tiktok');
  ledger = new LedgerStore(database.sql, 'tiktok', book, TIKTOK_DELIVERY_RECORDS);
  publisher = new OutboxPublisher(
    outbox,
    producer,
    new PostgresAlerts(database.sql),
    { topic: topic.name, partitions: 1, refusedForMs: 500, onAccepted: () => ledger.alignQueue() },
    log,
  );
});
afterEach(async () => {
  await publisher.stop();
  await producer.close();
});

/** Puts events of planned effects into the outbox, as if committed a while ago; `size` bytes each. */
async function commit(...events: readonly (readonly [reference: string, version: number, size: number])[]): Promise<OutboxRow[]> {
  await ledger.putFolded([...new Set(events.map(([reference]) => reference))].map((reference) => plannedEntry({ reference })));
  await ledger.alignQueue();
  const rows: OutboxRow[] = [];
  for (const [reference, version, size] of events) {
    const value = Buffer.alloc(size, version);
    const [row] = await database.sql.query<{ id: number }>(
      '',
      `insert into tiktok_ops.outbox (ledger_key, tenant_id, version, value, created_at) values ($1, 'acme', $2, $3, now() - interval '1 minute') returning id`,
      [keyOf(reference), version, value],
    );
    rows.push({ id: row?.id ?? 0, ledgerKey: keyOf(reference), effects: [keyOf(reference)], value });
  }
  return rows;
}

const kept = async (): Promise<string[]> =>
  (await database.sql.query<{ line: string }>('', `select ledger_key || '/' || version as line from tiktok_ops.outbox order by id`)).map(
    ({ line }) => line,
  );
const queued = async (): Promise<string[]> =>
  (await database.sql.query<{ ledger_key: string }>('', 'select ledger_key from tiktok_ops.dispatch_queue order by 1')).map(
    ({ ledger_key }) => ledger_key,
  );
const openAlerts = async (): Promise<{ kind: string; what: string; todo: string }[]> =>
  database.sql.query('', 'select kind, what, todo from alerts.alerts where closed_at is null');

describe('an event that the broker refuses', () => {
  it('is kept with what follows it of its effect, and all others are published', async () => {
    const rows = await commit(['1', 1, 100], ['2', 1, 5_000], ['2', 2, 100], ['3', 1, 100]);
    expect([...(await publisher.publish(rows))]).toEqual([keyOf('2')]);
    await eventually('the others are forgotten', 5_000, async () => (await kept()).length === 2);
    expect(await kept()).toEqual([`${keyOf('2')}/1`, `${keyOf('2')}/2`]);
    expect([...(await publisher.publish(await commit(['4', 1, 100], ['2', 3, 100])))]).toEqual([keyOf('2')]);
    expect([...(await publisher.publish(await commit(['5', 1, 100])))]).toEqual([]);
  });

  it('takes its effect out of the queue, so that nothing is sent that the log does not know', async () => {
    const rows = await commit(['1', 1, 100], ['2', 1, 5_000]);
    expect(await queued()).toEqual([keyOf('1'), keyOf('2')]);
    await publisher.publish(rows);
    expect(await queued()).toEqual([keyOf('1')]);
    await ledger.alignQueue();
    expect(await queued()).toEqual([keyOf('1')]);
  });

  it('is alerted with what to do, and goes on by itself once the topic takes it', async () => {
    await publisher.publish(await commit(['2', 1, 5_000], ['2', 2, 100]));
    expect(await openAlerts()).toEqual([
      { kind: 'record-refused', what: expect.stringContaining(topic.name), todo: expect.stringContaining('tributary topics apply') },
    ]);
    const before = await topic.endOffset();
    publisher.start();
    await topic.lift();
    await eventually('it is published', 20_000, async () => (await kept()).length === 0);
    expect(await topic.endOffset()).toBeGreaterThanOrEqual(before + 2);
    await eventually('its effect may go on', 5_000, async () => (await queued()).length === 1);
    await eventually('the alert is closed', 5_000, async () => (await openAlerts()).length === 0);
  });

  it('lets its effect go on also when the outbox is slow to forget what was published', async () => {
    await publisher.publish(await commit(['2', 1, 5_000]));
    const forget = outbox.published.bind(outbox);
    let release = (): void => undefined;
    const isReleased = new Promise<void>((resolve) => (release = resolve));
    jest.spyOn(outbox, 'published').mockImplementationOnce(async (ids) => {
      await isReleased;
      await forget(ids);
    });
    publisher.start();
    await topic.lift();
    try {
      await eventually('its effect may go on', 20_000, async () => (await queued()).length === 1);
    } finally {
      release();
    }
  });

  it('stays kept, in order, while the topic goes on refusing it, also for a process that never met it', async () => {
    await publisher.publish(await commit(['2', 1, 5_000], ['2', 2, 100]));
    expect(await outbox.leftBehind(0, 60_000, 10)).toEqual([]);
    await eventually('it may be tried again', 5_000, async () => (await outbox.leftBehind(0, 500, 10)).length === 2);
    expect((await outbox.leftBehind(0, 500, 10)).map(({ wasRefused, value }) => [wasRefused, value[0]])).toEqual([
      [true, 1],
      [true, 2],
    ]);
  });
});
