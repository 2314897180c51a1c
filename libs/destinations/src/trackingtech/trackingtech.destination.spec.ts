import type { DeliveryIntent, OrderObserved, PlanDecision, VendorReply } from '@tributary/domain';
import { address, destination, intent, orderState, PAID_AT, personal, product, settingsOf, source, tenant } from './shipment.builder.js';
import { trackingtechDestination } from './trackingtech.destination.js';
import { trackingtechOrderSchema, trackingtechSettingsSchema } from './trackingtech.schema.js';

const NOW = PAID_AT + 1_000;
const BASE = 'https://courier.example/api/';

const decide = (order: Partial<OrderObserved> = {}, settings: object = {}): readonly PlanDecision[] =>
  trackingtechDestination.plan(orderState(order), tenant, source, destination(settings), NOW, []);

function suppressed(order: Partial<OrderObserved>, settings: object = {}): string {
  const [decision, ...more] = decide(order, settings);
  expect(more).toEqual([]);
  if (decision?.kind !== 'suppress') throw new Error(`expected a suppression, got ${JSON.stringify(decision)}`);
  return decision.reason;
}

const method = (methodId: string, instanceId = '1') => ({ lineId: '4', methodId, instanceId, total: '0', totalTax: '0' });

describe('plans', () => {
  it('plans one courier order, known to the courier by its ledger key', () => {
    const [decision, ...more] = decide();
    expect(more).toEqual([]);
    expect(decision).toMatchObject({
      kind: 'plan',
      reference: '1001',
      eventName: 'CourierOrder',
      revision: '0',
      mode: 'live',
      plan: {
        vendorEventId: 'acme:courier:shop:1001:CourierOrder:0:live',
        eventTime: PAID_AT,
        value: '25000',
        currency: 'CLP',
        lines: [
          { lineId: '1', contentId: 'MUG', name: 'Mug', unitPrice: '10000', quantity: 2, productId: '11', variationId: '0' },
          { lineId: '2', contentId: '', name: 'Tea', unitPrice: '5000', quantity: 1, productId: '14', variationId: '15' },
        ],
      },
    });
  });

  it.each<[string, Partial<OrderObserved>, object]>([
    ['a status written with wc-', {}, { statuses: ['wc-processing'] }],
    ['a status that was skipped over', { status: 'completed', completedAt: PAID_AT }, { statuses: ['processing', 'completed'] }],
    ['a status of the shop’s own', { status: 'listo-despacho' }, { statuses: ['wc-listo-despacho'] }],
    ['an order without a shipping line', { shippingLines: [] }, {}],
    ['pickup beside a delivery', { shippingLines: [method('local_pickup'), method('flat_rate')] }, {}],
    ['a method of a chosen zone', {}, { shippingMethods: ['flat_rate:3'] }],
    ['a billing address where there is no other', { personalFields: ['billing.address1', 'billing.city'], shippingCountry: '' }, {}],
    ['a comuna in the place of the region', { personalFields: ['shipping.address1', 'shipping.state'] }, {}],
    ['a shop’s own country where the buyer names none', { billingCountry: '', shippingCountry: '' }, {}],
  ])('plans %s', (_what, order, settings) => {
    expect(decide(order, settings).map(({ kind }) => kind)).toEqual(['plan']);
  });
});

describe('stays quiet', () => {
  it.each<[string, Partial<OrderObserved>, object]>([
    ['on another status', { status: 'on-hold' }, {}],
    ['on a status that was not reached', { status: 'completed' }, {}],
    ['on another shop', {}, { sources: ['other'] }],
  ])('%s', (_what, order, settings) => {
    expect(decide(order, settings)).toEqual([]);
  });

  it('on an order that is gone', () => {
    expect(trackingtechDestination.plan(orderState({}, { isVanished: true }), tenant, source, destination(), NOW, [])).toEqual([]);
  });
});

