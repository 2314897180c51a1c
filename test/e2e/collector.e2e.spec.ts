import { createHash } from 'node:crypto';
import { partitionOf } from '@tributary/domain';
import { asBrowser, pageView, type BrowserAnswer } from '../stack/browser.js';
import { eventually } from '../stack/eventually.js';
import { KeptVisits, type KeptAssertion, type KeptVisit } from '../stack/kept-visits.js';
import { paidOrder } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure, postWebhook } from '../stack/tenant.js';
import { signedWebhook } from '../builders/order.builder.js';

const SHOP = { id: 'shop', token: 'token-of-the-shop-01', webhookSecret: 's3cret-Lab' };
const KEYS = ['write-key-old-000001', 'write-key-new-000002'] as const;
const STRICT_KEY = 'write-key-of-the-eea1';
const SLOW_KEY = 'write-key-of-few-000';
const ORIGIN = 'https://www.shop.example';
const PAGE = { origin: ORIGIN, 'sec-fetch-site': 'same-site' };
const VISITOR = 'tto.1.1795228693.of-the-tests';
const PARTITIONS = 3;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

let stack: Stack;
let kept: KeptVisits;
const url = (): string => stack.app('ingest').url;

const collect = (body: object, headers: Readonly<Record<string, string>> = PAGE): Promise<BrowserAnswer> =>
  asBrowser(url(), '/v1/collect', { headers, body: { writeKey: KEYS[0], ...body } });
const identify = (body: object, headers: Readonly<Record<string, string>> = PAGE): Promise<BrowserAnswer> =>
  asBrowser(url(), '/v1/identify', { headers, body: { writeKey: KEYS[0], ...body } });
const cookieOf = ({ headers }: BrowserAnswer): string => String(headers['set-cookie'] ?? '');

async function visit(eventId: string): Promise<KeptVisit> {
  const found = (await kept.visits()).get(eventId);
  if (found === undefined) throw new Error(`no visit ${eventId} in the log`);
  return found;
}

beforeAll(async () => {
  stack = await Stack.start({ apps: [], partitions: PARTITIONS });
  const env = { INGEST_TRUSTED_PROXIES: '127.0.0.1', INGEST_VISITS_PER_SECOND: '100000' };
  await stack.untilReady(await stack.startApp('ingest', { env }));
  const settings = { allowedOrigins: [ORIGIN] };
  await configure(stack, {
    id: 'acme',
    defaultCountry: 'CL',
    shops: [SHOP],
    pixels: [],
    visits: [
      { id: 'web', shop: 'shop', writeKeys: KEYS, settings },
      { id: 'few', shop: 'shop', writeKeys: [SLOW_KEY], settings: { ...settings, eventsPerSecond: 1 } },
    ],
  });
  await configure(stack, {
    id: 'eea',
    defaultCountry: 'DE',
    shops: [{ ...SHOP, token: 'token-of-the-shop-02', settings: { country: 'DE' } }],
    pixels: [],
    visits: [{ id: 'web', shop: 'shop', writeKeys: [STRICT_KEY], settings }],
  });
  kept = await KeptVisits.of(stack);
}, 120_000);
afterAll(() => stack?.stop(), 30_000);

