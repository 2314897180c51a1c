import { asConnectionId } from '../ids.js';
import type { CoverageCause } from './coverage-causes.js';
import { coverageWarnings } from './coverage-warnings.js';
import { Coverage, type CoverageLine, type CoverageRules } from './coverage.js';
import { reportPeriod, type ReportedOrder } from './report.facts.js';

const NOW = Date.parse('2026-11-21T00:00:00Z');
const DAY_MS = 86_400_000;
const PERIOD = reportPeriod(NOW - 30 * DAY_MS, NOW, NOW);
const RULES: CoverageRules = {
  ofOrder: (order, { matchKeys }) => [
    { key: 'ttclid', missingFor: matchKeys.includes('ttclid') ? null : order.consent === null ? 'no-snippet' : 'no-click' },
  ],
  ofVisit: (matchKeys) => [{ key: 'ip', missingFor: matchKeys.includes('ip') ? null : 'gateway-address' }],
};

const order = (
  daysAgo: number,
  hasClick: boolean,
  overrides: Partial<ReportedOrder> = {},
  mode: 'live' | 'test' = 'live',
): ReportedOrder => ({
  shop: asConnectionId('shop'),
  createdAt: NOW - daysAgo * DAY_MS,
  currency: 'CLP',
  total: '1',
  paymentMethod: 'cod',
  createdVia: 'checkout',
  renewalOf: null,
  consent: 'granted',
  status: 'processing',
  hasVisitor: true,
  personalFields: [],
  effects: [
    {
      destination: asConnectionId('ads'),
      eventName: 'Purchase',
      revision: '0',
      mode,
      state: 'delivered',
      reason: null,
      value: '1',
      currency: 'CLP',
      matchKeys: hasClick ? ['ttclid'] : [],
      clickFrom: null,
    },
  ],
  ...overrides,
});

function covered(orders: readonly ReportedOrder[]): readonly CoverageLine[] {
  const coverage = new Coverage(PERIOD, RULES);
  for (const one of orders) coverage.addOrder(one);
  return coverage.all;
}
/** So many orders of one day, of which some have a click. */
const orders = (daysAgo: number, count: number, withClick: number, overrides: Partial<ReportedOrder> = {}): ReportedOrder[] =>
  Array.from({ length: count }, (_, index) => order(daysAgo, index < withClick, overrides));

describe('coverage', () => {
  it('is counted by event, payment method and day, with the causes of what is missing', () => {
    const lines = covered([
      order(3, true),
      order(3, false),
      order(3, false, { consent: null }),
      order(3, true, { paymentMethod: 'card' }),
      order(2, true),
    ]);
    expect(lines.map(({ paymentMethod, dayAt, events }) => [paymentMethod, (NOW - dayAt) / DAY_MS, events])).toEqual([
      ['card', 3, 1],
      ['cod', 3, 3],
      ['cod', 2, 1],
    ]);
    expect(lines[1]?.keys).toEqual([
      {
        key: 'ttclid',
        events: 3,
        have: 1,
        missing: [
          { cause: 'no-click', events: 1 },
          { cause: 'no-snippet', events: 1 },
        ],
      },
    ]);
    expect(lines.map(({ isFinal }) => isFinal)).toEqual([true, true, false]);
  });

  it('leaves out test events, and what was never part of a request', () => {
    const unsent = order(3, true);
    expect(
      covered([order(3, true, {}, 'test'), { ...unsent, effects: unsent.effects.map((one) => ({ ...one, matchKeys: null })) }]),
    ).toEqual([]);
  });

  it('counts visits as many times as there were', () => {
    const coverage = new Coverage(PERIOD, RULES);
    const tally = {
      destination: asConnectionId('ads'),
      eventName: 'ViewContent',
      mode: 'live',
      dayAt: NOW - DAY_MS,
      state: 'delivered',
      reason: null,
    } as const;
    coverage.addVisits({ ...tally, matchKeys: ['ip'], hasRequest: true, count: 9 });
    coverage.addVisits({ ...tally, matchKeys: [], hasRequest: true, count: 3 });
    coverage.addVisits({ ...tally, matchKeys: [], hasRequest: false, count: 5 });
    expect(coverage.all).toMatchObject([
      { paymentMethod: null, events: 12, keys: [{ have: 9, missing: [{ cause: 'gateway-address', events: 3 }] }] },
    ]);
  });
});

describe('a warning', () => {
  const week = [9, 8, 7, 6, 5].flatMap((daysAgo) => orders(daysAgo, 20, 16));
  const warned = (more: readonly ReportedOrder[]) =>
    coverageWarnings(covered([...week, ...more])).map(({ paymentMethod, key, sinceAt, share, cause }) => ({
      paymentMethod,
      key,
      daysAgo: (NOW - sinceAt) / DAY_MS,
      share,
      cause,
    }));
  const expected = (daysAgo: number, share: number, cause: CoverageCause, paymentMethod: string | null = null) => ({
    paymentMethod,
    key: 'ttclid',
    daysAgo,
    share,
    cause,
  });

  it('tells of a drop, since when, and the cause that has grown', () => {
    expect(warned([...orders(4, 20, 4, { consent: null }), ...orders(3, 20, 6, { consent: null })])).toEqual([
      expected(4, 0.25, 'no-snippet'),
    ]);
  });

  it('puts days together that have few events', () => {
    expect(warned([...orders(4, 12, 2), ...orders(3, 12, 2)])).toEqual([expected(4, 4 / 24, 'no-click')]);
    expect(warned(orders(4, 12, 0))).toEqual([]);
  });

  it('is not given for what comes and goes, or has come back', () => {
    expect(warned(orders(4, 20, 13))).toEqual([]);
    expect(warned([...orders(4, 20, 0), ...orders(3, 20, 16)])).toEqual([]);
  });

  it('names the payment method where only that one drops', () => {
    const card = { paymentMethod: 'card' };
    const before = [9, 8, 7].flatMap((daysAgo) => orders(daysAgo, 20, 16, card));
    const rest = [4, 3].flatMap((daysAgo) => orders(daysAgo, 200, 160));
    expect(warned([...before, ...rest, ...orders(4, 20, 2, card)])).toEqual([expected(4, 0.1, 'no-click', 'card')]);
  });
});