describe('suppresses', () => {
  it.each<[string, Partial<OrderObserved>, object]>([
    ['before-go-live', {}, { sendFrom: '2026-11-20T10:00:01Z' }],
    ['imported', { source: 'import', receivedAt: PAID_AT + 400 * 86_400_000 }, {}],
    ['local-pickup', { shippingLines: [method('local_pickup')] }, {}],
    ['local-pickup', { shippingLines: [method('pickup_location')] }, { shippingMethods: ['pickup_location'] }],
    ['shipping-method-excluded', {}, { shippingMethods: ['flat_rate:4', 'express'] }],
    ['nothing-to-ship', { lines: [] }, {}],
    ['address-incomplete', { personalFields: ['shipping.address1'] }, {}],
    ['address-incomplete', { personalFields: ['shipping.city', 'billing.address1', 'billing.city'] }, {}],
    ['country-excluded', { shippingCountry: 'AR' }, {}],
  ])('%s', (reason, order, settings) => {
    expect(suppressed(order, settings)).toBe(reason);
  });

  it('counts go-live from the payment, not from the last change', () => {
    expect(suppressed({ modifiedAt: PAID_AT + 86_400_000 }, { sendFrom: '2026-11-20T12:00:00Z' })).toBe('before-go-live');
  });
});

describe('holds back', () => {
  const hold = (fields: Partial<DeliveryIntent>, settings: object = {}): string | undefined => {
    const held = trackingtechDestination.holdBack?.(intent(fields), settingsOf(settings), 0) ?? null;
    return held === null ? undefined : `${held.kind} ${held.reason}`;
  };
  const shippedTo = (fields: object): Partial<DeliveryIntent> => ({ personal: personal({ shipping: address(fields) }) });

  it.each<[string, string | undefined, Partial<DeliveryIntent>, object]>([
    ['nothing that is in order', undefined, {}, {}],
    ['a cancelled order', 'withdraw order-cancelled', { orderStatus: 'cancelled' }, {}],
    ['an order that vanished', 'withdraw order-cancelled', { orderStatus: 'vanished' }, {}],
    ['a refunded order', 'withdraw order-refunded', { orderStatus: 'refunded' }, {}],
    ['an erased buyer', 'suppress person-erased', { personal: null }, {}],
    ['an address without comuna', 'suppress address-incomplete', shippedTo({ address1: 'Calle 1', state: 'CL-RM' }), {}],
    ['an address of blanks', 'suppress address-incomplete', shippedTo({ address1: ' ', city: 'Ñuñoa' }), {}],
    ['another country', 'suppress country-excluded', shippedTo({ address1: 'Calle 1', city: 'Mendoza', country: 'AR' }), {}],
    ['another region', 'suppress area-excluded', {}, { regions: ['Región Metropolitana de Santiago'] }],
    ['nothing of a region named by its code', undefined, {}, { regions: ['CL-VS'] }],
    ['nothing of a region named by its name', undefined, {}, { regions: ['valparaiso'] }],
    ['another comuna', 'suppress area-excluded', {}, { comunas: ['Ñuñoa'] }],
    ['nothing of a comuna, whatever its accents', undefined, {}, { comunas: ['vina del mar'] }],
    [
      'what is all virtual or downloadable',
      'suppress nothing-to-ship',
      { products: new Map([product('11', { isVirtual: true }), product('15', { isDownloadable: true })]) },
      {},
    ],
    ['nothing while one line is a thing', undefined, { products: new Map([product('11', { isVirtual: true })]) }, {}],
  ])('%s', (_what, expected, fields, settings) => {
    expect(hold(fields, settings)).toBe(expected);
  });
});

