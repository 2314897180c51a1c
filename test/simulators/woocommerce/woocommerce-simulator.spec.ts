import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { webhookSignature } from '../../builders/php-json.js';
import { startWoocommerceSimulator, type WoocommerceSimulator } from './woocommerce-simulator.ts';

const KEY = { consumerKey: 'ck_1', consumerSecret: 'cs_1' };
const AUTHORIZATION = `Basic ${Buffer.from('ck_1:cs_1').toString('base64')}`;

/** What a control answers: as much of it as is looked at. */
interface Told {
  readonly id: number;
  readonly status: string;
  readonly refundId?: number;
  readonly order: { readonly status: string; readonly refunds: readonly unknown[]; readonly billing: { readonly city: string } };
}

interface Heard {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A receiver of webhooks: `/moved` redirects, everything else answers 200. */
function startReceiver(heard: Heard[]): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        heard.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
        if (request.url === '/moved') response.writeHead(302, { location: '/hook' }).end();
        else response.writeHead(200).end();
      });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }));
  });
}

describe('the shop over HTTP', () => {
  let simulator: WoocommerceSimulator;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  const heard: Heard[] = [];

  beforeEach(async () => {
    heard.length = 0;
    receiver = await startReceiver(heard);
    simulator = await startWoocommerceSimulator({ keys: [KEY], seesHttps: true });
  });
  afterEach(async () => {
    await simulator.stop();
    await new Promise((resolve) => {
      receiver.server.close(resolve);
      receiver.server.closeAllConnections();
    });
  });

  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${simulator.url}/wp-json/wc/v3/${path}`, {
      ...init,
      headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
    });
  const tell = async (method: string, path: string, order?: object): Promise<{ readonly status: number; readonly body: Told }> => {
    const response = await fetch(`${simulator.url}/_control/${path}`, {
      method,
      ...(order === undefined ? {} : { body: JSON.stringify(order) }),
    });
    return { status: response.status, body: (await response.json()) as Told };
  };
  const webhook = (path = '/hook', topic = 'order.created') =>
    ask('webhooks', { method: 'POST', body: JSON.stringify({ topic, delivery_url: `${receiver.url}${path}`, secret: 's3cret' }) });

  it('answers as WooCommerce does', async () => {
    const { id } = simulator.shop.orders.create({ billing: { first_name: 'Zoë' } });
    const response = await ask('orders');
    expect([response.status, response.headers.get('x-wp-total')]).toEqual([200, '1']);
    const text = await response.text();
    expect(text).toContain(String.raw`Zo\u00eb`);
    expect(JSON.parse(text)).toMatchObject([{ id, billing: { first_name: 'Zoë' } }]);
    const head = await ask('orders', { method: 'HEAD' });
    expect([head.headers.get('x-wp-total'), await head.text()]).toEqual(['1', '']);
  });

  it('takes Basic only where it believes in TLS', async () => {
    const plain = await startWoocommerceSimulator({ keys: [KEY] });
    const response = await fetch(`${plain.url}/wp-json/wc/v3/orders`, { headers: { authorization: AUTHORIZATION } });
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'woocommerce_rest_cannot_view' }]);
    await plain.stop();
  });

  it('pings before it answers who created the webhook', async () => {
    expect((await webhook()).status).toBe(201);
    expect(heard).toMatchObject([
      { path: '/hook', body: 'webhook_id=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ]);
    expect(simulator.shop.webhooks.get(1).isPingPending).toBe(false);
  });

  it('delivers signed bytes', async () => {
    await webhook();
    simulator.shop.orders.create({ billing: { first_name: 'Zoë' } });
    await simulator.shop.queue.run();
    const { headers, body } = heard.at(-1)!;
    expect(headers['x-wc-webhook-signature']).toBe(webhookSignature(Buffer.from(body), 's3cret'));
    expect(headers).toMatchObject({ 'x-wc-webhook-topic': 'order.created', 'x-wc-webhook-source': `${simulator.url}/` });
    expect(simulator.sent.map(({ kind, status }) => [kind, status])).toEqual([
      ['ping', 200],
      ['event', 200],
    ]);
  });

  it('follows a redirect with a ping and not with an event, which counts as delivered and is lost', async () => {
    await webhook('/moved');
    simulator.shop.orders.create();
    await simulator.shop.queue.run();
    expect(heard.map(({ path }) => path)).toEqual(['/moved', '/hook', '/moved']);
    expect(simulator.shop.webhooks.get(1)).toMatchObject({ isPingPending: false, failureCount: 0 });
  });

  it('counts a receiver that is not there as a failure', async () => {
    await webhook();
    simulator.shop.webhooks.update(1, { deliveryUrl: 'http://127.0.0.1:1/' });
    simulator.shop.orders.create();
    await simulator.shop.queue.run();
    expect(simulator.shop.webhooks.get(1).failureCount).toBe(1);
  });

  it.each(['cut', 'hang', 'cut-after-doing'])('gives no answer by %s', async (kind) => {
    expect((await tell('POST', 'faults', { kind, times: 1 })).status).toBe(201);
    await expect(ask('orders', { signal: AbortSignal.timeout(200) })).rejects.toThrow(/fetch failed|timeout/);
    expect((await ask('orders')).status).toBe(200);
  });

  it('is told what to do over HTTP', async () => {
    const { body: product } = await tell('POST', 'products', { name: 'Mug', price: 1_000 });
    const { body: variation } = await tell('POST', 'variations', { parentId: product.id });
    const { status, body: order } = await tell('POST', 'orders', {
      isPaid: true,
      lines: [{ productId: product.id, variationId: variation.id }],
    });
    expect([status, order.status]).toEqual([201, 'processing']);
    const act = async (action: string, given: object = {}) => (await tell('POST', `orders/${order.id}/${action}`, given)).body;
    expect((await act('status', { status: 'completed' })).order.status).toBe('completed');
    expect((await act('address', { billing: { city: 'Lima' } })).order.billing.city).toBe('Lima');
    const { refundId } = await act('refund', { amount: 10 });
    expect((await act('delete-refund', { refundId })).order.refunds).toEqual([]);
    expect((await act('trash')).order.status).toBe('trash');
    expect((await act('untrash')).order.status).toBe('completed');
    expect((await tell('GET', 'orders')).body).toEqual([{ id: order.id, status: 'completed' }]);
    expect((await act('force-delete')).order).toBeNull();
    expect((await tell('GET', `orders/${order.id}`)).status).toBe(400);
  });

  it('says what is wrong with what it was told', async () => {
    const { id } = simulator.shop.orders.create();
    expect(await tell('POST', `orders/${id}/status`, {})).toEqual({ status: 400, body: { problem: 'status: expected a string' } });
    expect(await tell('POST', 'orders/999/trash', {})).toEqual({ status: 400, body: { problem: 'this shop has no order 999' } });
    expect((await tell('POST', `orders/${id}/explode`, {})).status).toBe(404);
    expect((await tell('POST', 'faults', { kind: 'sulk' })).status).toBe(400);
    expect((await tell('GET', 'nothing')).status).toBe(404);
  });

  it('gives keys, shows webhooks without their secrets, runs the queue, turns its clock', async () => {
    await webhook();
    expect((await tell('POST', 'keys', { permissions: 'read' })).body).toMatchObject({ permissions: 'read', userId: 1 });
    const { body: webhooks } = await tell('GET', 'webhooks');
    expect(webhooks).toMatchObject([{ id: 1, failureCount: 0 }]);
    expect(JSON.stringify(webhooks)).not.toContain('s3cret');
    await tell('POST', 'orders', {});
    expect((await tell('POST', 'queue')).body).toEqual({ pending: 0 });
    expect((await tell('GET', 'sent')).body).toMatchObject([{ kind: 'ping' }, { kind: 'event', topic: 'order.created', status: 200 }]);
    await tell('POST', 'clock', { skewMs: -86_400_000 });
    expect(Date.parse((await ask('orders')).headers.get('date')!)).toBeLessThan(Date.now() - 80_000_000);
    expect((await tell('POST', 'edge', { stripsAuthorization: true })).body).toMatchObject({ stripsAuthorization: true });
    expect((await ask('orders')).status).toBe(401);
  });

  it('connects an app: approval page, key, way back', async () => {
    const parameters = new URLSearchParams({
      app_name: 'Tributary',
      user_id: 'state-1',
      return_url: `${receiver.url}/back`,
      callback_url: `${receiver.url}/keys`,
      scope: 'read',
    });
    const page = await (await fetch(`${simulator.url}/wc-auth/v1/authorize?${parameters.toString()}`)).text();
    const link = /wc-auth-approve" href="([^"]+)"/.exec(page)![1]!.replaceAll('&amp;', '&');
    const response = await fetch(link, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, `${receiver.url}/back?success=1&user_id=state-1`]);
    expect(JSON.parse(heard[0]!.body)).toMatchObject({ user_id: 'state-1', key_permissions: 'read' });
  });

  it('shows a person what happened, and runs nothing that was sent', async () => {
    simulator.shop.orders.create({ status: 'processing' });
    simulator.shop.webhooks.create({ topic: 'order.created', deliveryUrl: `${receiver.url}/<script>` });
    const page = await (await fetch(`${simulator.url}/_control/`)).text();
    expect(page).toContain('processing');
    expect(page).not.toContain('<script>');
  });
});

it('runs its queue by a cron of the system where it has one, and after a visit where it has none', async () => {
  const heard: Heard[] = [];
  const receiver = await startReceiver(heard);
  for (const options of [{ queueIntervalMs: 20 }, {}]) {
    const simulator = await startWoocommerceSimulator(options);
    simulator.shop.webhooks.create({ topic: 'order.created', deliveryUrl: `${receiver.url}/hook` });
    await simulator.shop.webhooks.pingsAnswered();
    heard.length = 0;
    simulator.shop.orders.create();
    await fetch(simulator.url);
    while (heard.length === 0) await new Promise(setImmediate);
    expect(heard[0]!.headers['x-wc-webhook-topic']).toBe('order.created');
    await simulator.stop();
  }
  await new Promise((resolve) => {
    receiver.server.close(resolve);
    receiver.server.closeAllConnections();
  });
});

describe('a shop with a file', () => {
  it('goes on after the end of its process with orders, webhooks, keys and ids', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-shop-'));
    const start = () => startWoocommerceSimulator({ keys: [KEY], seesHttps: true, stateFile: join(folder, 'shop'), firstId: 1_000 });
    const tell = async <Answer>(shop: WoocommerceSimulator, path: string, body?: object): Promise<Answer> => {
      const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      return (await (await fetch(`${shop.url}/_control/${path}`, init)).json()) as Answer;
    };
    try {
      const first = await start();
      const product = await tell<{ id: number }>(first, 'products', { name: 'Mug', price: 1_000 });
      const order = await tell<{ id: number }>(first, 'orders', { status: 'on-hold', lines: [{ productId: product.id }] });
      await tell(first, `orders/${order.id}/status`, { status: 'processing' });
      const made = await fetch(`${first.url}/wp-json/wc/v3/webhooks`, {
        method: 'POST',
        headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
        body: JSON.stringify({ topic: 'order.created', delivery_url: 'https://in.example/hook', secret: 'of-the-webhook' }),
      });
      expect(made.status).toBe(201);
      const before = first.shop.snapshot();
      await first.stop();

      const second = await start();
      expect(second.shop.snapshot()).toEqual(before);
      expect(second.shop.orders.get(order.id).status).toBe('processing');
      const next = await tell<{ id: number }>(second, 'orders', { lines: [{ productId: product.id }] });
      expect([product.id, order.id, next.id]).toEqual([1_000, 1_001, 1_002]);
      await second.stop();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
