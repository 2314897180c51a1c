import { freePort } from '../../tools/bootstrap/free-port.mts';
import { startWoocommerceSimulator, type WoocommerceSimulator } from '../simulators/woocommerce/woocommerce-simulator.ts';
import { tributary } from '../stack/command-line.js';
import { ControlApi } from '../stack/control-api.js';
import { eventually } from '../stack/eventually.js';
import { appLogHaystacks, tableHaystacks } from '../stack/haystacks.js';
import { Stack } from '../stack/stack.js';

const WITHIN_MS = 30_000;
const CONNECT = '/v1/tenants/acme/connections/shop/connect';

interface Started {
  readonly id: string;
  readonly url: string;
}
interface Progress {
  readonly state: string;
  readonly because: string | null;
}

let stack: Stack;
let simulator: WoocommerceSimulator;
let other: WoocommerceSimulator;
let control: ControlApi;
let publicUrl: string;

const shopBody = (): object => ({
  id: 'shop',
  kind: 'woocommerce',
  storeUrl: simulator.url,
  country: 'CL',
  polling: { refreshIntervalSeconds: 15 },
});
const start = async (): Promise<Started> => (await control.ask<Started>(CONNECT, { method: 'POST' })).body;
const progress = async ({ id }: Started): Promise<Progress> => (await control.ask<Progress>(`${CONNECT}/${id}`)).body;
const stateOf = ({ url }: Started): string => new URL(url).searchParams.get('user_id') ?? '';

/** What the merchant's browser shows after a click on the link called `which`. */
async function click(url: string, which: 'approve' | 'deny'): Promise<{ readonly status: number; readonly text: string }> {
  const page = await (await fetch(url)).text();
  const link = new RegExp(`wc-auth-${which}" href="([^"]+)"`).exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const answer = await fetch(link);
  return { status: answer.status, text: await answer.text() };
}

const postKeys = (body: object | string): Promise<Response> =>
  fetch(`${publicUrl}/v1/connect/woocommerce/keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json;charset=UTF-8' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const grant = (state: string, keys: { readonly consumerKey: string; readonly consumerSecret: string }): object => ({
  key_id: 1,
  user_id: state,
  consumer_key: keys.consumerKey,
  consumer_secret: keys.consumerSecret,
  key_permissions: 'read_write',
});

const secretsVersion = async (): Promise<number> => {
  const [row] = await stack.sql.query<{ v: number }>(
    '',
    `select max(secrets_version)::int as v from control.connection_versions where tenant_id = 'acme' and connection_id = 'shop'`,
  );
  return row?.v ?? 0;
};

beforeAll(async () => {
  stack = await Stack.start({ apps: [] });
  const port = await freePort();
  publicUrl = `http://127.0.0.1:${port}`;
  await stack.untilReady(await stack.startApp('ingest', { port, env: { PUBLIC_INGEST_URL: publicUrl } }));
  await stack.untilReady(await stack.startApp('control', { env: { PUBLIC_INGEST_URL: publicUrl } }));
  [simulator, other] = await Promise.all([startWoocommerceSimulator({ queueIntervalMs: 200 }), startWoocommerceSimulator({ seed: 7 })]);
  control = new ControlApi(stack.app('control').url);
  await control.ask('/v1/tenants/acme', { method: 'PUT', body: { name: 'Acme', connections: [shopBody()] } });
  await eventually('ingest knows the shop', WITHIN_MS, async () => {
    const rows = await stack.sql.query('', `select 1 from ingest.connections where tenant_id = 'acme'`);
    return rows.length === 1;
  });
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await Promise.all([simulator?.stop(), other?.stop()]);
}, 30_000);

