import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { allSubjects, SchemaBook, TIKTOK_DELIVERY_RECORDS, type RecordName } from '@tributary/codecs';
import { readSettings } from '@tributary/config';
import { tiktokDestination, tiktokSettingsSchema, type TiktokSecrets, type TiktokSettings } from '@tributary/destinations';
import { attemptDelivery, ledgerKey, UNKNOWN_BUYER, type Destination, type LedgerEntry } from '@tributary/domain';
import { VendorClient } from '@tributary/http';
import { createKafka, kafkaConnection, kafkaSettings, LaneProducer, withTopicAdmin } from '@tributary/kafka';
import { PostgresAlerts, PostgresPool } from '@tributary/postgres';
import { createLog } from '@tributary/telemetry';
import { ledgerKeyParts, plannedEntry } from '../../../../test/builders/delivery.builder.js';
import { CuttableConnection } from '../../../../test/integration/cuttable-connection.js';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { startTiktokSimulator, type TiktokSimulator } from '../../../../test/simulators/tiktok/tiktok-simulator.ts';
import { eventually } from '../../../../test/stack/eventually.js';
import { CredentialsStore } from '../credentials.store.js';
import { LedgerStore } from '../ledger.store.js';
import { OutboxPublisher } from '../outbox/outbox-publisher.js';
import { OutboxStore } from '../outbox/outbox.store.js';
import { Dispatcher } from './dispatcher.js';
import type { PreparedIntent } from './dispatch.port.js';

type Tiktok = Destination<TiktokSettings, TiktokSecrets>;

const CREDENTIAL = { tenantId: 'acme', connectionId: 'ads' };
const TOPIC = `test.${randomUUID()}.v1`;
const log = createLog('test', 'silent');
const kafka = createKafka(kafkaConnection(readSettings(kafkaSettings, process.env), 'test'), log);
const database = new OwnDatabase('dispatcher');
const book = new SchemaBook();
for (const [index, { record }] of allSubjects().entries()) book.setWriterId(record as RecordName, index + 1);

let vendor: TiktokSimulator;
let way: CuttableConnection;
let sql: PostgresPool;
let store: LedgerStore;
let running: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  await database.create();
  const url = new URL(database.url);
  way = new CuttableConnection({ host: url.hostname, port: Number(url.port) });
  url.port = String((await way.open()).port);
  sql = new PostgresPool({ databaseUrl: url.href, maxConnections: 6, applicationName: 'dispatcher' });
  store = new LedgerStore(sql, 'tiktok', book, TIKTOK_DELIVERY_RECORDS);
  vendor = await startTiktokSimulator({ pixels: 'any' });
  await withTopicAdmin(kafka, (admin) =>
    admin.apply([{ name: TOPIC, retention: { kind: 'for-ever' } }], {
      partitions: 1,
      replicationFactor: 1,
      minInSyncReplicas: 1,
      isLocal: true,
    }),
  );
});
afterEach(async () => {
  for (const one of running.toReversed()) await one.stop();
  running = [];
  vendor.control.reset();
  await database.sql.query('', 'truncate tiktok.ledger_entries, tiktok_ops.outbox, tiktok_ops.dispatch_queue, tiktok_ops.credentials');
});
afterAll(async () => {
  await vendor?.stop();
  await sql?.close();
  await way?.cut();
  await database.drop();
});

const intentOf = ({ key, plan }: LedgerEntry): PreparedIntent => {
  if (plan === null) throw new Error('nothing is planned');
  const tenant = { tenantId: key.tenantId, defaultCountry: null };
  const source = { connectionId: key.sourceConnectionId, storeUrl: 'https://shop.example', country: 'CL', isConsentRequired: false };
  const { eventName, reference, revision } = key;
  return {
    tenant,
    source,
    eventName,
    reference,
    revision,
    plan,
    orderNumber: reference,
    billingCountry: 'CL',
    orderedAt: plan.eventTime,
    consent: null,
    personal: null,
    isRenewal: false,
    orderStatus: 'processing',
    products: new Map(),
    isBaseSent: true,
    background: UNKNOWN_BUYER,
    sealedUnder: null,
  };
};

