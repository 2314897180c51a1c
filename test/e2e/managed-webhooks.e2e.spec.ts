import { freePort } from '../../tools/bootstrap/free-port.mts';
import type { Webhook } from '../simulators/woocommerce/webhooks/webhook-registry.ts';
import { startWoocommerceSimulator, type WoocommerceSimulator } from '../simulators/woocommerce/woocommerce-simulator.ts';
import { openAlerts, rejectionsOf } from '../stack/bad-webhooks.js';
import { putShopVersion } from '../stack/connection-version.js';
import { eventually } from '../stack/eventually.js';
import { Stack } from '../stack/stack.js';

const KEYS = { consumerKey: 'ck_of_the_shop', consumerSecret: 'cs_of_the_shop' };
const READ_KEYS = { consumerKey: 'ck_that_reads', consumerSecret: 'cs_that_reads' };
const FILE_TOKEN = 'webhook-address-of-the-file';
const FILE_SECRET = 'secret-of-the-file';
const TOPICS = ['order.created', 'order.deleted', 'order.restored', 'order.updated'];
const WITHIN_MS = 30_000;

let stack: Stack;
let simulator: WoocommerceSimulator;
let product: number;
let port: number;
let byHand: Webhook;

const publicUrl = (): string => `http://127.0.0.1:${port}`;
const startIngest = async (): Promise<void> =>
  stack.untilReady(await stack.startApp('ingest', { port, env: { PUBLIC_INGEST_URL: publicUrl() } }));

const ours = (): Webhook[] => simulator.shop.webhooks.all().filter(({ name }) => name.startsWith('Tributary managed/shop '));
const order = (shop = simulator.shop): number => shop.orders.create({ status: 'processing', lines: [{ productId: product }] }).id;

/** Content hashes by order. */
async function heads(): Promise<ReadonlyMap<string, string>> {
  const rows = await stack.sql.query<{ order_id: string; content_hash: string }>(
    '',
    `select order_id, content_hash from orders.heads where tenant_id = 'managed' and connection_id = 'shop'`,
  );
  return new Map(rows.map((row) => [row.order_id, row.content_hash]));
}

interface Looked {
  readonly checkedAt: number;
}

/** The shop's turn comes now; with `report` as an SQL expression in place of the one that it has. */
const turnNow = (report = 'report'): Promise<void> =>
  eventually('nobody is at the shop just now', WITHIN_MS, async () => {
    const rows = await stack.sql.query(
      '',
      `update ingest_ops.pollers set report = ${report}, due_at = now()
        where tenant_id = 'managed' and connection_id = 'shop' and leased_until is null returning 1`,
    );
    return rows.length === 1;
  });

/** As if five minutes had passed: waits for a look at the webhooks that began after now. */
async function nextCheck(): Promise<void> {
  await turnNow(`jsonb_set(report, '{webhooks,checkedAt}', '0')`);
  await eventually('the webhooks are looked at', WITHIN_MS, async () => {
    const [row] = await stack.sql.query<Looked>(
      '',
      `select (report #>> '{webhooks,checkedAt}')::bigint as "checkedAt" from ingest_ops.pollers
        where tenant_id = 'managed' and connection_id = 'shop'`,
    );
    return row !== undefined && row.checkedAt > 0;
  });
}

const known = (orderId: number): Promise<void> =>
  eventually(`order ${orderId} is known`, WITHIN_MS, async () => (await heads()).has(String(orderId)));

const delivered = (since: number, topic: string): Promise<void> =>
  eventually(`${topic} was delivered`, WITHIN_MS, () =>
    simulator.sent.slice(since).some((sent) => sent.topic === topic && sent.status === 200 && !sent.url.endsWith(FILE_TOKEN)),
  );

beforeAll(async () => {
  stack = await Stack.start({ apps: [] });
  port = await freePort();
  await startIngest();
  simulator = await startWoocommerceSimulator({
    keys: [KEYS, { ...READ_KEYS, permissions: 'read' }],
    queueIntervalMs: 200,
  });
  product = simulator.shop.catalog.add({ name: 'Mug', price: 1_000 }).id;
  byHand = simulator.shop.webhooks.create({
    topic: 'order.updated',
    deliveryUrl: `${publicUrl()}/v1/sources/woocommerce/${FILE_TOKEN}`,
    secret: FILE_SECRET,
  });
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await simulator?.stop();
}, 30_000);

