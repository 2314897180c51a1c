import { allCaptures } from '../../../builders/captured-webhooks.js';
import { webhookSignature } from '../../../builders/php-json.js';
import type { Site } from '../shop/site.ts';
import { isEvent, virtualShop, type VirtualShop } from '../virtual-shop.ts';
import type { DeliveryResult, EventDelivery, ShopDelivery } from './delivery.ts';

const HOOK = 'https://ingest.example/hook';

/** A shop with one webhook per topic, pinged, and nothing sent since. */
function shopWith(
  topics: readonly string[],
  site: Partial<Site> = {},
): VirtualShop & { events(): EventDelivery[]; readonly webhookId: number } {
  const virtual = virtualShop({ site });
  const [webhookId = 0] = topics.map((topic) => virtual.shop.webhooks.create({ topic, deliveryUrl: HOOK, secret: 's3cret' }).id);
  virtual.sent.length = 0;
  return { ...virtual, webhookId, events: () => virtual.sent.splice(0).filter(isEvent) };
}

const ran = (virtual: ReturnType<typeof shopWith>): EventDelivery[] => {
  void virtual.shop.queue.run();
  return virtual.events();
};

describe('a delivery', () => {
  it('looks like a captured one', () => {
    const virtual = shopWith(['order.updated']);
    virtual.shop.orders.create({ billing: { first_name: 'Zoë', address_1: 'a/b' } });
    const [event] = ran(virtual);
    const captured = allCaptures().find(({ name }) => name.startsWith('025'))!;
    const onTheWire = new Set(['host', 'connection', 'content-length']);
    expect(Object.keys(event!.headers).map((name) => name.toLowerCase())).toEqual(
      Object.keys(captured.headers).filter((name) => !onTheWire.has(name)),
    );
    expect(event!.headers).toMatchObject({
      'User-Agent': captured.headers['user-agent'],
      'Content-Type': 'application/json',
      'X-WC-Webhook-Source': 'https://shop.example/',
      'X-WC-Webhook-Topic': 'order.updated',
      'X-WC-Webhook-Resource': 'order',
      'X-WC-Webhook-Event': 'updated',
      'X-WC-Webhook-ID': String(virtual.webhookId),
      'X-WC-Webhook-Delivery-ID': expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(event!.body).toContain(String.raw`"first_name":"Zo\u00eb"`);
    expect(event!.body).toContain(String.raw`"address_1":"a\/b"`);
    expect(event!.headers['X-WC-Webhook-Signature']).toBe(webhookSignature(Buffer.from(event!.body), 's3cret'));
  });

  it('signs with the secret as PHP decodes it', () => {
    const virtual = virtualShop();
    virtual.shop.webhooks.create({ topic: 'order.updated', deliveryUrl: HOOK, secret: 'x&amp;y' });
    virtual.shop.orders.create();
    void virtual.shop.queue.run();
    const event = virtual.sent.find(isEvent)!;
    expect(event.headers['X-WC-Webhook-Signature']).toBe(webhookSignature(Buffer.from(event.body), 'x&y'));
  });

  it('has one delivery id for all deliveries of a second, and another a second later', () => {
    const virtual = shopWith(['order.updated']);
    for (let order = 0; order < 6; order += 1) virtual.shop.orders.create();
    const ids = new Set(ran(virtual).map(({ headers }) => headers['X-WC-Webhook-Delivery-ID']));
    expect(ids.size).toBe(1);
    virtual.pass(1);
    virtual.shop.orders.create();
    expect(ids.has(ran(virtual)[0]!.headers['X-WC-Webhook-Delivery-ID'])).toBe(false);
  });

  it('says what the order is when it leaves, not what it was when it happened', () => {
    const virtual = shopWith(['order.created', 'order.updated']);
    const { id } = virtual.shop.orders.create();
    virtual.shop.orders.setStatus(id, 'processing');
    virtual.shop.orders.setStatus(id, 'completed');
    expect(ran(virtual).map(({ payload }) => (payload as { status: string }).status)).toEqual(['completed', 'completed']);
  });

  it('waits once per webhook and order, however often it changes', () => {
    const virtual = shopWith(['order.updated']);
    const { id } = virtual.shop.orders.create();
    for (let edit = 0; edit < 5; edit += 1) virtual.shop.orders.saveUnchanged(id);
    expect(virtual.shop.queue.pendingCount).toBe(1);
    expect(ran(virtual)).toHaveLength(1);
  });

  it('of a change during a delivery comes after it', () => {
    let isFirst = true;
    const bodies: unknown[] = [];
    const virtual = virtualShop({
      deliver: (delivery: ShopDelivery): DeliveryResult => {
        if (!isEvent(delivery)) return 200;
        bodies.push((delivery.payload as { status: string }).status);
        if (isFirst) virtual.shop.orders.setStatus(id, 'completed');
        isFirst = false;
        return 200;
      },
    });
    virtual.shop.webhooks.create({ topic: 'order.updated', deliveryUrl: HOOK });
    const { id } = virtual.shop.orders.create();
    void virtual.shop.queue.run();
    expect(bodies).toEqual(['pending', 'completed']);
  });

  it('of updated may come before created', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed < 20; seed += 1) {
      const virtual = virtualShop({ seed });
      for (const topic of ['order.created', 'order.updated']) virtual.shop.webhooks.create({ topic, deliveryUrl: HOOK });
      virtual.shop.orders.create();
      void virtual.shop.queue.run();
      seen.add(
        virtual.sent
          .filter(isEvent)
          .map(({ topic }) => topic)
          .join(' '),
      );
    }
    expect([...seen].toSorted()).toEqual(['order.created order.updated', 'order.updated order.created']);
  });

  it('keeps the order in which it was scheduled where it is told to', () => {
    const virtual = virtualShop({ queue: { order: 'scheduled' } });
    virtual.shop.webhooks.create({ topic: 'order.created', deliveryUrl: HOOK });
    const ids = Array.from({ length: 60 }, () => virtual.shop.orders.create().id);
    void virtual.shop.queue.run();
    expect(virtual.sent.filter(isEvent).map(({ payload }) => (payload as { id: number }).id)).toEqual(ids);
  });

  it('is an error object, signed, when the order vanished first', () => {
    const virtual = shopWith(['order.created', 'order.updated']);
    virtual.shop.orders.forceDelete(virtual.shop.orders.create().id);
    expect(ran(virtual).map(({ body }) => body)).toEqual(
      Array(2).fill('{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID.","data":{"status":404}}'),
    );
  });

  it('is an error object when the webhook’s owner lost his rights, and counts as delivered', () => {
    const virtual = virtualShop();
    const { people, webhooks, orders, queue } = virtual.shop;
    const userId = people.add({ role: 'shop_manager' }).id;
    const { id } = webhooks.create({ topic: 'order.updated', deliveryUrl: HOOK, userId });
    people.delete(userId);
    orders.create();
    void queue.run();
    expect(virtual.sent.at(-1)!.body).toBe(
      '{"code":"woocommerce_rest_cannot_view","message":"Sorry, you cannot view this resource.","data":{"status":401}}',
    );
    expect(webhooks.get(id).failureCount).toBe(0);
  });

  it('of an order trashed before the queue ran says trash, then deleted', () => {
    const virtual = shopWith(['order.created', 'order.updated', 'order.deleted']);
    const { id } = virtual.shop.orders.create();
    virtual.shop.orders.trash(id);
    const bodies = Object.fromEntries(ran(virtual).map(({ topic, payload }) => [topic, payload]));
    expect(bodies).toMatchObject({ 'order.created': { status: 'trash' }, 'order.updated': { status: 'trash' } });
    expect(bodies['order.deleted']).toEqual({ id });
  });

  it('with legacy storage tells of a deleted product and a deleted coupon with the order’s id', () => {
    const virtual = shopWith(['product.deleted', 'coupon.deleted', 'order.deleted'], { storage: 'cpt' });
    const { id } = virtual.shop.orders.create();
    virtual.shop.orders.trash(id);
    expect(Object.fromEntries(ran(virtual).map(({ topic, payload }) => [topic, payload]))).toEqual({
      'coupon.deleted': { id },
      'order.deleted': { id },
      'product.deleted': { id },
    });
  });

  it('of an action carries the id only', () => {
    const virtual = shopWith(['action.woocommerce_order_status_processing']);
    const { id } = virtual.shop.orders.create({ status: 'processing' });
    expect(ran(virtual)[0]!.body).toBe(`{"action":"woocommerce_order_status_processing","arg":${id}}`);
  });
});

