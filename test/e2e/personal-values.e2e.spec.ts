import { createHash } from 'node:crypto';
import { allCaptures, allOrderCaptures, shiftDates, withBody, type CapturedWebhook } from '../builders/captured-webhooks.js';
import { signedWebhook, type SignedWebhook } from '../builders/order.builder.js';
import { webhookSignature } from '../builders/php-json.js';
import { untilAtRest } from '../stack/at-rest.js';
import { postedStatus, signedBytes } from '../stack/bad-webhooks.js';
import { appLogHaystacks, logHaystacks, metricHaystacks, tableHaystacks } from '../stack/haystacks.js';
import { dumpLog, topicsOf, type DumpedRecord } from '../stack/log-dump.js';
import { asBrowser, pageView, type BrowserAnswer } from '../stack/browser.js';
import { inParallel, ledgerOf } from '../stack/outcomes.js';
import { rawRequest } from '../stack/raw-request.js';
import { paidOrder } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure, type ShopSpec } from '../stack/tenant.js';
import { findTraces, tracesOf, tracesOfBytes, type Haystack, type PersonalKind, type Trace } from '../stack/traces-of-people.js';

const SHOP: ShopSpec = { id: 'shop', token: 'token-of-the-shop-01', webhookSecret: 's3cret-Lab' };
const ACCESS_TOKEN = 'access-token-of-the-pixel';
const COUNTRIES = ['CL', 'US', 'JP'];
const WRITE_KEY = 'write-key-of-the-visits';
const SECRETS = [SHOP.token, SHOP.webhookSecret, ACCESS_TOKEN];
/** Somebody who visits, in every form in which a page can name them. */
const VISITS: readonly (readonly [kind: PersonalKind, value: string])[] = [
  ['visitor', 'tto.1.1795228693.of-the-visits'],
  ['visitor', 'tto.1.1795228693.of-the-cookie'],
  ['visitor', 'E.C.P.ttclid-of-the-visits'],
  ['visitor', 'ttp-of-the-visits-cookie'],
  ['email', 'Visita.Uno+web@Correo.CL'],
  ['phone', '+56 9 7654 3210'],
  ['text', '198.51.100.77'],
  ['text', 'https://shop.example/gracias?mail=visita.uno%2Bweb%40correo.cl&key=wc_order_secret'],
  ['text', 'quien busca a visita uno'],
  ['text', 'Mozilla/5.0 (Visits) Chrome/146.0.0.0'],
  ['text', 'valor propio de visita uno'],
];

/** Which field of a captured body names somebody, and as what. */
const KINDS: Readonly<Record<string, PersonalKind>> = {
  first_name: 'name',
  last_name: 'name',
  company: 'text',
  address_1: 'text',
  address_2: 'text',
  city: 'text',
  postcode: 'zip',
  email: 'email',
  phone: 'phone',
  username: 'text',
  avatar_url: 'text',
  customer_ip_address: 'text',
  customer_user_agent: 'text',
  customer_note: 'text',
  order_key: 'text',
  transaction_id: 'text',
};
const PERSONAL_META = /^(?:cdp_(?:id|ttclid|ttp)|_ttclid|_wc_order_attribution_session_entry)$/;

type Named = readonly [kind: PersonalKind, value: string];

/** Every personal value of a body, however deep. */
function peopleIn(value: unknown): Named[] {
  if (Array.isArray(value)) return value.flatMap(peopleIn);
  if (typeof value !== 'object' || value === null) return [];
  const { key, value: meta } = value as Readonly<Record<string, unknown>>;
  const own: Named[] = typeof key === 'string' && typeof meta === 'string' && PERSONAL_META.test(key) ? [['visitor', meta]] : [];
  const named = Object.entries(value).flatMap(([name, field]): Named[] => {
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
    return kind !== undefined && typeof field === 'string' ? [[kind, field]] : peopleIn(field);
  });
  return [...own, ...named];
}

