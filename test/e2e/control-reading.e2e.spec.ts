import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import { ORDER_EVENTS_TOPIC } from '@tributary/codecs';
import { ledgerKey, type DeliveryEvent } from '@tributary/domain';
import { readRecordsOf } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { deliveryBase, deliveryPlanned, ledgerKeyParts } from '../builders/delivery.builder.js';
import { orderBody, orderPersonal, signedWebhook } from '../builders/order.builder.js';
import { eventually } from '../stack/eventually.js';
import { ControlApi, type AskOptions, type ControlAnswer, type Explained, type List } from '../stack/control-api.js';
import { Stack } from '../stack/stack.js';
import { publishDeliveries } from '../stack/published-deliveries.js';
import { configure, postWebhook } from '../stack/tenant.js';
import { findTraces, tracesOf } from '../stack/traces-of-people.js';

const PARTITIONS = 4;
const SECRET = 'secret-of-the-shop';
const TOKENS = { shop: 'token-of-the-shop-01', other: 'token-of-the-shop-02' } as const;

/** What the orders say of their buyer, in every form. */
function buyerTraces(): ReturnType<typeof tracesOf> {
  const { billing, customerIp, customerUserAgent, visitorId, ttclid } = orderPersonal();
  const texts = [billing.address1, billing.address2, billing.city, customerIp, customerUserAgent, ttclid];
  return [
    ...tracesOf('email', billing.email, ['CL']),
    ...tracesOf('phone', billing.phone, ['CL']),
    ...[billing.firstName, billing.lastName].flatMap((name) => tracesOf('name', name, ['CL'])),
    ...tracesOf('zip', billing.postcode, ['CL']),
    ...tracesOf('visitor', visitorId, ['CL']),
    ...[...texts, 'viñadelmar'].flatMap((text) => tracesOf('text', text, ['CL'])),
  ];
}

let stack: Stack;
let control: ControlApi;
const ask = <Body>(path: string, init?: AskOptions): Promise<ControlAnswer<Body>> => control.ask<Body>(path, init);
const explain = async (connection: string, orderId: number): Promise<Explained> =>
  (await ask<Explained>(`/v1/tenants/acme/orders/${connection}/${orderId}/explanation`)).body;
const stateOf = async (orderId: number): Promise<string | undefined> => {
  const rows = await stack.sql.query<{ state: string }>('', 'select state from tiktok.ledger_entries where reference = $1', [
    String(orderId),
  ]);
  return rows[0]?.state;
};
const untilState = (orderId: number, state: string): Promise<void> =>
  eventually(`order ${orderId} is ${state}`, 15_000, async () => (await stateOf(orderId)) === state);