describe('failures', () => {
  const failTimes = (virtual: ReturnType<typeof shopWith>, times: number): void => {
    virtual.answerWith(500);
    for (let time = 0; time < times; time += 1) {
      virtual.shop.orders.create();
      void virtual.shop.queue.run();
    }
    virtual.answerWith(200);
  };

  it.each([200, 201, 202, 204, 300, 301, 302])('%d is a success', (status) => {
    const virtual = shopWith(['order.updated']);
    failTimes(virtual, 1);
    virtual.answerWith(status);
    virtual.shop.orders.create();
    void virtual.shop.queue.run();
    expect(virtual.shop.webhooks.get(virtual.webhookId).failureCount).toBe(0);
  });

  it.each([303, 304, 307, 400, 401, 404, 410, 500, 503, null])('%s is a failure', (status) => {
    const virtual = shopWith(['order.updated']);
    virtual.answerWith(status);
    virtual.shop.orders.create();
    void virtual.shop.queue.run();
    expect(virtual.shop.webhooks.get(virtual.webhookId).failureCount).toBe(1);
  });

  it('are never tried again', () => {
    const virtual = shopWith(['order.updated']);
    failTimes(virtual, 1);
    virtual.events();
    expect(ran(virtual)).toEqual([]);
  });

  it('leave no trace where PHP died', () => {
    const virtual = shopWith(['order.updated']);
    virtual.answerWith('php-died');
    virtual.shop.orders.create();
    void virtual.shop.queue.run();
    expect(virtual.shop.webhooks.get(virtual.webhookId)).toMatchObject({ failureCount: 0, status: 'active' });
    virtual.events();
    expect(ran(virtual)).toEqual([]);
  });

  it('disable at the 7th in a row', () => {
    const virtual = shopWith(['order.updated']);
    failTimes(virtual, 6);
    expect(virtual.shop.webhooks.get(virtual.webhookId).status).toBe('active');
    failTimes(virtual, 1);
    expect(virtual.shop.webhooks.get(virtual.webhookId)).toMatchObject({ status: 'disabled', failureCount: 6 });
  });

  it('disable again at the first one after re-enabling, unless a success came between', () => {
    const virtual = shopWith(['order.updated']);
    failTimes(virtual, 7);
    virtual.shop.webhooks.update(virtual.webhookId, { status: 'active' });
    failTimes(virtual, 1);
    expect(virtual.shop.webhooks.get(virtual.webhookId).status).toBe('disabled');
    virtual.shop.webhooks.update(virtual.webhookId, { status: 'active' });
    virtual.shop.orders.create();
    void virtual.shop.queue.run();
    failTimes(virtual, 6);
    expect(virtual.shop.webhooks.get(virtual.webhookId).status).toBe('active');
  });

  it.each(['paused', 'disabled'] as const)('queue nothing while %s, but deliver what waited already', (status) => {
    const virtual = shopWith(['order.created']);
    const { id } = virtual.shop.orders.create();
    virtual.shop.webhooks.update(virtual.webhookId, { status });
    virtual.shop.orders.create();
    expect(ran(virtual).map(({ payload }) => (payload as { id: number }).id)).toEqual([id]);
    virtual.shop.webhooks.update(virtual.webhookId, { status: 'active' });
    expect(ran(virtual)).toEqual([]);
  });
});