it(
  'makes a webhook for each topic, with an address and a secret of its own, and takes what they bring',
  async () => {
    await putShopVersion(stack, {
      tenantId: 'managed',
      id: 'shop',
      version: 1,
      secrets: { ...KEYS, webhookToken: FILE_TOKEN, webhookSecret: FILE_SECRET },
      settings: { storeUrl: simulator.url, polling: { enabled: true, refreshIntervalSeconds: 60 } },
    });
    await eventually('every topic has its webhook', WITHIN_MS, () => ours().length === TOPICS.length);
    expect(
      ours()
        .map(({ topic }) => topic)
        .toSorted(),
    ).toEqual(TOPICS);
    await eventually('every ping was answered 200', WITHIN_MS, () => ours().every(({ isPingPending }) => !isPingPending));
    expect(new Set(ours().map(({ deliveryUrl }) => deliveryUrl)).size).toBe(TOPICS.length);
    expect(new Set(ours().map(({ secret }) => secret)).size).toBe(TOPICS.length);

    const since = simulator.sent.length;
    const id = order();
    await delivered(since, 'order.created');
    await delivered(since, 'order.updated');
    await known(id);
    simulator.shop.orders.trash(id);
    await delivered(since, 'order.deleted');
    expect(await rejectionsOf(stack, 'shop')).toEqual([]);
    expect(await openAlerts(stack, 'shop')).toEqual([]);
  },
  WITHIN_MS * 4,
);

it('keeps tokens and secrets in the vault alone, and makes nothing twice', async () => {
  await nextCheck();
  expect(ours()).toHaveLength(TOPICS.length);
  for (const { deliveryUrl, secret } of ours()) {
    const token = deliveryUrl.split('/').at(-1);
    const rows = await stack.sql.query(
      '',
      `select 1 from ingest_ops.managed_webhooks m where m::text like '%' || $1 || '%' or m::text like '%' || $2 || '%'
       union all select 1 from ingest_ops.pollers p where p::text like '%' || $1 || '%' or p::text like '%' || $2 || '%'`,
      [token, secret],
    );
    expect(rows).toEqual([]);
  }
}, 60_000);

it(
  'makes a webhook anew that the shop disabled after seven failures, reads what was missed, and loses nothing',
  async () => {
    await stack.app('ingest').child.stop(5_000);
    const missed: number[] = [];
    // Each of them is one failed delivery of order.created; orders of one run of the queue go out one by one.
    for (let count = 0; count < 8; count += 1) missed.push(order());
    const disabled = (): Webhook | undefined => ours().find(({ topic, status }) => topic === 'order.created' && status === 'disabled');
    await eventually('the shop has disabled order.created', WITHIN_MS, () => disabled() !== undefined);
    const { id: oldId } = disabled() as Webhook;
    // Nothing is queued any more for a disabled webhook: only polling can bring it.
    missed.push(order());

    await startIngest();
    await nextCheck();
    await eventually('order.created is there again', WITHIN_MS, () => {
      const webhook = ours().find(({ topic }) => topic === 'order.created');
      return webhook !== undefined && webhook.id !== oldId && webhook.status === 'active' && webhook.failureCount === 0;
    });
    expect(ours()).toHaveLength(TOPICS.length);
    for (const id of missed) await known(id);
    expect(await openAlerts(stack, 'shop')).toEqual(['shop-webhooks-broken']);

    await nextCheck();
    await eventually('the alert is closed', WITHIN_MS, async () => (await openAlerts(stack, 'shop')).length === 0);
    const since = simulator.sent.length;
    await known(order());
    await delivered(since, 'order.created');
    expect(simulator.shop.webhooks.find(byHand.id)).toBeDefined();
  },
  WITHIN_MS * 6,
);

it(
  'notices that somebody edited a secret, a status, or deleted one',
  async () => {
    const find = (topic: string): Webhook => ours().find((webhook) => webhook.topic === topic) as Webhook;
    const before = new Map(TOPICS.map((topic) => [topic, find(topic).id]));
    simulator.shop.webhooks.update(find('order.updated').id, { secret: 'typed-in-by-somebody' });
    simulator.shop.webhooks.update(find('order.restored').id, { status: 'paused' });
    simulator.shop.webhooks.delete(find('order.deleted').id);
    const id = order();
    await eventually('the wrong signature was noticed', WITHIN_MS, async () => (await openAlerts(stack, 'shop')).includes('bad-signature'));
    await nextCheck();
    await eventually(
      'all are there again',
      WITHIN_MS,
      () => ours().length === TOPICS.length && ours().every(({ status }) => status === 'active'),
    );
    const made = TOPICS.filter((topic) => find(topic).id !== before.get(topic));
    expect(made).toEqual(['order.deleted', 'order.restored', 'order.updated']);
    await known(id);
  },
  WITHIN_MS * 4,
);

