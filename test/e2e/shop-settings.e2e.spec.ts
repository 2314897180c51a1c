import { startWoocommerceSimulator, type WoocommerceSimulator } from '../simulators/woocommerce/woocommerce-simulator.ts';
import { ControlApi } from '../stack/control-api.js';
import { eventually } from '../stack/eventually.js';
import { KeptVisits } from '../stack/kept-visits.js';
import { Stack } from '../stack/stack.js';

const KEYS = { consumerKey: 'ck_of_the_shop', consumerSecret: 'cs_of_the_shop' };
const MANAGER = { email: 'jefa@correo.cl', phone: '+56 9 8765 4321' };
const WITHIN_MS = 30_000;

interface ConnectionView {
  readonly id: string;
  readonly version: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly shop?: Readonly<Record<string, unknown>> | null;
  readonly consent?: { readonly required: boolean; readonly because: string };
}

let stack: Stack;
let simulator: WoocommerceSimulator;
let control: ControlApi;

const body = (shop: object = {}): object => ({
  name: 'Acme',
  connections: [
    { id: 'shop', kind: 'woocommerce', storeUrl: simulator.url, ...KEYS, polling: { refreshIntervalSeconds: 15 }, ...shop },
    { id: 'ads', kind: 'tiktok', pixelCode: 'P1', accessToken: 'token-of-acme' },
  ],
});

async function shopView(): Promise<ConnectionView> {
  const { body } = await control.ask<{ readonly items: readonly ConnectionView[] }>('/v1/tenants/acme/connections');
  const view = body.items.find(({ id }) => id === 'shop');
  if (view === undefined) throw new Error('there is no shop');
  return view;
}

const askAgain = (): Promise<unknown> =>
  stack.sql.query('', `update ingest_ops.pollers set report = null, due_at = now() where leased_until is null`);

beforeAll(async () => {
  stack = await Stack.start();
  simulator = await startWoocommerceSimulator({ keys: [{ ...KEYS, permissions: 'read' }], site: { country: 'DE:DE-BE', currency: 'EUR' } });
  // The manager took an order by phone, before anybody connected the shop.
  simulator.shop.people.add({ role: 'shop_manager', email: MANAGER.email, billing: { phone: MANAGER.phone, country: 'CL' } });
  simulator.shop.orders.create({ status: 'processing', billing: { ...MANAGER, country: 'CL' } });
  control = new ControlApi(stack.app('control').url);
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await simulator?.stop();
}, 30_000);

it(
  'reads where a shop is from the shop, decides by it, and shows it',
  async () => {
    const { body: report } = await control.ask<{ readonly consent: readonly object[] }>('/v1/tenants/acme', {
      method: 'PUT',
      body: body(),
    });
    expect(report.consent).toMatchObject([{ required: true, because: expect.stringContaining('nobody said') }]);
    await eventually('control shows what the shop says', WITHIN_MS, async () => (await shopView()).shop !== null);
    const view = await shopView();
    expect(view).toMatchObject({
      version: 2,
      shop: { country: 'DE', currency: 'EUR', currencyDecimals: 2, timeZone: 'America/Santiago', weightUnit: 'kg' },
      consent: { required: true, because: expect.stringContaining('DE, where the shop says that it is') },
    });
    expect(view.settings).not.toHaveProperty('fromShop');
    await eventually('every app knows it', WITHIN_MS, async () => {
      const rows = await stack.sql.query(
        '',
        `select 1 from tiktok.connections t join ingest.connections i using (tenant_id, connection_id, version)
          where connection_id = 'shop' and version = 2 and t.settings #>> '{fromShop,country}' = 'DE'`,
      );
      return rows.length === 1;
    });
  },
  WITHIN_MS * 3,
);

it(
  'knows who runs the shop, and joins nobody by their mail and phone, also on orders that it reads first',
  async () => {
    const kept = await KeptVisits.of(stack);
    await eventually('what the manager’s order shows is judged', WITHIN_MS, async () => {
      const ofOrders = (await kept.assertions()).filter(({ event }) => event.basis === 'order');
      const judged = ofOrders.map(({ event }) => event.identifiers.map(({ kind, isMerchantOwn }) => [kind, isMerchantOwn]));
      expect(judged).toEqual([
        [
          ['email', true],
          ['phone', true],
        ],
      ]);
      return true;
    });
    const { shop } = await shopView();
    expect(JSON.stringify(shop)).not.toMatch(/jefa|98765/);
    // The owner's and the manager's mails, the address that the shop writes from, and a phone.
    expect(shop?.['staff']).toHaveLength(4);
  },
  WITHIN_MS * 2,
);

it('keeps it when the same settings are applied again, and makes no version', async () => {
  const { body: report } = await control.ask<{ readonly changed: readonly object[]; readonly consent: readonly object[] }>(
    '/v1/tenants/acme',
    {
      method: 'PUT',
      body: body(),
    },
  );
  expect(report.changed).toEqual([]);
  expect(report.consent).toMatchObject([{ because: expect.stringContaining('DE, where the shop says that it is') }]);
});

it(
  'follows a shop that moves, and stays quiet about one that says the same again',
  async () => {
    Object.assign(simulator.shop.site, { country: 'CL:CL-RM' });
    await askAgain();
    await eventually('the shop is in Chile', WITHIN_MS, async () => {
      await askAgain();
      return (await shopView()).consent?.required === false;
    });
    const { version } = await shopView();
    await askAgain();
    await eventually('the shop was asked again', WITHIN_MS, async () => {
      const rows = await stack.sql.query(
        '',
        `select 1 from ingest_ops.pollers where report ->> 'askedAt' is not null and leased_until is null`,
      );
      return rows.length === 1;
    });
    expect((await shopView()).version).toBe(version);
  },
  WITHIN_MS * 3,
);
