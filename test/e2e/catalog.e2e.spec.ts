import { CATALOG_EVENTS_TOPIC } from '@tributary/codecs';
import { shippingWeightKg, type CustomerObserved, type ProductObserved } from '@tributary/domain';
import { startWoocommerceSimulator, type WoocommerceSimulator } from '../simulators/woocommerce/woocommerce-simulator.ts';
import { untilIngested } from '../stack/at-rest.js';
import { putShopVersion } from '../stack/connection-version.js';
import { eventually } from '../stack/eventually.js';
import { keptCatalog, type KeptCatalogEvent } from '../stack/kept-catalog.js';
import { Stack } from '../stack/stack.js';

const KEYS = { consumerKey: 'ck_of_the_shop', consumerSecret: 'cs_of_the_shop' };
const SECRET = 'secret-of-the-webhooks';
const CYCLE_MS = 60_000;
const TOPICS = ['product', 'coupon', 'customer', 'order'].flatMap((resource) =>
  ['created', 'updated', 'deleted', ...(resource === 'customer' ? [] : ['restored'])].map((event) => `${resource}.${event}`),
);

/** A shop of the tenant `catalog`, and where it sends its webhooks. */
interface OwnShop {
  readonly id: string;
  readonly token: string;
  readonly simulator: WoocommerceSimulator;
}

const REFUNDS = { name: 'refunds', path: '/refunds' };

let stack: Stack;
let polled: OwnShop;
let legacy: OwnShop;

async function connect(id: string, options: Parameters<typeof startWoocommerceSimulator>[0], hasKeys: boolean): Promise<OwnShop> {
  const simulator = await startWoocommerceSimulator(options);
  const token = `webhook-address-of-${id}`;
  await putShopVersion(stack, {
    tenantId: 'catalog',
    id,
    version: 1,
    secrets: { ...(hasKeys ? KEYS : {}), webhookToken: token, webhookSecret: SECRET },
    settings: { storeUrl: simulator.url, polling: { enabled: hasKeys, refreshIntervalSeconds: 15, resources: hasKeys ? [REFUNDS] : [] } },
  });
  return { id, token, simulator };
}

function sendWebhooks({ simulator, token }: OwnShop): void {
  const deliveryUrl = `${stack.app('ingest').url}/v1/sources/woocommerce/${token}`;
  for (const topic of TOPICS) simulator.shop.webhooks.create({ topic, deliveryUrl, secret: SECRET });
}

/** Everything that waits is delivered, and folded. */
async function deliver({ simulator }: OwnShop): Promise<void> {
  await simulator.shop.webhooks.pingsAnswered();
  await simulator.shop.queue.run();
  expect(simulator.sent.filter(({ status }) => status !== 200)).toEqual([]);
  await untilIngested(stack);
}

interface HeadRow {
  readonly deletion: string | null;
  readonly weight: string | null;
  readonly unit: string | null;
}

async function headOf({ id }: OwnShop, resource: string, itemId: number): Promise<HeadRow | undefined> {
  const [row] = await stack.sql.query<HeadRow>(
    '',
    `select deletion, content ->> 'weight' as weight, content ->> 'weightUnit' as unit from orders.catalog_heads
      where tenant_id = 'catalog' and connection_id = $1 and resource = $2 and resource_id = $3`,
    [id, resource, String(itemId)],
  );
  return row;
}

/** As if the shop's interval had passed. */
const makeDue = ({ id }: OwnShop): Promise<object[]> =>
  stack.sql.query(
    '',
    `update ingest_ops.pollers set due_at = now() where tenant_id = 'catalog' and connection_id = $1 and leased_until is null and due_at > now()`,
    [id],
  );

const headBecomes = (shop: OwnShop, resource: string, itemId: number, wanted: Partial<HeadRow>): Promise<void> =>
  eventually(`${resource} ${itemId} is ${JSON.stringify(wanted)}`, CYCLE_MS, async () => {
    await makeDue(shop);
    const head = await headOf(shop, resource, itemId);
    return head !== undefined && Object.entries(wanted).every(([field, value]) => head[field as keyof HeadRow] === value);
  });

/** As if a day had passed for the parts of the polled shop's catalog; waits until they were read again. */
async function readAgain(...sweeps: readonly string[]): Promise<void> {
  await eventually('the catalog can be made due', CYCLE_MS, async () => {
    const rows = await stack.sql.query(
      '',
      `update ingest_ops.pollers set due_at = now(), catalog = jsonb_set(catalog || '{"restUntil": 0}', '{sweptAt}', (catalog -> 'sweptAt') - $2::text[])
        where tenant_id = 'catalog' and connection_id = $1 and leased_until is null and catalog is not null returning 1`,
      [polled.id, sweeps],
    );
    return rows.length === 1;
  });
  await eventually('the catalog was read again', CYCLE_MS, async () => {
    await makeDue(polled);
    const rows = await stack.sql.query(
      '',
      `select 1 from ingest_ops.pollers
        where tenant_id = 'catalog' and connection_id = $1 and leased_until is null and catalog -> 'task' = 'null' and catalog -> 'variable' = '[]'
          and catalog -> 'sweptAt' ?& $2::text[]`,
      [polled.id, sweeps],
    );
    return rows.length === 1;
  });
  await untilIngested(stack);
}

