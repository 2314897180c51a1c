import { planDelivery, sumDecimals, type KnownEffect, type OrderLine, type OrderObserved, type PlanDecision } from '@tributary/domain';
import fc from 'fast-check';
import { destination, line, NOW, orderState, PAID_AT, source, tenant } from '../purchase.builder.js';
import { tiktokDestination } from '../tiktok.destination.js';

const HOUR_MS = 3_600_000;
const upsell = (fields: Partial<OrderLine> = {}): OrderLine =>
  line({ lineId: '12', sku: 'CAP', quantity: '1', total: '9000', totalTax: '1710', upsellMarker: '_upstroke_purchase', ...fields });

/** The order of the builder, and later with 10,710 more for the cap. */
const before: Partial<OrderObserved> = {};
const grown = (fields: Partial<OrderObserved> = {}): Partial<OrderObserved> => ({
  total: '56525',
  totalTax: '9025',
  lines: [line(), upsell()],
  modifiedAt: PAID_AT + HOUR_MS,
  ...fields,
});

function decisionsOf(observations: readonly Partial<OrderObserved>[], settings: object = {}, later: object = settings) {
  const known: KnownEffect[] = [];
  const rounds: (readonly PlanDecision[])[] = [];
  for (const [index, order] of observations.entries()) {
    const state = orderState(order);
    const to = destination(index === 0 ? settings : later);
    const decisions = tiktokDestination.plan(state, tenant, source, to, NOW + HOUR_MS, known);
    const ids = { tenantId: state.tenantId, destinationConnectionId: to.connectionId, sourceConnectionId: state.connectionId };
    const moment = { nowMs: NOW, newEventId: () => 'event', random: 0 };
    known.push(...decisions.map((it) => planDelivery(it, ids, { observationId: 'o', settingsVersion: 1 }, moment).entry));
    rounds.push(decisions);
  }
  return rounds.slice(1).flat();
}

const short = (decision: PlanDecision): unknown =>
  decision.kind === 'plan'
    ? [decision.revision, decision.plan.vendorEventId, decision.plan.value, decision.plan.lines.map(({ contentId }) => contentId).join(' ')]
    : [decision.revision, decision.reason];
const bumps = (...given: Parameters<typeof decisionsOf>): unknown[] => decisionsOf(...given).map(short);

describe('an upsell', () => {
  it('is sent on its own: its line, its worth, its number, the moment it was seen', () => {
    expect(decisionsOf([before, grown()])).toMatchObject([
      {
        kind: 'plan',
        reference: '1001',
        eventName: 'Purchase',
        revision: 'bump:12',
        plan: {
          vendorEventId: 'wc_order_1001_bump_1',
          eventTime: PAID_AT + HOUR_MS,
          value: '10710',
          currency: 'CLP',
          lines: [{ lineId: '12', contentId: 'CAP', unitPrice: '9000', quantity: 1 }],
        },
      },
    ]);
  });

  it('is sent once, however often the order is seen', () => {
    expect(bumps([before, grown(), grown(), grown({ status: 'completed', modifiedAt: PAID_AT + 9 * HOUR_MS })])).toHaveLength(1);
  });

  it('counts on: two together and a third later', () => {
    const two = [line(), upsell(), upsell({ lineId: '13', sku: 'PIN', total: '1000', totalTax: '0' })];
    const three = [...two, upsell({ lineId: '14', sku: 'BAG', total: '2000', totalTax: '0' })];
    expect(bumps([before, grown({ total: '57525', lines: two }), grown({ total: '59525', lines: three })])).toEqual([
      ['bump:12', 'wc_order_1001_bump_1', '10710', 'CAP'],
      ['bump:13', 'wc_order_1001_bump_2', '1000', 'PIN'],
      ['bump:14', 'wc_order_1001_bump_3', '2000', 'BAG'],
    ]);
  });

  it('inside the order’s first Purchase is part of it', () => expect(bumps([grown(), grown()])).toEqual([]));

  it.each([
    ['total', '10710'],
    ['total-without-tax', '9000'],
    ['total-without-shipping', '10710'],
    ['subtotal', '9000'],
  ])('is worth by %s %s', (value, expected) => {
    expect(decisionsOf([before, grown()], { purchase: { value } })).toMatchObject([{ plan: { value: expected } }]);
  });

  it('keeps the name and the rate of its Purchase', () => {
    const rates = (rate: string) => ({ purchase: { currency: 'convert:USD', rates: { CLP: { rate, date: '2026-11-20' } } } });
    expect(decisionsOf([before, grown()], rates('0.001'), rates('0.5'))).toMatchObject([
      { plan: { value: '10.71', currency: 'USD', rate: '0.001', rateDate: '2026-11-20', lines: [{ unitPrice: '9' }] } },
    ]);
  });

  it('is a Subscribe where its order was', () => {
    const renewal = { renewalOf: '81' };
    expect(decisionsOf([renewal, grown(renewal)], { purchase: { renewals: 'subscribe' } })).toMatchObject([{ eventName: 'Subscribe' }]);
  });

  it('has no amounts in a currency that TikTok does not take', () => {
    expect(decisionsOf([{ currency: 'BYN' }, grown({ currency: 'BYN' })])).toMatchObject([
      { plan: { value: null, currency: null, vendorEventId: 'wc_order_1001_bump_1' } },
    ]);
  });

  it('is suppressed for the reasons of any Purchase', () => {
    expect(bumps([before, grown({ consent: 'denied' })])).toEqual([['bump:12', 'consent-denied']]);
  });

  it('of an order whose Purchase was suppressed is nothing', () => {
    expect(bumps([{ consent: 'denied' }, grown({ consent: 'granted' })])).toEqual([]);
  });

  it('waits while the plugin’s funnel keeps the order in a status of its own', () => {
    expect(decisionsOf([{}, grown({ status: 'wfocu-pri-order' })])).toEqual([]);
    const funnel = orderState({ status: 'wfocu-pri-order' });
    expect(tiktokDestination.plan(funnel, tenant, source, destination(), NOW, [])).toEqual([]);
  });

  it('that a plugin makes an order of its own is that order’s Purchase', () => {
    const decisions = tiktokDestination.plan(orderState({ orderId: '1002', parentId: '1001' }), tenant, source, destination(), NOW, []);
    expect(decisions.map(short)).toEqual([['0', 'wc_order_1002', '45815', 'MUG-BLUE']]);
  });
});

