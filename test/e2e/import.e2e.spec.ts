import { ORDER_EVENTS_TOPIC } from '@tributary/codecs';
import { readRecordsOf } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { startWoocommerceSimulator, type WoocommerceSimulator } from '../simulators/woocommerce/woocommerce-simulator.ts';
import { tributary, type CommandResult } from '../stack/command-line.js';
import { putShopVersion } from '../stack/connection-version.js';
import { eventually } from '../stack/eventually.js';
import { countedEventIds } from '../stack/outcomes.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';

const KEYS = { consumerKey: 'ck_of_the_shop', consumerSecret: 'cs_of_the_shop' };
const TOKEN = 'webhook-address-of-the-shop';
const DAY_MS = 86_400_000;
const OLD = 450;
const RECENT = 20;
const PAGE = 100;
const WITHIN_MS = 90_000;
/** A page of a hundred takes two seconds of it: long enough to stop in between. */
const QUOTA = { INGEST_IMPORT_ORDERS_PER_MINUTE: '6000', INGEST_IMPORT_ORDERS_PER_MINUTE_PER_SHOP: '3000' };

let stack: Stack;
let simulator: WoocommerceSimulator;
let oldIds: string[];

/** Orders that were paid two days ago: recent enough to be sent, if anything of an import were. */
function createOrders(count: number, createdDaysAgo: (index: number) => number): string[] {
  const { orders, catalog } = simulator.shop;
  const product = catalog.add({ name: 'Mug', price: 1_000 }).id;
  const paidAt = Math.floor((Date.now() - 2 * DAY_MS) / 1_000);
  return Array.from({ length: count }, (_, index) => {
    const createdAt = Date.now() - createdDaysAgo(index) * DAY_MS;
    const lines = [{ productId: product }];
    const { id } = orders.create({ status: 'processing', lines, createdAt, modifiedAt: paidAt * 1_000, billing: { country: 'CL' } });
    orders.sqlEdit(id, { paidAt });
    return String(id);
  });
}

interface ImportState {
  readonly status: string;
  readonly read: number;
  readonly total: number;
  readonly published: number;
}
const newest = async (): Promise<ImportState> => {
  const { out } = await tributary(stack, ['import', 'status', 'acme', '--json']);
  return (JSON.parse(out) as { items: ImportState[] }).items[0] as ImportState;
};
const knownIds = async (): Promise<string[]> =>
  (await stack.sql.query<{ order_id: string }>('', 'select order_id from orders.heads')).map(({ order_id: id }) => id);

const logged = async (orderIds: readonly string[]): Promise<number[]> => {
  const keys = orderIds.map((id) => `acme:shop:${id}`);
  const records = await readRecordsOf(stack.kafka, { topic: ORDER_EVENTS_TOPIC, keys, timeLimitMs: 20_000 }, createLog('test', 'silent'));
  return keys.map((key) => records.get(key)?.length ?? 0);
};

beforeAll(async () => {
  stack = await Stack.start({ apps: ['tiktok', 'control'] });
  simulator = await startWoocommerceSimulator({ keys: [{ ...KEYS, permissions: 'read' }] });
  oldIds = createOrders(OLD, (index) => 40 + (index % 300));
  createOrders(RECENT, () => 3);
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await simulator?.stop();
}, 30_000);

let running: Promise<CommandResult>;

