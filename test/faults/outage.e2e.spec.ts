import { decodeOrderEvent, decodeVisitEvent, ORDER_EVENTS_TOPIC, VISIT_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import { Registry } from '@tributary/kafka';
import { loadSchemaBook } from '@tributary/stream';
import { eventually } from '../stack/eventually.js';
import { dumpLog } from '../stack/log-dump.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';
import { faultTenant, Load } from './load.js';
import { VisitLoad } from './visit-load.js';
import { countOf } from './witness.js';

const KAFKA_AWAY_MS = 60_000;
const ORDERS_PER_SECOND = 40;
const WRITE_KEY = 'write-key-of-the-shop';
const ORIGIN = 'https://www.shop.example';

let stack: Stack;
let book: SchemaBook;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest'] });
  await configure(stack, {
    ...faultTenant,
    visits: [{ id: 'web', shop: 'shop', writeKeys: [WRITE_KEY], settings: { allowedOrigins: [ORIGIN] } }],
  });
  book = await loadSchemaBook(new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null }));
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

const missingOf = (promised: readonly string[], kept: ReadonlySet<string>): string[] => promised.filter((id) => !kept.has(id));

it('keeps every webhook and refuses visits while Kafka is away for a minute; whatever was acknowledged is in the log', async () => {
  const url = (): string => stack.app('ingest').url;
  const shops = new Load(url);
  const pages = new VisitLoad(url, WRITE_KEY, ORIGIN);
  const traffic = shops.keepSending(1, ORDERS_PER_SECOND, (index) => (index % 2 === 0 ? 'known' : 'new'));
  pages.start();
  await eventually('orders and visits flow', 30_000, () => shops.acknowledged.length > 100 && pages.accepted.length > 100);

  await stack.infrastructure.kafka.kill();
  const awayUntil = performance.now() + KAFKA_AWAY_MS;
  await eventually('visits are refused', 30_000, () => (pages.statuses.get(503) ?? 0) > 0);
  const acceptedBefore = pages.accepted.length;
  await eventually('the minute is over', KAFKA_AWAY_MS * 2, () => performance.now() > awayUntil);
  expect(pages.accepted).toHaveLength(acceptedBefore);
  expect(await countOf(stack, 'ingest_ops.spool')).toBeGreaterThan((ORDERS_PER_SECOND * KAFKA_AWAY_MS) / 1_000);

  await stack.infrastructure.kafka.start();
  await eventually('the spool is drained', 60_000, async () => (await countOf(stack, 'ingest_ops.spool')) === 0);
  await eventually('visits are accepted again', 30_000, () => pages.accepted.length > acceptedBefore + 100);
  await Promise.all([traffic.stop(), pages.stop()]);

  expect(shops.refusals).toBe(0);
  expect(new Set(pages.statuses.keys())).toEqual(new Set([200, 503]));
  const orders = (await dumpLog(stack, [ORDER_EVENTS_TOPIC])).map(({ value }) => decodeOrderEvent(book, value).orderId);
  const visits = (await dumpLog(stack, [VISIT_EVENTS_TOPIC])).map(({ value }) => decodeVisitEvent(book, value).eventId);
  expect(
    missingOf(
      shops.acknowledged.map(({ orderId }) => orderId),
      new Set(orders),
    ),
  ).toEqual([]);
  expect(missingOf(pages.accepted, new Set(visits))).toEqual([]);
}, 300_000);