it(
  'keeps the orders of a copy of the shop apart, and says what to do',
  async () => {
    const copy = await startWoocommerceSimulator({ site: { homeUrl: 'https://staging.shop.example' }, queueIntervalMs: 200 });
    try {
      const before = await heads();
      product = copy.shop.catalog.add({ name: 'Mug', price: 1_000 }).id;
      for (const { topic, deliveryUrl, secret } of simulator.shop.webhooks.all()) copy.shop.webhooks.create({ topic, deliveryUrl, secret });
      copy.shop.orders.create({ status: 'processing', lines: [{ productId: product }] });
      await eventually('the copy was noticed', WITHIN_MS, async () => (await openAlerts(stack, 'shop')).includes('shop-copy'));
      await eventually(
        'every delivery of the copy was answered 200',
        WITHIN_MS,
        () => copy.sent.filter(({ kind }) => kind === 'event').length >= 3,
      );
      expect(copy.sent.filter(({ kind, status }) => kind === 'event' && status !== 200)).toEqual([]);
      const rejected = (await rejectionsOf(stack, 'shop')).filter(({ reason }) => reason === 'foreign-source');
      expect(rejected.length).toBeGreaterThanOrEqual(2);
      expect(rejected[0]).toMatchObject({ detail: 'staging.shop.example' });
      expect(await heads()).toEqual(before);
    } finally {
      await copy.stop();
    }
  },
  WITHIN_MS * 3,
);

it(
  'leaves it to polling where keys may only read, and calls nobody',
  async () => {
    const count = simulator.shop.webhooks.all().length;
    await putShopVersion(stack, {
      tenantId: 'managed',
      id: 'reader',
      version: 1,
      secrets: { ...READ_KEYS, webhookToken: 'webhook-address-of-the-reader', webhookSecret: 'secret-of-the-reader' },
      settings: { storeUrl: simulator.url, polling: { enabled: true, refreshIntervalSeconds: 15 } },
    });
    await eventually('its report says why', WITHIN_MS, async () => {
      const rows = await stack.sql.query(
        '',
        `select 1 from ingest_ops.pollers where connection_id = 'reader' and report #>> '{webhooks,unmanaged}' = 'read-only'`,
      );
      return rows.length === 1;
    });
    expect(simulator.shop.webhooks.all()).toHaveLength(count);
    expect(await openAlerts(stack, 'reader')).toEqual([]);
    await eventually('it is read all the same', WITHIN_MS, async () => {
      const rows = await stack.sql.query('', `select 1 from orders.heads where connection_id = 'reader'`);
      return rows.length === [...simulator.shop.orders.all()].length;
    });
  },
  WITHIN_MS * 3,
);

it(
  'makes webhooks of other resources where the settings want them, and removes them when they no longer do',
  async () => {
    const withResources = (version: number, resources: readonly string[]): Promise<void> =>
      putShopVersion(stack, {
        tenantId: 'managed',
        id: 'shop',
        version,
        secrets: { ...KEYS, webhookToken: FILE_TOKEN, webhookSecret: FILE_SECRET },
        settings: { storeUrl: simulator.url, polling: { enabled: true, refreshIntervalSeconds: 60 }, webhooks: { resources } },
      });
    const ofCoupons = (): Webhook[] => ours().filter(({ topic }) => topic.startsWith('coupon.'));
    await withResources(2, ['orders', 'coupons']);
    await turnNow();
    await eventually('coupons have their webhooks', WITHIN_MS, () => ofCoupons().length === 4);
    expect(ours()).toHaveLength(TOPICS.length + 4);
    const since = simulator.sent.length;
    simulator.shop.coupons.add({ code: 'spring' });
    await delivered(since, 'coupon.created');
    await withResources(3, ['orders']);
    await turnNow();
    await eventually('they are gone', WITHIN_MS, () => ofCoupons().length === 0);
    expect(ours()).toHaveLength(TOPICS.length);
  },
  WITHIN_MS * 6,
);