describe('the request', () => {
  const request = (fields: Partial<DeliveryIntent> = {}, settings: object = {}) => {
    const made = trackingtechDestination.toRequest([intent(fields)], 'live', settingsOf(settings), { token: 'secret-token' }, BASE);
    return { ...made, order: trackingtechOrderSchema.parse(JSON.parse(made.body)) };
  };

  it('is one order under its ledger key', () => {
    const { method: verb, url, headers, order } = request();
    expect({ verb, url }).toEqual({ verb: 'POST', url: 'https://courier.example/api/external/orders' });
    expect(headers).toMatchObject({
      Authorization: 'Bearer secret-token',
      'Idempotency-Key': 'acme:courier:shop:1001:CourierOrder:0:live',
    });
    expect(order).toEqual({
      order_id: '1001',
      order_number: 'N-1001',
      customer_id: '4711',
      store_id: '77',
      lines: [
        { name: 'Mug', sku: 'MUG', quantity: 2, price: 10_000 },
        { name: 'Tea', quantity: 1, price: 5_000 },
      ],
      currency: 'CLP',
      shipping: { name: 'Ana Soto', address_1: 'Calle Ñuble 12', city: 'Viña del Mar', state: 'Valparaíso', country: 'CL' },
      email: 'maria.perez@example.com',
      phone: '+56987654321',
    });
  });

  it('weighs pieces, lines and the whole in kilograms', () => {
    const products = new Map([
      product('11', { weight: '350' }),
      product('15', { weight: '' }),
      product('14', { weight: '0.5', weightUnit: 'lbs' }),
    ]);
    const { order } = request({ products });
    expect(order.lines.map(({ weight, total_weight: total }) => [weight, total])).toEqual([
      [0.35, 0.7],
      [0.226796, 0.226796],
    ]);
    expect(order.total_weight).toBe(0.926796);
  });

  it('says no total while one weight is unknown', () => {
    const { order } = request({ products: new Map([product('11', { weight: '350' })]) });
    expect(order.lines[0]?.weight).toBe(0.35);
    expect(order.total_weight).toBeUndefined();
  });

  it('leaves out what is not carried', () => {
    expect(request({ products: new Map([product('11', { isVirtual: true })]) }).order.lines.map(({ name }) => name)).toEqual(['Tea']);
  });

  it('goes to the billing address when there is no other, and to a comuna that stands as the region', () => {
    expect(request({ personal: personal({ shipping: address() }) }).order.shipping).toMatchObject({
      name: 'María Pérez',
      city: 'Providencia',
    });
    const comuna = address({ address1: 'Calle 1', state: 'Ñuñoa', country: 'CL' });
    expect(request({ personal: personal({ shipping: comuna }) }).order.shipping).toEqual({
      name: 'María Pérez',
      address_1: 'Calle 1',
      city: 'Ñuñoa',
      country: 'CL',
    });
  });

  it('keeps a phone that is no number as it was typed', () => {
    const billing = { ...personal().billing, phone: 'anexo 12' };
    expect(request({ personal: personal({ billing }) }).order.phone).toBe('anexo 12');
  });

  it('goes where the connection says', () => {
    const { url } = request({}, { baseUrl: 'https://own.example/v2', paths: { submitOrder: '/orders' } });
    expect(url).toBe('https://own.example/v2/orders');
  });
});

