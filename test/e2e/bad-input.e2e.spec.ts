import { readWebhook, type WebhookReading } from '@tributary/sources';
import { orderBody, signedWebhook, type SignedWebhook } from '../builders/order.builder.js';
import { phpJson, webhookSignature } from '../builders/php-json.js';
import { untilAtRest } from '../stack/at-rest.js';
import { putShopVersion } from '../stack/connection-version.js';
import { eventually } from '../stack/eventually.js';
import { fuzzedBodies, type FuzzedBody } from '../stack/fuzzed-bodies.js';
import { countedEventIds, inParallel, ledgerOf } from '../stack/outcomes.js';
import { rawRequest, type RawRequest } from '../stack/raw-request.js';
import { paidOrder, shopSpec, ShopWindow } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure, postWebhook } from '../stack/tenant.js';

const MIB = 1024 * 1024;
const FUZZED = 5_000;
const FUZZ_SEED = 20_261_121;

const SHOPS = Object.fromEntries(['good', 'odd', 'wire', 'fuzzed'].map((id) => [id, shopSpec(id)])) as Record<
  'good' | 'odd' | 'wire' | 'fuzzed',
  ReturnType<typeof shopSpec>
>;

interface Rejection {
  readonly reason: string;
  readonly detail: string;
  readonly reference: string | null;
  readonly topic: string;
  readonly size_bytes: number;
}

let stack: Stack;
let url: string;

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  url = stack.app('ingest').url;
  await configure(stack, {
    id: 'acme',
    shops: Object.values(SHOPS),
    pixels: [
      { id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1', purchase: { eventId: '{connection}_{orderId}' } } },
    ],
  });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

const rejectionsOf = (connectionId: string): Promise<Rejection[]> =>
  stack.sql.query<Rejection>(
    '',
    `select reason, detail, reference, topic, size_bytes from orders.rejections where connection_id = $1 order by received_at, event_id`,
    [connectionId],
  );

const openAlerts = async (connectionId: string): Promise<string[]> =>
  (
    await stack.sql.query<{ kind: string }>('', 'select kind from alerts.alerts where connection_id = $1 and closed_at is null order by kind', [
      connectionId,
    ])
  ).map(({ kind }) => kind);

/** Any bytes, correctly signed. */
const signedBytes = (rawBody: Buffer, secret: string, topic = 'order.updated'): SignedWebhook => ({
  rawBody,
  headers: {
    ...signedWebhook({}, secret, topic).headers,
    'content-length': String(rawBody.length),
    'x-wc-webhook-signature': webhookSignature(rawBody, secret),
  },
});

async function statusOf(shop: { readonly token: string }, webhook: SignedWebhook): Promise<number> {
  const answer = await postWebhook(url, shop.token, webhook);
  await answer.arrayBuffer();
  return answer.status;
}

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
    ['an error of the shop', '{"code":"woocommerce_rest_cannot_view","message":"no","data":{"status":403}}', 'shop-error-body', /cannot_view/],
    ['an error that names somebody', '{"code":"zoe@example.com","message":"no"}', 'shop-error-body', /does not use$/],
  ];

  it.each(REFUSED)('(%s) is answered 200 and kept with its reason', async (_, body, reason, detail) => {
    const rawBody = Buffer.from(body as string);
    const before = (await rejectionsOf('odd')).length;
    expect(await statusOf(SHOPS.odd, signedBytes(rawBody, SHOPS.odd.webhookSecret))).toBe(200);
    await eventually('it is listed', 10_000, async () => (await rejectionsOf('odd')).length > before);
    const kept = await rejectionsOf('odd');
    expect(kept.slice(before)).toMatchObject([{ reason, topic: 'order.updated', size_bytes: rawBody.length }]);
    expect(kept.at(-1)?.detail).toMatch(detail);
  });

  it('opens one alert of its kind, however many there were', async () => {
    expect(await openAlerts('odd')).toEqual(['shop-error-body', 'webhook-rejected']);
  });
});