it(
  'of a shop that is connected only the last days are read; an import reads on where a killed poller was',
  async () => {
    const mortal = await stack.startApp('ingest', { env: { ...QUOTA, TRIBUTARY_FAILPOINT: 'import.after-append:3' } });
    await stack.untilReady(mortal);
    await configure(stack, {
      id: 'acme',
      shops: [],
      pixels: [{ id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1' } }],
    });
    await putShopVersion(stack, {
      tenantId: 'acme',
      id: 'shop',
      version: 1,
      secrets: { ...KEYS, webhookToken: TOKEN, webhookSecret: 'secret-of-the-shop' },
      settings: { storeUrl: simulator.url, polling: { enabled: true, refreshIntervalSeconds: 15 } },
    });
    await eventually('the recent orders are known', WITHIN_MS, async () => (await knownIds()).length === RECENT);
    const from = new Date(Date.now() - 1_000 * DAY_MS).toISOString();
    running = tributary(stack, ['import', 'woocommerce', '--connection', 'acme/shop', '--from', from, '--json']);
    expect(await mortal.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const second = await stack.startApp('ingest', { env: QUOTA });
    await stack.untilReady(second);
    const { code, out, err } = await running;
    expect([code, err]).toEqual([0, expect.stringContaining(`of ${OLD + RECENT} read`)]);
    expect(JSON.parse(out)).toMatchObject({ status: 'done', read: OLD + RECENT, total: OLD + RECENT, unreadable: 0 });
  },
  WITHIN_MS * 3,
);

it('misses no order and doubles none: only the page in hand at the kill may stand in the log twice', async () => {
  await eventually('every order is known', 20_000, async () => (await knownIds()).length === OLD + RECENT);
  const counts = await logged(oldIds);
  expect(counts.filter((count) => count === 0)).toEqual([]);
  expect(counts.filter((count) => count > 2)).toEqual([]);
  expect(counts.filter((count) => count === 2).length).toBeLessThanOrEqual(PAGE);
});

it('sends nothing, although the orders are recent enough and after go-live, and says why', async () => {
  await eventually('each is decided once', 30_000, async () => {
    const rows = await stack.sql.query<{ reason: string; count: number }>(
      '',
      "select reason, count(*)::int as count from tiktok.ledger_entries where state = 'suppressed' group by reason",
    );
    return rows.length === 1 && rows[0]?.reason === 'imported' && rows[0].count === OLD;
  });
  const counted = new Set(countedEventIds(stack));
  expect(oldIds.filter((id) => counted.has(`wc_order_${id}`))).toEqual([]);
  const explained = await tributary(stack, ['explain', 'acme', 'shop', oldIds[0] ?? '']);
  expect(explained.out).toContain('imports never send');
});

it(
  'stops and goes on where it was, yields to live orders, and adds nothing that is known',
  async () => {
    const begun = await tributary(stack, ['import', 'woocommerce', '--connection', 'acme/shop', '--from', '2020-01-01', '--detach']);
    expect(begun.out).toMatch(/^Import 2 of shop \(running\)/);
    const again = await tributary(stack, ['import', 'woocommerce', '--connection', 'acme/shop', '--from', '2020-01-01', '--detach']);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('runs already')]);
    await eventually('a page is read', WITHIN_MS, async () => (await newest()).read >= PAGE);
    await tributary(stack, ['import', 'stop', 'acme', '2']);
    const stopped = await newest();
    expect(stopped.status).toBe('stopped');
    expect(stopped.read).toBeLessThan(OLD + RECENT);

    const [live = ''] = createOrders(1, () => 0).map((id) => {
      simulator.shop.orders.sqlEdit(Number(id), { paidAt: Math.floor(Date.now() / 1_000), modifiedAt: Math.floor(Date.now() / 1_000) });
      return id;
    });
    const resumed = await tributary(stack, ['import', 'resume', 'acme', '2']);
    expect(resumed.out).toMatch(/^Import 2 of shop \(running\)/);
    await eventually('the live order is sent', WITHIN_MS, () => countedEventIds(stack).includes(`wc_order_${live}`));
    await eventually('the import is done', WITHIN_MS, async () => (await newest()).status === 'done');
    expect(await newest()).toMatchObject({ published: 0 });
    const { out } = await tributary(stack, ['import', 'status', 'acme']);
    expect(out).toContain('done');
  },
  WITHIN_MS * 3,
);

it('refuses what cannot be read', async () => {
  const start = async (connection: string, from: string): Promise<string> =>
    (await tributary(stack, ['import', 'woocommerce', '--connection', connection, '--from', from])).err;
  expect(await start('acme/ads', '2020-01-01')).toContain('no such WooCommerce connection');
  expect(await start('acme/shop', '2999-01-01')).toContain('must be after from');
  expect(await start('acme/shop', 'yesterday')).toContain('RFC 3339');
  expect(await start('acme', '2020-01-01')).toContain('<tenant>/<connection>');
});
