import { ORDER_TIME, orderDeletionReported, orderObserved, orderVanished } from '../../../test/builders/order.builder.js';
import { changesInWords, explainFold, viewObservations } from './explanation-observations.js';
import { asSubjectId } from './ids.js';
import type { OrderEvent } from './order.events.js';
import { evolveOrder, type OrderState } from './order.projection.js';

const held = orderObserved({ eventId: 'e-1', status: 'on-hold', paidAt: null, receivedAt: ORDER_TIME + 1_000 });
const paid = orderObserved({
  eventId: 'e-2',
  status: 'processing',
  asOf: ORDER_TIME + 60_000,
  modifiedAt: ORDER_TIME + 60_000,
  receivedAt: ORDER_TIME + 61_000,
});

const fold = (events: readonly OrderEvent[]): OrderState => {
  const state = events.reduce<OrderState | undefined>((before, event) => evolveOrder(before, event), undefined);
  if (state === undefined) throw new Error('no events');
  return state;
};

describe('what changed between two observations', () => {
  it('says what was seen first', () => expect(changesInWords(null, held)).toEqual(['first seen with status on-hold, 38563 CLP']));
  it('names fields with before and after', () =>
    expect(changesInWords(held, paid)).toEqual(['status: on-hold → processing', 'payment date: none → 2026-11-21T02:38:13.000Z']));
  it('says of a person only that something changed', () => {
    const other = {
      ...paid,
      contentHash: 'other',
      subjects: { ...paid.subjects, email: asSubjectId('6f1c0f5e-1d8a-4a53-9a40-000000000009') },
    };
    expect(changesInWords(paid, other)).toEqual(['the buyer’s mail address changed']);
  });
  it('says when nothing changed', () => expect(changesInWords(paid, { ...paid, eventId: 'e-3' })).toEqual(['says the same']));
  it('says when only details changed', () =>
    expect(changesInWords(paid, { ...paid, contentHash: 'other' })).toEqual(['details that no decision looks at']));
});

describe('the records of an order', () => {
  const events = [held, paid, paid, orderDeletionReported({ eventId: 'e-4' }), orderVanished({ eventId: 'e-5' })];
  const views = viewObservations(events, fold(events));

  it('come in log order, each once', () => expect(views.map(({ eventId }) => eventId)).toEqual(['e-1', 'e-2', 'e-4', 'e-5']));
  it('say which one the fold keeps', () => expect(views.map(({ isKept }) => isKept)).toEqual([false, true, false, false]));
  it('say what a vanished order and a reported deletion mean', () => {
    expect(views.slice(2).map(({ whatChanged }) => whatChanged)).toEqual([
      ['a webhook said that it was deleted: a claim that asks for a look'],
      ['the shop no longer has the order'],
    ]);
  });
});

describe('the fold in words', () => {
  it('names the observation that counts', () => {
    expect(explainFold(fold([held, paid]), 2)[0]).toMatch(/^Of 2 records in the log counts .* status processing/);
    expect(explainFold(fold([held, paid]), null)[0]).toMatch(/^Of the records in the log counts .* status processing/);
  });
  it('says that the order is gone', () =>
    expect(explainFold(fold([paid, orderVanished()]), 2)).toContain('After that the shop answered that it no longer has the order.'));
  it('says that a deletion waits for a look', () =>
    expect(explainFold(fold([orderDeletionReported()]), 1)).toEqual([
      'The order itself was never seen; only its deletion was reported.',
      'A deletion was reported and nobody has looked since.',
    ]));
});
