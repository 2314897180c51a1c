import type { OrderObserved, PlanDecision } from '@tributary/domain';
import fc from 'fast-check';
import { destination, line, NOW, orderState, PAID_AT, plan, settingsOf, source, tenant } from './purchase.builder.js';
import { tiktokDestination } from './tiktok.destination.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const NO_VISITOR = { email: null, phone: null, visitor: null, customer: null };

interface Case {
  readonly order?: Partial<OrderObserved>;
  readonly settings?: object;
  readonly isConsentRequired?: boolean;
  readonly activatedAt?: number;
  readonly now?: number;
}

const decide = ({ order, settings, isConsentRequired = false, activatedAt, now = NOW }: Case): readonly PlanDecision[] =>
  tiktokDestination.plan(orderState(order), tenant, { ...source, isConsentRequired }, destination(settings, activatedAt), now, []);

function planned(given: Case) {
  const [decision, ...more] = decide(given);
  expect(more).toEqual([]);
  if (decision?.kind !== 'plan') throw new Error(`expected a plan, got ${JSON.stringify(decision)}`);
  return decision;
}

function suppressed(given: Case): string {
  const [decision, ...more] = decide(given);
  expect(more).toEqual([]);
  if (decision?.kind !== 'suppress') throw new Error(`expected a suppression, got ${JSON.stringify(decision)}`);
  return decision.reason;
}

const purchase = (fields: object): object => ({ purchase: fields });

describe('plans', () => {
  it('plans one Purchase for a paid order, with all that the request will need', () => {
    expect(decide({})).toEqual([
      {
        kind: 'plan',
        reference: '1001',
        eventName: 'Purchase',
        revision: '0',
        mode: 'live',
        plan: {
          vendorEventId: 'wc_order_1001',
          eventTime: PAID_AT,
          observationId: '01930000-0000-7000-8000-000000000001',
          settingsVersion: 3,
          value: '45815',
          currency: 'CLP',
          rate: null,
          rateDate: null,
          contentType: 'product',
          lines: [{ lineId: '11', contentId: 'MUG-BLUE', name: 'Mug', unitPrice: '18000', quantity: 2 }],
          matchKeys: [
            'city',
            'country',
            'email',
            'external_id',
            'first_name',
            'ip',
            'last_name',
            'phone',
            'state',
            'ttclid',
            'ttp',
            'user_agent',
            'zip_code',
          ],
        },
      },
    ]);
  });

  it.each<[string, Partial<OrderObserved>, object]>([
    ['a completed order with a payment date', { status: 'completed' }, {}],
    ['cash on delivery when the tenant says placed', { paymentMethod: 'cod', paidAt: null }, { byPaymentMethod: { cod: 'placed' } }],
    ['an order on hold when every order counts as placed', { status: 'on-hold', paidAt: null }, { when: 'placed' }],
    ['a completed order without a payment date when completion counts', { status: 'completed', paidAt: null }, { when: 'completed' }],
    ['a status written in the settings of another payment method', { paymentMethod: 'card' }, { byPaymentMethod: { cod: 'completed' } }],
  ])('plans %s', (_what, order, settings) => {
    expect(planned({ order, settings: purchase(settings) }).eventName).toBe('Purchase');
  });

  it('counts from the change when there is no payment date', () => {
    const order = { paidAt: null, modifiedAt: PAID_AT + 7_000 };
    expect(planned({ order, settings: purchase({ when: 'placed' }) }).plan.eventTime).toBe(PAID_AT + 7_000);
  });

  it('gives pending → processing → completed the same identity each time', () => {
    const identities = (['processing', 'completed'] as const).map((status) => {
      const { reference, eventName, revision, mode, plan: made } = planned({ order: { status } });
      return { reference, eventName, revision, mode, vendorEventId: made.vendorEventId };
    });
    expect(identities[0]).toEqual(identities[1]);
  });

  it('takes only from the sources that the settings name', () => {
    expect(decide({ settings: { sources: ['other-shop'] } })).toEqual([]);
    expect(decide({ settings: { sources: ['other-shop', 'shop'] } })).toHaveLength(1);
  });

  it('takes a payment method’s name for nothing else (`constructor` is no member of the settings)', () => {
    expect(decide({ order: { paymentMethod: 'constructor' } })).toHaveLength(1);
  });

  it('marks test mode', () => {
    expect(planned({ settings: { mode: 'test', testEventCode: 'TEST1' } }).mode).toBe('test');
  });
});

describe('stays quiet', () => {
  it.each(['pending', 'on-hold', 'failed', 'cancelled', 'refunded', 'checkout-draft', 'trash', 'wfocu-pri-order'])(
    'about a %s order',
    (status) => {
      expect(decide({ order: { status } })).toEqual([]);
    },
  );

  it('about a paid status without a payment date', () => expect(decide({ order: { paidAt: null } })).toEqual([]));
  it('about cash on delivery until it is paid, when nobody said otherwise', () => {
    expect(decide({ order: { paymentMethod: 'cod', paidAt: null } })).toEqual([]);
  });
  it('about an order that is gone from the shop', () => {
    expect(tiktokDestination.plan(orderState({}, { isVanished: true }), tenant, source, destination(), NOW, [])).toEqual([]);
  });
  it('about an order of which only a deletion was reported', () => {
    expect(tiktokDestination.plan(orderState({}, { observed: null, head: null }), tenant, source, destination(), NOW, [])).toEqual([]);
  });
});

