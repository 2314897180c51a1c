import { createHash } from 'node:crypto';
import { allCaptures, shiftDates, type CapturedWebhook } from '../builders/captured-webhooks.js';
import { untilAtRest } from '../stack/at-rest.js';
import { ledgerOf } from '../stack/outcomes.js';
import { Stack } from '../stack/stack.js';
import { configure, postWebhook, type ShopSpec } from '../stack/tenant.js';

/** One connection per shop, because their order ids are each shop's own. */
const SHOPS = [
  { id: 'wc-1101', version: 'WooCommerce 11.0.1', prefix: /^\d/, token: 'token-of-shop-11-0-1', secret: 's3cret-Lab' },
  { id: 'wc-761', version: 'WooCommerce 7.6.1', prefix: /^w761/, token: 'token-of-shop-7-6-1', secret: 's' },
  { id: 'wc-831', version: 'WooCommerce 8.3.1', prefix: /^w831/, token: 'token-of-shop-8-3-1', secret: 's' },
  { id: 'wc-995', version: 'WooCommerce 9.9.5', prefix: /^w995/, token: 'token-of-shop-9-9-5', secret: 's' },
] as const;

interface Purchase {
  readonly value: number;
  readonly currency: string;
  /** Normalised. */
  readonly mail: string;
  readonly numItems: number;
}

interface Expected {
  readonly shop: string;
  readonly orderId: string;
  /** Files that carry this order, by their number or name. */
  readonly captures: string;
  readonly status: string;
  /** The newest thing the shop said of it is that it was deleted. */
  readonly isReportedDeleted: boolean;
  readonly purchase: Purchase | null;
  /** Why there is none. */
  readonly because: string;
}

const row = (
  shop: string,
  orderId: string,
  captures: string,
  status: string,
  isReportedDeleted: boolean,
  purchase: readonly [value: number, currency: string, mail: string, numItems: number] | string,
): Expected => ({
  shop,
  orderId,
  captures,
  status,
  isReportedDeleted,
  purchase: typeof purchase === 'string' ? null : { value: purchase[0], currency: purchase[1], mail: purchase[2], numItems: purchase[3] },
  because: typeof purchase === 'string' ? purchase : '',
});

const ZOE = 'zoe.ohiggins+promo@example.com';
const MARIA = 'maria.perez@example.com';

/** What every captured order must come to. A reported deletion proves nothing (legacy storage names other ids), so the status stays. */
const EXPECTED: readonly Expected[] = [
  // Three quick status changes came as one body; the refund later takes nothing back.
  row('wc-1101', '17', '024 025 027 038', 'refunded', false, [38_563, 'CLP', ZOE, 6]),
  // Deleted and restored.
  row('wc-1101', '18', '029 030 033 039 040', 'completed', false, [4_990, 'CLP', MARIA, 1]),
  row('wc-1101', '21', '041 042', 'pending', false, 'not paid'),
  row('wc-1101', '23', '045 046 047', 'trash', true, 'in the trash before it was paid'),
  row('wc-1101', '30', '152 153', 'pending', false, 'waits for a bank transfer'),
  row('wc-1101', '80', '259 260', 'processing', false, [9_990, 'CLP', MARIA, 1]),
  // The renewal of 80's subscription is a sale of its own.
  row('wc-1101', '82', '262 263', 'processing', false, [9_990, 'CLP', MARIA, 1]),
  row('wc-1101', '83', '265 266', 'pending', false, 'not paid'),
  // Legacy storage: its deletion also came as a product's and a coupon's; then it was restored.
  row('wc-1101', '84', '267 268 271 272 273 274 275', 'processing', false, [25_980, 'CLP', 'cpt@example.com', 2]),
  row('wc-1101', '86', '276 277', 'processing', false, [38_967, 'USD', 'ana@example.com', 3]),
  // Orders in another currency than the shop's are worth what they say.
  row('wc-1101', '87', '280 281', 'processing', false, [1_299, 'JPY', 'ana@example.com', 1]),
  row('wc-1101', '88', '283 284', 'processing', false, [1.34, 'KWD', 'ana@example.com', 1]),
  row('wc-761', '11', 'w761', 'processing', true, [20, 'USD', 'a@example.com', 2]),
  row('wc-831', '14', 'w831', 'processing', true, [20, 'USD', 'a@example.com', 2]),
  row('wc-995', '12', 'w995', 'processing', true, [20, 'USD', 'a@example.com', 2]),
];