const answered = (status: number, body: unknown = {}, headers: Record<string, string> = {}): VendorReply => ({
  kind: 'answered',
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

describe('the answer', () => {
  const TAKEN = { id: 7, tracking_id: 'TT-7', status: 'created' };

  it.each<[string, VendorReply, object]>([
    ['200 is delivered', answered(200, TAKEN), { kind: 'delivered', answer: { code: 'http-200', requestId: 'TT-7' } }],
    ['201 without tracking id has its own id', answered(201, { id: 7 }), { kind: 'delivered', answer: { requestId: '7' } }],
    ['409 is delivered with what exists', answered(409, { order: TAKEN }), { kind: 'delivered', answer: { requestId: 'TT-7' } }],
    ['409 that names nothing is unknown', answered(409, { message: 'exists' }), { kind: 'unknown' }],
    [
      '401 needs a person',
      answered(401, { message: 'expired' }),
      { kind: 'misconfigured', answer: { code: 'http-401', message: 'expired' } },
    ],
    ['403 needs a person', answered(403), { kind: 'misconfigured' }],
    ['404 needs a person', answered(404), { kind: 'misconfigured' }],
    ['a redirect needs a person', answered(302), { kind: 'misconfigured' }],
    [
      '422 is refused with its fields',
      answered(422, { message: 'invalid', errors: { 'shipping.city': ['not served'] } }),
      { kind: 'rejected', reason: 'vendor-refused', answer: { message: 'invalid; shipping.city: not served' } },
    ],
    ['400 is refused', answered(400), { kind: 'rejected' }],
    ['405 is our mistake', answered(405), { kind: 'bug' }],
    ['429 waits as asked', answered(429, {}, { 'retry-after': '3' }), { kind: 'transient', isThrottled: true, retryAfterMs: 3_000 }],
    ['500 may have been taken', answered(500), { kind: 'unknown' }],
    ['a page may hide an order', answered(200, '<html></html>'), { kind: 'unknown' }],
    ['a time-out may hide an order', { kind: 'no-answer', cause: 'timeout' }, { kind: 'unknown' }],
    ['a refused connection took nothing', { kind: 'not-sent', cause: 'ECONNREFUSED' }, { kind: 'transient', isThrottled: false }],
  ])('%s', (_what, reply, expected) => {
    expect(trackingtechDestination.interpret(reply, 1)).toEqual([expect.objectContaining(asymmetric(expected))]);
  });
});

/** Objects match by what they name. */
const asymmetric = (expected: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(expected).map(([key, value]: [string, unknown]) => [
      key,
      typeof value === 'object' && value !== null ? expect.objectContaining(value as Record<string, unknown>) : value,
    ]),
  );

describe('a look-up', () => {
  const { lookUp } = trackingtechDestination;
  const seen = (reply: VendorReply): string => {
    const outcome = lookUp?.interpret(reply, '1001');
    return outcome === undefined ? 'none' : outcome.kind === 'cannot-tell' ? outcome.outcome.kind : outcome.kind;
  };
  const record = { id: 7, tracking_id: 'TT-7', order_id: '1001', status: 'delivered' };

  it('asks for the order of the linked customer', () => {
    const request = lookUp?.toRequest('1001', settingsOf(), { token: 't' }, BASE);
    expect(request?.url).toBe('https://courier.example/api/external/orders?ids=1001&customer_id=4711&page=1&per_page=100');
    expect(request?.method).toBe('GET');
  });

  it.each<[string, VendorReply, string]>([
    ['found in a plain list', answered(200, [record]), 'found'],
    ['found in a list with meta', answered(200, { meta: { last_page: 1, total: 1 }, data: [record] }), 'found'],
    [
      'found in a list with pages, its id a number',
      answered(200, { data: [{ ...record, order_id: 1001 }], last_page: 1, total: 1 }),
      'found',
    ],
    ['absent', answered(200, { data: [{ ...record, order_id: '10010' }], last_page: 1, total: 1 }), 'absent'],
    ['absent in an empty plain list', answered(200, []), 'absent'],
    ['unknown while there are more pages', answered(200, { data: [], last_page: 2, total: 101 }), 'unknown'],
    ['unknown from a page of HTML', answered(200, '<html></html>'), 'unknown'],
    ['unknown from an object without a list', answered(200, {}), 'unknown'],
    ['unknown from a missing address', answered(500), 'unknown'],
    ['for a person when the token has expired', answered(401), 'misconfigured'],
    ['later when it is too much', answered(429), 'transient'],
  ])('%s', (_what, reply, expected) => {
    expect(seen(reply)).toBe(expected);
  });
});

describe('the settings', () => {
  it('take paths, not addresses', () => {
    expect(trackingtechSettingsSchema.safeParse({ courierCode: 'C', paths: { submitOrder: '/v2/orders' } }).success).toBe(true);
    expect(trackingtechSettingsSchema.safeParse({ courierCode: 'C', paths: { submitOrder: 'https://evil.example' } }).success).toBe(false);
  });

  it('are connected once store, customer and token are there', () => {
    const isConnected = (fields: object, token?: string): boolean | undefined =>
      trackingtechDestination.isConnected?.(settingsOf(fields), token === undefined ? {} : { token });
    expect(isConnected({}, 't')).toBe(true);
    expect(isConnected({})).toBe(false);
    expect(isConnected({ customerId: null }, 't')).toBe(false);
    expect(isConnected({ storeId: null }, 't')).toBe(false);
  });
});
