import { tributary } from '../stack/command-line.js';
import { pageView } from '../stack/browser.js';
import { ControlApi } from '../stack/control-api.js';
import { eventually } from '../stack/eventually.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';
import { collect, productView, untilVisitsAtRest, visitLedgerOf, type Page } from '../stack/visit-effects.js';

const ORIGIN = 'https://shop.example';
const KEY = 'write-key-of-the-shop1';
const STRICT_KEY = 'write-key-of-the-eea01';
const VISITOR = 'tto.1.1795228693.of-the-tests';

let stack: Stack;
let page: Page;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['tiktok', 'control'], partitions: 3 });
  await stack.untilReady(await stack.startApp('ingest', { env: { INGEST_TRUSTED_PROXIES: '127.0.0.1' } }));
  const tenant = (id: string, country: string, writeKey: string): Parameters<typeof configure>[1] => ({
    id,
    defaultCountry: country,
    shops: [{ id: 'shop', token: `token-of-the-shop-${id}`, webhookSecret: 's3cret-Lab', settings: { country } }],
    pixels: [
      { id: 'ads', accessToken: `token-of-${id}`, settings: { pixelCode: `PIXEL-${id}`, events: { custom: { quote: 'Contact' } } } },
    ],
    visits: [{ id: 'web', shop: 'shop', writeKeys: [writeKey], settings: { allowedOrigins: [ORIGIN] } }],
  });
  await configure(stack, tenant('acme', 'CL', KEY));
  await configure(stack, tenant('eea', 'DE', STRICT_KEY));
  page = { ingestUrl: stack.app('ingest').url, writeKey: KEY, origin: ORIGIN, visitorId: VISITOR };
}, 120_000);
afterEach(() => stack.tiktok.control.reset());
afterAll(() => stack?.stop(), 30_000);

const accepted = (): ReturnType<typeof stack.tiktok.received>['accepted'] => stack.tiktok.received().accepted;
const countedIds = (): string[] =>
  accepted()
    .map(({ eventId }) => eventId)
    .toSorted();
const idsOf = (events: readonly { readonly eventId: string }[]): string[] => events.map(({ eventId }) => eventId).toSorted();

it('sends each kind of visit once, under the browser’s own id, with what the visit carries', async () => {
  const commerce = { contents: [{ contentId: 'SKU-1', price: 10, quantity: 1 }], value: 10, currency: 'CLP' };
  const events = [
    productView(),
    pageView({ type: 'cart_add', ...commerce }),
    pageView({ type: 'checkout_start', ...commerce }),
    pageView({ type: 'payment_info' }),
    pageView({ type: 'search', searchText: 'café de someone@example.com' }),
    pageView({ type: 'registration' }),
    pageView({ type: 'lead' }),
    pageView({ type: 'subscribe' }),
    pageView({ type: 'quote' }),
  ];
  const off = [pageView(), pageView({ type: 'unheard_of' }), pageView({ type: 'product_view' })];
  const answer = await collect(page, [...events, ...off], { ttclid: 'E.C.P.of-the-click', locale: 'es-CL' });
  expect(answer.status).toBe(200);
  await eventually('all are counted', 15_000, () => accepted().length >= events.length);
  await untilVisitsAtRest(stack);
  expect(countedIds()).toEqual(idsOf(events));
  expect(stack.tiktok.received().duplicates).toEqual([]);
  expect(
    accepted()
      .map(({ event }) => event)
      .toSorted(),
  ).toEqual([
    'AddPaymentInfo',
    'AddToCart',
    'CompleteRegistration',
    'Contact',
    'InitiateCheckout',
    'Lead',
    'Search',
    'Subscribe',
    'ViewContent',
  ]);
  const viewed = accepted().find(({ event }) => event === 'ViewContent');
  expect(viewed?.body).toMatchObject({
    event_id: events[0]?.eventId,
    page: { url: 'https://shop.example/cafe?utm_source=tiktok' },
    user: { ip: '203.0.113.7', ttclid: 'E.C.P.of-the-click', locale: 'es-CL' },
    properties: {
      value: 25_980,
      currency: 'CLP',
      contents: [{ content_id: 'SKU-1', price: 12_990, quantity: 2 }],
      content_type: 'product',
    },
  });
  expect(accepted().find(({ event }) => event === 'Search')?.body).toMatchObject({ properties: { search_string: 'café de' } });
});

it('sends one event for the same visit posted again, also after it was delivered', async () => {
  const event = productView();
  await collect(page, [event]);
  await collect(page, [event]);
  await eventually('it is counted', 15_000, () => accepted().length > 0);
  await collect(page, [event]);
  await untilVisitsAtRest(stack);
  expect(countedIds()).toEqual([event.eventId]);
  expect(stack.tiktok.received().duplicates).toEqual([]);
});

