import { decodeOrderEvent, decodeOrderPersonal, ORDER_EVENTS_TOPIC } from '@tributary/codecs';
import { asTenantId, type OrderObserved, type OrderPersonal } from '@tributary/domain';
import { Registry } from '@tributary/kafka';
import { PostgresVaultStore } from '@tributary/postgres';
import { loadSchemaBook } from '@tributary/stream';
import { MasterKeys, Vault } from '@tributary/vault';
import { untilAtRest } from '../stack/at-rest.js';
import { eventually } from '../stack/eventually.js';
import { dumpLog } from '../stack/log-dump.js';
import { countedEventIds, inParallel, ledgerCounts } from '../stack/outcomes.js';
import { paidOrder, shopSpec, ShopWindow } from '../stack/shop-window.js';
import { MASTER_KEY, Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';

const PEOPLE = 1_000;
const SHOP = shopSpec('shop');
/** Each replica is told of the same people by orders of its own. */
const FIRST_ORDER = { ingest: 10_000, 'ingest-2': 20_000 } as const;
type Instance = keyof typeof FIRST_ORDER;
const INSTANCES = Object.keys(FIRST_ORDER) as Instance[];

let stack: Stack;
let statuses: readonly number[];

const mailOf = (person: number): string => `person-${person}@example.com`;
const phoneOf = (person: number): string => `+569${String(20_000_000 + person)}`;

function orderOf(person: number, orderId: number): Record<string, unknown> {
  const order = paidOrder(orderId);
  const billing = { ...(order['billing'] as Record<string, unknown>), email: mailOf(person), phone: phoneOf(person) };
  return { ...order, billing, customer_id: person + 1, meta_data: [{ id: 1, key: 'cdp_id', value: `visitor-${person}` }] };
}

async function arePartitionsShared(): Promise<boolean> {
  const admin = stack.kafka.admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups(['tributary.tiktok.orders']);
    return groups[0]?.state === 'Stable' && groups[0].members.length === 2;
  } finally {
    await admin.disconnect();
  }
}

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'], simulator: { pixels: 'any', keepsBodies: false } });
  const others = await Promise.all([
    stack.startApp('ingest', { instance: 'ingest-2' }),
    stack.startApp('tiktok', { instance: 'tiktok-2' }),
  ]);
  await Promise.all(others.map((app) => stack.untilReady(app)));
  await configure(stack, { id: 'acme', shops: [SHOP], pixels: [{ id: 'ads', accessToken: 'token', settings: { pixelCode: 'PIXEL1' } }] });
  // Both replicas of tiktok hold partitions of the order topic before the first order.
  await eventually('the partitions are shared', 20_000, arePartitionsShared);
  const posts = Array.from({ length: PEOPLE }, (_, person) => INSTANCES.map((instance) => ({ person, instance }))).flat();
  const windows = { ingest: new ShopWindow(stack, SHOP, 'ingest'), 'ingest-2': new ShopWindow(stack, SHOP, 'ingest-2') };
  statuses = await inParallel(posts, 100, ({ person, instance }) =>
    windows[instance].deliver(orderOf(person, FIRST_ORDER[instance] + person), 'order.created'),
  );
  await untilAtRest(stack, 60_000);
}, 240_000);
afterAll(() => stack?.stop(), 30_000);

describe('two replicas of ingest that meet the same thousand people at once', () => {
  let observed: readonly OrderObserved[];
  let opened: readonly (OrderPersonal | null)[];

  beforeAll(async () => {
    const book = await loadSchemaBook(new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null }));
    const records = await dumpLog(stack, [ORDER_EVENTS_TOPIC]);
    observed = records.map(({ value }) => decodeOrderEvent(book, value)).filter((event) => event.type === 'OrderObserved');
    // Knows nothing but what the database holds.
    const vault = new Vault({ store: new PostgresVaultStore(stack.sql), masterKeys: MasterKeys.parse(MASTER_KEY) });
    const sealed = observed.map(({ sealedUnder, sealedPersonal, eventId }) => ({
      subjectId: sealedUnder,
      sealed: sealedPersonal,
      topic: ORDER_EVENTS_TOPIC,
      eventId,
    }));
    opened = (await vault.openMany(asTenantId('acme'), sealed)).map((part) => (part === null ? null : decodeOrderPersonal(book, part)));
  }, 60_000);

  it('take every order', () => {
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(new Set(observed.map(({ orderId }) => orderId)).size).toBe(2 * PEOPLE);
  });

  it('seal every record so that it can be opened, with the right person inside', () => {
    expect(opened.filter((part) => part === null)).toEqual([]);
    const mails = observed.map(({ orderId }) => mailOf(Number(orderId) % 10_000));
    expect(opened.map((part) => part?.billing.email)).toEqual(mails);
  });

  it.each(['email', 'phone', 'visitor', 'customer'] as const)('give each person one subject by %s', async (kind) => {
    const subjectsOf = Map.groupBy(observed, ({ orderId }) => Number(orderId) % 10_000);
    expect(subjectsOf.size).toBe(PEOPLE);
    const ids = [...subjectsOf.values()].map((orders) => [...new Set(orders.map(({ subjects }) => subjects[kind]))]);
    expect(ids.filter((own) => own.length !== 1 || own[0] === null)).toEqual([]);
    expect(new Set(ids.flat()).size).toBe(PEOPLE);
  });

  it('leave one row per person and kind in the vault', async () => {
    const rows = await stack.sql.query('', 'select kind, count(*)::int as count from vault.subjects group by kind order by kind');
    expect(rows).toEqual([1, 2, 3, 4].map((kind) => ({ kind, count: PEOPLE })));
  });
});

describe('two replicas of tiktok', () => {
  it('send every order exactly once', async () => {
    expect(await ledgerCounts(stack)).toEqual({ delivered: 2 * PEOPLE });
    const orderIds = INSTANCES.flatMap((instance) => Array.from({ length: PEOPLE }, (_, person) => FIRST_ORDER[instance] + person));
    expect(countedEventIds(stack)).toEqual(orderIds.map((orderId) => `wc_order_${orderId}`).toSorted());
    expect(stack.tiktok.received().duplicates).toEqual([]);
  });

  it('both had a part in it', async () => {
    for (const id of ['tiktok', 'tiktok-2']) {
      const metrics = await (await fetch(`${stack.app(id).url}/metrics`)).text();
      expect(Number(/tributary_delivery_outcomes_total\{[^}]*outcome="delivered"[^}]*\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(0);
    }
  });
});