const LANDING = 'https://shop.example/cafe?utm_source=tiktok&ttclid=E.C.P.entry-ttclid&email=zoe.ohiggins%2Bpromo%40example.com';
/** An order that fills every personal field there is, with the person of the fixtures. */
const fullOrder = (): Record<string, unknown> =>
  paidOrder(4_001, {
    customer_id: 77,
    customer_note: 'Dejar en conserjería 🙏',
    meta_data: [
      { id: 1, key: 'cdp_id', value: 'visitor-of-the-full-order' },
      { id: 2, key: 'cdp_ttclid', value: 'E.C.P.full-ttclid' },
      { id: 3, key: 'cdp_ttp', value: 'ttp-of-the-full-order' },
      { id: 4, key: 'cdp_consent', value: 'granted' },
      { id: 5, key: '_wc_order_attribution_session_entry', value: LANDING },
    ],
  });

const jsonOf = ({ rawBody }: CapturedWebhook): unknown => JSON.parse(rawBody.toString('utf8')) as unknown;
const people = (): Named[] => [
  ...allCaptures().flatMap((capture) => (capture.secret === null ? [] : peopleIn(jsonOf(capture)))),
  ...peopleIn(fullOrder()),
  ...VISITS,
];

const tracesOfPeople = (): Trace[] => {
  const distinct = new Map(people().map((named) => [named.join('\0'), named]));
  return [...distinct.values()].flatMap(([kind, value]) => tracesOf(kind, value, COUNTRIES));
};

/** The ways in which an order can go wrong on its way in. */
function spoiled(capture: CapturedWebhook): SignedWebhook[] {
  const body = jsonOf(capture) as Record<string, unknown>;
  const { billing } = body as { billing: Record<string, string> };
  const bodies: Buffer[] = [
    capture.rawBody.subarray(0, capture.rawBody.length - 20),
    Buffer.concat([capture.rawBody, Buffer.of(0xff)]),
    withBody(capture, { ...body, total: billing['email'] }).rawBody,
    withBody(capture, { ...body, currency: `${billing['first_name']} ${billing['last_name']}` }).rawBody,
    withBody(capture, { ...body, [billing['email'] ?? 'x']: 1, line_items: [billing] }).rawBody,
    withBody(capture, { code: billing['email'], message: billing['phone'], data: { status: billing['address_1'] } }).rawBody,
    withBody(capture, [body]).rawBody,
    Buffer.concat([capture.rawBody, Buffer.alloc(5 * 1024 * 1024, ' ')]),
  ];
  return bodies.map((rawBody) => signedBytes(rawBody, SHOP.webhookSecret));
}

let stack: Stack;
const url = (): string => stack.app('ingest').url;

/** Captured elsewhere, as this shop would send it: deliveries of another host are no orders. */
const fromShop = (capture: CapturedWebhook): CapturedWebhook => ({
  ...capture,
  headers: { ...capture.headers, 'x-wc-webhook-source': 'https://shop.example/' },
});
const post = (webhook: SignedWebhook): Promise<number> => postedStatus(stack, SHOP, webhook);

