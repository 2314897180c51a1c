import type { Delivery } from '../../tools/bootstrap/start/control-client.mts';
import { isSettled, outcomeTable, rowsOf, type DemoOutcome, type PlacedOrder } from '../../tools/bootstrap/start/outcome-table.mts';

const order: PlacedOrder = { id: '1042', what: 'paid by card', staysOut: null };
const delivery: Delivery = {
  source: 'shop',
  reference: '1042',
  eventName: 'Purchase',
  eventId: 'wc_order_1042',
  state: 'delivered',
  reason: null,
  attempts: [{ requestId: 'r-1' }],
  settledAt: '2026-11-21T02:38:13.085Z',
};
const sentAtMs = Date.parse('2026-11-21T02:38:13.000Z');
const outcome = (overrides: Partial<DemoOutcome> = {}): DemoOutcome => ({
  order,
  status: 'processing',
  deliveries: [delivery],
  courier: undefined,
  sentAtMs,
  ...overrides,
});

describe('a row of the demo’s table', () => {
  it('says when the answer came', () => {
    expect(rowsOf(outcome())).toEqual([['1042', 'paid by card', 'processing', 'Purchase wc_order_1042', 'delivered', '85', '–']]);
  });

  it('gives the reason of what was suppressed, which nobody answered', () => {
    const suppressed = { ...delivery, eventId: null, state: 'suppressed', reason: 'consent-denied' };
    expect(rowsOf(outcome({ deliveries: [suppressed] }))).toEqual([
      ['1042', 'paid by card', 'processing', 'Purchase', 'suppressed: consent-denied', '–', '–'],
    ]);
  });

  it('tells an order that stays out from one that nothing became of', () => {
    const staysOut = { ...order, staysOut: 'not paid yet' };
    expect(rowsOf(outcome({ order: staysOut, deliveries: [] }))[0]?.[4]).toBe('stays out: not paid yet');
    expect(rowsOf(outcome({ deliveries: [], status: undefined }))).toEqual([
      ['1042', 'paid by card', 'unknown', '–', 'nothing happened in time', '–', '–'],
    ]);
  });

  it('shows the tracking id of what the courier took, and why it did not', () => {
    const courier = { ...delivery, attempts: [{ requestId: 'TT-7' }] };
    expect(rowsOf(outcome({ courier }))[0]?.[6]).toBe('TT-7');
    const suppressed = { ...courier, state: 'suppressed', reason: 'country-excluded' };
    expect(rowsOf(outcome({ courier: suppressed }))[0]?.[6]).toBe('suppressed: country-excluded');
  });

  it('stands once per delivery, so that a second one is seen', () => {
    expect(rowsOf(outcome({ deliveries: [delivery, delivery] }))).toHaveLength(2);
  });
});

it('shows one line per row below the names of the columns', () => {
  const lines = outcomeTable([outcome()]).split('\n');
  expect(lines[1]).toMatch(/Order +│ What +│ Status +│ TikTok event +│ Outcome +│ +ms/);
  expect(lines[3]).toMatch(/1042 │ paid by card │ processing │ Purchase wc_order_1042 │ delivered │ 85 │ – +│$/);
});

it.each([
  ['planned', false],
  ['attempted', false],
  ['transient', false],
  ['unknown', false],
  ['delivered', true],
  ['suppressed', true],
  ['rejected', true],
  ['parked', true],
])('waits no longer for %s: %s', (state, isFinal) => {
  expect(isSettled({ ...delivery, state })).toBe(isFinal);
});
