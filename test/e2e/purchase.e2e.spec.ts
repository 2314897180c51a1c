import { orderBody, signedWebhook } from '../builders/order.builder.js';
import { eventually } from '../stack/eventually.js';
import { Stack } from '../stack/stack.js';
import { configure, postWebhook } from '../stack/tenant.js';

const TOKEN = 'token-of-the-shop-01';
const SECRET = 'secret-of-the-shop';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  await configure(stack, {
    id: 'acme',
    shops: [{ id: 'shop', token: TOKEN, webhookSecret: SECRET }],
    pixels: [{ id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1' } }],
  });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

it('turns one signed order into one delivered Purchase', async () => {
  const now = new Date().toISOString().slice(0, 19);
  const body = orderBody({
    id: 1042,
    number: '1042',
    status: 'processing',
    date_created_gmt: now,
    date_modified_gmt: now,
    date_paid_gmt: now,
  });
  const answer = await postWebhook(stack.app('ingest').url, TOKEN, signedWebhook(body, SECRET, 'order.updated'));
  expect(answer.status).toBe(200);
  await eventually('the ledger says delivered', 10_000, async () => {
    const rows = await stack.sql.query<{ state: string; reference: string }>('', 'select state, reference from tiktok.ledger_entries');
    return rows.length === 1 && rows[0]?.state === 'delivered' && rows[0].reference === '1042';
  });
  const { accepted, duplicates } = stack.tiktok.received();
  expect(accepted.map(({ event, eventId }) => ({ event, eventId }))).toEqual([{ event: 'Purchase', eventId: 'wc_order_1042' }]);
  expect(duplicates).toEqual([]);
});
