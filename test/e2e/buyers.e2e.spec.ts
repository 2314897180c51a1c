import { randomUUID } from 'node:crypto';
import { encodeVisitorEvent, VISIT_EVENTS_TOPIC, VISITORS_TOPIC, type SchemaBook } from '@tributary/codecs';
import { visitorKey, visitsAppliedKey, type VisitorChanged, type VisitorConsent } from '@tributary/domain';
import { LaneProducer, Registry, withTopicAdmin } from '@tributary/kafka';
import { loadSchemaBook } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { asBrowser } from '../stack/browser.js';
import { eventually } from '../stack/eventually.js';
import { KeptVisits, type KeptVisit } from '../stack/kept-visits.js';
import { gmtText, paidOrder, ShopWindow } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';

/** What orders know of their buyers from identity's topics and from browsers; identity itself is played by this spec. */
const SHOP = { id: 'shop', token: 'token-of-the-shop-01', webhookSecret: 'secret-of-the-shop' };
const WRITE_KEY = 'write-key-of-the-shop-01';
const ORIGIN = 'https://www.shop.example';
const HOUR_MS = 3_600_000;

let stack: Stack;
let shop: ShopWindow;
let kept: KeptVisits;
let book: SchemaBook;
let producer: LaneProducer;

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  await configure(stack, {
    id: 'acme',
    shops: [{ ...SHOP, settings: { consent: { required: false } } }],
    pixels: [{ id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1' } }],
    visits: [{ id: 'web', shop: 'shop', writeKeys: [WRITE_KEY], settings: { allowedOrigins: [ORIGIN] } }],
  });
  shop = new ShopWindow(stack, SHOP);
  kept = await KeptVisits.of(stack);
  book = await loadSchemaBook(new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null }));
  producer = new LaneProducer(stack.kafka, { lanes: 1, requestTimeoutMs: 5_000 }, createLog('buyers', 'silent'));
}, 180_000);
afterAll(async () => {
  await producer?.close();
  await stack?.stop();
}, 30_000);

async function visit(visitorId: string, fields: object = {}): Promise<KeptVisit> {
  const eventId = randomUUID();
  const event = { type: 'page_view', eventId, occurredAt: Date.now(), url: `${ORIGIN}/mug`, consent: { ads: 'granted' }, ...fields };
  const body = { writeKey: WRITE_KEY, visitorId, events: [event] };
  const answer = await asBrowser(stack.app('ingest').url, '/v1/collect', {
    headers: { origin: ORIGIN, 'sec-fetch-site': 'same-site' },
    body,
  });
  expect(answer.json['results']).toEqual([{ eventId, status: 'accepted' }]);
  const found = (await kept.visits()).get(eventId);
  if (found === undefined) throw new Error('the visit is not in the log');
  return found;
}

const append = (partition: number, key: string, value: Buffer): Promise<unknown> =>
  producer.append({ topic: VISITORS_TOPIC, partition, key, value, headers: {} });

/** What identity publishes once it has read a visit. */
async function identityKnows({ event, partition }: KeptVisit, consents: readonly VisitorConsent[] = []): Promise<void> {
  const { visitor, sealedPersonal: sealed, personalFields } = event;
  if (visitor === null || sealed === null) throw new Error('the visit has no visitor');
  const changed: VisitorChanged = {
    type: 'VisitorChanged',
    eventId: randomUUID(),
    tenantId: event.tenantId,
    connectionId: event.connectionId,
    occurredAt: event.occurredAt,
    receivedAt: event.receivedAt,
    source: 'identity',
    visitor,
    version: 3,
    evidenceVersion: 1,
    profileId: null,
    isShared: false,
    firstSeenAt: event.occurredAt,
    lastSeenAt: event.occurredAt,
    consents,
    parts: [
      {
        eventId: event.eventId,
        at: event.occurredAt,
        fields: (['ip', 'locale', 'ttclid', 'ttp', 'url', 'userAgent'] as const).filter((field) => personalFields.includes(field)),
        clickMark: null,
        sealed,
      },
    ],
  };
  await append(partition, visitorKey({ tenantId: event.tenantId, visitor }), encodeVisitorEvent(book, changed));
}

