import type { ShopReply } from '../rest/shop-exchange.js';
import {
  listWebhooksQuery,
  makeWebhookQuery,
  readMadeWebhook,
  readRemovedWebhook,
  readWebhooksPage,
  removeWebhookQuery,
} from './webhook-calls.js';

const answered = (status: number, value: unknown, headers: object = {}): ShopReply => ({
  kind: 'answered',
  answer: { status, headers: { date: 'Sat, 21 Nov 2026 02:51:42 GMT', ...headers }, body: JSON.stringify(value) },
});
const LOST: ShopReply = { kind: 'not-answered', cause: 'timeout', detail: 'no answer in time' };
// As WooCommerce 11.0.1 answers a key that may only read.
const MAY_ONLY_READ = answered(401, {
  code: 'woocommerce_rest_authentication_error',
  message: 'The API key provided does not have write permissions.',
  data: { status: 401 },
});

describe('making a webhook', () => {
  it('says name, topic, address and secret', () => {
    const webhook = { name: 'Tributary acme/shop order.updated', topic: 'order.updated', deliveryUrl: 'https://in.example/a', secret: 's' };
    expect(makeWebhookQuery(webhook)).toMatchObject({
      method: 'POST',
      path: '/webhooks',
      body: { topic: 'order.updated', delivery_url: 'https://in.example/a', secret: 's', status: 'active' },
    });
  });

  it('is done with the id that the shop gave', () => {
    expect(readMadeWebhook(answered(201, { id: 7 }))).toEqual({ kind: 'made', webhookId: 7 });
  });

  it('tells a key that may only read from other refusals', () => {
    expect(readMadeWebhook(MAY_ONLY_READ)).toEqual({ kind: 'may-only-read' });
    expect(readMadeWebhook(answered(400, { code: 'woocommerce_rest_shop_webhook_invalid_topic' }))).toMatchObject({ kind: 'failed' });
    expect(readMadeWebhook(answered(201, []))).toMatchObject({ kind: 'failed' });
    expect(readMadeWebhook(LOST)).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } });
  });
});

describe('deleting a webhook', () => {
  it('is forced, because webhooks have no trash', () => {
    expect(removeWebhookQuery(7)).toMatchObject({ method: 'DELETE', path: '/webhooks/7', parameters: { force: 'true' } });
  });

  it('is done when it is gone, also when somebody was first', () => {
    expect(readRemovedWebhook(answered(200, { id: 7 }))).toBeNull();
    expect(readRemovedWebhook(answered(404, { code: 'woocommerce_rest_shop_webhook_invalid_id' }))).toBeNull();
    expect(readRemovedWebhook(answered(500, {}))).toMatchObject({ kind: 'shop-error' });
    expect(readRemovedWebhook(LOST)).toMatchObject({ kind: 'timeout' });
  });
});

it('lists page by page, whatever the status', () => {
  expect(listWebhooksQuery(2).parameters).toMatchObject({ status: 'all', per_page: '100', page: '2' });
  const page = answered(200, [{ id: 1, topic: 'order.updated' }], { 'x-wp-total': '101', 'x-wp-totalpages': '2' });
  expect(readWebhooksPage(page, 1)).toMatchObject({ value: { isLast: false, webhooks: [{ id: 1 }] } });
  expect(readWebhooksPage(page, 2)).toMatchObject({ value: { isLast: true } });
  expect(readWebhooksPage(answered(200, []), 1)).toMatchObject({ kind: 'failed' });
});
