import { readWebhook, type WebhookReading } from '@tributary/sources';
import { orderBody } from '../builders/order.builder.js';
import { phpJson } from '../builders/php-json.js';
import { untilAtRest } from '../stack/at-rest.js';
import { openAlerts, postedStatus, rejectionsOf, signedBytes } from '../stack/bad-webhooks.js';
import { eventually } from '../stack/eventually.js';
import { fuzzedBodies, type FuzzedBody } from '../stack/fuzzed-bodies.js';
import { countedEventIds, inParallel, ledgerOf } from '../stack/outcomes.js';
import { paidOrder, shopSpec, ShopWindow } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';

const FUZZED = 5_000;
const FUZZ_SEED = 20_261_121;

const SHOPS = Object.fromEntries(['good', 'odd', 'fuzzed'].map((id) => [id, shopSpec(id)])) as Record<
  'good' | 'odd' | 'fuzzed',
  ReturnType<typeof shopSpec>
>;

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  await configure(stack, {
    id: 'acme',
    shops: Object.values(SHOPS),
    pixels: [
      { id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1', purchase: { eventId: '{connection}_{orderId}' } } },
    ],
  });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

const text = (body: unknown): string => phpJson(body);
const withList = (orderId: number, key: string, list: string): string =>
  text(paidOrder(orderId, { [key]: [] })).replace(`"${key}":[]`, `"${key}":${list}`);
const line = text((orderBody()['line_items'] as unknown[])[0]);

describe('a signed body that is no order', () => {
  const REFUSED: readonly (readonly [what: string, body: string | Buffer, reason: string, detail: RegExp])[] = [
    ['nothing', '', 'body-not-json', /empty/],
    ['plain text', 'hello', 'body-not-json', /JSON/],
    ['a form', 'webhook_id=1&x=2', 'body-not-json', /JSON/],
    ['an order cut in half', text(paidOrder(1)).slice(0, 1_500), 'body-not-json', /JSON/],
    ['an order with a NUL byte between its fields', text(paidOrder(1)).replace(',', ',\0'), 'body-not-json', /JSON/],
    ['two million opening brackets', '['.repeat(2_000_000), 'body-not-json', /JSON/],
    ['Latin-1', Buffer.from(JSON.stringify(paidOrder(1)).replaceAll('\u2615', ''), 'latin1'), 'body-not-utf8', /UTF-8/],
    ['UTF-16', Buffer.from(`\uFEFF${text(paidOrder(1))}`, 'utf16le'), 'body-not-utf8', /UTF-8/],
    ['a number', '5', 'not-an-order', /number/],
    ['a text', '"order"', 'not-an-order', /string/],
    ['null', 'null', 'not-an-order', /null/],
    ['a list', '[]', 'not-an-order', /list/],
    ['a list with an order', text([paidOrder(1)]), 'not-an-order', /list/],
    ['an object without fields', '{}', 'invalid-field', /date_modified_gmt is missing/],
    ['an order without id', text(paidOrder(1, { id: undefined })), 'invalid-field', /^id is missing/],
    ['an order whose id is a text', text(paidOrder(1, { id: 'one' })), 'invalid-field', /^id is not an id/],
    ['an order without total', text(paidOrder(1, { total: null })), 'invalid-field', /total is missing/],
    ['an order whose total is words', text(paidOrder(1, { total: 'a lot' })), 'invalid-field', /total is not a decimal number/],
    ['an order without status', text(paidOrder(1, { status: null })), 'invalid-field', /status is missing/],
    ['an order of 30 February', text(paidOrder(1, { date_modified_gmt: '2026-02-30T00:00:00' })), 'invalid-field', /is not a date/],
    ['an order whose lines are a text', text(paidOrder(1, { line_items: 'x' })), 'invalid-field', /line_items is not a list/],
    ['an order whose lines are numbers', text(paidOrder(1, { line_items: [1, 2] })), 'invalid-field', /line_items\[0\] is not an object/],
    [
      'an order with a million empty lines',
      withList(1, 'line_items', `[${'{},'.repeat(1_000_000)}{}]`),
      'invalid-field',
      /line_items has more than/,
    ],
    [
      'an error of the shop',
      '{"code":"woocommerce_rest_cannot_view","message":"no","data":{"status":403}}',
      'shop-error-body',
      /cannot_view/,
    ],
    ['an error that names somebody', '{"code":"zoe@example.com","message":"no"}', 'shop-error-body', /does not use$/],
  ];

  it.each(REFUSED)('(%s) is answered 200 and kept with its reason', async (_, body, reason, detail) => {
    const rawBody = Buffer.from(body as string);
    const before = (await rejectionsOf(stack, 'odd')).length;
    expect(await postedStatus(stack, SHOPS.odd, signedBytes(rawBody, SHOPS.odd.webhookSecret))).toBe(200);
    await eventually('it is listed', 10_000, async () => (await rejectionsOf(stack, 'odd')).length > before);
    const kept = await rejectionsOf(stack, 'odd');
    expect(kept.slice(before)).toMatchObject([{ reason, topic: 'order.updated', size_bytes: rawBody.length }]);
    expect(kept.at(-1)?.detail).toMatch(detail);
  });

  it('opens one alert of its kind, however many there were', async () => {
    expect(await openAlerts(stack, 'odd')).toEqual(['shop-error-body', 'webhook-rejected']);
  });
});

describe('a signed order of an odd shape', () => {
  const TAKEN: readonly (readonly [what: string, orderId: number, body: string])[] = [
    [
      'numbers as texts',
      11,
      text(paidOrder(11, { id: '11', customer_id: '0', line_items: [{ id: '1', product_id: '2', quantity: '3', total: '9' }] })),
    ],
    ['texts as numbers', 12, text(paidOrder(12, { number: 12, total: 1234.5, total_tax: 0 }))],
    ['empty lists where objects belong', 13, text(paidOrder(13, { billing: [], shipping: [], meta_data: {} }))],
    [
      'null wherever it may stand',
      14,
      text(paidOrder(14, { billing: null, shipping: null, meta_data: null, customer_note: null, refunds: null })),
    ],
    ['meta nested a thousand deep', 15, withList(15, 'meta_data', `[{"key":"x","value":${'['.repeat(1_000)}${']'.repeat(1_000)}}]`)],
    ['nesting of half a million', 16, withList(16, 'tax_lines', `${'['.repeat(500_000)}${']'.repeat(500_000)}`)],
    [
      'NUL and lone surrogates in its texts',
      18,
      text(paidOrder(18, { status: 'proc\0essing', number: '\uD800\0x', customer_note: '\uDFFF\0' })),
    ],
    ['a byte order mark in front', 19, `\uFEFF${text(paidOrder(19))}`],
    [
      'names of ten thousand signs',
      20,
      text(paidOrder(20, { billing: { first_name: '\u{1F600}'.repeat(5_000), email: `${'x'.repeat(5_000)}@example.com` } })),
    ],
    ['__proto__ and constructor as fields', 21, text(paidOrder(21)).replace('{', '{"__proto__":{"status":"x"},"constructor":1,')],
  ];

  it('is taken, and becomes its one Purchase', async () => {
    const webhooks = TAKEN.map(([, , body]) => signedBytes(Buffer.from(body), SHOPS.odd.webhookSecret));
    const before = await rejectionsOf(stack, 'odd');
    expect(await inParallel(webhooks, 4, (webhook) => postedStatus(stack, SHOPS.odd, webhook))).toEqual(TAKEN.map(() => 200));
    await untilAtRest(stack);
    expect(await rejectionsOf(stack, 'odd')).toEqual(before);
    const states = new Map((await ledgerOf(stack)).map(({ source, orderId, state }) => [`${source}_${orderId}`, state]));
    expect(TAKEN.map(([what, orderId]) => [what, states.get(`odd_${orderId}`)])).toEqual(TAKEN.map(([what]) => [what, 'delivered']));
    expect(countedEventIds(stack)).toEqual(expect.arrayContaining(TAKEN.map(([, orderId]) => `odd_${orderId}`)));
  }, 40_000);
});

it('takes an order of 10,000 lines; whatever TikTok says of it, it is said of no other', async () => {
  const body = withList(51, 'line_items', `[${Array.from({ length: 10_000 }, () => line).join(',')}]`);
  const many = [...Array.from({ length: 20 }, (_, index) => text(paidOrder(52 + index))), body].map((one) =>
    signedBytes(Buffer.from(one), SHOPS.odd.webhookSecret),
  );
  expect(await inParallel(many, many.length, (webhook) => postedStatus(stack, SHOPS.odd, webhook))).toEqual(many.map(() => 200));
  await untilAtRest(stack);
  const states = new Map((await ledgerOf(stack)).flatMap(({ source, orderId, state }) => (source === 'odd' ? [[orderId, state]] : [])));
  expect(['delivered', 'rejected']).toContain(states.get('51'));
  expect(many.slice(1).map((_, index) => states.get(String(52 + index)))).toEqual(many.slice(1).map(() => 'delivered'));
});

describe('many bodies that somebody or something changed', () => {
  /** What must become of a body that reaches the source: what the source, which is pure, says of it. */
  const readingOf = ({ topic, rawBody }: FuzzedBody): WebhookReading =>
    readWebhook({ rawBody, headers: { 'x-wc-webhook-topic': topic }, receivedAt: 0, defaultCountry: null });

  const tally = (texts: readonly string[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const one of texts.toSorted()) counts[one] = (counts[one] ?? 0) + 1;
    return counts;
  };

  let bodies: readonly FuzzedBody[];
  let statuses: readonly number[];
  let deliveredMeanwhile = 0;
  let goodOrders = 0;

  const isDelivered = (orderId: number) => async (): Promise<boolean> => {
    const rows = await stack.sql.query(
      '',
      `select 1 from tiktok.ledger_entries where source_connection_id = 'good' and reference = $1 and state = 'delivered'`,
      [String(orderId)],
    );
    return rows.length === 1;
  };

  /** Good orders of another shop for the same pixel, one after the other, each followed to TikTok before the next. */
  async function deliverGoodOrdersWhile(isGoingOn: () => boolean): Promise<void> {
    const window = new ShopWindow(stack, SHOPS.good);
    do {
      goodOrders += 1;
      const orderId = 60_000 + goodOrders;
      expect(await window.deliver(paidOrder(orderId))).toBe(200);
      await eventually(`order ${orderId} is delivered while others send nonsense`, 20_000, isDelivered(orderId));
      if (isGoingOn()) deliveredMeanwhile += 1;
    } while (isGoingOn());
  }

  beforeAll(async () => {
    bodies = fuzzedBodies(FUZZED, FUZZ_SEED, Date.now());
    let isGoingOn = true;
    const send = inParallel(bodies, 16, ({ rawBody, topic }) =>
      postedStatus(stack, SHOPS.fuzzed, signedBytes(rawBody, SHOPS.fuzzed.webhookSecret, topic)),
    ).finally(() => {
      isGoingOn = false;
    });
    [statuses] = await Promise.all([send, deliverGoodOrdersWhile(() => isGoingOn)]);
    await untilAtRest(stack, 60_000);
  }, 120_000);

  it('are all answered 200', () => {
    expect(tally(statuses.map(String))).toEqual({ 200: FUZZED });
  });

  it('are kept with their reasons where they are no orders', async () => {
    const refusals = bodies
      .map(readingOf)
      .flatMap((reading) => (reading.kind === 'refused' ? [`${reading.reason}: ${reading.detail}`] : []));
    expect(refusals.length).toBeGreaterThan(FUZZED / 5);
    expect(tally((await rejectionsOf(stack, 'fuzzed')).map(({ reason, detail }) => `${reason}: ${detail}`))).toEqual(tally(refusals));
  });

  it('are folded where they still are orders', async () => {
    const orderIds = bodies
      .map(readingOf)
      .flatMap((reading) => (reading.kind === 'order' ? [reading.content.orderId] : reading.kind === 'deletion' ? [reading.orderId] : []));
    expect(orderIds.length).toBeGreaterThan(FUZZED / 5);
    const heads = await stack.sql.query<{ order_id: string }>('', `select order_id from orders.heads where connection_id = 'fuzzed'`);
    expect(heads.map(({ order_id }) => order_id).toSorted()).toEqual([...new Set(orderIds)].toSorted());
  });

  it('become no request that TikTok refuses, and no record that cannot be folded', async () => {
    const fuzzed = stack.tiktok.received().requests.filter(({ eventIds }) => eventIds.some((eventId) => eventId.startsWith('fuzzed_')));
    expect(fuzzed.flatMap(({ outcome, message }) => (outcome === 'accepted' ? [] : [message]))).toEqual([]);
    const lines = (await ledgerOf(stack)).filter(({ source }) => source === 'fuzzed');
    expect(lines.length).toBeGreaterThan(FUZZED / 10);
    expect(lines.filter(({ state }) => !['delivered', 'suppressed'].includes(state))).toEqual([]);
    expect(await stack.sql.query('', `select * from alerts.alerts where kind = 'dead-letter'`)).toEqual([]);
    expect(stack.tiktok.received().duplicates).toEqual([]);
  });

  it('delay no good order: all of them arrived, most while the nonsense went on', () => {
    const counted = countedEventIds(stack).filter((eventId) => eventId.startsWith('good_6'));
    expect(counted).toEqual(Array.from({ length: goodOrders }, (_, index) => `good_${60_001 + index}`).toSorted());
    expect(deliveredMeanwhile).toBeGreaterThanOrEqual(goodOrders - 1);
    expect(deliveredMeanwhile).toBeGreaterThanOrEqual(5);
  });
});

it('crashes nothing: the processes that began are still there, and ready', async () => {
  for (const id of ['ingest', 'tiktok']) {
    const app = stack.app(id);
    expect(app.child.isRunning()).toBe(true);
    expect((await fetch(`${app.url}/readyz`)).status).toBe(200);
  }
});