describe('a visit', () => {
  it('is answered after it stands in the log, keyed by its visitor, its personal part sealed', async () => {
    const event = pageView({
      type: 'cart_add',
      url: 'https://shop.example/cafe?utm_source=tiktok&ttclid=E.C.P.of-the-url',
      referrer: 'https://www.tiktok.com/',
      contentType: 'product',
      contents: [{ contentId: 'SKU-1', name: 'Café', price: 12_990, quantity: 2 }],
      value: '25980.00',
      currency: 'clp',
    });
    const answer = await collect(
      { visitorId: 'of-the-body-and-ignored', locale: 'es-CL', ttclid: 'E.C.P.of-the-body', events: [event] },
      { ...PAGE, cookie: `a=b; _ttoaid=${VISITOR}; _ttp=ttp-of-the-pixel`, 'x-forwarded-for': '198.51.100.9, 203.0.113.7' },
    );
    expect([answer.status, answer.json]).toEqual([200, { results: [{ eventId: event.eventId, status: 'accepted' }] }]);
    const { key, partition, event: visited, personal } = await visit(event.eventId);
    expect(key).toBe(`acme:${visited.visitor}`);
    expect(partition).toBe(partitionOf(key, PARTITIONS));
    expect(visited).toMatchObject({
      type: 'CartItemAdded',
      tenantId: 'acme',
      connectionId: 'web',
      shopConnectionId: 'shop',
      consent: 'unknown',
      isConsentRequired: false,
      pageHost: 'shop.example',
      pagePath: '/cafe',
      contents: [{ contentId: 'SKU-1', price: '12990', quantity: '2' }],
      value: '25980.00',
      currency: 'CLP',
      personalFields: ['ip', 'locale', 'referrer', 'ttclid', 'ttp', 'url', 'userAgent'],
    });
    expect(personal).toMatchObject({
      url: event['url'],
      ip: '203.0.113.7',
      ttclid: 'E.C.P.of-the-url',
      ttclidAt: Date.parse(String(event['occurredAt'])),
      ttp: 'ttp-of-the-pixel',
      locale: 'es-CL',
    });
  });

  it('is taken with either write key, and by no other', async () => {
    for (const [writeKey, status] of [
      [KEYS[0], 200],
      [KEYS[1], 200],
      ['write-key-unknown-01', 401],
    ] as const) {
      expect((await collect({ writeKey, visitorId: VISITOR, events: [pageView()] })).status).toBe(status);
    }
  });

  it('of every type comes out as what it is, in one request', async () => {
    const types = ['page_view', 'product_view', 'cart_add', 'checkout_start', 'payment_info', 'search', 'registration', 'consent', 'lead'];
    const events = types.map((type) => pageView({ type, consent: { ads: 'granted' }, searchText: 'yerba mate' }));
    events.push(pageView({ type: 'purchase_shown', orderId: 17, isPaid: true, pixelEventId: 'wc_order_17' }));
    expect((await collect({ visitorId: VISITOR, events })).status).toBe(200);
    const visits = await kept.visits();
    expect(events.map(({ eventId }) => visits.get(eventId)?.event.type)).toEqual([
      'PageViewed',
      'ProductViewed',
      'CartItemAdded',
      'CheckoutStarted',
      'PaymentInfoAdded',
      'Searched',
      'Registered',
      'ConsentChanged',
      'CustomVisitEvent',
      'PurchaseShown',
    ]);
  });

  it('that was taken lately is a duplicate, within a request and in the next', async () => {
    const event = pageView();
    const first = await collect({ visitorId: VISITOR, events: [event, event] });
    const again = await collect({ visitorId: VISITOR, events: [event] });
    expect([first, again].map(({ json }) => json['results'])).toEqual([
      [
        { eventId: event.eventId, status: 'accepted' },
        { eventId: event.eventId, status: 'duplicate' },
      ],
      [{ eventId: event.eventId, status: 'duplicate' }],
    ]);
  });

  it('that cannot be used is told why, beside others that are taken', async () => {
    const day = 24 * 3_600_000;
    const events = [
      pageView(),
      pageView({ occurredAt: Date.now() - 8 * day }),
      pageView({ occurredAt: Date.now() + 3_600_000 }),
      pageView({ url: 'javascript:alert(1)' }),
      pageView({ type: 'Zoë@Example.com' }),
      null,
    ];
    const { json } = await collect({ visitorId: VISITOR, events });
    expect((json['results'] as Record<string, unknown>[]).map(({ status, code, detail }) => [status, code, detail])).toEqual([
      ['accepted', undefined, undefined],
      ['rejected', 'event-too-old', undefined],
      ['rejected', 'event-in-the-future', undefined],
      ['rejected', 'invalid-field', 'url is not an http address'],
      ['rejected', 'invalid-field', 'type is not an event type'],
      ['rejected', 'invalid-field', 'the event is not an object'],
    ]);
  });

  it('of a program that names itself is refused', async () => {
    const bot = { ...PAGE, 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' };
    const answer = await collect({ visitorId: VISITOR, events: [pageView()] }, bot);
    expect(answer.json['results']).toEqual([expect.objectContaining({ status: 'rejected', code: 'bot' })]);
    expect(cookieOf(answer)).toBe('');
  });

  it('over the quota of its connection is put off', async () => {
    const body = { writeKey: SLOW_KEY, visitorId: VISITOR, events: [pageView(), pageView()] };
    expect((await collect(body)).status).toBe(200);
    const answer = await collect(body);
    expect([answer.status, answer.json['code']]).toEqual([429, 'over-quota']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  });
});

describe('the cookie', () => {
  it('is set for the registrable domain of the page, with the visitor id of the body', async () => {
    const answer = await collect({ visitorId: VISITOR, events: [pageView()] });
    expect(cookieOf(answer)).toBe(`_ttoaid=${VISITOR}; Domain=shop.example; Path=/; Max-Age=34187400; Secure; SameSite=Lax`);
  });

  it('of a browser without any id names a new visitor, who is the one in the log', async () => {
    const event = pageView();
    const answer = await collect({ events: [event] });
    const id = /^_ttoaid=(tto\.2\.\d+\.[\w-]{16});/.exec(cookieOf(answer))?.[1] ?? '';
    const next = pageView();
    await collect({ events: [next] }, { ...PAGE, cookie: `_ttoaid=${id}` });
    expect((await visit(next.eventId)).event.visitor).toBe((await visit(event.eventId)).event.visitor);
  });

  it.each([
    ['from another site', { origin: ORIGIN, 'sec-fetch-site': 'cross-site' }],
    ['to a server', {}],
  ])('is not set %s, and the visit has no visitor then', async (_, headers: Readonly<Record<string, string>>) => {
    const event = pageView();
    const answer = await collect({ events: [event] }, headers);
    expect(cookieOf(answer)).toBe('');
    expect(await visit(event.eventId)).toMatchObject({ key: `acme:${event.eventId}`, event: { visitor: null }, personal: null });
  });
});

describe('consent', () => {
  const strict = (body: object, headers: Readonly<Record<string, string>> = PAGE): Promise<BrowserAnswer> =>
    collect({ writeKey: STRICT_KEY, visitorId: VISITOR, ...body }, headers);

  it.each([
    ['no answer', {}, PAGE],
    ['a no', { consent: { ads: 'denied' } }, PAGE],
    ['a yes and Sec-GPC', { consent: { ads: 'granted' } }, { ...PAGE, 'sec-gpc': '1' }],
  ])('where it is required: %s keeps no identifier and sets no cookie', async (_, body, headers) => {
    const event = pageView({ type: 'registration', email: 'zoe@shop-mail.cl' });
    const answer = await strict({ ...body, events: [event] }, headers);
    expect([answer.status, cookieOf(answer)]).toEqual([200, '']);
    const { event: visited, personal } = await visit(event.eventId);
    expect(visited).toMatchObject({ visitor: null, personalFields: [], subjects: { email: null, phone: null, customer: null } });
    expect(personal).toBeNull();
  });

  it('where it is required and was granted keeps both', async () => {
    const event = pageView();
    const answer = await strict({ consent: { ads: 'granted' }, events: [event] });
    expect(cookieOf(answer)).toContain(`_ttoaid=${VISITOR};`);
    expect(await visit(event.eventId)).toMatchObject({
      event: { consent: 'granted', isConsentRequired: true },
      personal: { url: event['url'] },
    });
  });

  it('that is withdrawn reaches the visitor and takes the cookie back', async () => {
    const before = pageView();
    await strict({ consent: { ads: 'granted' }, events: [before] });
    const event = pageView({ type: 'consent', consent: { ads: 'denied' }, signal: 'tcf' });
    const answer = await strict({ consent: { ads: 'denied' }, events: [event] }, { ...PAGE, cookie: `_ttoaid=${VISITOR}` });
    expect(cookieOf(answer)).toContain('_ttoaid=; Domain=shop.example; Path=/; Max-Age=0;');
    const { event: visited, personal } = await visit(event.eventId);
    expect(visited).toMatchObject({
      type: 'ConsentChanged',
      consent: 'denied',
      signal: 'tcf',
      visitor: (await visit(before.eventId)).event.visitor,
    });
    expect(personal).toBeNull();
  });
});

describe('other origins', () => {
  const preflight = (origin: string): Promise<BrowserAnswer> => asBrowser(url(), '/v1/collect', { method: 'OPTIONS', headers: { origin } });

  it('may ask when a connection allows them', async () => {
    const { status, headers } = await preflight(ORIGIN);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'content-type',
      vary: 'Origin',
    });
    const answer = await collect({ events: [pageView()] });
    expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN);
  });

  it('are refused otherwise', async () => {
    const { status, headers } = await preflight('https://elsewhere.example');
    expect([status, headers['access-control-allow-origin']]).toEqual([403, undefined]);
    const answer = await collect({ events: [pageView()] }, { origin: 'https://elsewhere.example' });
    expect([answer.status, answer.json['code'], answer.headers['access-control-allow-origin']]).toEqual([
      403,
      'origin-not-allowed',
      undefined,
    ]);
  });
});