function dispatcherOf(destination: Tiktok = tiktokDestination): Dispatcher<TiktokSettings, TiktokSecrets> {
  const producer = new LaneProducer(kafka, { lanes: 1, requestTimeoutMs: 5_000 }, log);
  const publisher = new OutboxPublisher(
    new OutboxStore(sql, 'tiktok'),
    producer,
    new PostgresAlerts(sql),
    { topic: TOPIC, partitions: 1, refusedForMs: 60_000, onAccepted: () => store.alignQueue() },
    log,
  );
  const client = new VendorClient({ connectionsPerHost: 16 });
  const dispatcher = new Dispatcher<TiktokSettings, TiktokSecrets>(
    destination,
    store,
    new CredentialsStore(sql, 'tiktok', 500),
    publisher,
    {
      ensureNotSetBack: () => Promise.resolve(),
      inForce: () =>
        Promise.resolve({
          settings: tiktokSettingsSchema.parse({ pixelCode: 'PIXEL1' }),
          secrets: { accessToken: 'token' },
          version: 1,
          baseUrl: vendor.url,
          settingsKey: '1',
        }),
      intents: (entries) => Promise.resolve(new Map(entries.map((entry) => [ledgerKey(entry.key), intentOf(entry)]))),
      seal: () => Promise.resolve(null),
      send: (request, timeoutMs) => client.send(request, timeoutMs),
      onParked: () => Promise.resolve(),
      onBug: () => Promise.resolve(),
      onOutcome: () => undefined,
      newEventId: uuidv7,
    },
    {
      owner: uuidv7(),
      leaseMs: 30_000,
      isolationLeaseMs: 30_000,
      poolSize: 8,
      inFlightPerCredential: 4,
      requestsPerSecond: Number.POSITIVE_INFINITY,
      lingerMs: 20,
      claimEveryMs: 20,
      claimPerCredential: 50,
      capacity: 1_000,
    },
    log,
  );
  running.push({ stop: () => client.close() }, { stop: () => producer.close() }, publisher, dispatcher);
  return dispatcher;
}

const planned = (reference: string): LedgerEntry =>
  plannedEntry({ reference }, { vendorEventId: `wc_order_${reference}`, eventTime: Date.now() });

/** Puts planned effects where any dispatcher may claim them. */
async function plan(...references: readonly string[]): Promise<void> {
  await store.putFolded(references.map(planned));
  await store.alignQueue();
}

const requests = (): (readonly string[])[] => vendor.received().requests.map(({ eventIds }) => eventIds.toSorted());

const stateOf = async (reference: string): Promise<string | undefined> =>
  (await store.find([ledgerKey(ledgerKeyParts({ reference }))]))[0]?.state;

const untilAll = (state: string, ...references: readonly string[]): Promise<void> =>
  eventually(`${references.join(', ')} ${state}`, 20_000, async () =>
    (await Promise.all(references.map(stateOf))).every((one) => one === state),
  );

const untilAsked = (): Promise<void> => eventually('the vendor has a request', 10_000, () => vendor.received().counts.requests > 0);

it('sends what is planned, and the topic has the intent and the outcome', async () => {
  const before = await withTopicAdmin(kafka, (admin) => admin.endOffsets(TOPIC));
  await plan('1', '2');
  dispatcherOf().start(() => [CREDENTIAL]);
  await untilAll('delivered', '1', '2');
  expect(requests()).toEqual([['wc_order_1', 'wc_order_2']]);
  await eventually('all is published', 5_000, async () => (await sql.query('', 'select 1 from tiktok_ops.outbox')).length === 0);
  const after = await withTopicAdmin(kafka, (admin) => admin.endOffsets(TOPIC));
  expect((after.get(0) ?? 0) - (before.get(0) ?? 0)).toBe(4);
});