describe('nothing is sent for', () => {
  it.each<[string, Partial<OrderObserved>]>([
    ['a line that the shop’s staff added', grown({ lines: [line(), upsell({ upsellMarker: null })] })],
    ['an exchange', grown({ total: '45815', lines: [upsell({ upsellMarker: null })] })],
    ['a marked line that takes another’s place', grown({ total: '45815', lines: [upsell()] })],
    ['an order that shrank', grown({ total: '40000' })],
    ['more pieces of a line that was counted', grown({ lines: [line({ quantity: '3', total: '54000' })] })],
    ['a line of no pieces', grown({ lines: [line(), upsell({ quantity: '0' })] })],
  ])('%s', (_what, after) => expect(bumps([before, after])).toEqual([]));

  it('an order whose currency was changed under it', () => {
    expect(bumps([before, grown({ currency: 'USD' })])).toEqual([]);
  });
});

it('sends no more than the order has grown', () => {
  expect(bumps([before, grown({ total: '50000' })])).toEqual([['bump:12', 'wc_order_1001_bump_1', '4185', 'CAP']]);
});

it('sends a line as soon as the order’s total has followed it', () => {
  expect(bumps([before, grown({ total: '45815' }), grown()])).toEqual([['bump:12', 'wc_order_1001_bump_1', '10710', 'CAP']]);
});

it('never sends more in sum than the order was worth at its highest, whatever happens to it', () => {
  const lines = fc.uniqueArray(
    fc.record({ lineId: fc.integer({ min: 11, max: 16 }).map(String), cents: fc.integer({ min: 0, max: 99_999 }), isMarked: fc.boolean() }),
    { selector: ({ lineId }) => lineId, minLength: 1, maxLength: 5 },
  );
  const states = fc.array(fc.record({ lines, discount: fc.integer({ min: 0, max: 20_000 }) }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(states, (history) => {
      const observations = history.map((state): Partial<OrderObserved> => {
        const total = state.lines.reduce((sum, { cents }) => sum + cents, 0) - state.discount;
        return {
          currency: 'USD',
          total: (Math.max(0, total) / 100).toFixed(2),
          totalTax: '0',
          lines: state.lines.map(({ lineId, cents, isMarked }) =>
            upsell({ lineId, total: (cents / 100).toFixed(2), totalTax: '0', upsellMarker: isMarked ? '_bump_purchase' : null }),
          ),
        };
      });
      const known: KnownEffect[] = [];
      for (const order of observations) {
        const state = orderState(order);
        const to = destination();
        const decisions = tiktokDestination.plan(state, tenant, source, to, NOW, known);
        const ids = { tenantId: state.tenantId, destinationConnectionId: to.connectionId, sourceConnectionId: state.connectionId };
        const moment = { nowMs: NOW, newEventId: () => 'event', random: 0 };
        known.push(...decisions.map((it) => planDelivery(it, ids, { observationId: 'o', settingsVersion: 1 }, moment).entry));
      }
      const worth = sumDecimals(known.map(({ plan }) => plan?.value ?? '0'));
      expect(Number(worth)).toBeLessThanOrEqual(Math.max(...observations.map(({ total }) => Number(total))));
      const ids = known.map(({ plan }) => plan?.vendorEventId);
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});