describe('suppresses', () => {
  it.each<[string, string, Case]>([
    ['before-go-live', 'an order paid before the activation', { activatedAt: PAID_AT + 1 }],
    ['before-go-live', 'an order paid before sendFrom', { settings: { sendFrom: '2026-11-20T12:00:00+01:00' } }],
    ['imported', 'an order that an import read long after its payment', { order: { source: 'import', receivedAt: PAID_AT + 3_600_001 } }],
    ['consent-denied', 'a buyer who said no, wherever consent is needed', { order: { consent: 'denied' } }],
    ['consent-denied', 'a buyer who said no where consent is required', { order: { consent: 'denied' }, isConsentRequired: true }],
    [
      'consent-missing',
      'no answer of nobody’s visitor where consent is required',
      { order: { subjects: NO_VISITOR }, isConsentRequired: true },
    ],
    [
      'consent-missing',
      'an unknown answer where consent is required',
      { order: { consent: 'unknown', subjects: NO_VISITOR }, isConsentRequired: true },
    ],
    ['created-via-excluded', 'an order that an admin made', { order: { createdVia: 'admin' } }],
    [
      'created-via-excluded',
      'an order of an excluded plugin',
      { order: { createdVia: 'pos' }, settings: purchase({ excludeCreatedVia: ['pos'] }) },
    ],
    ['renewals-off', 'a renewal', { order: { renewalOf: '81' }, settings: purchase({ renewals: 'off' }) }],
    ['too-old', 'an order eight days late', { now: PAID_AT + 8 * DAY_MS }],
    ['too-old', 'an order four days late when three are allowed', { now: PAID_AT + 4 * DAY_MS, settings: { maxEventAgeDays: 3 } }],
    ['in-the-future', 'an order eleven minutes ahead', { now: PAID_AT - 660_000 }],
    [
      'test-mode-ended',
      'an order a day after test mode began',
      { settings: { mode: 'test', testEventCode: 'T' }, activatedAt: PAID_AT, now: PAID_AT + DAY_MS },
    ],
  ])('%s: %s', (reason, _what, given) => {
    expect(suppressed(given)).toBe(reason);
  });

  it('records what it would have been', () => {
    expect(decide({ order: { consent: 'denied' } })).toEqual([
      {
        kind: 'suppress',
        reference: '1001',
        eventName: 'Purchase',
        revision: '0',
        mode: 'live',
        reason: 'consent-denied',
        eventTime: PAID_AT,
      },
    ]);
  });

  it.each<[string, Case]>([
    ['an order paid at the very moment of the activation', { activatedAt: PAID_AT }],
    [
      'an order paid before the activation but after sendFrom',
      { activatedAt: PAID_AT + HOUR_MS, settings: { sendFrom: '2026-11-20T10:00:00Z' }, now: PAID_AT + 2 * HOUR_MS },
    ],
    ['a granted answer where consent is required', { order: { consent: 'granted' }, isConsentRequired: true }],
    ['an unknown answer where consent is not required', { order: { consent: 'unknown' } }],
    ['an order whose visitor may have answered elsewhere', { isConsentRequired: true }],
    ['an order four days late', { now: PAID_AT + 4 * DAY_MS }],
    ['a shop’s clock that runs ten minutes fast', { now: PAID_AT - 600_000 }],
    ['an admin’s order when the tenant counts them', { order: { createdVia: 'admin' }, settings: purchase({ excludeCreatedVia: [] }) }],
  ])('does not suppress %s', (_what, given) => {
    expect(planned(given).kind).toBe('plan');
  });
});

describe('renewals', () => {
  it('are a Purchase of their own order, with the click but without the browser', () => {
    const decision = planned({ order: { orderId: '82', renewalOf: '81', createdVia: 'subscription' } });
    expect(decision).toMatchObject({ reference: '82', eventName: 'Purchase', plan: { vendorEventId: 'wc_order_82' } });
    expect(decision.plan.matchKeys).toContain('ttclid');
    expect(decision.plan.matchKeys).not.toContain('ip');
    expect(decision.plan.matchKeys).not.toContain('user_agent');
  });

  it('are a Subscribe when the tenant says so', () => {
    const order = { orderId: '82', renewalOf: '81' };
    expect(planned({ order, settings: purchase({ renewals: 'subscribe' }) })).toMatchObject({
      eventName: 'Subscribe',
      plan: { vendorEventId: 'wc_order_82' },
    });
  });
});

