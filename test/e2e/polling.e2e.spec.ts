import { ORDER_EVENTS_TOPIC } from '@tributary/codecs';
import { withTopicAdmin } from '@tributary/kafka';
import { startWoocommerceSimulator, type WoocommerceSimulator } from '../simulators/woocommerce/woocommerce-simulator.ts';
import { putShopVersion } from '../stack/connection-version.js';
import { eventually } from '../stack/eventually.js';
import { headDifferences } from '../stack/head-differences.js';
import { Stack } from '../stack/stack.js';
import { postWebhook } from '../stack/tenant.js';
import { loadCapture } from '../builders/captured-webhooks.js';

const KEYS = { consumerKey: 'ck_of_the_shop', consumerSecret: 'cs_of_the_shop' };
const TOKEN = 'webhook-address-of-the-shop';
const CYCLE_MS = 90_000;

let stack: Stack;
let simulator: WoocommerceSimulator;
let orderIds: number[];

const differences = (): Promise<string[]> => headDifferences(stack, { tenantId: 'polled', id: 'shop' }, simulator.shop);

const untilEqual = (what: string): Promise<void> =>
  eventually(what, CYCLE_MS, async () => {
    const found = await differences();
    if (found.length > 0) throw new Error(`${found.length} differences, such as ${found[0]}`);
    return true;
  });

/** As if a month had passed: every sweep is due. */
const letEverythingComeDue = (): Promise<unknown> =>
  stack.sql.query(
    '',
    "update ingest_ops.pollers set state = jsonb_set(state, '{sweptAt}', '{}'), due_at = now() where tenant_id = 'polled' and leased_until is null returning 1",
  );

interface PollerRow {
  readonly is_quiet: boolean;
  readonly swept: number;
  readonly failures: number;
}

/** Waits for a turn that began after now and ended with nothing left to do. */
async function fullCycle(): Promise<void> {
  await eventually('the poller can be made due', CYCLE_MS, async () => {
    const rows = await letEverythingComeDue();
    return Array.isArray(rows) && rows.length === 1;
  });
  await eventually('every sweep has ended', CYCLE_MS, async () => {
    const [row] = await stack.sql.query<PollerRow>(
      '',
      `select leased_until is null and state->'front' = 'null' and state->'back' = 'null' and due_at > now() as is_quiet,
              (select count(*)::int from jsonb_object_keys(state->'sweptAt')) as swept, failures
         from ingest_ops.pollers where tenant_id = 'polled'`,
    );
    return row?.is_quiet === true && row.swept === 6;
  });
}

const logLength = (): Promise<number> =>
  withTopicAdmin(stack.kafka, async (admin) =>
    [...(await admin.endOffsets(ORDER_EVENTS_TOPIC)).values()].reduce((sum, offset) => sum + offset, 0),
  );

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest'] });
  simulator = await startWoocommerceSimulator({ keys: [{ ...KEYS, permissions: 'read' }] });
  const product = simulator.shop.catalog.add({ name: 'Mug', price: 1_000 });
  orderIds = Array.from(
    { length: 230 },
    () => simulator.shop.orders.create({ status: 'processing', lines: [{ productId: product.id }] }).id,
  );
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await simulator?.stop();
}, 30_000);

it(
  'reads a whole shop that sends no webhook, over plain HTTP with signed requests',
  async () => {
    await putShopVersion(stack, {
      tenantId: 'polled',
      id: 'shop',
      version: 1,
      secrets: { ...KEYS, webhookToken: TOKEN, webhookSecret: loadCapture('024').secret },
      settings: { storeUrl: simulator.url, polling: { enabled: true, refreshIntervalSeconds: 15 } },
    });
    await untilEqual('230 orders of one second are known');
    const sources = await stack.sql.query('', "select 1 from orders.heads where tenant_id = 'polled'");
    expect(sources).toHaveLength(230);
  },
  CYCLE_MS * 2,
);

it(
  'sees edits, trash, deletions for good, deleted refunds and what was written into the database, also when its process dies in between',
  async () => {
    const { orders } = simulator.shop;
    const [first = 0, second = 0, third = 0, fourth = 0, ...others] = orderIds;
    const refund = orders.addRefund(first, { amount: 100 });
    await untilEqual('the refund is known');
    const mortal = stack.app('ingest');
    await mortal.child.stop(5_000);
    const armed = await stack.startApp('ingest', { env: { TRIBUTARY_FAILPOINT: 'poller.after-append:5' } });
    orders.deleteRefund(first, refund);
    orders.trash(second);
    orders.forceDelete(third);
    orders.sqlEdit(fourth, { customerNote: 'nobody saw this' });
    orders.bulkSetStatus(others.slice(0, 120), 'completed');
    await eventually('everything can come due', CYCLE_MS, async () => ((await letEverythingComeDue()) as unknown[]).length === 1);
    expect(await armed.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    // The dead process' lease runs out by itself.
    await stack.startApp('ingest');
    await untilEqual('everything is as in the shop');
  },
  CYCLE_MS * 4,
);

it(
  'adds nothing to the log while nothing happens, tells when the keys are lost, and goes on taking webhooks',
  async () => {
    await fullCycle();
    const before = await logLength();
    await fullCycle();
    expect(await logLength()).toBe(before);

    simulator.shop.edge.fail({ kind: 'http-error', status: 401 });
    await eventually('the alert is open', CYCLE_MS, async () => {
      await stack.sql.query('', "update ingest_ops.pollers set due_at = now() where tenant_id = 'polled' and leased_until is null");
      const rows = await stack.sql.query('', "select 1 from alerts.alerts where kind = 'shop-refuses-keys' and closed_at is null");
      return rows.length === 1;
    });
    const webhook = loadCapture('024');
    expect((await postWebhook(stack.app('ingest').url, TOKEN, { ...webhook, headers: { ...webhook.headers } })).status).toBe(200);
    await eventually('the webhook’s order is known', CYCLE_MS, async () => (await logLength()) === before + 1);

    simulator.shop.edge.clearFaults();
    await eventually('the alert is closed', CYCLE_MS, async () => {
      await stack.sql.query('', "update ingest_ops.pollers set due_at = now() where tenant_id = 'polled' and leased_until is null");
      const rows = await stack.sql.query('', "select 1 from alerts.alerts where kind = 'shop-refuses-keys' and closed_at is null");
      return rows.length === 0;
    });
  },
  CYCLE_MS * 4,
);
