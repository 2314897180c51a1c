import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  allOrderCaptures,
  loadCapture,
  loadRestRead,
  withBody,
  type CapturedWebhook,
} from '../../../../test/builders/captured-webhooks.js';
import { orderBody, signedWebhook } from '../../../../test/builders/order.builder.js';
import { shopItemOf } from './catalog/catalog.facts.js';
import { readOrderJson, readWebhook, restReadMoment, type OrderFact, type WebhookReading } from './woocommerce-order.source.js';

const golden = JSON.parse(readFileSync(join(__dirname, '../../../../test/fixtures/golden/content-hash.json'), 'utf8')) as Record<
  string,
  string
>;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const read = (capture: Pick<CapturedWebhook, 'rawBody' | 'headers'>, defaultCountry: string | null = null): WebhookReading =>
  readWebhook({ rawBody: capture.rawBody, headers: capture.headers, receivedAt: 0, defaultCountry });

function factOf(reading: WebhookReading): OrderFact {
  if (reading.kind !== 'order') throw new Error(`read as ${JSON.stringify(reading)}`);
  return reading;
}

describe('a captured order', () => {
  it.each(allOrderCaptures())('$name keeps the content hash under which it was written', (capture) => {
    expect(factOf(read(capture)).contentHash).toBe(golden[capture.name]);
  });

  it('has a golden hash in every file', () => {
    expect(Object.keys(golden).toSorted()).toEqual(
      allOrderCaptures()
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  it('is read whole', () => {
    const fact = factOf(read(loadCapture('024')));
    const at = Date.UTC(2026, 10, 21, 2, 38, 13);
    expect(fact).toMatchObject({ modifiedAt: at, asOf: at });
    expect(fact.content).toEqual({
      orderId: '17',
      orderNumber: '17',
      status: 'completed',
      createdAt: at,
      paidAt: at,
      completedAt: at,
      currency: 'CLP',
      total: '38563',
      totalTax: '0',
      shippingTotal: '2990',
      shippingTax: '0',
      discountTotal: '3897',
      discountTax: '0',
      pricesIncludeTax: false,
      createdVia: 'rest-api',
      paymentMethod: 'cod',
      parentId: '0',
      renewalOf: null,
      consent: null,
      billingCountry: 'CL',
      shippingCountry: 'CL',
      lines: expect.any(Array),
      shippingLines: [{ lineId: '4', methodId: 'flat_rate', instanceId: '', total: '2990', totalTax: '0' }],
      feeLines: [{ lineId: '5', total: '500', totalTax: '0' }],
      refunds: [],
    });
    expect(fact.content.lines[1]).toEqual({
      lineId: '2',
      productId: '14',
      variationId: '15',
      sku: 'POL-M-AZ',
      name: 'Polera Lab - M, Azul',
      quantity: '1',
      subtotal: '9990',
      subtotalTax: '0',
      total: '8991',
      totalTax: '0',
      upsellMarker: null,
    });
    expect(fact.personal).toMatchObject({
      customerId: '',
      visitorId: 'tto.1.1763690000.abc',
      ttclid: '',
      customerNote: 'Dejar en conserjería 🙏',
    });
    expect(fact.personal.billing).toMatchObject({ firstName: 'Zoë', city: 'Viña del Mar', phone: '(032) 212-3456' });
    expect(fact.personal.shipping.email).toBe('');
  });

  it('names whom it names', () => {
    expect(factOf(read(loadCapture('259')))).toMatchObject({
      identifiers: {
        email: sha256('maria.perez@example.com'),
        phone: sha256('+56987654321'),
        visitor: 'tto.1.sub',
        customer: '2',
      },
      personalFields: [
        'billing.address1',
        'billing.city',
        'billing.country',
        'billing.email',
        'billing.firstName',
        'billing.lastName',
        'billing.phone',
        'billing.postcode',
        'billing.state',
        'customerId',
        'customerIp',
        'customerUserAgent',
        'shipping.address1',
        'shipping.city',
        'shipping.country',
        'shipping.firstName',
        'shipping.lastName',
        'shipping.phone',
        'shipping.postcode',
        'shipping.state',
        'visitorId',
      ],
    });
  });

  it('says what a refund, a renewal, a trashed and a tax-inclusive order are', () => {
    expect(factOf(read(loadCapture('038'))).content).toMatchObject({
      status: 'refunded',
      total: '38563',
      refunds: [{ refundId: '20', total: '-38563' }],
    });
    expect(factOf(read(loadCapture('262')))).toMatchObject({
      content: { renewalOf: '81', createdVia: 'subscription', parentId: '0' },
      identifiers: { customer: '2' },
    });
    expect(factOf(read(loadCapture('259'))).personal).toMatchObject({ customerId: '2', attribution: { utm_source: 'tiktok' } });
    expect(factOf(read(loadCapture('045'))).content.status).toBe('trash');
    expect(factOf(read(loadCapture('276'))).content).toMatchObject({ pricesIncludeTax: true, currency: 'USD' });
    expect(factOf(read(loadCapture('280'))).content).toMatchObject({ currency: 'JPY' });
  });
});

describe('a webhook and a REST read of one state', () => {
  it.each([
    ['024', 'order-create-guest-clp'],
    ['259', 'subs-parent-order'],
    ['262', 'subs-renewal-order'],
    ['276', 'order-usd-tax-inclusive'],
    ['280', 'order-jpy-override'],
  ])('%s and %s hash equal', (webhook, rest) => {
    const { body, date } = loadRestRead(rest);
    const fact = factOf(readOrderJson(body, { readAt: restReadMoment(date), defaultCountry: null }));
    expect(fact.contentHash).toBe(golden[loadCapture(webhook).name]);
  });

  it('hash equal although links, version, dates of modification and the spelling of numbers differ', () => {
    const capture = loadCapture('276');
    const text = capture.rawBody.toString('utf8');
    const other = text
      .replaceAll('http:\\/\\/', 'https:\\/\\/')
      .replace('"version":"11.0.1"', '"version":"9.9.5"')
      .replace(/"(total|subtotal|total_tax)":"(-?\d+\.\d\d)"/g, '"$1":"$2000000"')
      .replace(/"date_modified(_gmt)?":"[^"]*"/g, '"date_modified$1":"2027-01-01T00:00:00"')
      .replace(/"order_key":"[^"]*"/, '"order_key":"wc_order_other"');
    expect(other).not.toBe(text);
    expect(factOf(read({ ...capture, rawBody: Buffer.from(other) })).contentHash).toBe(golden[capture.name]);
  });

  it('are true as of the modification, and as of the read less five seconds', () => {
    const { body, date } = loadRestRead('order-usd-tax-inclusive');
    const readAt = restReadMoment(date)!;
    expect(readAt).toBe(Date.parse(date) - 5_000);
    const fact = factOf(readOrderJson(body, { readAt: readAt + 60_000, defaultCountry: null }));
    expect(fact.asOf).toBe(readAt + 60_000);
    expect(factOf(readOrderJson(body, { readAt: fact.modifiedAt - 1, defaultCountry: null })).asOf).toBe(fact.modifiedAt);
    expect(factOf(readOrderJson(body, { readAt: null, defaultCountry: null })).asOf).toBe(fact.modifiedAt);
  });

  it.each([undefined, '', 'yesterday'])('have no moment of the read without a readable Date header: %s', (header) => {
    expect(restReadMoment(header)).toBeNull();
  });
});

describe('other deliveries', () => {
  it.each(['001', 'w761-ping', 'w831-ping', 'w995-ping'])('%s is a ping', (name) => {
    expect(read(loadCapture(name))).toEqual({ kind: 'ping', webhookId: '1' });
  });

  it.each(['webhook_id=', 'webhook_id=1&x=2', 'webhook_id=1a', ' webhook_id=1', 'webhook_id=1\n', `webhook_id=${'1'.repeat(21)}`])(
    '%j is no ping',
    (body) => expect(read({ headers: {}, rawBody: Buffer.from(body) })).toMatchObject({ kind: 'refused', reason: 'body-not-json' }),
  );

  it.each([
    ['039', '18'],
    ['047', '23'],
    ['274', '84'],
    ['w761-order.deleted', '11'],
  ])('%s reports a deletion of order %s', (name, orderId) => {
    expect(read(loadCapture(name))).toEqual({ kind: 'deletion', orderId });
  });

  it.each([
    ['016', 'product', '11'],
    ['021', 'coupon', '16'],
    ['022', 'customer', '2'],
  ])('%s is a %s', (name, resource, id) => {
    const reading = read(loadCapture(name));
    if (reading.kind !== 'catalog') throw new Error(`read as ${reading.kind}`);
    expect(shopItemOf(reading.fact)).toEqual({ resource, id });
  });

  it.each([
    ['272', 'coupon', '84'],
    ['273', 'product', '84'],
    ['w761-product.deleted', 'product', expect.any(String)],
    ['w761-coupon.deleted', 'coupon', expect.any(String)],
  ])('%s claims the deletion of a %s', (name, resource, id) => {
    expect(read(loadCapture(name))).toEqual({ kind: 'catalog-deletion', item: { resource, id } });
  });

  it('028, an action, names no resource', () => {
    expect(read(loadCapture('028'))).toMatchObject({ kind: 'refused', reason: 'unknown-topic', orderId: null });
  });

  it.each([
    ['043', 'woocommerce_rest_shop_order_invalid_id, status 404'],
    ['048', 'woocommerce_rest_cannot_view, status 401'],
    ['286', expect.stringContaining('status 404')],
  ])('%s is the shop’s own error', (name, detail) => {
    expect(read(loadCapture(name))).toEqual({ kind: 'refused', reason: 'shop-error-body', detail, orderId: null });
  });

  it('a subscription shaped like an order is no order', () => {
    expect(read(signedWebhook(orderBody(), 's', 'subscription.updated'))).toMatchObject({
      kind: 'catalog',
      fact: { kind: 'resource', resource: 'subscription' },
    });
  });
});

describe('the topic header', () => {
  const capture = loadCapture('024');
  const withTopic = (topic: string | undefined): WebhookReading =>
    read({ ...capture, headers: { ...capture.headers, 'x-wc-webhook-topic': topic! } });

  it.each([undefined, '', 'order', 'garbage', 'ORDER.CREATED', 'order.'])('%s leaves an order an order', (topic) => {
    expect(factOf(withTopic(topic)).content.orderId).toBe('17');
  });

  it('order.deleted over a full order is still that order', () => {
    expect(factOf(withTopic('order.deleted')).content.status).toBe('completed');
  });

  it('is needed to tell what an id alone means', () => {
    expect(read({ headers: {}, rawBody: Buffer.from('{"id":18}') })).toMatchObject({
      kind: 'refused',
      reason: 'not-an-order',
      orderId: '18',
    });
    const updated = withBody(loadCapture('024'), { id: 18 });
    expect(read(updated)).toMatchObject({ kind: 'refused', reason: 'invalid-field', orderId: '18' });
  });

  it('order.deleted without a readable id is refused', () => {
    const { headers } = loadCapture('039');
    for (const body of ['{}', '{"id":"x"}', '{"id":0}', '{"id":1.5}']) {
      expect(read({ headers, rawBody: Buffer.from(body) })).toMatchObject({ kind: 'refused', reason: 'invalid-field', orderId: null });
    }
  });
});