it('sends nothing and records nothing without consent, and counts it', async () => {
  const strict = { ...page, writeKey: STRICT_KEY };
  const before = (await visitLedgerOf(stack)).length;
  const denied = [productView(), productView()];
  await collect(strict, denied, { consent: { ads: 'denied' } });
  await collect(strict, [productView()]);
  const granted = productView();
  await collect(strict, [granted], { consent: { ads: 'granted' } });
  await eventually('what was granted is counted', 15_000, () => accepted().length > 0);
  await untilVisitsAtRest(stack);
  expect(countedIds()).toEqual([granted.eventId]);
  expect((await visitLedgerOf(stack)).length).toBe(before + 1);
  const metrics = await (await fetch(`${stack.app('tiktok').url}/metrics`)).text();
  expect(metrics).toMatch(/tributary_visits_total\{[^}]*event="ProductViewed"[^}]*outcome="consent-denied"[^}]*\} 2/);
  expect(metrics).toMatch(/tributary_visits_total\{[^}]*event="ProductViewed"[^}]*outcome="consent-missing"[^}]*\} 1/);
});

it('finds the one bad event of fifty in at most ⌈log₂ 50⌉ + 1 more requests, then sends all others', async () => {
  const events = Array.from({ length: 50 }, () => productView());
  const bad = events[17]?.eventId ?? '';
  stack.tiktok.control.fail({ kind: 'refuse-event', eventIds: [bad], hidesPath: true });
  await collect(page, events);
  await eventually('all others are counted', 20_000, () => accepted().length >= 49);
  await untilVisitsAtRest(stack);
  expect(countedIds()).toEqual(idsOf(events.filter(({ eventId }) => eventId !== bad)));
  expect(stack.tiktok.received().duplicates).toEqual([]);
  const { body: told } = await new ControlApi(stack.app('control').url).ask<{
    readonly deliveries: readonly { readonly lastAttempt: object }[];
  }>(`/v1/tenants/acme/visits/${bad}`);
  expect(told.deliveries).toMatchObject([
    { destination: 'tiktok', connection: 'ads', source: 'web', eventName: 'ViewContent', state: 'rejected', reason: 'vendor-refused' },
  ]);
  expect(told.deliveries[0]?.lastAttempt).toMatchObject({ code: '40002' });
  expect((await tributary(stack, ['visit', 'acme', bad])).out).toMatch(/^ViewContent at ads: rejected: The vendor refused this event/);
  expect((await tributary(stack, ['visit', 'acme', 'never-seen'])).err).toContain('never part of a request');
  const sizes = stack.tiktok.received().requests.map(({ eventIds }) => eventIds.length);
  // ⌈log₂ 50⌉ + 1 to find it, and one for those that were behind it.
  expect(sizes.length - sizes.indexOf(Math.max(...sizes)) - 1).toBeLessThanOrEqual(8);
});

it('sends each again, alone, after a partial answer, and each counts once', async () => {
  stack.tiktok.control.fail({ kind: 'partial', times: 1 });
  const events = Array.from({ length: 4 }, () => productView());
  await collect(page, events);
  await eventually('all are counted', 20_000, () => accepted().length >= 4);
  await untilVisitsAtRest(stack);
  expect(countedIds()).toEqual(idsOf(events));
  expect(
    stack.tiktok
      .received()
      .requests.slice(1)
      .every(({ eventIds }) => eventIds.length === 1),
  ).toBe(true);
});

it('keeps visits of a parked credential, and sends them when it is resumed by new settings', async () => {
  stack.tiktok.control.fail({ kind: 'bad-credential', times: 1 });
  const events = [productView(), productView()];
  await collect(page, [events[0] ?? {}]);
  await eventually('the credential is parked', 15_000, async () => {
    const [row] = await stack.sql.query<{ parked: number }>(
      '',
      'select count(*)::int as parked from tiktok_ops.credentials where parked_at is not null',
    );
    return row?.parked === 1;
  });
  await collect(page, [events[1] ?? {}]);
  expect(accepted()).toEqual([]);
  await configure(stack, {
    id: 'acme',
    defaultCountry: 'CL',
    shops: [],
    pixels: [{ id: 'ads', version: 2, accessToken: 'another-token', settings: { pixelCode: 'PIXEL-acme' } }],
  });
  await eventually('both are counted', 20_000, () => accepted().length >= 2);
  await untilVisitsAtRest(stack);
  expect(countedIds()).toEqual(idsOf(events));
});

it('is the same after a rebuild, which sends nothing', async () => {
  await untilVisitsAtRest(stack);
  const before = await tributary(stack, ['dump', 'tiktok', '--json']);
  expect(before.out).toMatch(/"table":"visit_deliveries","rows":[1-9]/);
  expect((await tributary(stack, ['rebuild', 'tiktok'])).code).toBe(0);
  expect(await tributary(stack, ['dump', 'tiktok', '--json'])).toEqual(before);
  expect(stack.tiktok.received().counts.requests).toBe(0);
});