const ALL_SWEEPS = ['weight-unit', 'product-changes', 'coupon-changes', 'products', 'coupons', 'customers', 'custom:refunds'];

async function keptOf({ id }: OwnShop): Promise<readonly KeptCatalogEvent[]> {
  return (await keptCatalog(stack)).filter(({ key }) => key.startsWith(`catalog:${id}:`));
}

const productOf = (kept: readonly KeptCatalogEvent[], productId: number): readonly ProductObserved[] =>
  kept.flatMap(({ event }) => (event.type === 'ProductObserved' && event.productId === String(productId) ? [event] : []));

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest'] });
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await polled?.simulator.stop();
  await legacy?.simulator.stop();
}, 30_000);

describe('a shop with REST keys and no webhook', () => {
  const before = { mug: 0, shirt: 0, size: 0, coupon: 0 };

  it(
    'is read: products with their variations and weights, coupons, customers sealed',
    async () => {
      polled = await connect('polled', { keys: [{ ...KEYS, permissions: 'read' }], site: { weightUnit: 'lbs' } }, true);
      const { catalog, coupons, people } = polled.simulator.shop;
      before.mug = catalog.add({ name: 'Mug', weight: '0.8' }).id;
      before.shirt = catalog.add({ name: 'Shirt', weight: '0.5' }).id;
      before.size = catalog.addVariation(before.shirt).id;
      before.coupon = coupons.add({ code: 'spring' }).id;
      people.add({
        email: 'zoe.catalog@example.com',
        firstName: 'Zoë',
        billing: { email: 'zoe.catalog@example.com', phone: '+56 9 8765 4321' },
      });
      await readAgain(...ALL_SWEEPS);
      await headBecomes(polled, 'product', before.mug, { weight: '0.8', unit: 'lbs', deletion: null });
      await headBecomes(polled, 'product', before.size, { weight: '0.5', unit: 'lbs' });
      await headBecomes(polled, 'coupon', before.coupon, { deletion: null });
      const kept = await keptOf(polled);
      const [mug, size] = [productOf(kept, before.mug).at(-1), productOf(kept, before.size).at(-1)];
      expect(shippingWeightKg(mug, undefined)).toBe('0.362874');
      expect(size).toMatchObject({ parentId: String(before.shirt), productType: 'variation' });
      const customers = kept.flatMap(({ event }) => (event.type === 'CustomerObserved' ? [event] : []));
      expect(customers.map(({ role }) => role).toSorted()).toEqual(['administrator', 'customer']);
      const zoe = customers.find(({ role }) => role === 'customer') as CustomerObserved;
      expect(kept.map(({ key }) => key)).toContain(`catalog:polled:customer:${zoe.customer}`);
      expect(zoe.sealedUnder).toBe(zoe.subjects.email);
      const written = kept.map(({ key, value }) => `${key} ${value.toString('latin1')}`).join('\n');
      for (const personal of ['zoe.catalog', '98765 4321']) expect(written).not.toContain(personal);
    },
    CYCLE_MS * 3,
  );

  it(
    'adds nothing to the log while nothing happens, however often it is read',
    async () => {
      const length = (await keptOf(polled)).length;
      await readAgain(...ALL_SWEEPS);
      polled.simulator.shop.catalog.takeFromStock(before.mug, 1);
      await readAgain(...ALL_SWEEPS);
      expect(await keptOf(polled)).toHaveLength(length);
    },
    CYCLE_MS * 3,
  );

  it(
    'has the weights of an order’s products known when the order is first seen, and keeps them when the products are deleted for good',
    async () => {
      const { catalog, orders } = polled.simulator.shop;
      const hat = catalog.add({ name: 'Hat', weight: '0.25' }).id;
      const cap = catalog.add({ name: 'Cap', weight: '0.3' }).id;
      const small = catalog.addVariation(cap, { weight: '0.2' }).id;
      orders.create({ status: 'processing', lines: [{ productId: hat }, { productId: cap, variationId: small }] });
      await headBecomes(polled, 'product', hat, { weight: '0.25', unit: 'lbs' });
      await headBecomes(polled, 'product', small, { weight: '0.2' });
      await headBecomes(polled, 'product', cap, { weight: '0.3' });
      catalog.forceDelete(hat);
      await readAgain('products');
      await headBecomes(polled, 'product', hat, { deletion: 'absent', weight: '0.25' });
      const events = productOf(await keptOf(polled), hat);
      expect(events.map(({ deletion }) => deletion)).toEqual([null, 'absent']);
      expect(shippingWeightKg(events.at(-1), undefined)).toBe('0.113398');
    },
    CYCLE_MS * 4,
  );

  it(
    'has the lists read that its settings name: created, unchanged, deleted',
    async () => {
      const { catalog, orders } = polled.simulator.shop;
      const order = orders.create({ status: 'completed', lines: [{ productId: catalog.add({ name: 'Bowl' }).id, quantity: 2 }] }).id;
      const refund = orders.addRefund(order, { amount: 500, reason: 'for zoe.catalog@example.com' });
      await readAgain('custom:refunds');
      await headBecomes(polled, 'refunds', refund, { deletion: null });
      await readAgain('custom:refunds');
      orders.deleteRefund(order, refund);
      // A read within the five seconds in which a shop may still be writing says nothing against what was read before.
      await eventually('the refund is gone', CYCLE_MS, async () => {
        await readAgain('custom:refunds');
        return (await headOf(polled, 'refunds', refund))?.deletion === 'absent';
      });
      const events = (await keptOf(polled)).filter(({ key }) => key === `catalog:polled:refunds:${refund}`);
      expect(events.map(({ event }) => [event.type, event.source, event.deletion])).toEqual([
        ['CustomResourceObserved', 'rest', null],
        ['CustomResourceObserved', 'rest', 'absent'],
      ]);
      expect(events.map(({ value }) => value.toString('latin1')).join('\n')).not.toContain('zoe.catalog');
    },
    CYCLE_MS * 5,
  );

  it(
    'with webhooks says at once what changed, and looks before it believes a deletion',
    async () => {
      sendWebhooks(polled);
      const { catalog, coupons, people } = polled.simulator.shop;
      const pen = catalog.add({ name: 'Pen', weight: '0.02' }).id;
      const coupon = coupons.add({ code: 'summer' }).id;
      people.add({ email: 'maria.catalog@example.com' });
      await deliver(polled);
      await headBecomes(polled, 'product', pen, { weight: '0.02', unit: 'lbs' });
      await headBecomes(polled, 'coupon', coupon, { deletion: null });
      catalog.update(pen, { weight: '0.03' });
      await deliver(polled);
      await headBecomes(polled, 'product', pen, { weight: '0.03' });
      catalog.trash(pen);
      await deliver(polled);
      await headBecomes(polled, 'product', pen, { deletion: 'trashed', weight: '0.03' });
      catalog.untrash(pen);
      await deliver(polled);
      await headBecomes(polled, 'product', pen, { deletion: null });
      expect(productOf(await keptOf(polled), pen).map(({ source, weight, deletion }) => [source, weight, deletion])).toEqual([
        ['webhook', '0.02', null],
        ['webhook', '0.03', null],
        ['rest', '0.03', 'trashed'],
        ['webhook', '0.03', null],
      ]);
    },
    CYCLE_MS * 3,
  );
});