describe('event ids', () => {
  it.each([
    ['wc_order_{orderId}', 'wc_order_1001'],
    ['{connection}-{orderNumber}', 'shop-WC-1001-ZZ'],
    ['{orderId}/{orderId}', '1001/1001'],
  ])('%s becomes %s', (eventId, expected) => {
    expect(planned({ settings: purchase({ eventId }) }).plan.vendorEventId).toBe(expected);
  });

  it('fills each placeholder once, whatever the order’s number says', () => {
    const given = { order: { orderNumber: '{connection}$&' }, settings: purchase({ eventId: '{orderNumber}' }) };
    expect(planned(given).plan.vendorEventId).toBe('{connection}$&');
  });

  it('falls back to the id when an order has no number', () => {
    expect(planned({ order: { orderNumber: '' }, settings: purchase({ eventId: 'n{orderNumber}' }) }).plan.vendorEventId).toBe('n1001');
  });
});

describe('value and lines', () => {
  it.each([
    ['total', '45815'],
    ['total-without-tax', '38500'],
    ['total-without-shipping', '42840'],
    ['subtotal', '36000'],
  ])('by %s is %s', (value, expected) => {
    expect(planned({ settings: purchase({ value }) }).plan.value).toBe(expected);
  });

  it('a free order is worth 0', () => {
    const order = { total: '0.00', totalTax: '0.00', lines: [line({ total: '0.00', quantity: '1' })] };
    expect(planned({ order }).plan).toMatchObject({ value: '0', currency: 'CLP', lines: [{ unitPrice: '0', quantity: 1 }] });
  });

  it('is never below zero', () => {
    const order = { total: '0', shippingTotal: '5', shippingTax: '0' };
    expect(planned({ order, settings: purchase({ value: 'total-without-shipping' }) }).plan.value).toBe('0');
  });

  it('uses the order’s own currency, whatever the shop’s', () => {
    expect(planned({ order: { currency: 'JPY', total: '1299.00' } }).plan).toMatchObject({ value: '1299', currency: 'JPY' });
  });

  it('never relabels a currency that TikTok does not take', () => {
    expect(planned({ order: { currency: 'BYN' } }).plan).toMatchObject({ value: null, currency: null });
  });

  it.each([
    ['the SKU', {}, 'MUG-BLUE'],
    ['the variation', { sku: ' ' }, '15'],
    ['the product', { sku: '', variationId: '0' }, '14'],
    ['the line, for a deleted product', { sku: '', variationId: '0', productId: '0' }, 'line-11'],
  ])('names a line by %s', (_what, fields, expected) => {
    expect(planned({ order: { lines: [line(fields)] } }).plan.lines[0]?.contentId).toBe(expected);
  });

  it('leaves lines of nothing out and takes fractions as pieces begun', () => {
    const lines = [line({ quantity: '0', total: '0' }), line({ quantity: '1.5', total: '15.00' }), line({ quantity: '1', total: '-3' })];
    expect(planned({ order: { lines } }).plan.lines).toMatchObject([
      { quantity: 2, unitPrice: '7.5' },
      { quantity: 1, unitPrice: '0' },
    ]);
  });

  it('shows an order without products as one content of its own', () => {
    expect(planned({ order: { lines: [], total: '10.00' } }).plan.lines).toEqual([
      { lineId: '', contentId: 'order-1001', name: '', unitPrice: '10', quantity: 1 },
    ]);
  });

  it('keeps price × quantity at the line’s total, to the cent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), fc.integer({ min: 1, max: 99 }), (cents, quantity) => {
        const lines = [line({ total: (cents / 100).toFixed(2), quantity: String(quantity) })];
        const [made] = planned({ order: { lines } }).plan.lines;
        expect(Math.round(Number(made?.unitPrice) * (made?.quantity ?? 0) * 100)).toBe(cents);
      }),
    );
  });
});

describe('batches and age', () => {
  it('keeps pixels, modes and test codes apart', () => {
    const live = tiktokDestination.batchKey('live', settingsOf());
    const test = tiktokDestination.batchKey('test', settingsOf({ mode: 'test', testEventCode: 'T1' }));
    const otherCode = tiktokDestination.batchKey('test', settingsOf({ mode: 'test', testEventCode: 'T2' }));
    const otherPixel = tiktokDestination.batchKey('live', settingsOf({ pixelCode: 'PIXEL2' }));
    expect(new Set([live, test, otherCode, otherPixel]).size).toBe(4);
    expect(tiktokDestination.batchKey('live', settingsOf({ maxEventAgeDays: 3 }))).toBe(live);
  });

  it('expires an event after the settings’ age', () => {
    const settings = settingsOf({ maxEventAgeDays: 2 });
    expect(tiktokDestination.expiryOf(plan(), 'live', settings, PAID_AT + 2 * DAY_MS)).toBeNull();
    expect(tiktokDestination.expiryOf(plan(), 'live', settings, PAID_AT + 2 * DAY_MS + 1)).toBe('too-old');
    expect(tiktokDestination.expiryOf(plan(), 'test', settings, PAID_AT)).toBe('test-mode-ended');
  });

  it('stops repeating an hour before TikTok forgets', () => {
    expect(tiktokDestination.declaration).toMatchObject({ repeatWindowMs: 47 * HOUR_MS, requestTimeoutMs: 10_000, maxAttempts: 12 });
  });
});