/** Identity says how far it is: to the end of what is in the log of visits by now. */
async function identityIsThrough(): Promise<void> {
  const ends = await withTopicAdmin(stack.kafka, (admin) => admin.endOffsets(VISIT_EVENTS_TOPIC));
  for (const [partition, nextOffset] of ends) {
    const base = {
      eventId: randomUUID(),
      tenantId: '' as never,
      connectionId: '' as never,
      occurredAt: Date.now(),
      receivedAt: Date.now(),
    };
    const applied = { type: 'VisitsApplied' as const, ...base, source: 'identity', partition, nextOffset };
    await append(partition, visitsAppliedKey(partition), encodeVisitorEvent(book, applied));
  }
}

interface Row {
  readonly reference: string;
  readonly revision: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: readonly { readonly identity: unknown }[];
}
const ledger = (reference: string): Promise<Row[]> =>
  stack.sql.query<Row>(
    '',
    'select reference, revision, state, reason, attempts from tiktok.ledger_entries where reference = $1 order by revision',
    [reference],
  );
const until = (reference: string, state: string, revision = '0'): Promise<Row> => {
  let found: Row | undefined;
  return eventually(`${reference} (${revision}) is ${state}`, 15_000, async () => {
    found = (await ledger(reference)).find((row) => row.revision === revision && row.state === state);
    return found !== undefined;
  }).then(() => {
    if (found === undefined) throw new Error('it was found');
    return found;
  });
};
const sentAs = (eventId: string) => stack.tiktok.received().accepted.filter((event) => event.eventId === eventId);
const orderOf = (id: number, visitorId: string | null, more: object = {}, paidAt = Date.now()): Record<string, unknown> =>
  paidOrder(id, { meta_data: visitorId === null ? [] : [{ id: 1, key: 'cdp_id', value: visitorId }], ...more }, paidAt);

it('waits until identity has read the visits that came before the order, and sends their click', async () => {
  const seen = await visit('visitor-of-the-click', { url: `${ORIGIN}/mug?ttclid=E.C.P.of-the-visit` });
  expect(await shop.deliver(orderOf(2001, 'visitor-of-the-click'))).toBe(200);
  expect(await shop.deliver(orderOf(2002, null))).toBe(200);
  await until('2002', 'delivered');
  expect((await ledger('2001')).map(({ state }) => state)).toEqual(['planned']);
  expect(sentAs('wc_order_2001')).toEqual([]);
  await identityKnows(seen);
  await identityIsThrough();
  const { attempts } = await until('2001', 'delivered');
  expect(sentAs('wc_order_2001').map(({ body }) => body)).toMatchObject([{ user: { ttclid: 'E.C.P.of-the-visit' } }]);
  expect(attempts.map(({ identity }) => identity)).toEqual([
    { consent: 'none', consentFrom: 'shop', visitorVersion: 3, profileId: null, profileVersion: null, clickFrom: 'visitor' },
  ]);
});

it('is held up no longer than its grace when identity is away', async () => {
  await visit('visitor-without-identity');
  expect(await shop.deliver(orderOf(2003, 'visitor-without-identity'))).toBe(200);
  await until('2003', 'delivered');
  expect(sentAs('wc_order_2003')).toHaveLength(1);
  await identityIsThrough();
});

it('sends nothing of a buyer whom a visit says to have declined', async () => {
  const seen = await visit('visitor-who-declined');
  await identityKnows(seen, [{ at: Date.now() - 60_000, eventId: randomUUID(), answer: 'denied', isAnswer: true }]);
  await identityIsThrough();
  expect(await shop.deliver(orderOf(2004, 'visitor-who-declined'))).toBe(200);
  expect(await until('2004', 'suppressed')).toMatchObject({ reason: 'consent-denied', attempts: [] });
  expect(sentAs('wc_order_2004')).toEqual([]);
});