const GMT_DATES = /"date_\w+_gmt":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)"/g;
const HOUR_MS = 3_600_000;

const newestDateMs = ({ rawBody }: CapturedWebhook): number =>
  Math.max(...[...rawBody.toString('utf8').matchAll(GMT_DATES)].map(([, date]) => Date.parse(`${date}Z`)));

/** All captures of one shop in the order of their arrival, moved together so that the last of them happened an hour ago. */
function replayed(prefix: RegExp, nowMs: number): readonly CapturedWebhook[] {
  const captures = allCaptures()
    .filter(({ name }) => prefix.test(name))
    .toSorted((a, b) => a.receivedAt - b.receivedAt || (a.name < b.name ? -1 : 1));
  const offsetMs = nowMs - HOUR_MS - Math.max(...captures.map(({ receivedAt }) => receivedAt));
  return captures.map((capture) => {
    const newest = newestDateMs(capture);
    return capture.secret === null || !Number.isFinite(newest) ? capture : shiftDates(capture, newest + offsetMs);
  });
}

const shop = ({ id, token, secret }: (typeof SHOPS)[number]): ShopSpec => ({
  id,
  token,
  webhookSecret: secret,
  // The host that the captures say they are from.
  settings: { storeUrl: 'http://127.0.0.1' },
});
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Properties {
  readonly value: number;
  readonly currency: string;
  readonly num_items: number;
  readonly order_id: string;
}

