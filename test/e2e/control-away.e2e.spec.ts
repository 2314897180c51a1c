import { ControlApi, type ControlAnswer, type Explained, type List } from '../stack/control-api.js';
import { tributary } from '../stack/command-line.js';
import { eventually } from '../stack/eventually.js';
import { paidOrder, shopSpec, ShopWindow } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';

const SHOP = shopSpec('shop');
const ORDER = '/v1/tenants/acme/orders/shop/51';
const EXPLANATION = `${ORDER}/explanation`;

interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

let stack: Stack;
let control: ControlApi;

const ask = <Body = Problem>(path: string): Promise<ControlAnswer<Body>> => control.ask<Body>(path);

async function expectNotNow(path: string, detail: RegExp): Promise<void> {
  const { status, type, body } = await ask(path);
  expect([path, status, type, body.status, body.title]).toEqual([path, 503, 'application/problem+json', 503, 'Not now']);
  expect(body.detail).toMatch(detail);
}

beforeAll(async () => {
  stack = await Stack.start();
  control = new ControlApi(stack.app('control').url);
  await configure(stack, { id: 'acme', shops: [SHOP], pixels: [{ id: 'ads', accessToken: 'token', settings: { pixelCode: 'PIXEL1' } }] });
  await new ShopWindow(stack, SHOP).deliver(paidOrder(51));
  await eventually('the order is delivered', 20_000, async () =>
    (await ask<List>('/v1/tenants/acme/deliveries')).body.items.some(({ state }) => state === 'delivered'),
  );
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

describe('while Kafka is away', () => {
  beforeAll(() => stack.infrastructure.kafka.stop(), 30_000);
  afterAll(() => stack.infrastructure.kafka.start(), 60_000);

  it('what needs the log is answered 503 with what to do', async () => {
    for (const path of [ORDER, EXPLANATION]) await expectNotNow(path, /^Kafka does not answer.*\?observations=false/);
  }, 120_000);

  it('an order and its decisions can be had without the log', async () => {
    expect(await ask(`${ORDER}?observations=false`)).toMatchObject({ status: 200, body: { status: 'processing', observations: [] } });
    const { status, body } = await ask<Explained>(`${EXPLANATION}?observations=false`);
    expect([status, body.destinations[0]?.deliveries[0]?.state]).toEqual([200, 'delivered']);
    expect(body.destinations[0]?.deliveries[0]).toMatchObject({
      request: null,
      requestNote: expect.stringContaining('was not read') as string,
    });
  });

  it('the command line says the same, and explains without the log', async () => {
    const refused = await tributary(stack, ['explain', 'acme', 'shop', '51']);
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('Kafka does not answer') as string });
    const told = await tributary(stack, ['explain', 'acme', 'shop', '51', '--no-log']);
    expect(told).toMatchObject({ code: 0, err: '', out: expect.stringContaining('It was delivered') as string });
  }, 120_000);

  it('lists that need no log are given', async () => {
    for (const path of ['/v1/tenants', '/v1/tenants/acme/deliveries', '/v1/tenants/acme/rejected', '/v1/alerts'])
      expect([path, (await ask<List>(path)).status]).toEqual([path, 200]);
  });
});

describe('while Postgres is away', () => {
  beforeAll(() => stack.infrastructure.postgres.stop(), 30_000);
  afterAll(() => stack.infrastructure.postgres.start(), 60_000);

  it('every question is answered 503 with what to do', async () => {
    const paths = ['/v1/tenants', '/v1/tenants/acme/connections', '/v1/tenants/acme/deliveries', '/v1/alerts', ORDER, EXPLANATION];
    for (const path of paths) await expectNotNow(path, /^The database does not answer\. Ask again/);
  }, 120_000);
});

it('answers again by itself when both are back', async () => {
  await eventually('the explanation is whole', 60_000, async () => {
    const { status, body } = await ask<Explained>(EXPLANATION);
    return status === 200 && body.observations.length > 0 && body.destinations[0]?.deliveries[0]?.request !== null;
  });
}, 90_000);