it('Browser Purchase shown at order time and the payment three days later → one counted', async () => {
  const orderedAt = Date.now() - 72 * HOUR_MS;
  await visit('visitor-who-paid-late', {
    type: 'purchase_shown',
    occurredAt: orderedAt,
    orderId: 2005,
    isPaid: false,
    pixelEventId: 'wc_order_2005',
  });
  await visit('visitor-who-paid-at-once', { type: 'purchase_shown', orderId: 2006, isPaid: true, pixelEventId: 'wc_order_2006' });
  await identityIsThrough();
  await eventually('both are known', 10_000, async () => {
    const rows = await stack.sql.query('', `select 1 from tiktok.purchases_shown where order_id in ('2005', '2006')`);
    return rows.length === 2;
  });
  const late = orderOf(2005, null, { date_created_gmt: gmtText(orderedAt) });
  expect(await shop.deliver(late)).toBe(200);
  expect(await shop.deliver(orderOf(2006, null))).toBe(200);
  expect(await until('2005', 'suppressed')).toMatchObject({ reason: 'browser-counted', attempts: [] });
  await until('2006', 'delivered');
  expect(sentAs('wc_order_2005')).toEqual([]);
});

it('learns what browsers counted while it was away before it decides on what was ordered', async () => {
  await stack.app('tiktok').child.stop(8_000);
  const views = Array.from({ length: 100 }, () => ({ type: 'page_view', occurredAt: Date.now(), url: `${ORIGIN}/mug` }));
  for (let sent = 0; sent < 20; sent += 1) {
    const events = views.map((view) => ({ ...view, eventId: randomUUID(), consent: { ads: 'granted' } }));
    const body = { writeKey: WRITE_KEY, visitorId: `visitor-who-looks-${sent}`, events };
    const headers = { origin: ORIGIN, 'sec-fetch-site': 'same-site' };
    expect((await asBrowser(stack.app('ingest').url, '/v1/collect', { headers, body })).status).toBe(200);
  }
  const orderedAt = Date.now() - 72 * HOUR_MS;
  const shown = { type: 'purchase_shown', occurredAt: orderedAt, orderId: 2009, isPaid: false, pixelEventId: 'wc_order_2009' };
  await visit('visitor-who-paid-meanwhile', shown);
  expect(await shop.deliver(orderOf(2009, null, { date_created_gmt: gmtText(orderedAt) }))).toBe(200);
  await stack.untilReady(await stack.startApp('tiktok'));
  expect(await until('2009', 'suppressed')).toMatchObject({ reason: 'browser-counted', attempts: [] });
  expect(sentAs('wc_order_2009')).toEqual([]);
}, 90_000);

it('sends what an upsell plugin adds later once, under its own id', async () => {
  const paidAt = Date.now() - 120_000;
  const order = orderOf(2007, null, {}, paidAt);
  expect(await shop.deliver(order)).toBe(200);
  await until('2007', 'delivered');
  const [first] = order['line_items'] as Record<string, unknown>[];
  const upsell = {
    ...first,
    id: 990,
    quantity: 1,
    total: '1000',
    total_tax: '0',
    meta_data: [{ id: 9, key: '_upstroke_purchase', value: 'yes' }],
  };
  const grown = {
    ...order,
    total: String(Number(order['total']) + 1000),
    line_items: [...(order['line_items'] as object[]), upsell],
    date_modified_gmt: gmtText(paidAt + 60_000),
  };
  expect(await shop.deliver(grown)).toBe(200);
  expect(await shop.deliver({ ...grown, date_modified_gmt: gmtText(paidAt + 61_000) })).toBe(200);
  await until('2007', 'delivered', 'bump:990');
  expect(sentAs('wc_order_2007_bump_1').map(({ body }) => body)).toMatchObject([{ properties: { value: 1000, order_id: '2007' } }]);
  expect(stack.tiktok.received().duplicates).toEqual([]);
});