/** Every type of visit and an identify call, with everything a page can say; then what is refused, with the same people in it. */
async function visitEverything(): Promise<void> {
  const [visitorId, cookie, ttclid, ttp, email, phone, ip, url, searchText, agent, property] = VISITS.map(([, value]) => value);
  const headers = {
    origin: 'https://shop.example',
    'sec-fetch-site': 'same-site',
    'user-agent': agent ?? '',
    'x-forwarded-for': ip ?? '',
    cookie: `_ttp=${ttp}`,
  };
  const types = ['page_view', 'product_view', 'cart_add', 'checkout_start', 'payment_info', 'search', 'consent', 'lead'];
  const fields = { url, referrer: url, searchText, email, phone, properties: { note: property, email } };
  const events = [
    ...types.map((type) => pageView({ type, ...fields })),
    pageView({ type: 'registration', ...fields, customerId: '77' }),
    pageView({ type: 'purchase_shown', ...fields, orderId: '4001', pixelEventId: 'wc_order_4001' }),
    pageView({ ...fields, consent: { ads: 'denied' } }),
    pageView({ ...fields, value: email, url: `mailto:${email}` }),
    pageView({ ...fields, eventId: email, type: email }),
  ];
  const visit = (path: string, body: object | string, more: object = {}): Promise<BrowserAnswer> =>
    asBrowser(stack.app('ingest').url, path, { headers: { ...headers, ...more }, body });
  const said = { writeKey: WRITE_KEY, visitorId, ttclid, events };
  expect((await visit('/v1/collect', said)).status).toBe(200);
  const ofTheCookie = { writeKey: WRITE_KEY, events: [pageView(fields)] };
  expect((await visit('/v1/collect', ofTheCookie, { cookie: `_ttoaid=${cookie}; _ttp=${ttp}` })).status).toBe(200);
  expect((await visit('/v1/identify', { writeKey: WRITE_KEY, visitorId, email, phone, customerId: '77' })).status).toBe(200);
  const refused: (readonly [body: object | string, status: number, more?: object])[] = [
    [JSON.stringify(said).slice(0, -3), 400],
    [{ ...said, visitorId: email }, 400],
    [{ ...said, events: { email } }, 400],
    [{ ...said, consent: email }, 400],
    [said, 403, { origin: `https://${(email ?? '').split('@')[1]}` }],
    [{ ...said, writeKey: email }, 401],
  ];
  for (const [body, status, more] of refused) expect((await visit('/v1/collect', body, more)).status).toBe(status);
}

/** One shop is told everything that was ever captured, right, wrongly signed and spoiled. */
async function sendEverything(): Promise<void> {
  const nowMs = Date.now();
  const recent = (capture: CapturedWebhook): CapturedWebhook =>
    capture.secret === null ? capture : fromShop(shiftDates(capture, nowMs - 60_000, SHOP.webhookSecret));
  const captures = allCaptures().map(recent);
  await inParallel(captures, 4, async (capture) => expect(await post(capture)).toBe(200));
  expect(await post(signedWebhook(fullOrder(), SHOP.webhookSecret, 'order.created'))).toBe(200);
  const nobodys = paidOrder(4_002, { billing: {}, shipping: {}, meta_data: [], customer_ip_address: '', customer_user_agent: '' });
  expect(await post(signedWebhook(nobodys, SHOP.webhookSecret, 'order.created'))).toBe(200);
  const orders = allOrderCaptures().map(recent);
  await inParallel(orders, 4, async ({ rawBody, headers }) =>
    expect(await post({ rawBody, headers: { ...headers, 'x-wc-webhook-signature': webhookSignature(rawBody, 'not-the-secret') } })).toBe(
      401,
    ),
  );
  const [guest, customer] = [orders[0], orders.find(({ name }) => name.startsWith('029'))];
  for (const webhook of [guest, customer].flatMap((capture) => (capture === undefined ? [] : spoiled(capture)))) {
    expect([200, 413]).toContain(await post(webhook));
  }
  const { rawBody } = guest!;
  const headers: [string, string][] = [
    ['Content-Length', String(rawBody.length)],
    ['X-WC-Webhook-Topic', 'Zoe.OHiggins+promo@Example.COM'],
    ['User-Agent', "Zoë O'Higgins"],
    ['X-Forwarded-For', '203.0.113.9'],
  ];
  await rawRequest(url(), { path: `/v1/sources/woocommerce/${SHOP.token}`, headers, body: rawBody.subarray(0, 2_500), endsWith: 'reset' });
  await rawRequest(url(), { path: '/v1/sources/woocommerce/Zoe.OHiggins+promo@Example.COM', headers, body: rawBody });
}

