import { check, countRepeats, faultsOf, NO_FAULTS } from './checker.js';
import type { History, LedgerFact, TakenPurchase } from './history.js';

const HOUR_MS = 3_600_000;

const taken = (orderId: string, overrides: Partial<TakenPurchase> = {}): TakenPurchase => ({
  orderId,
  identity: `wc_order_${orderId}`,
  at: 1_000,
  requestId: 'r1',
  ...overrides,
});

const fact = (orderId: string, overrides: Partial<LedgerFact> = {}): LedgerFact => ({
  orderId,
  eventId: `wc_order_${orderId}`,
  state: 'delivered',
  isSettled: true,
  attempts: [{ at: 900, outcome: 'delivered', code: '0' }],
  ...overrides,
});

const history = (overrides: Partial<History> = {}): History => ({
  acknowledged: [
    { orderId: '1', at: 1, isPurchase: true },
    { orderId: '2', at: 2, isPurchase: false },
    { orderId: '2', at: 3, isPurchase: true },
    { orderId: '3', at: 4, isPurchase: false },
  ],
  taken: [taken('1'), taken('2')],
  requests: [{ at: 1_000, eventIds: ['wc_order_1', 'wc_order_2'], outcome: 'accepted' }],
  ledger: [fact('1'), fact('2')],
  ...overrides,
});

const sentAgain = { at: 2_000, eventIds: ['wc_order_1'], outcome: 'accepted' };
const twoAttempts = (first: string): LedgerFact['attempts'] => [
  { at: 900, outcome: first, code: null },
  { at: 1_900, outcome: 'delivered', code: '0' },
];

it('is content when every promised purchase was taken once', () => {
  expect(faultsOf(check(history()))).toEqual(NO_FAULTS);
});

it('finds a planted loss', () => {
  const { lost, deliveredInNameOnly } = check(history({ taken: [taken('1')] }));
  expect({ lost, deliveredInNameOnly }).toEqual({ lost: ['2'], deliveredInNameOnly: ['2'] });
});

it('finds a loss of which even the ledger knows nothing', () => {
  const { lost, unsettled } = check(history({ taken: [taken('1')], ledger: [fact('1')] }));
  expect({ lost, unsettled }).toEqual({ lost: ['2'], unsettled: ['2'] });
});

it('finds a planted duplicate under another event id', () => {
  expect(check(history({ taken: [taken('1'), taken('2'), taken('2', { identity: 'another', at: 2_000 })] })).sentTwice).toEqual(['2']);
});

it('finds a planted duplicate that came after the vendor’s window', () => {
  expect(check(history({ taken: [taken('1'), taken('2'), taken('2', { at: 1_000 + 48 * HOUR_MS })] })).sentTwice).toEqual(['2']);
});

it('counts a repeat within the window as none, and says why it was sent', () => {
  const findings = check(
    history({
      taken: [taken('1', { at: 1_000 + 47 * HOUR_MS }), taken('1'), taken('2')],
      requests: [...history().requests, sentAgain],
      ledger: [fact('1', { attempts: twoAttempts('unknown') }), fact('2')],
    }),
  );
  expect(faultsOf(findings)).toEqual(NO_FAULTS);
  expect(countRepeats(findings)).toEqual({ 'no outcome was recorded': 1 });
});

it('does not accept a repeat that nothing in the ledger explains', () => {
  const findings = check(
    history({
      taken: [taken('1'), taken('1', { at: 2_000 }), taken('2')],
      requests: [...history().requests, sentAgain],
      ledger: [fact('1', { attempts: twoAttempts('transient') }), fact('2')],
    }),
  );
  expect(faultsOf(findings)).toEqual({ ...NO_FAULTS, unexplained: ['1'] });
});

it('finds a request that left without its intent', () => {
  expect(check(history({ requests: [...history().requests, sentAgain] })).unrecorded).toEqual(['1']);
});

it('finds an entry that has not come to its end', () => {
  expect(check(history({ ledger: [fact('1', { state: 'attempted', isSettled: false }), fact('2')] })).unsettled).toEqual(['1']);
});