async function order(id: number, overrides: Record<string, unknown> = {}, shop: keyof typeof TOKENS = 'shop'): Promise<void> {
  const now = new Date().toISOString().slice(0, 19);
  const body = orderBody({ id, number: String(id), date_created_gmt: now, date_modified_gmt: now, date_paid_gmt: now, ...overrides });
  expect((await postWebhook(stack.app('ingest').url, TOKENS[shop], signedWebhook(body, SECRET))).status).toBe(200);
}

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok', 'control'], partitions: PARTITIONS });
  control = new ControlApi(stack.app('control').url);
  await configure(stack, {
    id: 'acme',
    shops: [
      { id: 'shop', token: TOKENS.shop, webhookSecret: SECRET },
      { id: 'other', token: TOKENS.other, webhookSecret: SECRET },
    ],
    pixels: [
      { id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1', sources: ['shop'] } },
      { id: 'ads-2', accessToken: 'token-of-the-other', settings: { pixelCode: 'PIXEL2', sources: ['other'] } },
    ],
  });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

describe('an explained order', () => {
  it('that was delivered: observations, decision, masked request and the vendor’s answer', async () => {
    await order(1001, { status: 'on-hold', date_paid_gmt: null });
    await order(1001);
    await untilState(1001, 'delivered');
    const told = await explain('shop', 1001);
    expect(told.observations.map(({ isKept }) => isKept)).toEqual([false, true]);
    expect(told.observations[1]?.whatChanged.join()).toContain('status: on-hold → processing');
    const [ads, other] = told.destinations;
    expect(other).toMatchObject({ connection: 'ads-2', undecided: 'takes nothing from this shop: its sources are other' });
    expect(ads).toMatchObject({
      connection: 'ads',
      undecided: null,
      deliveries: [{ state: 'delivered', requestNote: null, attempts: [{ code: '0', outcome: 'delivered' }] }],
    });
    const delivery = ads?.deliveries[0];
    expect(delivery?.matchKeys).toContain('email');
    expect(delivery?.request?.data[0]).toMatchObject({ event_id: 'wc_order_1001', user: { ip: '…', city: '…', ttclid: '…' } });
    expect(delivery?.request?.data[0]?.user['email']).toMatch(/^[0-9a-f]{6}…$/);
    expect(told.words.join('\n')).toMatch(/It was delivered at .* with attempt 1/);
  });

  it('whose buyer denied consent: why nothing was sent and that nothing changes it', async () => {
    await order(1002, { meta_data: [{ id: 3, key: 'cdp_consent', value: 'denied' }] });
    await untilState(1002, 'suppressed');
    const { destinations } = await explain('shop', 1002);
    expect(destinations[0]?.deliveries[0]).toMatchObject({
      reason: 'consent-denied',
      request: null,
      requestNote: 'No request was made.',
      whatWouldChangeIt: 'Nothing: a denied consent is never overruled.',
    });
  });

  it('that does not qualify yet: under which rule', async () => {
    await order(1004, { status: 'on-hold', date_paid_gmt: null });
    await eventually(
      'the order is folded',
      10_000,
      async () => (await ask('/v1/tenants/acme/orders/shop/1004?observations=false')).status === 200,
    );
    await eventually(
      'tiktok has folded it too',
      10_000,
      async () => (await explain('shop', 1004)).destinations[0]?.undecided?.startsWith('does not') === true,
    );
    expect((await explain('shop', 1004)).destinations[0]?.undecided).toBe(
      'does not qualify yet under when: paid: the order’s status is on-hold, without a payment date',
    );
  });

  it('that the vendor refused, and its retry through the API', async () => {
    stack.tiktok.control.fail({ kind: 'refuse-event', eventIds: ['wc_order_1003'] });
    await order(1003);
    await untilState(1003, 'rejected');
    const { destinations, words } = await explain('shop', 1003);
    const delivery = destinations[0]?.deliveries[0];
    expect(delivery).toMatchObject({ state: 'rejected', reason: 'vendor-refused', attempts: [{ code: '40002', outcome: 'rejected' }] });
    expect(words.join('\n')).toContain('The vendor refused this event for its data.');
    stack.tiktok.control.clearFaults();
    const retried = await ask(`/v1/tenants/acme/deliveries/${delivery?.id}/retry`, { method: 'POST', body: {} });
    expect(retried).toMatchObject({ status: 200, body: { outcome: 'done', delivery: { reference: '1003' } } });
    await untilState(1003, 'delivered');
    const again = await ask<{ detail: string }>(`/v1/tenants/acme/deliveries/${delivery?.id}/retry`, { method: 'POST' });
    expect(again).toMatchObject({ status: 409, body: { detail: 'It was delivered.' } });
  });

  it('that is parked, the alert for it, and its resume through the API', async () => {
    stack.tiktok.control.fail({ kind: 'bad-credential', eventIds: ['wc_order_2001'] });
    await order(2001, {}, 'other');
    await untilState(2001, 'parked');
    const parked = (await explain('other', 2001)).destinations.find(({ connection }) => connection === 'ads-2');
    expect(parked?.deliveries[0]).toMatchObject({
      state: 'parked',
      reason: 'vendor-refused-credential',
      attempts: [{ code: '40105', outcome: 'parked' }],
    });
    for (const path of ['/v1/tenants/acme/alerts', '/v1/alerts']) {
      expect((await ask<List>(path)).body).toMatchObject({
        items: [{ kind: 'credential-parked', tenant: 'acme', connection: 'ads-2', occurrences: 1 }],
        nextCursor: null,
      });
    }
    stack.tiktok.control.clearFaults();
    expect(await ask('/v1/tenants/acme/connections/ads-2/resume', { method: 'POST' })).toMatchObject({
      status: 200,
      body: { outcome: 'done', moved: 1 },
    });
    await untilState(2001, 'delivered');
    expect((await ask<List>('/v1/tenants/acme/alerts')).body.items).toEqual([]);
    expect((await ask('/v1/tenants/acme/connections/shop/resume', { method: 'POST' })).status).toBe(404);
  });

  it('whose outcome nobody knows is sent again only when a double is accepted', async () => {
    const key = ledgerKeyParts({ reference: '3001' });
    const base = (version: number): ReturnType<typeof deliveryBase> => ({ ...deliveryBase(version, undefined, key), eventId: uuidv7() });
    await publishDeliveries(stack, PARTITIONS, [
      { ...deliveryPlanned(), ...base(1) },
      {
        ...base(2),
        type: 'Attempted',
        attempt: 1,
        dueAt: base(2).occurredAt + 20_000,
        settingsVersion: 1,
        matchKeys: [],
        sealedUnder: null,
        sealedRequest: null,
        identity: null,
      },
      { ...base(3), type: 'Requeued', to: 'unknown', reason: 'outcome-unknown', dueAt: base(3).occurredAt, answer: null },
      { ...base(4), type: 'Unconfirmed', reason: 'window-over' },
    ]);
    await untilState(3001, 'unconfirmed');
    const id = Buffer.from(ledgerKey(key)).toString('base64url');
    const refused = await ask<{ detail: string }>(`/v1/tenants/acme/deliveries/${id}/retry`, { method: 'POST' });
    expect(refused).toMatchObject({ status: 409, type: expect.stringContaining('application/problem+json') as string });
    expect(refused.body.detail).toContain('acceptDuplicate: true');
    const { body } = await ask<{ problems: object[] }>(`/v1/tenants/acme/deliveries/${id}/retry`, {
      method: 'POST',
      body: { acceptDuplicate: 'yes', really: true },
    });
    expect(body.problems).toHaveLength(2);
    const accepted = await ask(`/v1/tenants/acme/deliveries/${id}/retry`, { method: 'POST', body: { acceptDuplicate: true } });
    expect(accepted).toMatchObject({
      status: 200,
      body: { outcome: 'done', delivery: { state: 'planned', reason: 'retried-by-operator' } },
    });
  });
});

describe('one order', () => {
  it('is told as folded, with its records, or without them when nobody asks', async () => {
    const { body } = await ask<Record<string, unknown>>('/v1/tenants/acme/orders/shop/1001');
    expect(body).toMatchObject({
      status: 'processing',
      orderNumber: '1001',
      total: '38563',
      currency: 'CLP',
      isVanished: false,
      deletionReportedAt: null,
    });
    expect(body['head']).toMatchObject({ contentHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(body['observations']).toHaveLength(2);
    expect((await ask<Record<string, unknown>>('/v1/tenants/acme/orders/shop/1001?observations=false')).body['observations']).toEqual([]);
  });

  it('is not found when nobody sent it, in words that say so', async () => {
    for (const path of [
      '/v1/tenants/acme/orders/shop/999',
      '/v1/tenants/acme/orders/shop/999/explanation',
      '/v1/tenants/nobody/deliveries',
      '/v1/tenants/acme/deliveries/bm90LWEta2V5/unknown',
    ]) {
      expect(await ask(path)).toMatchObject({ status: 404, type: expect.stringContaining('application/problem+json') as string });
    }
    expect((await ask('/v1/tenants/acme/deliveries/bm90LWEta2V5/retry', { method: 'POST' })).status).toBe(404);
  });

  it('whose payload was refused is listed among the rejected', async () => {
    const webhook = signedWebhook(orderBody({ id: 4001, total: 'much' }), SECRET);
    await postWebhook(stack.app('ingest').url, TOKENS.shop, webhook);
    await eventually('the rejection is folded', 10_000, async () => (await ask<List>('/v1/tenants/acme/rejected')).body.items.length > 0);
    const { body } = await ask<List>('/v1/tenants/acme/rejected?limit=1');
    expect(body.items[0]).toMatchObject({
      connection: 'shop',
      reason: 'invalid-field',
      reference: '4001',
      what: 'A field is missing or cannot be read.',
    });
    expect((await ask<Explained & { rejected: object[] }>('/v1/tenants/acme/orders/shop/4001/explanation')).body.rejected).toHaveLength(1);
  });
});

describe('the list of deliveries', () => {
  const COUNT = 260;
  const FROM = '2026-11-20T10:00:00Z';

  it('comes page by page, complete and without doubles, although many were decided in one moment', async () => {
    const many = Array.from({ length: COUNT }, (_, index): DeliveryEvent => {
      const base = deliveryBase(1, 10_000 + Math.floor(index / 90), ledgerKeyParts({ reference: `7${String(index).padStart(3, '0')}` }));
      return {
        ...base,
        eventId: uuidv7(),
        type: 'Suppressed',
        reason: 'before-go-live',
        observationId: uuidv7(),
        settingsVersion: 1,
        eventTime: base.occurredAt,
      };
    });
    await publishDeliveries(stack, PARTITIONS, many);
    const seen: string[] = [];
    const times: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: List = (
        await ask<List>(
          `/v1/tenants/acme/deliveries?destination=tiktok&connection=ads&state=suppressed&from=${FROM}&to=2026-11-20T12:00:00%2B01:00&limit=100${cursor === null ? '' : `&cursor=${cursor}`}`,
        )
      ).body;
      seen.push(...page.items.map(({ reference }) => String(reference)));
      times.push(...page.items.map(({ plannedAt }) => String(plannedAt)));
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor !== null);
    expect(pages).toBe(3);
    expect(seen).toHaveLength(COUNT);
    expect(new Set(seen).size).toBe(COUNT);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('is half-open in time', async () => {
    const at = '2026-11-20T10:00:11.001Z';
    const count = async (query: string): Promise<number> =>
      (await ask<List>(`/v1/tenants/acme/deliveries?limit=500&state=suppressed&${query}`)).body.items.length;
    expect(await count(`from=${FROM}&to=${at}`)).toBe(90);
    expect(await count(`from=${at}&to=2026-11-20T10:00:11.002Z`)).toBe(90);
  });

  it('names everything that is wrong with its parameters at once', async () => {
    const { status, body } = await ask<{ problems: { path: string }[] }>(
      '/v1/tenants/acme/deliveries?destination=fax&state=sent&from=yesterday&to=2026&limit=0&colour=red',
    );
    expect(status).toBe(400);
    expect(body.problems.map(({ path }) => path).toSorted()).toEqual(['colour', 'destination', 'from', 'limit', 'state', 'to']);
    expect((await ask('/v1/tenants/acme/deliveries?cursor=bm9uZQ')).status).toBe(400);
    expect((await ask('/v1/tenants/acme/deliveries?limit=501')).status).toBe(400);
  });
});

describe('a look into the log', () => {
  const log = createLog('test', 'silent');
  const look = (timeLimitMs: number): ReturnType<typeof readRecordsOf> =>
    readRecordsOf(stack.kafka, { topic: ORDER_EVENTS_TOPIC, keys: ['acme:shop:1001', 'acme:shop:999'], timeLimitMs }, log);
  const readers = async (): Promise<string[]> => {
    const admin = stack.kafka.admin();
    await admin.connect();
    const { groups } = await admin.listGroups();
    await admin.disconnect();
    return groups.map(({ groupId }) => groupId).filter((group) => group.includes('reader'));
  };

  it('finds the records of its keys and nothing else', async () => {
    expect([...(await look(10_000))].map(([key, { length }]) => `${key} ${length}`)).toEqual(['acme:shop:1001 2', 'acme:shop:999 0']);
  });
  it('says when the time was over, and leaves nothing behind', async () => {
    await expect(look(1)).rejects.toThrow(/could not be read to its end|did not answer/);
    await eventually('no reader is left', 20_000, async () => (await readers()).length === 0);
  });
});

it('counts open alerts by kind', async () => {
  const metrics = (): Promise<string> => fetch(`${stack.app('control').url}/metrics`).then((answer) => answer.text());
  await eventually('the gauge has counted the webhook that was refused', 20_000, async () =>
    /tributary_alerts_open\{kind="webhook-rejected"[^}]*\} 1\n/.test(await metrics()),
  );
});

it('reports orders against conversions, the match keys that were sent, and how shops are doing', async () => {
  type Line = Readonly<Record<'shop' | 'destination' | 'state', string> & Record<'count' | 'orders', number>>;
  const { body } = await ask<{ orders: Line[]; conversions: Line[]; coverage: object[] }>('/v1/tenants/acme/report');
  const ofShop = body.conversions.filter(({ shop, destination }) => shop === 'shop' && destination === 'ads');
  expect(body.orders.find(({ shop }) => shop === 'shop')?.orders).toBe(ofShop.reduce((sum, { count }) => sum + count, 0));
  expect(ofShop.map(({ state }) => state)).toContain('delivered');
  expect(body.conversions.filter(({ shop, destination }) => shop === 'other' && destination === 'ads')).toEqual([]);
  expect(body.coverage[0]).toMatchObject({ eventName: 'Purchase', paymentMethod: 'cod' });
  const { body: status } = await ask<List>('/v1/tenants/acme/status');
  expect(status.items).toMatchObject([
    { shop: 'other' },
    { shop: 'shop', state: 'active', lastConversionAt: expect.any(String) as string },
  ]);
  expect((await ask('/v1/tenants/acme/report?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z')).status).toBe(400);
});

it('answers nobody without the token', async () => {
  for (const path of ['/v1/alerts', '/v1/tenants/acme/deliveries', '/v1/tenants/acme/orders/shop/1001/explanation']) {
    expect((await ask(path, { token: 'guess' })).status).toBe(401);
  }
});

it('is described in the OpenAPI document', async () => {
  const { body } = await ask<{ paths: Record<string, object> }>('/openapi.json');
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining([
      '/v1/tenants/{tenant}/orders/{connection}/{orderId}/explanation',
      '/v1/tenants/{tenant}/deliveries/{id}/retry',
      '/v1/tenants/{tenant}/report',
      '/v1/alerts',
    ]),
  );
});

it('is told on the command line', async () => {
  const run = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(__dirname, '..', '..', 'dist', 'apps', 'cli', 'main.js'), ...args],
      {
        env: { ...stack.environment(), CONTROL_URL: stack.app('control').url },
      },
    );
    control.heard.push({ where: args.join(' '), bytes: Buffer.from(stdout) });
    return stdout;
  };
  expect(await run('explain', 'acme', 'shop', '1001')).toMatch(/^Order 1001: processing, 38563 CLP\n[^]*It was delivered at/);
  expect(await run('alerts', 'acme')).toMatch(/^acme \/ shop: webhook-rejected, since [^]*\n {2}→ /);
  expect(await run('deliveries', 'acme', '--state', 'delivered')).toMatch(/shop 1001/);
  const trial = await run('test', 'tiktok', '--order', 'acme/shop/1001', '--connection', 'ads', '--code', 'TEST1');
  expect(trial).toMatch(/^Purchase at ads, in test mode: delivered\. tiktok answers 0: /);
  expect(await run('status', 'acme')).toMatch(/acme\/shop: last order 20[^]* of the newest \d+\n/);
  expect(await run('report', 'acme')).toMatch(/^From [^]*shop: \d+ order\(s\) of [^]*delivered[^]*Match keys/);
  expect(JSON.parse(await run('deliveries', 'acme', '--limit', '3', '--json'))).toMatchObject({ items: [{}, {}, {}] });
}, 120_000);

it('says so when the app does not do what it was asked in time', async () => {
  await stack.app('tiktok').child.kill();
  const asked = await ask('/v1/tenants/acme/connections/ads/resume', { method: 'POST' });
  expect(asked).toMatchObject({ status: 202, body: { outcome: 'asked', moved: null } });
});

it('never tells anything of a buyer', () => {
  expect(control.heard.length).toBeGreaterThan(40);
  expect(findTraces(control.heard, buyerTraces())).toEqual([]);
});