beforeAll(async () => {
  stack = await Stack.start({ apps: [] });
  const env = { LOG_LEVEL: 'debug', INGEST_TRUSTED_PROXIES: '127.0.0.1' };
  for (const name of ['ingest', 'tiktok'] as const) await stack.untilReady(await stack.startApp(name, { env }));
  await configure(stack, {
    id: 'acme',
    defaultCountry: 'CL',
    shops: [SHOP],
    visits: [{ id: 'web', shop: 'shop', writeKeys: [WRITE_KEY] }],
    pixels: [{ id: 'ads', accessToken: ACCESS_TOKEN, settings: { pixelCode: 'PIXEL1' } }],
  });
  // The first request about a person fails, so that errors are told as well.
  stack.tiktok.control.fail({ kind: 'refuse-event', times: 1 });
  stack.tiktok.control.fail({ kind: 'internal-error', times: 1 });
  stack.tiktok.control.fail({ kind: 'html', times: 1 });
  await sendEverything();
  await visitEverything();
  await untilAtRest(stack, 40_000);
}, 240_000);
afterAll(() => stack?.stop(), 30_000);

describe('after everything that was captured came in, right and wrong', () => {
  let records: DumpedRecord[];
  let traces: Trace[];
  beforeAll(async () => {
    records = await dumpLog(stack, await topicsOf(stack));
    const lookups = await stack.sql.query<{ lookup: Buffer }>('', 'select lookup from vault.subjects');
    traces = [
      ...tracesOfPeople(),
      ...lookups.flatMap(({ lookup }, index) => tracesOfBytes(`look-up ${index} of vault.subjects`, lookup)),
      ...SECRETS.flatMap((secret) => tracesOf('text', secret, []).filter(({ what }) => !what.startsWith('SHA-256'))),
    ];
  }, 60_000);

  it('there is something to search: records of every kind, people, effects', async () => {
    const topics = new Set(records.map(({ topic }) => topic));
    expect([...topics].toSorted()).toEqual(
      expect.arrayContaining([
        'commerce.catalog-events.v1',
        'commerce.order-events.v1',
        'commerce.order-raw.v1',
        'identity.assertion-events.v1',
        'ingest.rejected-events.v1',
        'tiktok.delivery-events.v1',
        'visits.visit-events.v1',
      ]),
    );
    expect(records.length).toBeGreaterThan(150);
    expect(traces.length).toBeGreaterThan(1_000);
    const subjects = await stack.sql.query<{ kind: number }>('', 'select distinct kind from vault.subjects order by kind');
    expect(subjects.map(({ kind }) => kind)).toEqual([1, 2, 3, 4, 5]);
    expect((await ledgerOf(stack)).filter(({ state }) => state === 'delivered').length).toBeGreaterThan(5);
    const reasons = await stack.sql.query<{ reason: string }>('', 'select distinct reason from orders.rejections order by reason');
    expect(reasons.map(({ reason }) => reason)).toEqual([
      'bad-signature',
      'body-not-json',
      'body-not-utf8',
      'body-too-large',
      'body-truncated',
      'invalid-field',
      'not-an-order',
      'origin-not-allowed',
      'shop-error-body',
      'unknown-topic',
    ]);
  });

  it('TikTok was told who it is, hashed: the same search finds them there', () => {
    const sent: Haystack[] = stack.tiktok
      .received()
      .requests.map(({ body }) => ({ where: 'request', bytes: Buffer.from(JSON.stringify(body)) }));
    const mail = 'zoe.ohiggins+promo@example.com';
    expect(findTraces(sent, tracesOf('email', mail, []))).toContain(`request: SHA-256 of email ${mail}, hex`);
  });

  it('no record key, value or header names anybody', () => {
    expect(findTraces(logHaystacks(records), traces)).toEqual([]);
  });

  it('no log line and no metric names anybody', async () => {
    const haystacks = [...appLogHaystacks(stack), ...(await metricHaystacks(stack))];
    expect(haystacks.map(({ where }) => where)).toEqual(
      expect.arrayContaining(['log ingest.log', 'log tiktok.log', 'metrics of ingest', 'metrics of tiktok']),
    );
    expect(haystacks.every(({ bytes }) => bytes.length > 0)).toBe(true);
    expect(findTraces(haystacks, traces)).toEqual([]);
  });

  it('no table outside the vault names anybody', async () => {
    const haystacks = await tableHaystacks(stack);
    expect(haystacks.length).toBeGreaterThan(10);
    expect(findTraces(haystacks, traces)).toEqual([]);
  });

  it('nobody with a name too short to search bytes for stands in any text', async () => {
    const short = /(?<!\p{L})(?:ana|zoë)(?!\p{L})/iu;
    const texts = [...appLogHaystacks(stack), ...(await metricHaystacks(stack)), ...(await tableHaystacks(stack))];
    const keys = logHaystacks(records).filter(({ where }) => !where.endsWith('value'));
    expect([...texts, ...keys].flatMap(({ where, bytes }) => short.exec(bytes.toString('utf8'))?.[0].concat(' in ', where) ?? [])).toEqual(
      [],
    );
  });
});