describe('a signed order of an odd shape', () => {
  const TAKEN: readonly (readonly [what: string, orderId: number, body: string])[] = [
    ['numbers as texts', 11, text(paidOrder(11, { id: '11', customer_id: '0', line_items: [{ id: '1', product_id: '2', quantity: '3', total: '9' }] }))],
    ['texts as numbers', 12, text(paidOrder(12, { number: 12, total: 1234.5, total_tax: 0 }))],
    ['empty lists where objects belong', 13, text(paidOrder(13, { billing: [], shipping: [], meta_data: {} }))],
    ['null wherever it may stand', 14, text(paidOrder(14, { billing: null, shipping: null, meta_data: null, customer_note: null, refunds: null }))],
    ['meta nested a thousand deep', 15, withList(15, 'meta_data', `[{"key":"x","value":${'['.repeat(1_000)}${']'.repeat(1_000)}}]`)],
    ['nesting of half a million', 16, withList(16, 'tax_lines', `${'['.repeat(500_000)}${']'.repeat(500_000)}`)],
    ['NUL and lone surrogates in its texts', 18, text(paidOrder(18, { status: 'proc\0essing', number: '\uD800\0x', customer_note: '\uDFFF\0' }))],
    ['a byte order mark in front', 19, `\uFEFF${text(paidOrder(19))}`],
    ['names of ten thousand signs', 20, text(paidOrder(20, { billing: { first_name: '\u{1F600}'.repeat(5_000), email: `${'x'.repeat(5_000)}@example.com` } }))],
    ['__proto__ and constructor as fields', 21, text(paidOrder(21)).replace('{', '{"__proto__":{"status":"x"},"constructor":1,')],
  ];

  it('is taken, and becomes its one Purchase', async () => {
    const webhooks = TAKEN.map(([, , body]) => signedBytes(Buffer.from(body), SHOPS.odd.webhookSecret));
    const before = await rejectionsOf('odd');
    expect(await inParallel(webhooks, 4, (webhook) => statusOf(SHOPS.odd, webhook))).toEqual(TAKEN.map(() => 200));
    await untilAtRest(stack);
    expect(await rejectionsOf('odd')).toEqual(before);
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
  expect(await inParallel(many, many.length, (webhook) => statusOf(SHOPS.odd, webhook))).toEqual(many.map(() => 200));
  await untilAtRest(stack);
  const states = new Map((await ledgerOf(stack)).flatMap(({ source, orderId, state }) => (source === 'odd' ? [[orderId, state]] : [])));
  expect(['delivered', 'rejected']).toContain(states.get('51'));
  expect(many.slice(1).map((_, index) => states.get(String(52 + index)))).toEqual(many.slice(1).map(() => 'delivered'));
});

describe('a request that is wrong on the wire', () => {
  const path = `/v1/sources/woocommerce/${SHOPS.wire.token}`;
  const signed = (rawBody: Buffer): [string, string][] => [
    ['X-WC-Webhook-Topic', 'order.updated'],
    ['X-WC-Webhook-Signature', webhookSignature(rawBody, SHOPS.wire.webhookSecret)],
  ];
  const withLength = (rawBody: Buffer, length = rawBody.length): [string, string][] => [...signed(rawBody), ['Content-Length', String(length)]];

  async function expectKept(request: Omit<RawRequest, 'path'>, status: number | null, expected: Partial<Rejection>): Promise<void> {
    const before = (await rejectionsOf('wire')).length;
    expect(await rawRequest(url, { path, ...request })).toBe(status);
    await eventually('it is listed', 10_000, async () => (await rejectionsOf('wire')).length > before);
    expect((await rejectionsOf('wire')).slice(before)).toMatchObject([expected]);
  }

  it.each([
    ['with its length', true],
    ['in chunks', false],
  ] as const)('is answered 413 and kept when it is over 5 MiB, %s', async (_, hasLength) => {
    const body = Buffer.alloc(5 * MIB + 1, ' ');
    const chunked = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
    const request = hasLength
      ? { headers: withLength(body), body }
      : { headers: [...signed(body), ['Transfer-Encoding', 'chunked'] as const], body: chunked };
    await expectKept(request, 413, { reason: 'body-too-large' });
  });

  it('is answered 413 when it announces more than anybody can send', async () => {
    const body = Buffer.alloc(6 * MIB, ' ');
    await expectKept({ headers: withLength(body, 99_999_999_999), body }, 413, { reason: 'body-too-large', size_bytes: 2 ** 31 - 1 });
  });

  it('is taken when it is exactly 5 MiB', async () => {
    const order = text(paidOrder(31));
    const body = Buffer.from(order + ' '.repeat(5 * MIB - order.length));
    expect(await rawRequest(url, { path, headers: withLength(body), body })).toBe(200);
    await eventually('its head is there', 10_000, async () => {
      const heads = await stack.sql.query('', `select 1 from orders.heads where connection_id = 'wire' and order_id = '31'`);
      return heads.length === 1;
    });
  });

  it.each([
    ['says that nothing more comes', 'half', 400],
    ['is reset', 'reset', null],
  ] as const)('is kept as truncated when its connection %s before its end', async (_, endsWith, status) => {
    const body = Buffer.from(text(paidOrder(32)));
    await expectKept({ headers: withLength(body), body: body.subarray(0, 700), endsWith }, status, { reason: 'body-truncated' });
    expect(await stack.sql.query('', `select 1 from orders.heads where order_id = '32'`)).toEqual([]);
  });

  it.each([
    ['no body and no length', [] as [string, string][]],
    ['no body and length 0', [['Content-Length', '0']] as [string, string][]],
  ])('is kept when it has %s', async (_, headers) => {
    await expectKept({ headers: [...signed(Buffer.alloc(0)), ...headers] }, 200, { reason: 'body-not-json', size_bytes: 0 });
  });

  it.each(['', ';;;???', 'multipart/form-data; boundary=x', 'application/json; charset=utf-16', 'text/plain', null])(
    'is taken whatever its Content-Type says: %j',
    async (contentType) => {
      const body = Buffer.from(text(paidOrder(33)));
      const headers: [string, string][] = [...withLength(body), ...(contentType === null ? [] : [['Content-Type', contentType] as [string, string]])];
      expect(await rawRequest(url, { path, headers, body })).toBe(200);
    },
  );

  it('is taken when it waits for «100 Continue»', async () => {
    const body = Buffer.from(text(paidOrder(33)));
    expect(await rawRequest(url, { path, headers: [...withLength(body), ['Expect', '100-continue']], body })).toBe(200);
  });

  it.each([
    ['two lengths', [['Content-Length', '2'], ['Content-Length', '3']]],
    ['a negative length', [['Content-Length', '-2']]],
    ['length and chunks', [['Content-Length', '2'], ['Transfer-Encoding', 'chunked']]],
    ['a header line of 20 kB', [['X-Long', 'x'.repeat(20_000)]]],
  ] as readonly (readonly [string, readonly (readonly [string, string])[]])[])('is refused with 4xx for %s', async (_, headers) => {
    const status = await rawRequest(url, { path, headers, body: Buffer.from('{}') });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])('is 404 for the method %s', async (method) => {
    expect(await rawRequest(url, { method, path, headers: [['Content-Length', '2']], body: Buffer.from('{}') })).toBe(404);
  });

  it.each([
    ['the root', '/', 404],
    ['no shop', '/v1/sources/woocommerce', 404],
    ['an empty token', '/v1/sources/woocommerce/', 404],
    ['a token that nobody has', '/v1/sources/woocommerce/nobody-has-this-token', 404],
    ['another kind of shop', `/v1/sources/shopify/${SHOPS.wire.token}`, 404],
    ['below the token', `${path}/more`, 404],
    ['the token in capitals', path.toUpperCase(), 404],
    ['__proto__', '/v1/sources/woocommerce/__proto__', 404],
    ['constructor', '/v1/sources/woocommerce/constructor', 404],
    ['a NUL byte', '/v1/sources/woocommerce/%00', 404],
    ['a broken escape', '/v1/sources/woocommerce/%zz', 400],
    ['9,000 signs', `/v1/sources/woocommerce/${'x'.repeat(9_000)}`, 414],
    ['an asterisk', '*', 404],
  ] as const)('is refused when it goes to %s', async (_, other, status) => {
    const body = Buffer.from(text(paidOrder(34)));
    expect(await rawRequest(url, { path: other, headers: withLength(body), body })).toBe(status);
  });

  it('leaves nothing of an unknown address behind', async () => {
    await untilAtRest(stack);
    expect(await stack.sql.query('', `select 1 from orders.heads where order_id = '34'`)).toEqual([]);
    const tenants = await stack.sql.query('', 'select distinct tenant_id from orders.rejections');
    expect(tenants).toEqual([{ tenant_id: 'acme' }]);
  });
});

describe('a request that is not from the shop', () => {
  const polled = { webhookToken: 'token-of-the-polled-shop', webhookSecret: 'secret-of-the-polled-shop' };
  const rotating = { webhookToken: 'token-of-the-rotating-shop', webhookSecret: ['the-new-secret', 'the-old-secret'] };

  beforeAll(async () => {
    const keys = { consumerKey: 'ck_of_the_shop', consumerSecret: 'cs_of_the_shop' };
    await putShopVersion(stack, { tenantId: 'others', id: 'polled', version: 1, secrets: { ...polled, ...keys } });
    await putShopVersion(stack, { tenantId: 'others', id: 'webhook-only', version: 1, secrets: { ...polled, webhookToken: 'token-of-webhooks-only' } });
    await putShopVersion(stack, {
      tenantId: 'others',
      id: 'poll-off',
      version: 1,
      secrets: { ...polled, ...keys, webhookToken: 'token-of-polling-off' },
      settings: { polling: { enabled: false } },
    });
    await putShopVersion(stack, { tenantId: 'others', id: 'rotating', version: 1, secrets: rotating });
  }, 30_000);

  it.each([
    ['polled', 200, polled.webhookToken],
    ['webhook-only', 401, 'token-of-webhooks-only'],
    ['poll-off', 401, 'token-of-polling-off'],
  ] as const)('is kept and alerted with a bad signature; the shop %s hears %i', async (connectionId, status, token) => {
    const webhook = signedWebhook(paidOrder(41), 'another-secret');
    expect(await statusOf({ token }, webhook)).toBe(status);
    const { 'x-wc-webhook-signature': _, ...unsigned } = webhook.headers;
    expect(await statusOf({ token }, { ...webhook, headers: unsigned })).toBe(status);
    await eventually('both are listed', 10_000, async () => (await rejectionsOf(connectionId)).length === 2);
    expect((await rejectionsOf(connectionId)).map(({ reason, reference }) => [reason, reference])).toEqual([
      ['bad-signature', null],
      ['bad-signature', null],
    ]);
    expect(await openAlerts(connectionId)).toEqual(['bad-signature']);
    expect(await stack.sql.query('', `select 1 from orders.heads where order_id = '41'`)).toEqual([]);
  });

  it('is answered 200 and forgotten when it is a ping', async () => {
    const headers: [string, string][] = [['Content-Type', 'application/x-www-form-urlencoded'], ['Content-Length', '12']];
    const path = `/v1/sources/woocommerce/${polled.webhookToken}`;
    const before = await rejectionsOf('polled');
    expect(await rawRequest(url, { path, headers, body: Buffer.from('webhook_id=7') })).toBe(200);
    await untilAtRest(stack);
    expect(await rejectionsOf('polled')).toEqual(before);
  });

  it('is taken under each of two secrets, and under no third', async () => {
    const shop = { token: rotating.webhookToken };
    expect(await statusOf(shop, signedWebhook(paidOrder(42), 'the-new-secret'))).toBe(200);
    expect(await statusOf(shop, signedWebhook(paidOrder(43), 'the-old-secret'))).toBe(200);
    expect(await statusOf(shop, signedWebhook(paidOrder(44), 'the-older-secret'))).toBe(401);
    await untilAtRest(stack);
    const heads = await stack.sql.query<{ order_id: string }>('', `select order_id from orders.heads where connection_id = 'rotating' order by 1`);
    expect(heads.map(({ order_id }) => order_id)).toEqual(['42', '43']);
  });

  it('belongs to the shop of its address, whatever its headers say', async () => {
    const { headers, rawBody } = signedWebhook(paidOrder(45), 'the-new-secret', 'order.created');
    const claims = {
      'x-wc-webhook-source': 'https://another.example/',
      'x-wc-webhook-id': '-1',
      'x-wc-webhook-resource': 'product',
      'x-wc-webhook-event': 'deleted',
      'x-tenant-id': 'acme',
      'x-forwarded-host': 'acme.example',
      host: 'acme.example',
    };
    expect(await statusOf({ token: rotating.webhookToken }, { rawBody, headers: { ...headers, ...claims } })).toBe(200);
    await untilAtRest(stack);
    const heads = await stack.sql.query('', `select tenant_id, connection_id, status from orders.heads where order_id = '45'`);
    expect(heads).toEqual([{ tenant_id: 'others', connection_id: 'rotating', status: 'processing' }]);
  });

  it('is another shop’s to nobody: a body signed for one shop is refused at another’s address', async () => {
    const webhook = signedWebhook(paidOrder(46), SHOPS.good.webhookSecret);
    expect(await statusOf({ token: rotating.webhookToken }, webhook)).toBe(401);
  });

  it('keeps of an unsigned topic only what is one', async () => {
    const { headers, rawBody } = signedWebhook(paidOrder(47), 'the-new-secret');
    const topics = ['zoe@example.com', 'order.updated; drop table', 'x'.repeat(5_000), 'ORDER.UPDATED'];
    for (const topic of topics) {
      const webhook = { rawBody: Buffer.from('{"id":0}'), headers: { ...headers, 'x-wc-webhook-topic': topic, 'content-length': '8' } };
      expect(await statusOf({ token: rotating.webhookToken }, webhook)).toBe(401);
    }
    expect(await statusOf({ token: rotating.webhookToken }, { rawBody, headers: { ...headers, 'x-wc-webhook-topic': 'Zoë' } })).toBe(200);
    await untilAtRest(stack);
    expect((await rejectionsOf('rotating')).slice(-topics.length).map(({ topic }) => topic)).toEqual(topics.map(() => ''));
  });
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

  /** Good orders of another shop for the same pixel, one after the other, each followed to TikTok before the next. */
  async function deliverGoodOrdersWhile(isGoingOn: () => boolean): Promise<void> {
    const window = new ShopWindow(stack, SHOPS.good);
    do {
      goodOrders += 1;
      const orderId = 60_000 + goodOrders;
      expect(await window.deliver(paidOrder(orderId))).toBe(200);
      await eventually(`order ${orderId} is delivered while others send nonsense`, 20_000, async () => {
        const rows = await stack.sql.query(
          '',
          `select 1 from tiktok.ledger_entries where source_connection_id = 'good' and reference = $1 and state = 'delivered'`,
          [String(orderId)],
        );
        return rows.length === 1;
      });
      if (isGoingOn()) deliveredMeanwhile += 1;
    } while (isGoingOn());
  }

  beforeAll(async () => {
    bodies = fuzzedBodies(FUZZED, FUZZ_SEED, Date.now());
    let isGoingOn = true;
    const send = inParallel(bodies, 16, ({ rawBody, topic }) => statusOf(SHOPS.fuzzed, signedBytes(rawBody, SHOPS.fuzzed.webhookSecret, topic))).finally(() => {
      isGoingOn = false;
    });
    [statuses] = await Promise.all([send, deliverGoodOrdersWhile(() => isGoingOn)]);
    await untilAtRest(stack, 60_000);
  }, 120_000);

  it('are all answered 200', () => {
    expect(tally(statuses.map(String))).toEqual({ 200: FUZZED });
  });

  it('are kept with their reasons where they are no orders', async () => {
    const refusals = bodies.map(readingOf).flatMap((reading) => (reading.kind === 'refused' ? [`${reading.reason}: ${reading.detail}`] : []));
    expect(refusals.length).toBeGreaterThan(FUZZED / 5);
    expect(tally((await rejectionsOf('fuzzed')).map(({ reason, detail }) => `${reason}: ${detail}`))).toEqual(tally(refusals));
  });

  it('are folded where they still are orders', async () => {
    const orderIds = bodies.map(readingOf).flatMap((reading) => (reading.kind === 'order' ? [reading.content.orderId] : reading.kind === 'deletion' ? [reading.orderId] : []));
    expect(orderIds.length).toBeGreaterThan(FUZZED / 5);
    const heads = await stack.sql.query<{ order_id: string }>('', `select order_id from orders.heads where connection_id = 'fuzzed'`);
    expect(heads.map(({ order_id }) => order_id).toSorted()).toEqual([...new Set(orderIds)].toSorted());
  });

  it('become no request that TikTok refuses, and no record that cannot be folded', async () => {
    const fuzzed = stack.tiktok.received().requests.filter(({ eventIds }) => eventIds.some((eventId) => eventId.startsWith('fuzzed_')));
    expect(fuzzed.flatMap(({ outcome, message }) => (outcome === 'accepted' ? [] : [message]))).toEqual([]);
    const lines = (await ledgerOf(stack)).filter(({ source }) => source === 'fuzzed');
    expect(lines.length).toBeGreaterThan(100);
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