describe('a request that would be too large', () => {
  const limitedTo = (maxRequestBytes: number): Tiktok => ({
    ...tiktokDestination,
    declaration: { ...tiktokDestination.declaration, maxRequestBytes },
  });
  const sizes = (): number[] => vendor.received().requests.map(({ body }) => Buffer.byteLength(JSON.stringify(body)));

  it('leaves in parts within the limit, each effect once', async () => {
    const references = Array.from({ length: 9 }, (_, index) => String(index + 1));
    await plan(...references);
    dispatcherOf(limitedTo(1_500)).start(() => [CREDENTIAL]);
    await untilAll('delivered', ...references);
    expect(requests().length).toBeGreaterThan(1);
    expect(requests().some((eventIds) => eventIds.length > 1)).toBe(true);
    expect(requests().flat().toSorted()).toEqual(references.map((reference) => `wc_order_${reference}`));
    expect(Math.max(...sizes())).toBeLessThanOrEqual(1_500);
  });

  it('leaves all the same when it is one event alone', async () => {
    await plan('1', '2', '3');
    dispatcherOf(limitedTo(10)).start(() => [CREDENTIAL]);
    await untilAll('delivered', '1', '2', '3');
    expect(requests()).toHaveLength(3);
    expect(requests()).toEqual(expect.arrayContaining([['wc_order_1'], ['wc_order_2'], ['wc_order_3']]));
    expect(Math.min(...sizes())).toBeGreaterThan(10);
  });
});

it('keeps what the vendor answered while Postgres is away, and writes it down when Postgres is back', async () => {
  vendor.control.setLatencyMs(500);
  await plan('1');
  dispatcherOf().start(() => [CREDENTIAL]);
  await untilAsked();
  await way.cut();
  // Long enough for the answer to come while nobody can write it down.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await way.open();
  await untilAll('delivered', '1');
  expect(requests()).toEqual([['wc_order_1']]);
});

it('waits for the request under way when it stops, and gives back what it had not begun', async () => {
  vendor.control.setLatencyMs(1_000);
  const slow = dispatcherOf({
    ...tiktokDestination,
    declaration: { ...tiktokDestination.declaration, maxIntentsPerRequest: 1 },
  });
  const references = Array.from({ length: 10 }, (_, index) => String(index + 1));
  await plan(...references);
  slow.start(() => [CREDENTIAL]);
  await untilAsked();
  await slow.stop();
  const asked = requests().flat();
  expect(asked.length).toBeLessThan(references.length);
  for (const reference of references)
    expect([reference, await stateOf(reference)]).toEqual([reference, asked.includes(`wc_order_${reference}`) ? 'delivered' : 'planned']);
  const queue = await sql.query<{ isLeased: boolean }>('', 'select lease_owner is not null as "isLeased" from tiktok_ops.dispatch_queue');
  expect(queue).toEqual(Array.from({ length: references.length - asked.length }, () => ({ isLeased: false })));
});

it('gets all but the bad one through when the vendor refuses a request for one event without naming it', async () => {
  vendor.control.fail({ kind: 'refuse-event', eventIds: ['wc_order_5'], hidesPath: true });
  const others = ['1', '2', '3', '4', '6', '7', '8'];
  await plan('5', ...others);
  dispatcherOf().start(() => [CREDENTIAL]);
  await untilAll('delivered', ...others);
  await untilAll('rejected', '5');
  expect(
    vendor
      .received()
      .accepted.map(({ eventId }) => eventId)
      .toSorted(),
  ).toEqual(others.map((reference) => `wc_order_${reference}`));
});

it('neither sends nor waits for what another replica has moved meanwhile', async () => {
  const dispatcher = dispatcherOf();
  dispatcher.start(() => [CREDENTIAL]);
  const stale = planned('1');
  const moment = { nowMs: Date.now(), newEventId: uuidv7, random: 0 };
  const intent = {
    dueAt: moment.nowMs + 60_000,
    settingsVersion: 1,
    matchKeys: [],
    sealedUnder: null,
    sealedRequest: null,
    identity: null,
  };
  await store.putFolded([attemptDelivery(stale, intent, moment).entry]);
  dispatcher.offer([stale]);
  await plan('2');
  await untilAll('delivered', '2');
  expect(requests()).toEqual([['wc_order_2']]);
  expect(await stateOf('1')).toBe('attempted');
});