describe('the search itself', () => {
  const MAIL = 'Zoe.OHiggins+promo@Example.COM';
  const NORMALISED = 'zoe.ohiggins+promo@example.com';
  const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
  const TOPIC = 'scratch.planted';

  const PLANTED: readonly (readonly [
    what: string,
    found: string,
    record: { key?: Buffer; value?: Buffer; headers?: Record<string, Buffer> },
  ])[] = [
    ['a mail address as it is, in a value', 'value: email', { value: Buffer.from(`mail: ${MAIL}`) }],
    ['a mail address in capitals', 'value: email', { value: Buffer.from(MAIL.toUpperCase()) }],
    ['a mail address in a key', 'key: email', { key: Buffer.from(`acme:shop:${NORMALISED}`) }],
    ['a mail address of a URL, in a header', 'headers: email', { headers: { url: Buffer.from(encodeURIComponent(MAIL)) } }],
    ['the hash of a mail address, hex', 'value: SHA-256 of email', { value: Buffer.from(sha256(NORMALISED).toString('hex')) }],
    ['the hash of a mail address, bytes', 'value: SHA-256 of email', { value: Buffer.concat([Buffer.of(0, 1), sha256(NORMALISED)]) }],
    [
      'the hash of a phone, hex in capitals',
      'key: SHA-256 of phone',
      { key: Buffer.from(sha256('+56987654321').toString('hex').toUpperCase()) },
    ],
    ['a phone in its international form', 'value: phone', { value: Buffer.from('tel:+56987654321') }],
    ['a street as PHP escapes it', 'value: text Calle Ñuble 1234', { value: Buffer.from('"Calle \\u00d1uble 1234"') }],
    ['a name that is escaped', 'value: name', { value: Buffer.from('Zo\\u00EB') }],
    ['nothing', '', { key: Buffer.from('acme:shop:17'), value: Buffer.from('processing 38563 CLP') }],
  ];
  let findings: readonly string[];

  beforeAll(async () => {
    const admin = stack.kafka.admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic: TOPIC, numPartitions: 1 }] });
    const producer = stack.kafka.producer();
    await producer.connect();
    const messages = PLANTED.map(([, , { key, value, headers }]) => ({ key: key ?? null, value: value ?? null, headers: headers ?? {} }));
    await producer.send({ topic: TOPIC, messages });
    await producer.disconnect();
    findings = findTraces(logHaystacks(await dumpLog(stack, [TOPIC])), tracesOfPeople());
    await admin.deleteTopics({ topics: [TOPIC] });
    await admin.disconnect();
  }, 30_000);

  it.each(PLANTED.map(([what, found], offset) => [what, offset, found] as const))('finds %s, planted in a topic', (_, offset, found) => {
    const places = findings.flatMap((finding) =>
      finding.startsWith(`${TOPIC}[0] ${offset} `) ? [finding.slice(`${TOPIC}[0] ${offset} `.length)] : [],
    );
    expect(places.some((place) => place.startsWith(found))).toBe(found !== '');
  });
});
