import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { allSubjects, FULFILLMENT_DELIVERY_RECORDS, SchemaBook, type RecordName } from '@tributary/codecs';
import { readSettings } from '@tributary/config';
import { DESTINATIONS, type TrackingtechSecrets, type TrackingtechSettings } from '@tributary/destinations';
import { asConnectionId, asTenantId, ledgerKey, type LedgerEntry, type StatusReading, type SubjectId } from '@tributary/domain';
import { VendorClient } from '@tributary/http';
import { createKafka, kafkaConnection, kafkaSettings, LaneProducer, withTopicAdmin } from '@tributary/kafka';
import { PostgresAlerts, PostgresVaultStore } from '@tributary/postgres';
import { createLog } from '@tributary/telemetry';
import { MasterKeys, Vault } from '@tributary/vault';
import { deliveredEntry, ledgerKeyParts } from '../../../../test/builders/delivery.builder.js';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { startTrackingtechSimulator, type TrackingtechSimulator } from '../../../../test/simulators/trackingtech/trackingtech-simulator.ts';
import { eventually } from '../../../../test/stack/eventually.js';
import { CredentialsStore } from '../credentials.store.js';
import { DestinationAlerts } from '../destination-alerts.js';
import { LedgerStore } from '../ledger.store.js';
import { OutboxPublisher } from '../outbox/outbox-publisher.js';
import { OutboxStore } from '../outbox/outbox.store.js';
import { StatusReaders, type StatusLease } from './status-readers.store.js';
import { StatusSeals } from './status-seals.js';
import { StatusTurn } from './status-turn.js';

const ACME = asTenantId('acme');
const COURIER = asConnectionId('courier');
const TOPIC = `test.${randomUUID()}.v1`;
const WORDS = {
  app: 'fulfillment',
  vendor: 'TrackingTech',
  effects: 'Courier orders',
  credential: 'the token',
  remedy: 'a token',
  withoutKeys: 'x',
} as const;
const log = createLog('test', 'silent');
const kafka = createKafka(kafkaConnection(readSettings(kafkaSettings, process.env), 'test'), log);
const database = new OwnDatabase('statuses');
const book = new SchemaBook();
for (const [index, { record }] of allSubjects().entries()) book.setWriterId(record as RecordName, index + 1);
const client = new VendorClient({ connectionsPerHost: 8 });
const producer = new LaneProducer(kafka, { lanes: 1, requestTimeoutMs: 5_000 }, log);
const { destination, settingsSchema } = DESTINATIONS.trackingtech;

let courier: TrackingtechSimulator;
let vault: Vault;
let buyer: SubjectId;

beforeAll(async () => {
  await database.create();
  courier = await startTrackingtechSimulator({ tokens: ['good'] });
  vault = new Vault({ store: new PostgresVaultStore(database.sql), masterKeys: MasterKeys.parse(Buffer.alloc(32, 7).toString('base64')) });
  const topic = { name: TOPIC, retention: { kind: 'for-ever' } } as const;
  await withTopicAdmin(kafka, (admin) =>
    admin.apply([topic], { partitions: 1, replicationFactor: 1, minInSyncReplicas: 1, isLocal: true }),
  );
});
beforeEach(async () => {
  courier.control.reset();
  await database.sql.query(
    '',
    `truncate fulfillment.ledger_entries, fulfillment.connections, fulfillment_ops.outbox, fulfillment_ops.credentials,
              fulfillment_ops.status_readers, alerts.alerts`,
  );
  await database.sql.query(
    '',
    `insert into fulfillment.connections (tenant_id, connection_id, version, kind, state, activated_at, configured_at, settings, secrets_version)
     values ('acme', 'courier', 1, 'trackingtech', 'active', 1, 1, '{}', 1)`,
  );
  const [subject] = await vault.subjectsFor([{ tenantId: ACME, kind: 'order', normalised: `shop:${randomUUID()}` }]);
  if (subject === undefined) throw new Error('no subject');
  buyer = subject.subjectId;
});
afterAll(async () => {
  await courier?.stop();
  await client.close();
  await producer.close();
  await database.drop();
});

interface Replica {
  readonly ledger: LedgerStore;
  readonly readers: StatusReaders;
  readonly turn: StatusTurn<TrackingtechSettings, TrackingtechSecrets>;
}

