import { signedWebhook } from '../builders/order.builder.js';
import { phpJson, webhookSignature } from '../builders/php-json.js';
import { untilAtRest } from '../stack/at-rest.js';
import { openAlerts, postedStatus, rejectionsOf, type Rejection } from '../stack/bad-webhooks.js';
import { putShopVersion } from '../stack/connection-version.js';
import { eventually } from '../stack/eventually.js';
import { rawRequest, type RawRequest } from '../stack/raw-request.js';
import { paidOrder, shopSpec } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';

const MIB = 1024 * 1024;
const WIRE = shopSpec('wire');
const ANOTHER = shopSpec('another');

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  await configure(stack, { id: 'acme', shops: [WIRE, ANOTHER], pixels: [] });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

describe('a request that is wrong on the wire', () => {
  const path = `/v1/sources/woocommerce/${WIRE.token}`;
  const signed = (rawBody: Buffer): [string, string][] => [
    ['X-WC-Webhook-Topic', 'order.updated'],
    ['X-WC-Webhook-Signature', webhookSignature(rawBody, WIRE.webhookSecret)],
  ];
  const withLength = (rawBody: Buffer, length = rawBody.length): [string, string][] => [
    ...signed(rawBody),
    ['Content-Length', String(length)],
  ];

  async function expectKept(request: Omit<RawRequest, 'path'>, status: number | null, expected: Partial<Rejection>): Promise<void> {
    const before = (await rejectionsOf(stack, 'wire')).length;
    expect(await rawRequest(stack.app('ingest').url, { path, ...request })).toBe(status);
    await eventually('it is listed', 10_000, async () => (await rejectionsOf(stack, 'wire')).length > before);
    expect((await rejectionsOf(stack, 'wire')).slice(before)).toMatchObject([expected]);
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
    const order = phpJson(paidOrder(31));
    const body = Buffer.from(order + ' '.repeat(5 * MIB - order.length));
    expect(await rawRequest(stack.app('ingest').url, { path, headers: withLength(body), body })).toBe(200);
    await eventually('its head is there', 10_000, async () => {
      const heads = await stack.sql.query('', `select 1 from orders.heads where connection_id = 'wire' and order_id = '31'`);
      return heads.length === 1;
    });
  });

  it.each([
    ['says that nothing more comes', 'half', 400],
    ['is reset', 'reset', null],
  ] as const)('is kept as truncated when its connection %s before its end', async (_, endsWith, status) => {
    const body = Buffer.from(phpJson(paidOrder(32)));
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
      const body = Buffer.from(phpJson(paidOrder(33)));
      const headers: [string, string][] = [
        ...withLength(body),
        ...(contentType === null ? [] : [['Content-Type', contentType] as [string, string]]),
      ];
      expect(await rawRequest(stack.app('ingest').url, { path, headers, body })).toBe(200);
    },
  );

  it('is taken when it waits for «100 Continue»', async () => {
    const body = Buffer.from(phpJson(paidOrder(33)));
    expect(await rawRequest(stack.app('ingest').url, { path, headers: [...withLength(body), ['Expect', '100-continue']], body })).toBe(200);
  });

  it.each([
    [
      'two lengths',
      [
        ['Content-Length', '2'],
        ['Content-Length', '3'],
      ],
    ],
    ['a negative length', [['Content-Length', '-2']]],
    [
      'length and chunks',
      [
        ['Content-Length', '2'],
        ['Transfer-Encoding', 'chunked'],
      ],
    ],
    ['a header line of 20 kB', [['X-Long', 'x'.repeat(20_000)]]],
  ] as readonly (readonly [string, readonly (readonly [string, string])[]])[])('is refused with 4xx for %s', async (_, headers) => {
    const status = await rawRequest(stack.app('ingest').url, { path, headers, body: Buffer.from('{}') });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])('is 404 for the method %s', async (method) => {
    expect(await rawRequest(stack.app('ingest').url, { method, path, headers: [['Content-Length', '2']], body: Buffer.from('{}') })).toBe(
      404,
    );
  });

  it.each([
    ['the root', '/', 404],
    ['no shop', '/v1/sources/woocommerce', 404],
    ['an empty token', '/v1/sources/woocommerce/', 404],
    ['a token that nobody has', '/v1/sources/woocommerce/nobody-has-this-token', 404],
    ['another kind of shop', `/v1/sources/shopify/${WIRE.token}`, 404],
    ['below the token', `${path}/more`, 404],
    ['the token in capitals', path.toUpperCase(), 404],
    ['__proto__', '/v1/sources/woocommerce/__proto__', 404],
    ['constructor', '/v1/sources/woocommerce/constructor', 404],
    ['a NUL byte', '/v1/sources/woocommerce/%00', 404],
    ['a broken escape', '/v1/sources/woocommerce/%zz', 400],
    ['9,000 signs', `/v1/sources/woocommerce/${'x'.repeat(9_000)}`, 414],
    ['an asterisk', '*', 404],
  ] as const)('is refused when it goes to %s', async (_, other, status) => {
    const body = Buffer.from(phpJson(paidOrder(34)));
    expect(await rawRequest(stack.app('ingest').url, { path: other, headers: withLength(body), body })).toBe(status);
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
    await putShopVersion(stack, {
      tenantId: 'others',
      id: 'webhook-only',
      version: 1,
      secrets: { ...polled, webhookToken: 'token-of-webhooks-only' },
    });
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
    expect(await postedStatus(stack, { token }, webhook)).toBe(status);
    const { 'x-wc-webhook-signature': _, ...unsigned } = webhook.headers;
    expect(await postedStatus(stack, { token }, { ...webhook, headers: unsigned })).toBe(status);
    await eventually('both are listed', 10_000, async () => (await rejectionsOf(stack, connectionId)).length === 2);
    expect((await rejectionsOf(stack, connectionId)).map(({ reason, reference }) => [reason, reference])).toEqual([
      ['bad-signature', null],
      ['bad-signature', null],
    ]);
    expect(await openAlerts(stack, connectionId)).toEqual(['bad-signature']);
    expect(await stack.sql.query('', `select 1 from orders.heads where order_id = '41'`)).toEqual([]);
  });

  it('is answered 200 and forgotten when it is a ping', async () => {
    const headers: [string, string][] = [
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Content-Length', '12'],
    ];
    const path = `/v1/sources/woocommerce/${polled.webhookToken}`;
    const before = await rejectionsOf(stack, 'polled');
    expect(await rawRequest(stack.app('ingest').url, { path, headers, body: Buffer.from('webhook_id=7') })).toBe(200);
    await untilAtRest(stack);
    expect(await rejectionsOf(stack, 'polled')).toEqual(before);
  });

  it('is taken under each of two secrets, and under no third', async () => {
    const shop = { token: rotating.webhookToken };
    expect(await postedStatus(stack, shop, signedWebhook(paidOrder(42), 'the-new-secret'))).toBe(200);
    expect(await postedStatus(stack, shop, signedWebhook(paidOrder(43), 'the-old-secret'))).toBe(200);
    expect(await postedStatus(stack, shop, signedWebhook(paidOrder(44), 'the-older-secret'))).toBe(401);
    await untilAtRest(stack);
    const heads = await stack.sql.query<{ order_id: string }>(
      '',
      `select order_id from orders.heads where connection_id = 'rotating' order by 1`,
    );
    expect(heads.map(({ order_id }) => order_id)).toEqual(['42', '43']);
  });

  it('belongs to the shop of its address, whatever its headers say', async () => {
    const { headers, rawBody } = signedWebhook(paidOrder(45), 'the-new-secret', 'order.created');
    const claims = {
      'x-wc-webhook-source': 'http://www.shop.example:8080/',
      'x-wc-webhook-id': '-1',
      'x-wc-webhook-resource': 'product',
      'x-wc-webhook-event': 'deleted',
      'x-tenant-id': 'acme',
      'x-forwarded-host': 'acme.example',
      host: 'acme.example',
    };
    expect(await postedStatus(stack, { token: rotating.webhookToken }, { rawBody, headers: { ...headers, ...claims } })).toBe(200);
    await untilAtRest(stack);
    const heads = await stack.sql.query('', `select tenant_id, connection_id, status from orders.heads where order_id = '45'`);
    expect(heads).toEqual([{ tenant_id: 'others', connection_id: 'rotating', status: 'processing' }]);
  });

  it('is another shop’s to nobody: a body signed for one shop is refused at another’s address', async () => {
    const webhook = signedWebhook(paidOrder(46), ANOTHER.webhookSecret);
    expect(await postedStatus(stack, { token: rotating.webhookToken }, webhook)).toBe(401);
  });

  it('keeps of an unsigned topic only what is one', async () => {
    const { headers, rawBody } = signedWebhook(paidOrder(47), 'the-new-secret');
    const topics = ['zoe@example.com', 'order.updated; drop table', 'x'.repeat(5_000), 'ORDER.UPDATED'];
    for (const topic of topics) {
      const webhook = { rawBody: Buffer.from('{"id":0}'), headers: { ...headers, 'x-wc-webhook-topic': topic, 'content-length': '8' } };
      expect(await postedStatus(stack, { token: rotating.webhookToken }, webhook)).toBe(401);
    }
    expect(
      await postedStatus(stack, { token: rotating.webhookToken }, { rawBody, headers: { ...headers, 'x-wc-webhook-topic': 'Zoë' } }),
    ).toBe(200);
    await untilAtRest(stack);
    expect((await rejectionsOf(stack, 'rotating')).slice(-topics.length).map(({ topic }) => topic)).toEqual(topics.map(() => ''));
  });
});

it('crashes nothing: the process that began is still there, and ready', async () => {
  const app = stack.app('ingest');
  expect(app.child.isRunning()).toBe(true);
  expect((await fetch(`${app.url}/readyz`)).status).toBe(200);
});
