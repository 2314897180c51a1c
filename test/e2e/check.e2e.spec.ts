import { freePort } from '../../tools/bootstrap/free-port.mts';
import { startWoocommerceSimulator, type WoocommerceSimulator } from '../simulators/woocommerce/woocommerce-simulator.ts';
import { asBrowser, pageView } from '../stack/browser.js';
import { tributary } from '../stack/command-line.js';
import { ControlApi } from '../stack/control-api.js';
import { eventually } from '../stack/eventually.js';
import { Stack } from '../stack/stack.js';

const KEYS = { consumerKey: 'ck_of_the_shop', consumerSecret: 'cs_of_the_shop' };
const WRITE_KEY = 'write-key-of-the-pages';
const ORIGIN = 'https://shop.example';
const WITHIN_MS = 40_000;

interface Line {
  readonly name: string;
  readonly verdict: string;
  readonly what: string;
  readonly todo: string | null;
}
interface Checked {
  readonly connection: string;
  readonly isGood: boolean;
  readonly checks: readonly Line[];
}

let stack: Stack;
let simulator: WoocommerceSimulator;
let control: ControlApi;
let product: number;

const checked = async (): Promise<readonly Checked[]> =>
  (await control.ask<{ readonly items: readonly Checked[] }>('/v1/tenants/acme/check')).body.items;
const linesOf = async (verdict: string): Promise<string[]> =>
  (await checked()).flatMap(({ connection, checks }) =>
    checks.filter((line) => line.verdict === verdict).map(({ name }) => `${connection} ${name}`),
  );

/** As if the intervals of all looks had passed. */
const lookAgain = (): Promise<void> =>
  eventually('nobody is at the shop just now', WITHIN_MS, async () => {
    const rows = await stack.sql.query(
      '',
      `update ingest_ops.pollers set report = null, due_at = now() where leased_until is null returning 1`,
    );
    return rows.length === 1;
  });

beforeAll(async () => {
  stack = await Stack.start({ apps: [] });
  const port = await freePort();
  const env = { PUBLIC_INGEST_URL: `http://127.0.0.1:${port}` };
  await stack.untilReady(await stack.startApp('ingest', { port, env }));
  await stack.untilReady(await stack.startApp('control', { env }));
  simulator = await startWoocommerceSimulator({ keys: [KEYS], queueIntervalMs: 200 });
  product = simulator.shop.catalog.add({ name: 'Mug', price: 1_000 }).id;
  control = new ControlApi(stack.app('control').url);
  const connections = [
    { id: 'shop', kind: 'woocommerce', storeUrl: simulator.url, ...KEYS, polling: { refreshIntervalSeconds: 15 } },
    { id: 'web', kind: 'visits', shop: 'shop', writeKey: WRITE_KEY, allowedOrigins: [ORIGIN] },
  ];
  await control.ask('/v1/tenants/acme', { method: 'PUT', body: { name: 'Acme', connections } });
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await simulator?.stop();
}, 30_000);

it(
  'is green once a shop is read, sends webhooks, and shows snippet, cookie and script',
  async () => {
    await eventually('the shop has its webhooks', WITHIN_MS, () => simulator.shop.webhooks.all().length === 4);
    expect(await linesOf('bad')).toEqual(['shop script web']);
    simulator.shop.orders.create({
      status: 'processing',
      createdVia: 'checkout',
      meta: { cdp_id: 'tto.2.1795228693.0123456789abcdef', cdp_consent: 'granted' },
      lines: [{ productId: product }],
    });
    const visit = await asBrowser(stack.app('ingest').url, '/v1/collect', {
      headers: { origin: ORIGIN },
      body: { writeKey: WRITE_KEY, consent: { ads: 'granted' }, events: [pageView()] },
    });
    expect(visit.status).toBe(200);
    await eventually('everything is green', WITHIN_MS, async () => {
      const all = (await checked()).flatMap(({ checks }) => checks);
      const left = all.filter(({ verdict }) => verdict !== 'good');
      if (left.length > 0) throw new Error(JSON.stringify(left));
      return true;
    });
    const { code, out, err } = await tributary(stack, ['check', 'acme']);
    expect([code, err]).toEqual([0, expect.stringContaining('Nothing is wrong')]);
    for (const line of [
      'acme/shop (woocommerce)',
      '✓ webhook order.updated',
      '✓ snippet',
      '✓ cookie',
      '✓ script web',
      '✓ plugins',
      '✓ keys',
    ])
      expect(out).toContain(line);
    expect(out).not.toContain('✗');
    expect(out).not.toContain('\u001b[');
  },
  WITHIN_MS * 3,
);

it(
  'is red where something is wrong, says what to do, and ends with 1',
  async () => {
    Object.assign(simulator.shop.site, {
      plugins: [{ plugin: 'tiktok-for-business/tiktok-for-woocommerce.php', name: 'TikTok', version: '1.4.2' }],
    });
    await lookAgain();
    await eventually('the plugin was noticed', WITHIN_MS, async () => (await linesOf('bad')).includes('shop plugins'));
    simulator.shop.people.revokeKey(KEYS.consumerKey);
    await eventually('the lost key was noticed', WITHIN_MS, async () => {
      await stack.sql.query('', `update ingest_ops.pollers set due_at = now() where leased_until is null`);
      return (await linesOf('bad')).includes('shop keys');
    });
    const { code, out, err } = await tributary(stack, ['check']);
    expect(code).toBe(1);
    expect(out).toMatch(/✗ plugins +TikTok for WooCommerce is active/);
    expect(out).toMatch(/✗ keys +the shop refuses them\n +→ Make new keys/);
    expect(err).toMatch(/\d+ things are wrong/);
    const json = await tributary(stack, ['check', 'acme', '--json']);
    expect(json.code).toBe(1);
    const { items } = JSON.parse(json.out) as { readonly items: readonly Checked[] };
    expect(items.find(({ connection }) => connection === 'shop')).toMatchObject({ isGood: false });
    expect((await control.ask('/v1/tenants/nobody/check')).status).toBe(404);
  },
  WITHIN_MS * 3,
);
