import fc from 'fast-check';
import { deliveryBase, deliveryPlanned, PLANNED_AT, vendorAnswer } from '../../../test/builders/delivery.builder.js';
import type { DeliveryEvent } from './delivery.events.js';
import { evolveLedger, isSettled, type LedgerEntry } from './delivery.ledger.js';

const fold = (events: readonly DeliveryEvent[]): LedgerEntry | undefined =>
  events.reduce<LedgerEntry | undefined>((entry, event) => evolveLedger(entry, event), undefined);

const attempted = (version: number): DeliveryEvent => ({
  ...deliveryBase(version),
  type: 'Attempted',
  attempt: 1,
  dueAt: PLANNED_AT + version * 1_000 + 20_000,
  settingsVersion: 1,
  matchKeys: ['email'],
  sealedUnder: null,
  sealedRequest: null,
  identity: null,
});
const requeued = (version: number, to: 'transient' | 'unknown' | 'planned', reason: string): DeliveryEvent => ({
  ...deliveryBase(version),
  type: 'Requeued',
  to,
  reason,
  dueAt: PLANNED_AT + version * 1_000 + 5_000,
  answer: vendorAnswer('http-500', 'x'),
});
const delivered = (version: number): DeliveryEvent => ({ ...deliveryBase(version), type: 'Delivered', answer: vendorAnswer() });

const history: readonly DeliveryEvent[] = [
  deliveryPlanned(),
  attempted(2),
  requeued(3, 'unknown', 'outcome-unknown'),
  attempted(4),
  requeued(5, 'transient', 'vendor-unavailable'),
  attempted(6),
  delivered(7),
];

describe('the ledger fold', () => {
  it('begins with a plan', () => {
    expect(fold([deliveryPlanned()])).toMatchObject({
      state: 'planned',
      version: 1,
      attemptCount: 0,
      plannedAt: PLANNED_AT,
      settledAt: null,
    });
  });

  it('ignores what comes before its turn', () => {
    expect(fold([attempted(2)])).toBeUndefined();
    expect(fold([deliveryPlanned(), delivered(3)])).toMatchObject({ state: 'planned', version: 1 });
  });

  it('ends delivered with every attempt on record', () => {
    const entry = fold(history);
    expect(entry).toMatchObject({ state: 'delivered', version: 7, attemptCount: 3, settledAt: PLANNED_AT + 6_000 });
    expect(entry?.attempts.map(({ outcome }) => outcome)).toEqual(['unknown', 'transient', 'delivered']);
  });

  it('counts the vendor’s window from the first attempt whose outcome nobody knows', () => {
    expect(fold(history.slice(0, 5))?.unknownSince).toBe(PLANNED_AT + 1_000);
  });

  it('takes an attempt without an outcome for unknown when the next one begins', () => {
    const entry = fold([deliveryPlanned(), attempted(2), attempted(3)]);
    expect(entry?.attempts.map(({ outcome }) => outcome)).toEqual(['unknown', 'pending']);
    expect(entry?.unknownSince).toBe(PLANNED_AT + 1_000);
  });

  it('does not count a throttled attempt', () => {
    expect(fold([deliveryPlanned(), attempted(2), requeued(3, 'transient', 'throttled')])).toMatchObject({
      attemptCount: 0,
      unknownSince: null,
      state: 'transient',
    });
  });

  it('keeps a parked entry unsettled', () => {
    const entry = fold([
      deliveryPlanned(),
      attempted(2),
      { ...deliveryBase(3), type: 'Parked', reason: 'vendor-refused-credential', answer: vendorAnswer('40105', 'x') },
    ]);
    expect(entry).toMatchObject({ state: 'parked', dueAt: null });
    expect(entry === undefined ? undefined : isSettled(entry)).toBe(false);
  });

  it('forgets the window when a person accepts a duplicate', () => {
    const unconfirmed: DeliveryEvent[] = [...history.slice(0, 3), { ...deliveryBase(4), type: 'Unconfirmed', reason: 'window-over' }];
    expect(fold(unconfirmed)).toMatchObject({ state: 'unconfirmed', unknownSince: PLANNED_AT + 1_000 });
    const retried: DeliveryEvent = {
      ...deliveryBase(5),
      type: 'ResolvedByOperator',
      resolution: 'retry',
      acceptDuplicate: true,
      operator: 'admin',
    };
    expect(fold([...unconfirmed, retried])).toMatchObject({ state: 'planned', unknownSince: null, settledAt: null, attemptCount: 0 });
  });

  it('ends in the same entry whatever is repeated, as long as every event also comes once in order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(history.length - 1), { maxLength: 60 }), fc.infiniteStream(fc.boolean()), (repeats, coins) => {
        const rest = [...repeats];
        const mixed: DeliveryEvent[] = [];
        for (const event of history) {
          while (rest.length > 0 && coins.next().value === true) mixed.push(history[rest.pop() ?? 0] ?? event);
          mixed.push(event);
        }
        mixed.push(...rest.map((index) => history[index]).filter((event) => event !== undefined));
        expect(fold(mixed)).toEqual(fold(history));
      }),
      { numRuns: 2_000 },
    );
  });
});