function replica({ token = 'good', statusReading = {} }: { readonly token?: string; readonly statusReading?: object } = {}): Replica {
  const { sql } = database;
  const ledger = new LedgerStore(sql, 'fulfillment', book, FULFILLMENT_DELIVERY_RECORDS);
  const readers = new StatusReaders(sql, 'fulfillment', 'trackingtech', { owner: uuidv7(), leaseMs: 60_000 });
  const alerts = new PostgresAlerts(sql);
  const settings = settingsSchema.parse({ courierCode: 'C', storeId: '77', customerId: '4711', statusReading });
  const turn = new StatusTurn(destination.statuses as StatusReading<TrackingtechSettings, TrackingtechSecrets>, {
    readers,
    ledger,
    credentials: new CredentialsStore(sql, 'fulfillment', 500, 'visits'),
    publisher: new OutboxPublisher(
      new OutboxStore(sql, 'fulfillment'),
      producer,
      alerts,
      { topic: TOPIC, partitions: 1, refusedForMs: 60_000, onAccepted: () => Promise.resolve() },
      log,
    ),
    seals: new StatusSeals(vault, book, () => Promise.resolve(), TOPIC),
    told: new DestinationAlerts(alerts, WORDS),
    inForce: () => Promise.resolve({ settings, secrets: { token }, version: 1, baseUrl: courier.url, settingsKey: '1' }),
    send: (request, timeoutMs) => client.send(request, timeoutMs),
    requestTimeoutMs: 5_000,
    moment: () => ({ nowMs: Date.now(), newEventId: uuidv7, random: 0.5 }),
  });
  return { ledger, readers, turn };
}

const body = (orderId: string): object => ({
  order_id: orderId,
  order_number: orderId,
  customer_id: '4711',
  store_id: '77',
  lines: [{ name: 'Mug', quantity: 1, price: 1 }],
  currency: 'CLP',
  shipping: { name: 'Ana', address_1: 'Calle 1', city: 'Ñuñoa', country: 'CL' },
});

/** Orders that the courier has taken just now, and the ledger knows it. */
async function handOver(ledger: LedgerStore, ...references: readonly string[]): Promise<void> {
  const now = Date.now();
  const entries = await Promise.all(
    references.map(async (reference): Promise<LedgerEntry> => {
      const answer = await fetch(`${courier.url}/external/orders`, {
        method: 'POST',
        headers: { authorization: 'Bearer good', 'content-type': 'application/json', 'idempotency-key': reference },
        body: JSON.stringify(body(reference)),
      });
      const { tracking_id: trackingId } = (await answer.json()) as { readonly tracking_id: string };
      const entry = deliveredEntry({ reference, destinationConnectionId: COURIER, eventName: 'CourierOrder' }, trackingId);
      return { ...entry, plannedAt: now, settledAt: now, sealedUnder: buyer };
    }),
  );
  await ledger.putFolded(entries);
}

const entryOf = async (ledger: LedgerStore, reference: string): Promise<LedgerEntry | undefined> => {
  const key = ledgerKey(ledgerKeyParts({ reference, destinationConnectionId: COURIER, eventName: 'CourierOrder' }));
  return (await ledger.find([key]))[0];
};

const claimed = async ({ readers }: Replica): Promise<StatusLease | undefined> => {
  await readers.follow();
  return (await readers.claim(5))[0];
};

/** One turn from the beginning, whenever the last was. */
async function readNow(one: Replica): Promise<void> {
  await database.sql.query('', `update fulfillment_ops.status_readers set due_at = now(), state = null`);
  const lease = await claimed(one);
  if (lease === undefined) throw new Error('nothing to lease');
  await one.turn.run(lease, () => false);
}

const asked = (): number => courier.received().requests.filter(({ method }) => method === 'GET').length;
const reader = async (): Promise<{ failures: number; failure: string | null; in_ms: number }> => {
  const [row] = await database.sql.query<{ failures: number; failure: string | null; in_ms: number }>(
    '',
    `select failures, failure, (extract(epoch from due_at - now()) * 1000)::float8 as in_ms from fulfillment_ops.status_readers`,
  );
  if (row === undefined) throw new Error('no reader');
  return row;
};
const alertKinds = async (): Promise<string[]> => (await new PostgresAlerts(database.sql).list(ACME)).map(({ kind }) => kind);

it.each(['plain', 'meta', 'flat'] as const)('reads what became of many orders, page by page, from %s lists', async (shape) => {
  courier.control.shapeLists(shape);
  const one = replica();
  const references = Array.from({ length: 120 }, (_, index) => String(3_000 + index));
  await handOver(one.ledger, ...references);
  courier.control.progress('3119', 'in_transit', { statusName: 'En ruta' });
  await readNow(one);
  const entries = await Promise.all(references.map((reference) => entryOf(one.ledger, reference)));
  expect(entries.every((entry) => entry?.version === 4)).toBe(true);
  expect(entries.at(-1)?.status).toMatchObject({ status: 'in_transit', statusName: 'En ruta', isFinal: false });
  // Fifty to a page: three lists by order ids, two of three pages by days. A plain list that is full does not say that it is whole.
  expect(asked()).toBe(shape === 'plain' ? 11 : 9);
  await readNow(one);
  expect((await entryOf(one.ledger, '3119'))?.version).toBe(4);
});

