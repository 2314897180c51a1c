import { loadRestRead } from '../../../builders/captured-webhooks.js';
import type { JsonObject } from '../json/json.ts';
import { virtualShop, type VirtualShop } from '../virtual-shop.ts';
import type { ShopAnswer } from './answer.ts';

const HOOK = 'https://ingest.example/hook';
const send = ({ ask }: VirtualShop, method: string, path: string, body: object): ShopAnswer =>
  ask(path, { method, body: JSON.stringify(body) });
const created = (virtual: VirtualShop, body: object = {}): ShopAnswer =>
  send(virtual, 'POST', 'webhooks', { name: 'Ours', topic: 'order.updated', delivery_url: HOOK, secret: 's3cret', ...body });

it('creates a webhook with the fields of a captured one, pings it, and keeps the secret to itself', () => {
  const virtual = virtualShop();
  const answer = created(virtual);
  const captured = loadRestRead('webhook-create').body as JsonObject;
  expect(answer).toMatchObject({ status: 201, headers: { location: 'https://shop.example/wp-json/wc/v3/webhooks/1' } });
  expect(Object.keys(answer.json as JsonObject)).toEqual(Object.keys(captured));
  expect(answer.json).toMatchObject({ status: 'active', topic: 'order.updated', hooks: captured['hooks'], date_modified: null });
  expect(answer.body).not.toContain('s3cret');
  expect(virtual.sent).toMatchObject([{ kind: 'ping', url: HOOK }]);
  expect(virtual.shop.webhooks.get(1)).toMatchObject({ secret: 's3cret', userId: 1 });
});

it('makes up a secret that it tells nobody where none was given', () => {
  const virtual = virtualShop();
  created(virtual, { secret: '' });
  const { secret } = virtual.shop.webhooks.get(1);
  expect(secret).toHaveLength(50);
  expect(virtual.ask('webhooks/1').body).not.toContain(secret);
});

it('creates the same webhook twice when asked twice', () => {
  const virtual = virtualShop();
  created(virtual);
  created(virtual);
  expect(virtual.ask('webhooks?per_page=100').headers['x-wp-total']).toBe('2');
  virtual.sent.length = 0;
  virtual.shop.orders.create();
  void virtual.shop.queue.run();
  expect(virtual.sent).toHaveLength(2);
});

it.each([
  ['order.published', '11.0.1', 400],
  ['order.foo', '11.0.1', 400],
  ['', '11.0.1', 400],
  ['customer.restored', '11.0.1', 400],
  ['customer.restored', '10.4.3', 201],
  ['product.published', '11.0.1', 201],
  ['action.woocommerce_order_status_processing', '11.0.1', 201],
  ['action.other_plugin', '11.0.1', 400],
])('answers the topic “%s” in %s with %d', (topic, version, status) => {
  expect(created(virtualShop({ site: { version } }), { topic }).status).toBe(status);
});

it('refuses an address that is none', () => {
  expect(created(virtualShop(), { delivery_url: 'ingest.example/hook' })).toMatchObject({
    status: 400,
    json: { code: 'woocommerce_rest_shop_webhook_invalid_delivery_url' },
  });
});

it('takes an address that it will never reach', () => {
  expect(created(virtualShop(), { delivery_url: 'http://127.0.0.1:9000/x' }).status).toBe(201);
});

it('changes status, address and secret', () => {
  const virtual = virtualShop();
  created(virtual);
  expect(send(virtual, 'PUT', 'webhooks/1', { status: 'paused', delivery_url: `${HOOK}?2`, secret: 'new' })).toMatchObject({
    status: 200,
    json: { status: 'paused', delivery_url: `${HOOK}?2`, date_modified_gmt: '2026-11-20T12:00:00' },
  });
  expect(virtual.shop.webhooks.get(1).secret).toBe('new');
  expect(send(virtual, 'PUT', 'webhooks/1', { status: 'asleep' })).toMatchObject({ status: 400 });
  expect(send(virtual, 'PUT', 'webhooks/9', { status: 'active' })).toMatchObject({ status: 400, json: { message: 'ID is invalid.' } });
});

it('shows a disabled webhook with the fields of a captured one, and no count of failures', () => {
  const virtual = virtualShop();
  created(virtual);
  virtual.answerWith(500);
  for (let order = 0; order < 7; order += 1) {
    virtual.shop.orders.create();
    void virtual.shop.queue.run();
  }
  const shown = virtual.ask('webhooks/1').json as JsonObject;
  expect(shown['status']).toBe('disabled');
  expect(Object.keys(shown)).toEqual(Object.keys(loadRestRead('webhook-disabled-get').body as JsonObject));
  expect((virtual.ask('webhooks?status=disabled').json as unknown[]).length).toBe(1);
  expect(virtual.ask('webhooks?status=active').json).toEqual([]);
});

it('deletes only by force', () => {
  const virtual = virtualShop();
  created(virtual);
  expect(virtual.ask('webhooks/1', { method: 'DELETE' }).status).toBe(501);
  expect(virtual.ask('webhooks/1?force=true', { method: 'DELETE' })).toMatchObject({ status: 200, json: { id: 1 } });
  expect(virtual.ask('webhooks/1?force=true', { method: 'DELETE' }).status).toBe(404);
});

it('answers a batch with 200 and what went wrong beside each item', () => {
  const virtual = virtualShop();
  created(virtual);
  created(virtual);
  const answer = send(virtual, 'POST', 'webhooks/batch', {
    create: [
      { topic: 'order.created', delivery_url: HOOK },
      { topic: 'order.foo', delivery_url: HOOK },
    ],
    update: [
      { id: 1, status: 'paused' },
      { id: 77, status: 'paused' },
    ],
    delete: [2, 78],
  });
  expect(answer).toMatchObject({
    status: 200,
    json: {
      create: [
        { id: 3, topic: 'order.created' },
        { id: 0, error: { code: 'woocommerce_rest_shop_webhook_invalid_topic' } },
      ],
      update: [
        { id: 1, status: 'paused' },
        { id: 77, error: { data: { status: 400 } } },
      ],
      delete: [{ id: 2 }, { id: 78, error: { data: { status: 404 } } }],
    },
  });
  expect(virtual.shop.webhooks.all().map(({ id }) => id)).toEqual([1, 3]);
});

it('refuses a batch of more than a hundred', () => {
  const create = Array.from({ length: 101 }, () => ({ topic: 'order.created', delivery_url: HOOK }));
  expect(send(virtualShop(), 'POST', 'webhooks/batch', { create }).status).toBe(413);
});