describe('keys that nobody waits for', () => {
  it('are refused and stored nowhere: a foreign state, a body that is none, a merchant who said no', async () => {
    const keys = simulator.shop.people.addKey('read_write');
    expect((await postKeys(grant('a-state-that-nobody-ever-gave-to-a-shop', keys))).status).toBe(403);
    expect((await postKeys('consumer_key=ck_1')).status).toBe(400);
    const denied = await start();
    const page = await click(denied.url, 'deny');
    expect(page.text).toContain('it was denied in the shop');
    expect(await progress(denied)).toEqual({ state: 'refused', because: 'it was denied in the shop' });
    expect((await postKeys(grant(stateOf(denied), keys))).status).toBe(403);
    expect(await secretsVersion()).toBe(1);
  });

  it('are refused after half an hour', async () => {
    const started = await start();
    await stack.sql.query('', `update ingest_ops.expected_keys set created_at = now() - interval '31 minutes' where state_hash = $1`, [
      started.id,
    ]);
    expect((await postKeys(grant(stateOf(started), simulator.shop.people.addKey('read_write')))).status).toBe(403);
    expect(await progress(started)).toEqual({ state: 'expired', because: null });
    expect(await secretsVersion()).toBe(1);
  });

  it('are refused when they are of another shop, and say so', async () => {
    const started = await start();
    const answer = await postKeys(grant(stateOf(started), other.shop.people.addKey('read_write')));
    expect(answer.status).toBe(403);
    expect(await progress(started)).toMatchObject({ state: 'refused', because: expect.stringContaining('does not take these keys') });
    expect(await secretsVersion()).toBe(1);
  });
});

it(
  'one click: keys are tried, stored, and the shop is read and gets its webhooks',
  async () => {
    let link = '';
    const running = tributary(stack, ['connect', 'woocommerce', '--connection', 'acme/shop'], {}, (out) => {
      link = /^http\S+$/m.exec(out)?.[0] ?? '';
    });
    await eventually('the command prints a link', WITHIN_MS, () => link !== '');
    expect(link.startsWith(`${simulator.url}/wc-auth/v1/authorize?`)).toBe(true);
    const page = await click(link, 'approve');
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('Your shop is connected') });
    const { code, out, err } = await running;
    expect([code, out]).toEqual([0, expect.stringContaining('acme/shop is connected')]);
    expect(err).toContain('waiting for «Approve» in the shop');
    expect(await secretsVersion()).toBe(2);

    const id = simulator.shop.orders.create({
      status: 'processing',
      lines: [{ productId: simulator.shop.catalog.add({ name: 'Mug', price: 1 }).id }],
    }).id;
    await eventually('the shop is read', WITHIN_MS, async () => {
      const rows = await stack.sql.query('', `select 1 from orders.heads where tenant_id = 'acme' and order_id = $1`, [String(id)]);
      return rows.length === 1;
    });
    await eventually('the shop has its webhooks', WITHIN_MS, () => simulator.shop.webhooks.all().length === 4);

    // A replay of the same grant: the state is used up, and the keys stay as they are.
    const { body } = simulator.sent.find(({ kind }) => kind === 'key-grant') as { readonly body: string };
    expect((await postKeys(body)).status).toBe(403);
    expect(await secretsVersion()).toBe(2);
  },
  WITHIN_MS * 4,
);

it('shows keys and states nowhere but in the vault', async () => {
  const { body } = simulator.sent.find(({ kind }) => kind === 'key-grant') as { readonly body: string };
  const { consumer_key: key, consumer_secret: secret, user_id: state } = JSON.parse(body) as Record<string, string>;
  const places = [
    ...(await tableHaystacks(stack)),
    ...appLogHaystacks(stack),
    ...control.heard.filter(({ where }) => !where.endsWith('/connect')),
  ];
  for (const { where, bytes } of places)
    for (const hidden of [key, secret, state]) expect([where, bytes.includes(Buffer.from(hidden ?? ''))]).toEqual([where, false]);
});

it('a settings change keeps the granted keys', async () => {
  await control.ask('/v1/tenants/acme', { method: 'PUT', body: { name: 'Acme', connections: [{ ...shopBody(), country: 'PE' }] } });
  expect(await secretsVersion()).toBe(2);
});
