import { asConnectionId } from '../ids.js';
import { OrderReport, visitLines } from './order-report.js';
import { reportPeriod, type ReportedDestination, type ReportedEffect, type ReportedOrder, type VisitTally } from './report.facts.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const DAY_MS = 86_400_000;
const PERIOD = reportPeriod(NOW - 30 * DAY_MS, NOW, NOW);
const ADS: ReportedDestination = { connection: asConnectionId('ads'), sources: null };

const effect = (overrides: Partial<ReportedEffect> = {}): ReportedEffect => ({
  destination: asConnectionId('ads'),
  eventName: 'Purchase',
  revision: '0',
  mode: 'live',
  state: 'delivered',
  reason: null,
  value: '10.10',
  currency: 'USD',
  matchKeys: ['email'],
  clickFrom: null,
  ...overrides,
});
const order = (overrides: Partial<ReportedOrder> = {}): ReportedOrder => ({
  shop: asConnectionId('shop'),
  createdAt: NOW - 10 * DAY_MS,
  currency: 'USD',
  total: '10.10',
  paymentMethod: 'cod',
  createdVia: 'checkout',
  renewalOf: null,
  consent: 'granted',
  status: 'processing',
  hasVisitor: true,
  personalFields: [],
  effects: [effect()],
  ...overrides,
});
function reported(orders: readonly ReportedOrder[], destinations: readonly ReportedDestination[] = [ADS]): OrderReport {
  const report = new OrderReport(PERIOD, destinations);
  for (const one of orders) report.add(one);
  return report;
}

describe('orders against conversions', () => {
  it('are summed exactly, currency by currency', () => {
    const clp = { currency: 'CLP', total: '38563', effects: [effect({ value: '40.49' })] };
    const report = reported([order({ total: '0.10' }), order({ total: '0.20' }), order(clp)]);
    const totals = [
      { currency: 'CLP', amount: '38563' },
      { currency: 'USD', amount: '0.3' },
    ];
    expect(report.orderLines).toEqual([{ shop: 'shop', isFinal: true, orders: 3, totals }]);
    expect(report.conversionLines).toMatchObject([
      { state: 'delivered', count: 3, orderTotals: totals, values: [{ currency: 'USD', amount: '60.69' }] },
    ]);
  });

  it('are told apart by state and reason, a test event from a real one', () => {
    const suppressed = effect({ state: 'suppressed', reason: 'consent-denied', value: null, currency: null });
    const lines = reported([order(), order({ effects: [suppressed] }), order({ effects: [effect({ mode: 'test' })] })]).conversionLines;
    const told = lines.map(({ state, reason, mode, count, values }) => [state, reason, mode, count, values.length].join(' '));
    expect(told.toSorted()).toEqual(['delivered  live 1 1', 'delivered  test 1 1', 'suppressed consent-denied live 1 0']);
  });

  it('of the trailing 48 hours are lines of their own: they may still change', () => {
    const lines = reported([order(), order({ createdAt: NOW - DAY_MS })]).conversionLines;
    expect(lines.map(({ isFinal, count }) => [isFinal, count])).toEqual([
      [false, 1],
      [true, 1],
    ]);
  });

  it('count upsells beside the order that they add to, and its total once', () => {
    const bump = effect({ revision: 'bump:12', value: '5' });
    const lines = reported([order({ effects: [effect(), bump] })]).conversionLines;
    expect(lines.map(({ kind, count, orderTotals, values }) => [kind, count, orderTotals.length, values[0]?.amount])).toEqual([
      ['order', 1, 1, '10.1'],
      ['upsell', 1, 0, '5'],
    ]);
  });

  it('name orders about which nothing was decided, with their status, where the destination takes from their shop', () => {
    const elsewhere = { connection: asConnectionId('ads-2'), sources: ['other'] };
    const lines = reported([order({ effects: [], status: 'pending' })], [ADS, elsewhere]).conversionLines;
    expect(lines).toMatchObject([{ destination: 'ads', state: 'undecided', orderStatus: 'pending', eventName: null, count: 1 }]);
  });
});

it('visits are counted by what became of them', () => {
  const tally: VisitTally = {
    destination: asConnectionId('ads'),
    eventName: 'ViewContent',
    mode: 'live',
    dayAt: NOW - (NOW % DAY_MS) - 5 * DAY_MS,
    state: 'delivered',
    reason: null,
    matchKeys: ['ip'],
    hasRequest: true,
    count: 7,
  };
  const lines = visitLines([tally, { ...tally, matchKeys: [], count: 3 }, { ...tally, dayAt: tally.dayAt + 5 * DAY_MS, count: 1 }], PERIOD);
  expect(lines.map(({ isFinal, count }) => [isFinal, count])).toEqual([
    [false, 1],
    [true, 10],
  ]);
});