describe('the ping', () => {
  it('is sent at once: an unsigned form without X-WC headers', () => {
    const { shop, sent } = virtualShop();
    const { id } = shop.webhooks.create({ topic: 'order.updated', deliveryUrl: HOOK });
    const captured = allCaptures().find(({ name }) => name.startsWith('001'))!;
    expect(sent).toMatchObject([{ kind: 'ping', url: HOOK, body: `webhook_id=${id}`, followsRedirects: true, timeoutMs: 5_000 }]);
    expect(sent[0]!.headers).toEqual({
      'User-Agent': captured.headers['user-agent'],
      Accept: '*/*',
      'Accept-Encoding': captured.headers['accept-encoding'],
      'Content-Type': 'application/x-www-form-urlencoded',
    });
  });

  it('is repeated after every delivery until it was answered exactly 200', () => {
    const virtual = virtualShop();
    const kinds = (): string[] => virtual.sent.splice(0).map(({ kind }) => kind);
    const deliverOne = (): void => {
      virtual.shop.orders.create();
      void virtual.shop.queue.run();
    };
    virtual.answerWith(202);
    const { id } = virtual.shop.webhooks.create({ topic: 'order.created', deliveryUrl: HOOK });
    expect(virtual.shop.webhooks.get(id)).toMatchObject({ status: 'active', isPingPending: true });
    deliverOne();
    deliverOne();
    expect(kinds()).toEqual(['ping', 'event', 'ping', 'event', 'ping']);
    virtual.answerWith(200);
    deliverOne();
    deliverOne();
    expect(kinds()).toEqual(['event', 'ping', 'event']);
  });

  it('is sent again when the address changes, not for other edits', () => {
    const virtual = shopWith(['order.created']);
    virtual.shop.webhooks.update(virtual.webhookId, { name: 'New', deliveryUrl: HOOK });
    expect(virtual.sent).toEqual([]);
    virtual.shop.webhooks.update(virtual.webhookId, { deliveryUrl: `${HOOK}?2` });
    expect(virtual.sent).toMatchObject([{ kind: 'ping', url: `${HOOK}?2` }]);
  });

  it('is waited for where answering takes time', async () => {
    const virtual = virtualShop({ deliver: () => Promise.resolve(200) });
    const { id } = virtual.shop.webhooks.create({ topic: 'order.created', deliveryUrl: HOOK });
    expect(virtual.shop.webhooks.get(id).isPingPending).toBe(true);
    await virtual.shop.webhooks.pingsAnswered();
    expect(virtual.shop.webhooks.get(id).isPingPending).toBe(false);
  });
});

