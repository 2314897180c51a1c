import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import { encodeDeliveryEvent, TIKTOK_DELIVERY_RECORDS, TIKTOK_DELIVERY_TOPIC } from '@tributary/codecs';
import { asConnectionId, asTenantId, ledgerKey, partitionOf, type DeliveryEvent } from '@tributary/domain';
import { LaneProducer, Registry } from '@tributary/kafka';
import { loadSchemaBook } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { deliveryBase, deliveryPlan, ledgerKeyParts } from '../builders/delivery.builder.js';
import { orderBody, signedWebhook } from '../builders/order.builder.js';
import { eventually } from '../stack/eventually.js';
import { Stack } from '../stack/stack.js';
import { configure, postWebhook } from '../stack/tenant.js';

const run = promisify(execFile);
const TOKEN = 'token-of-the-shop-01';
const SECRET = 'secret-of-the-shop';
const PARTITIONS = 6;
/** Between two orders of the live traffic: what has to be settled afterwards must not grow with the machine's speed. */
const PACE_MS = 30;

let stack: Stack;
let nextOrder = 5_000;

beforeAll(async () => {
  stack = await Stack.start({
    apps: ['ingest', 'tiktok'],
    partitions: PARTITIONS,
    simulator: {
      pixels: [
        { code: 'PIXEL1', accessToken: 'token-of-the-pixel' },
        { code: 'PIXEL2', accessToken: 'another-token' },
      ],
    },
  });
  await configure(stack, {
    id: 'acme',
    shops: [{ id: 'shop', token: TOKEN, webhookSecret: SECRET }],
    pixels: [
      { id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1' } },
      { id: 'closed', accessToken: 'token-that-is-refused', settings: { pixelCode: 'PIXEL2' } },
    ],
  });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

const cli = async (...args: readonly string[]): Promise<string> => {
  const { stdout } = await run(process.execPath, [join(__dirname, '..', '..', 'dist', 'apps', 'cli', 'main.js'), ...args], {
    env: stack.environment(),
  });
  return stdout;
};
const digests = async (): Promise<unknown> => JSON.parse(await cli('dump', 'tiktok', '--json'));

async function send(overrides: Record<string, unknown> = {}): Promise<number> {
  nextOrder += 1;
  const now = new Date().toISOString().slice(0, 19);
  const body = orderBody({
    id: nextOrder,
    number: String(nextOrder),
    status: 'processing',
    date_created_gmt: now,
    date_modified_gmt: now,
    date_paid_gmt: now,
    ...overrides,
  });
  const answer = await postWebhook(stack.app('ingest').url, TOKEN, signedWebhook(body, SECRET, 'order.updated'));
  expect(answer.status).toBe(200);
  return nextOrder;
}

const states = async (): Promise<Record<string, number>> => {
  const rows = await stack.sql.query<{ state: string; count: number }>(
    '',
    'select state, count(*)::int as count from tiktok.ledger_entries group by state',
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
};

/** Nothing is under way (what waits for the refused credential waits): every event is in the topic and folded. */
async function atRest(): Promise<void> {
  await eventually('everything is settled and published', 40_000, async () => {
    const [row] = await stack.sql.query<{ unpublished: number; unsettled: Record<string, number> | null }>(
      '',
      `select (select count(*) from tiktok_ops.outbox)::int as unpublished,
              (select jsonb_object_agg(state, count) from (
                 select state, count(*)::int from tiktok.ledger_entries
                  where settled_at is null and destination_connection_id <> 'closed' group by state) by_state) as unsettled`,
    );
    expect(row).toEqual({ unpublished: 0, unsettled: null });
    expect(await behind()).toEqual([]);
    return true;
  });
}

/** Partitions whose projection is not at the end of the log. */
async function behind(): Promise<object[]> {
  const admin = stack.kafka.admin();
  await admin.connect();
  try {
    const rows = await stack.sql.query<{ topic: string; partition: number; next_offset: number }>(
      '',
      'select topic, partition, next_offset from tiktok.offsets',
    );
    const found: object[] = [];
    for (const topic of new Set(rows.map((row) => row.topic))) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
        const next = rows.find((row) => row.topic === topic && row.partition === partition)?.next_offset;
        if (next !== Number(high)) found.push({ topic, partition, next, end: Number(high) });
      }
    }
    return found;
  } finally {
    await admin.disconnect();
  }
}

/** A delivery whose window passed without an answer, written into the log as the app would have written it. */
async function publishUnconfirmed(): Promise<void> {
  const registry = new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null });
  const book = await loadSchemaBook(registry);
  const producer = new LaneProducer(stack.kafka, { lanes: 1, requestTimeoutMs: 5_000 }, createLog('test', 'silent'));
  const key = ledgerKeyParts({ tenantId: asTenantId('acme'), destinationConnectionId: asConnectionId('ads'), reference: '77' });
  const base = (version: number) => ({ ...deliveryBase(version, (version - 1) * 1_000, key), eventId: uuidv7() });
  const events: DeliveryEvent[] = [
    { ...base(1), type: 'Planned', plan: deliveryPlan({ vendorEventId: 'wc_order_77' }) },
    {
      ...base(2),
      type: 'Attempted',
      attempt: 1,
      dueAt: base(2).occurredAt + 20_000,
      settingsVersion: 1,
      matchKeys: [],
      sealedUnder: null,
      sealedRequest: null,
      identity: null,
    },
    { ...base(3), type: 'Unconfirmed', reason: 'window-over' },
  ];
  for (const event of events) {
    const text = ledgerKey(event.key);
    await producer.append({
      topic: TIKTOK_DELIVERY_TOPIC,
      key: text,
      partition: partitionOf(text, PARTITIONS),
      value: encodeDeliveryEvent(book, TIKTOK_DELIVERY_RECORDS, event),
      headers: {},
    });
  }
  await producer.close();
}