let stack: Stack;
let answers: readonly (readonly [name: string, status: number, text: string])[];

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  await configure(stack, {
    id: 'acme',
    shops: SHOPS.map(shop),
    pixels: [
      { id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1', purchase: { eventId: '{connection}_{orderId}' } } },
    ],
  });
  const nowMs = Date.now();
  const perShop = SHOPS.map(async ({ prefix, token }) => {
    const list: [string, number, string][] = [];
    for (const webhook of replayed(prefix, nowMs)) {
      // Decisions look at the order as it stands: the sale must be seen before the refund is told, as it was in the shop.
      if (webhook.name.endsWith('refunded')) await untilAtRest(stack);
      const answer = await postWebhook(stack.app('ingest').url, token, webhook);
      list.push([webhook.name, answer.status, await answer.text()]);
    }
    return list;
  });
  answers = (await Promise.all(perShop)).flat();
  await untilAtRest(stack);
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

describe('every captured webhook through the front door', () => {
  it('is answered exactly 200, pings and error bodies too', () => {
    expect(answers).toHaveLength(allCaptures().length);
    expect(answers.filter(([, status]) => status !== 200)).toEqual([]);
  });

  it('names an order of the table', () => {
    const ids = allCaptures().flatMap(({ name }) => {
      const orderId = /-order\.\w+-(\d+)/.exec(name)?.[1];
      return orderId === undefined ? [] : [orderId];
    });
    expect([...new Set(ids)].toSorted()).toEqual(EXPECTED.filter(({ shop: id }) => id === 'wc-1101').map(({ orderId }) => orderId));
  });

  it('leaves the heads of exactly the orders of the table', async () => {
    const heads = await stack.sql.query<{ shop: string; id: string }>(
      '',
      'select connection_id as shop, order_id as id from orders.heads order by connection_id, order_id',
    );
    expect(heads.map(({ shop: id, id: orderId }) => `${id}/${orderId}`)).toEqual(
      EXPECTED.map(({ shop: id, orderId }) => `${id}/${orderId}`).toSorted(),
    );
  });

  it.each(EXPECTED)('order $orderId of $shop ($captures) ends as $status', async ({ shop: id, orderId, status, isReportedDeleted }) => {
    const [head] = await stack.sql.query<{ status: string; is_vanished: boolean; is_reported_deleted: boolean }>(
      '',
      `select status, is_vanished, coalesce(deletion_reported_at >= observed_at, false) as is_reported_deleted
         from orders.heads where connection_id = $1 and order_id = $2`,
      [id, orderId],
    );
    expect(head).toEqual({ status, is_vanished: false, is_reported_deleted: isReportedDeleted });
  });

  it.each(EXPECTED.filter(({ purchase }) => purchase !== null))(
    'order $orderId of $shop is one Purchase of $purchase.value $purchase.currency',
    async ({ shop: id, orderId, purchase }) => {
      const lines = (await ledgerOf(stack)).filter((line) => line.source === id && line.orderId === orderId);
      expect(lines.map(({ state }) => state)).toEqual(['delivered']);
      const events = stack.tiktok.received().accepted.filter(({ eventId }) => eventId === `${id}_${orderId}`);
      expect(events.map(({ event }) => event)).toEqual(['Purchase']);
      const { properties, user } = events[0]!.body as unknown as { properties: Properties; user?: { email?: string } };
      expect(properties).toMatchObject({
        value: purchase!.value,
        currency: purchase!.currency,
        num_items: purchase!.numItems,
        order_id: orderId,
      });
      expect(user?.email).toBe(sha256(purchase!.mail));
    },
  );

  it.each(EXPECTED.filter(({ purchase }) => purchase === null))(
    'order $orderId of $shop is no Purchase: $because',
    async ({ shop: id, orderId }) => {
      expect((await ledgerOf(stack)).filter((line) => line.source === id && line.orderId === orderId)).toEqual([]);
    },
  );

  it('sends nothing else, and nothing twice', () => {
    const { accepted, duplicates, requests } = stack.tiktok.received();
    expect(accepted).toHaveLength(EXPECTED.filter(({ purchase }) => purchase !== null).length);
    expect(duplicates).toEqual([]);
    expect(requests.filter(({ outcome }) => outcome !== 'accepted')).toEqual([]);
  });

  it('leaves products, coupons and customers; the trash of order 84 on legacy storage deletes no product and no coupon', async () => {
    const heads = await stack.sql.query(
      '',
      `select resource, case resource when 'customer' then 'a subject' else resource_id end as id, deletion, content ->> 'weight' as weight
         from orders.catalog_heads where connection_id = 'wc-1101' order by resource`,
    );
    expect(heads).toEqual([
      { resource: 'coupon', id: '16', deletion: null, weight: null },
      { resource: 'customer', id: 'a subject', deletion: null, weight: null },
      { resource: 'product', id: '11', deletion: null, weight: '0.52' },
    ]);
  });

  it('keeps and alerts the errors that the shop signed instead of orders', async () => {
    const rejections = await stack.sql.query<{ topic: string; reason: string; detail: string }>(
      '',
      'select topic, reason, detail from orders.rejections order by received_at, event_id',
    );
    const invalid = { reason: 'shop-error-body', detail: 'woocommerce_rest_shop_order_invalid_id, status 404' };
    expect(rejections).toEqual([
      { topic: 'action.woocommerce_order_status_processing', reason: 'unknown-topic', detail: 'it names no resource' },
      { topic: 'order.created', ...invalid },
      { topic: 'order.updated', ...invalid },
      { topic: 'order.updated', reason: 'shop-error-body', detail: 'woocommerce_rest_cannot_view, status 401' },
      { topic: 'product.created', reason: 'shop-error-body', detail: 'woocommerce_rest_product_invalid_id, status 404' },
    ]);
    const alerts = await stack.sql.query(
      '',
      'select connection_id, kind, occurrences from alerts.alerts where closed_at is null order by kind',
    );
    expect(alerts).toEqual([{ connection_id: 'wc-1101', kind: 'shop-error-body', occurrences: 4 }]);
  });
});