describe('a request that is refused as a whole', () => {
  const key = `"writeKey":"${KEYS[0]}"`;

  it.each([
    ['half a body', `{${key},"events":[{"type":`, 400, 'body-not-json'],
    ['no JSON at all', '<html>', 400, 'body-not-json'],
    ['bytes that are no UTF-8', Buffer.from(`{${key},"x":"\xff"}`, 'latin1'), 400, 'body-not-utf8'],
    ['a depth bomb', `{${key},"events":[${'['.repeat(100_000)}`, 400, 'body-not-json'],
    ['a list', '[]', 400, 'invalid-field'],
    ['no events', `{${key}}`, 400, 'invalid-field'],
    ['a visitor id that is none', `{${key},"visitorId":"undefined","events":[1]}`, 400, 'invalid-field'],
    ['101 events', `{${key},"events":[${'1,'.repeat(100)}1]}`, 400, 'too-many-events'],
    ['more than it may have', `{${key},"x":"${'x'.repeat(600 * 1024)}"}`, 413, 'body-too-large'],
  ])('%s is told why', async (_, body, status, code) => {
    const answer = await asBrowser(url(), '/v1/collect', { headers: PAGE, body });
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('is kept with its reason when it names a connection, but not without end', async () => {
    for (let index = 0; index < 20; index += 1) await collect({ events: [] });
    const kept429 = (await kept.rejections()).filter(({ connectionId }) => connectionId === 'web');
    const reasons = new Set(kept429.map(({ reason }) => reason));
    expect([...reasons]).toEqual(
      expect.arrayContaining(['body-not-json', 'body-not-utf8', 'invalid-field', 'too-many-events', 'body-too-large']),
    );
    expect(kept429.length).toBeLessThan(20);
  });
});

describe('identifiers that are shown together', () => {
  const assertionsOf = async (basis: string): Promise<KeptAssertion[]> =>
    (await kept.assertions()).filter(({ event }) => event.basis === basis);

  it('by an identify call are asserted, clear and hashed as the same subjects', async () => {
    const visitorId = 'tto.1.1795228693.identified';
    const mail = 'Zoe@Correo.CL';
    const clear = await identify({ visitorId, email: mail, phone: '9 8765 4321', customerId: 77 });
    const hashed = await identify({ visitorId, email_sha256: sha256('zoe@correo.cl'), phone_sha256: sha256('+56987654321') });
    expect([clear, hashed].map(({ status, json }) => [status, json])).toEqual([
      [200, { status: 'accepted' }],
      [200, { status: 'accepted' }],
    ]);
    const [first, second] = await assertionsOf('identify');
    expect(first?.key).toBe('acme');
    expect(first?.event.identifiers.map(({ kind }) => kind)).toEqual(['customer', 'email', 'phone', 'visitor']);
    expect(first?.values.map(({ value }) => value)).toEqual(['77', 'zoe@correo.cl', '+56987654321', visitorId]);
    const idsOf = (assertion: KeptAssertion | undefined): unknown[] =>
      assertion?.event.identifiers.filter(({ kind }) => kind !== 'customer').map(({ subjectId }) => subjectId) ?? [];
    expect(idsOf(second)).toEqual(idsOf(first));
    expect(second?.event.identifiers.map(({ isHashOnly }) => isHashOnly)).toEqual([true, true, false]);
  });

  it.each([
    ['fewer than two', { email: 'zoe@correo.cl' }, PAGE, { status: 'ignored', code: 'nothing-to-join' }],
    ['what is no phone', { visitorId: VISITOR, phone: '12' }, PAGE, { status: 'ignored', code: 'nothing-to-join', ignored: ['phone'] }],
    ['a denial', { visitorId: VISITOR, email: 'a@b.cl', consent: { ads: 'denied' } }, PAGE, { status: 'ignored', code: 'consent-denied' }],
    ['no answer', { writeKey: STRICT_KEY, visitorId: VISITOR, email: 'a@b.cl' }, PAGE, { status: 'ignored', code: 'consent-missing' }],
  ])('by an identify call with %s are not kept', async (_, body, headers, expected) => {
    const before = (await kept.assertions()).length;
    expect((await identify(body, headers)).json).toEqual(expected);
    expect(await kept.assertions()).toHaveLength(before);
  });

  it('by a registration and by a thank-you page are asserted', async () => {
    const visitorId = 'tto.1.1795228693.registered';
    const registration = pageView({ type: 'registration', email: 'info@shop.example', customerId: '78' });
    const purchase = pageView({ type: 'purchase_shown', orderId: '4711' });
    await collect({ visitorId, events: [registration, purchase] });
    const registered = (await assertionsOf('registration')).find(({ event }) => event.basisEventId === registration.eventId);
    expect(registered?.event.identifiers).toEqual([
      expect.objectContaining({ kind: 'customer', blocked: null }),
      expect.objectContaining({ kind: 'email', isMerchantOwn: true, isRoleAddress: true }),
      expect.objectContaining({ kind: 'visitor' }),
    ]);
    const shown = (await assertionsOf('purchase-shown')).find(({ event }) => event.basisEventId === purchase.eventId);
    expect(shown?.event).toMatchObject({ order: { connectionId: 'shop', orderId: '4711' }, identifiers: [{ kind: 'visitor' }] });
  });

  it('by an order meet those of its visitor', async () => {
    const visitorId = 'tto.1.1795228693.of-the-order';
    await identify({ visitorId, email: 'comprador@correo.cl' });
    const order = paidOrder(5_001, {
      customer_id: 0,
      billing: { email: 'Comprador@Correo.cl', phone: '+56 9 8765 4321', country: 'CL' },
      meta_data: [{ id: 1, key: 'cdp_id', value: visitorId }],
    });
    expect((await postWebhook(url(), SHOP.token, signedWebhook(order, SHOP.webhookSecret, 'order.created'))).status).toBe(200);
    const [asserted] = await assertionsOf('order');
    const identified = (await assertionsOf('identify')).find(({ values }) => values.some(({ value }) => value === visitorId));
    expect(asserted?.event).toMatchObject({ connectionId: 'shop', order: { connectionId: 'shop', orderId: '5001' }, ruleVersion: 2 });
    expect(asserted?.values.map(({ value }) => value)).toEqual(['comprador@correo.cl', '+56987654321', visitorId]);
    const subjectsOf = (assertion: KeptAssertion | undefined): unknown[] =>
      assertion?.event.identifiers.map(({ subjectId }) => subjectId) ?? [];
    expect(subjectsOf(asserted)).toEqual(expect.arrayContaining(subjectsOf(identified)));
  });
});

describe('while Kafka is away', () => {
  it('visits are put off with 503, nothing is spooled, and the same events are taken when it is back', async () => {
    await stack.infrastructure.kafka.kill();
    const event = pageView();
    const away = await collect({ visitorId: VISITOR, events: [event] });
    expect([away.status, away.json['code']]).toEqual([503, 'not-durable']);
    expect(Number(away.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    const spooled = await stack.sql.query<{ count: number }>('', 'select count(*)::int as count from ingest_ops.spool');
    expect(spooled).toEqual([{ count: 0 }]);
    await stack.infrastructure.kafka.start();
    let back = away;
    await eventually('the same visit is taken', 40_000, async () => {
      back = await collect({ visitorId: VISITOR, events: [event] });
      return back.status !== 503;
    });
    expect(back.json['results']).toEqual([{ eventId: event.eventId, status: 'accepted' }]);
    expect((await visit(event.eventId)).event.type).toBe('PageViewed');
  }, 90_000);
});
