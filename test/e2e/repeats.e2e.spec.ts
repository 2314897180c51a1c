import { untilAtRest } from '../stack/at-rest.js';
import { countedEventIds, inParallel, ledgerOf } from '../stack/outcomes.js';
import { gmtText, paidOrder, shopSpec, ShopWindow } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';

const MINUTE_MS = 60_000;
const PIXELS = ['one', 'shared', 'ads-left', 'ads-right'];

let stack: Stack;
let windows: Record<'main' | 'left' | 'right', ShopWindow>;
const pixel = (id: string, settings: object = {}): { id: string; accessToken: string; settings: object } => ({
  id,
  accessToken: `token-of-${id}`,
  settings: { pixelCode: `PIXEL-${id}`, ...settings },
});

beforeAll(async () => {
  stack = await Stack.start({
    apps: ['ingest', 'tiktok'],
    simulator: { pixels: PIXELS.map((id) => ({ code: `PIXEL-${id}`, accessToken: `token-of-${id}` })) },
  });
  const shops = { main: shopSpec('main'), left: shopSpec('left'), right: shopSpec('right') };
  await configure(stack, { id: 'acme', shops: [shops.main], pixels: [pixel('one')] });
  await configure(stack, {
    id: 'twins',
    shops: [shops.left, shops.right],
    pixels: [
      pixel('shared', { purchase: { eventId: 'shared_{connection}_{orderId}' } }),
      pixel('ads-left', { sources: ['left'], purchase: { eventId: 'left_{orderId}' } }),
      pixel('ads-right', { sources: ['right'], purchase: { eventId: 'right_{orderId}' } }),
    ],
  });
  windows = {
    main: new ShopWindow(stack, shops.main),
    left: new ShopWindow(stack, shops.left),
    right: new ShopWindow(stack, shops.right),
  };
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

/** What TikTok counted of an order of shop `main`, and what it was sent in vain. */
function purchasesOf(orderId: number): { readonly counted: number; readonly duplicates: number } {
  const { accepted, duplicates } = stack.tiktok.received();
  const isOfOrder = ({ eventId }: { readonly eventId: string }): boolean => eventId === `wc_order_${orderId}`;
  return { counted: accepted.filter(isOfOrder).length, duplicates: duplicates.filter(isOfOrder).length };
}

const ONCE = { counted: 1, duplicates: 0 };

const headOf = async (orderId: number): Promise<{ status: string; content_hash: string } | undefined> =>
  (
    await stack.sql.query<{ status: string; content_hash: string }>(
      '',
      'select status, content_hash from orders.heads where connection_id = $1 and order_id = $2',
      ['main', String(orderId)],
    )
  )[0];

describe('one order told more than once', () => {
  it('is one Purchase when the same body comes five times', async () => {
    const body = paidOrder(101);
    expect(await inParallel([1, 2, 3, 4, 5], 5, () => windows.main.deliver(body))).toEqual([200, 200, 200, 200, 200]);
    await untilAtRest(stack);
    await windows.main.deliver(body);
    await untilAtRest(stack);
    expect(purchasesOf(101)).toEqual(ONCE);
  });

  it('is one Purchase when created and updated carry one body', async () => {
    const body = paidOrder(102);
    await windows.main.deliver(body, 'order.created');
    await windows.main.deliver(body, 'order.updated');
    await untilAtRest(stack);
    expect(purchasesOf(102)).toEqual(ONCE);
  });

  it('is one Purchase when updated comes before created, and its newest state stays', async () => {
    const createdAt = Date.now() - 2 * MINUTE_MS;
    const created = paidOrder(103, { status: 'processing' }, createdAt);
    await windows.main.deliver({ ...created, status: 'completed', date_modified_gmt: gmtText(createdAt + 5_000) }, 'order.updated');
    await windows.main.deliver(created, 'order.created');
    await untilAtRest(stack);
    expect(purchasesOf(103)).toEqual(ONCE);
    expect(await headOf(103)).toMatchObject({ status: 'completed' });
  });

  it.each([
    [104, 'at once', false],
    [105, 'with all the time between', true],
  ] as const)('%i is one Purchase from pending over processing to completed, %s', async (orderId, _, waits) => {
    const createdAt = Date.now() - 2 * MINUTE_MS;
    const steps = [
      { status: 'pending', date_paid_gmt: null, date_paid: null, date_modified_gmt: gmtText(createdAt) },
      { status: 'processing', date_paid_gmt: gmtText(createdAt + 1_000), date_modified_gmt: gmtText(createdAt + 1_000) },
      {
        status: 'completed',
        date_paid_gmt: gmtText(createdAt + 1_000),
        date_completed_gmt: gmtText(createdAt + 2_000),
        date_modified_gmt: gmtText(createdAt + 2_000),
      },
    ];
    for (const step of steps) {
      await windows.main.deliver(paidOrder(orderId, step, createdAt));
      if (waits) await untilAtRest(stack);
    }
    await untilAtRest(stack);
    expect(purchasesOf(orderId)).toEqual(ONCE);
    expect(await headOf(orderId)).toMatchObject({ status: 'completed' });
  });

  it.each([
    [106, 'with a change of its date', 2_000],
    [107, 'without one, as when a refund is deleted', 1_000],
  ] as const)('%i is one Purchase when it returns to an earlier content %s', async (orderId, _, returnedAfterMs) => {
    const paidAt = Date.now() - 2 * MINUTE_MS;
    const at = (offsetMs: number, refunds: readonly unknown[]): Record<string, unknown> =>
      paidOrder(orderId, { refunds, date_modified_gmt: gmtText(paidAt + offsetMs) }, paidAt);
    await windows.main.deliver(at(0, []));
    await untilAtRest(stack);
    const first = await headOf(orderId);
    await windows.main.deliver(at(1_000, [{ id: 9, reason: '', total: '-1000' }]));
    await untilAtRest(stack);
    const second = await headOf(orderId);
    await windows.main.deliver(at(returnedAfterMs, []));
    await untilAtRest(stack);
    expect(second?.content_hash).not.toBe(first?.content_hash);
    expect(await headOf(orderId)).toEqual(first);
    expect(purchasesOf(orderId)).toEqual(ONCE);
  });
});

describe('orders that look alike', () => {
  it('are one Purchase each when 300 come within one second under one Delivery-ID', async () => {
    const paidAt = Date.now() - MINUTE_MS;
    const orderIds = Array.from({ length: 300 }, (_, index) => 2_000 + index);
    const statuses = await inParallel(orderIds, 50, (orderId) => windows.main.deliver(paidOrder(orderId, {}, paidAt), 'order.created'));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await untilAtRest(stack, 30_000);
    const wanted = new Set(orderIds.map((orderId) => `wc_order_${orderId}`));
    expect(countedEventIds(stack).filter((eventId) => wanted.has(eventId))).toEqual([...wanted].toSorted());
    expect(stack.tiktok.received().duplicates).toEqual([]);
  }, 60_000);

  it('are two Purchases when two shops of a tenant have the same order number', async () => {
    await Promise.all([windows.left, windows.right].map((window) => window.deliver(paidOrder(500))));
    await untilAtRest(stack);
    const lines = (await ledgerOf(stack)).filter(({ orderId }) => orderId === '500');
    expect(lines.map(({ destination, source, state }) => `${destination} ${source} ${state}`)).toEqual([
      'ads-left left delivered',
      'ads-right right delivered',
      'shared left delivered',
      'shared right delivered',
    ]);
    // On one pixel that tells connections apart, and on two pixels.
    const events = stack.tiktok.received().accepted.filter(({ eventId }) => eventId.endsWith('_500'));
    expect(events.map(({ pixel: code, eventId }) => `${code} ${eventId}`).toSorted()).toEqual([
      'PIXEL-ads-left left_500',
      'PIXEL-ads-right right_500',
      'PIXEL-shared shared_left_500',
      'PIXEL-shared shared_right_500',
    ]);
  });
});