describe('a shop on legacy storage that only sends webhooks', () => {
  it(
    'may trash an order, which it announces as a product’s and a coupon’s deletion, and no product and no coupon is deleted',
    async () => {
      legacy = await connect('legacy', { site: { storage: 'cpt' } }, false);
      sendWebhooks(legacy);
      const { catalog, orders } = legacy.simulator.shop;
      const cup = catalog.add({ name: 'Cup', weight: '400' }).id;
      const order = orders.create({ status: 'processing', lines: [{ productId: cup }] }).id;
      await deliver(legacy);
      orders.trash(order);
      await deliver(legacy);
      expect(legacy.simulator.sent.map(({ topic, body }) => [topic, body])).toEqual(
        expect.arrayContaining(['order', 'product', 'coupon'].map((resource) => [`${resource}.deleted`, `{"id":${order}}`])),
      );
      expect((await keptOf(legacy)).map(({ key }) => key)).toEqual([`catalog:legacy:product:${cup}`]);
      expect(await headOf(legacy, 'product', cup)).toEqual({ deletion: null, weight: '400', unit: '' });
    },
    CYCLE_MS,
  );

  it(
    'and is believed the deletion of a product that it told of, whose last weight stays',
    async () => {
      const [{ event }] = (await keptOf(legacy)) as [KeptCatalogEvent & { readonly event: ProductObserved }];
      legacy.simulator.shop.catalog.trash(Number(event.productId));
      await deliver(legacy);
      expect(await headOf(legacy, 'product', Number(event.productId))).toEqual({ deletion: 'reported', weight: '400', unit: '' });
    },
    CYCLE_MS,
  );
});

it('the topic is compacted, and keeps every record for 35 days at least', async () => {
  const admin = stack.kafka.admin();
  await admin.connect();
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: CATALOG_EVENTS_TOPIC }] });
  await admin.disconnect();
  const config = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  const days35 = String(35 * 86_400_000);
  expect(config.get('cleanup.policy')).toBe('compact');
  expect([config.get('min.compaction.lag.ms'), config.get('delete.retention.ms'), config.get('retention.ms')]).toEqual([
    days35,
    days35,
    '-1',
  ]);
});