describe('rebuild tiktok', () => {
  it('gives the same tables at rest, and calls nobody', async () => {
    const { control } = stack.tiktok;
    const rejected = nextOrder + 1;
    control.fail({ kind: 'refuse-event', eventIds: [`wc_order_${rejected}`] });
    for (let index = 0; index < 40; index += 1) await send(index % 5 === 1 ? { created_via: 'admin' } : {});
    await publishUnconfirmed();
    await atRest();
    expect(Object.keys(await states()).toSorted()).toEqual(['delivered', 'parked', 'planned', 'rejected', 'suppressed', 'unconfirmed']);

    const before = await digests();
    const requests = stack.tiktok.received().requests.length;
    const report = JSON.parse(await cli('rebuild', 'tiktok', '--json')) as { differing: Record<string, number>; isSwapped: boolean };
    expect(report).toMatchObject({ isSwapped: true, differing: { connections: 0, orders: 0, ledger_entries: 0 } });
    await atRest();
    expect(await digests()).toEqual(before);
    expect(stack.tiktok.received().requests.length).toBe(requests);
  }, 120_000);

  it('gives the same tables with three consumers, and goes on afterwards', async () => {
    await Promise.all(['tiktok-2', 'tiktok-3'].map(async (instance) => stack.untilReady(await stack.startApp('tiktok', { instance }))));
    for (let index = 0; index < 20; index += 1) await send();
    await atRest();
    const before = await digests();
    await cli('rebuild', 'tiktok');
    await atRest();
    expect(await digests()).toEqual(before);
    const order = await send();
    await eventually('an order after the swap is delivered', 20_000, () =>
      stack.tiktok.received().accepted.some(({ eventId }) => eventId === `wc_order_${order}`),
    );
  }, 120_000);

  it('loses and doubles nothing under live traffic', async () => {
    const sent: number[] = [];
    const over = new AbortController();
    const traffic = (async () => {
      while (!over.signal.aborted) {
        sent.push(await send());
        await pause(PACE_MS);
      }
    })();
    try {
      for (let index = 0; index < 3; index += 1) await cli('rebuild', 'tiktok');
    } finally {
      over.abort();
      await traffic;
    }
    await atRest();
    const { accepted, duplicates } = stack.tiktok.received();
    const counts = new Map<string, number>();
    for (const { pixel, eventId } of accepted) if (pixel === 'PIXEL1') counts.set(eventId, (counts.get(eventId) ?? 0) + 1);
    expect(sent.filter((order) => counts.get(`wc_order_${order}`) !== 1)).toEqual([]);
    expect(duplicates).toEqual([]);
    expect(sent.length).toBeGreaterThan(50);
    const before = await digests();
    await cli('rebuild', 'tiktok');
    await atRest();
    expect(await digests()).toEqual(before);
  }, 180_000);
});