describe('where nothing arrives', () => {
  it.each([
    ['http://127.0.0.1:9000/x', false],
    ['http://192.168.1.5/x', false],
    ['https://10.1.2.3/x', false],
    ['https://ingest.example:8443/x', false],
    ['https://user:pass@ingest.example/x', false],
    ['https://[2001:db8::1]/x', false],
    ['https://ingest.example:8080/x', true],
    ['https://shop.example:443/x', true],
  ])('%s is reached: %s', (deliveryUrl, isReached) => {
    const { shop, sent } = virtualShop();
    shop.webhooks.create({ topic: 'order.created', deliveryUrl });
    expect(sent).toHaveLength(isReached ? 1 : 0);
    expect(shop.webhooks.all()).toMatchObject([{ status: 'active', isPingPending: !isReached }]);
  });

  it('every delivery fails', () => {
    const { shop } = virtualShop();
    const { id } = shop.webhooks.create({ topic: 'order.created', deliveryUrl: 'http://127.0.0.1:9000/x' });
    shop.orders.create();
    void shop.queue.run();
    expect(shop.webhooks.get(id).failureCount).toBe(1);
  });
});

describe('when the queue runs', () => {
  it('is after a visit, at most once a minute', () => {
    const virtual = shopWith(['order.created']);
    virtual.shop.orders.create();
    virtual.pass(100);
    expect(virtual.events()).toEqual([]);
    virtual.ask('orders');
    expect(virtual.events()).toHaveLength(1);
    virtual.shop.orders.create();
    virtual.pass(59);
    virtual.ask('orders');
    expect(virtual.events()).toEqual([]);
    virtual.pass(1);
    virtual.ask('orders');
    expect(virtual.events()).toHaveLength(1);
  });

  it('is never by a visit where the shop has no cron', () => {
    const virtual = shopWith(['order.created'], { hasWpCron: false });
    virtual.shop.orders.create();
    virtual.ask('orders');
    expect(virtual.events()).toEqual([]);
  });

  it('is not beside itself, and one slow receiver holds up everybody', async () => {
    const answers: (() => void)[] = [];
    const virtual = virtualShop({
      deliver: (delivery) => (isEvent(delivery) ? new Promise<number>((resolve) => answers.push(() => resolve(200))) : 200),
    });
    virtual.shop.webhooks.create({ topic: 'order.created', deliveryUrl: HOOK });
    virtual.shop.orders.create();
    virtual.shop.orders.create();
    const run = virtual.shop.queue.run();
    expect(virtual.shop.queue.run()).toBeUndefined();
    expect(answers).toHaveLength(1);
    answers[0]!();
    await new Promise(setImmediate);
    expect(answers).toHaveLength(2);
    answers[1]!();
    await run;
    expect(virtual.shop.queue.pendingCount).toBe(0);
  });

  it('ends after half a minute and leaves the rest to the next run', async () => {
    const virtual = virtualShop({
      deliver: (delivery) => {
        if (isEvent(delivery)) virtual.pass(60);
        return Promise.resolve(200);
      },
    });
    virtual.shop.webhooks.create({ topic: 'order.created', deliveryUrl: HOOK });
    for (let order = 0; order < 30; order += 1) virtual.shop.orders.create();
    await virtual.shop.queue.run();
    expect(virtual.shop.queue.pendingCount).toBe(5);
  });
});