it('writes each change once, and asks no more about what the courier has closed', async () => {
  const one = replica({ statusReading: { by: ['order-ids'] } });
  await handOver(one.ledger, '1', '2');
  await readNow(one);
  courier.control.progress('1', 'delivered', { statusName: 'Entregado' });
  await readNow(one);
  courier.control.progress('1', 'lost');
  courier.control.progress('2', 'delivered');
  await readNow(one);
  await readNow(one);
  const [first, second] = [await entryOf(one.ledger, '1'), await entryOf(one.ledger, '2')];
  expect(first?.status?.history.map(({ status }) => status)).toEqual(['created', 'delivered']);
  expect([first?.version, second?.version]).toEqual([5, 5]);
  const before = asked();
  await readNow(one);
  expect(asked()).toBe(before);
});

it('seals who brings it, under the buyer, and says nothing of it once the buyer is forgotten', async () => {
  const one = replica();
  await handOver(one.ledger, '1');
  courier.control.progress('1', 'in_transit', { driverId: 55, driverName: 'Luis Rojas', routeName: 'Ruta Norte' });
  await readNow(one);
  const entry = await entryOf(one.ledger, '1');
  expect(entry?.status?.names).toMatchObject({ sealedUnder: buyer });
  const seals = new StatusSeals(vault, book, () => Promise.resolve(), TOPIC);
  const opened = entry === undefined ? undefined : [...(await seals.open([entry])).values()];
  expect(opened).toEqual([{ driverId: '55', driverName: 'Luis Rojas', routeId: null, routeName: 'Ruta Norte' }]);
  const rows = await database.sql.query('', 'select ledger_entries::text as written from fulfillment.ledger_entries');
  expect(JSON.stringify(rows)).not.toMatch(/Luis|Norte/);
  await readNow(one);
  expect((await entryOf(one.ledger, '1'))?.version).toBe(4);
  courier.control.progress('1', 'in_transit', { driverId: 56, driverName: 'Eva Paz' });
  await vault.erase(ACME, [buyer]);
  await readNow(one);
  expect((await entryOf(one.ledger, '1'))?.version).toBe(4);
});

it('is one replica’s at a time', async () => {
  const [one, two] = [replica(), replica()];
  await handOver(one.ledger, '1');
  await one.readers.follow();
  const leases = [await claimed(one), await claimed(two)];
  expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
  // A replica that lost its lease and goes on nevertheless changes nothing twice.
  await database.sql.query('', `update fulfillment_ops.status_readers set leased_until = now()`);
  const taken = await claimed(two);
  const lost = leases[0];
  if (lost === undefined || taken === undefined) throw new Error('nothing was leased');
  await expect(one.turn.run(lost, () => false)).rejects.toThrow('worked on by somebody else');
  await two.turn.run(taken, () => false);
  expect((await entryOf(one.ledger, '1'))?.version).toBe(4);
  await eventually('each event is in the topic', 10_000, async () => {
    const [row] = await database.sql.query<{ waiting: number }>('', 'select count(*)::int as waiting from fulfillment_ops.outbox');
    return row?.waiting === 0;
  });
});

it('writes nothing of half of the lists, and comes again', async () => {
  const one = replica();
  await handOver(one.ledger, '1');
  courier.control.fail({ kind: 'html', call: 'days', times: 1 });
  await readNow(one);
  expect((await entryOf(one.ledger, '1'))?.version).toBe(3);
  expect(await reader()).toMatchObject({ failures: 1, failure: 'http-502' });
  await readNow(one);
  expect((await entryOf(one.ledger, '1'))?.version).toBe(4);
  expect(await reader()).toMatchObject({ failures: 0, failure: null });
});

it('waits as long as the courier asks', async () => {
  const one = replica();
  await handOver(one.ledger, '1');
  courier.control.fail({ kind: 'too-many-requests', call: 'status', times: 1, retryAfterSeconds: 120 });
  await readNow(one);
  expect((await reader()).in_ms).toBeGreaterThan(100_000);
});

it('parks the account when its token has expired, and calls for a person', async () => {
  const one = replica({ token: 'expired' });
  await handOver(one.ledger, '1');
  await readNow(one);
  expect(await alertKinds()).toEqual(['credential-parked']);
  const before = asked();
  await readNow(one);
  expect(asked()).toBe(before);
  expect((await entryOf(one.ledger, '1'))?.version).toBe(3);
});

it('tells a person when lists cannot be read time and again, until they can', async () => {
  const one = replica();
  await handOver(one.ledger, '1');
  courier.control.fail({ kind: 'http-error', call: 'status', times: 5 });
  for (let turn = 1; turn <= 5; turn += 1) await readNow(one);
  expect(await alertKinds()).toEqual(['statuses-unreadable']);
  await readNow(one);
  expect(await alertKinds()).toEqual([]);
});
