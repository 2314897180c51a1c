import { asConnectionId, asTenantId, ledgerKey, plannedVisit, type VisitEvent } from '@tributary/domain';
import { VisitHand, type QueuedVisit, type VisitMove, type VisitRow } from './visit-hand.js';
import { packVisits, unpackVisits } from './visit-pack.js';

const queued = (reference: string): QueuedVisit => ({
  eventName: 'ViewContent',
  framed: Buffer.from(`framed ${reference}`),
  visit: { eventId: reference } as VisitEvent,
  entry: plannedVisit({
    tenantId: asTenantId('acme'),
    destinationConnectionId: asConnectionId('ads'),
    sourceConnectionId: asConnectionId('web'),
    reference,
    eventName: 'ViewContent',
    mode: 'live',
    eventTime: 1,
    settingsVersion: 1,
    plannedAt: 1,
  }),
});
const row = (id: string, ...references: readonly string[]): VisitRow => ({
  id,
  tenantId: 'acme',
  connectionId: 'ads',
  mode: 'live',
  settingsVersion: 1,
  visits: references.map(queued),
});
const keyOf = (reference: string): string => ledgerKey(queued(reference).entry.key);
const moves = (...all: readonly (readonly [reference: string, move: VisitMove])[]): ReadonlyMap<string, VisitMove> =>
  new Map(all.map(([reference, move]) => [keyOf(reference), move]));
const namesIn = (packed: Buffer): string[] => unpackVisits(packed).map(({ framed }) => framed.toString().slice('framed '.length));

const LEAVE: VisitMove = { kind: 'leave-queue' };
const later = (delayMs: number): VisitMove => ({ kind: 'due', delayMs, isAlone: false });

function handWith(...rows: readonly VisitRow[]): VisitHand {
  let made = 0;
  const hand = new VisitHand(() => `new-${(made += 1)}`);
  for (const one of rows) hand.take(one);
  return hand;
}

it('visits are read from a row as they were put there', () => {
  const visits = [
    queued('1'),
    { ...queued('2'), eventName: 'Ünïcode', framed: Buffer.alloc(70_000, 7) },
    { ...queued('3'), framed: Buffer.alloc(0) },
  ];
  expect(unpackVisits(packVisits(visits))).toEqual(visits.map(({ eventName, framed }) => ({ eventName, framed })));
  expect(unpackVisits(packVisits([]))).toEqual([]);
});

describe('a row of the queue', () => {
  it('goes when the last of its visits is done, not before', () => {
    const hand = handWith(row('a', '1', '2'));
    const first = moves(['1', LEAVE]);
    expect(hand.changes(first)).toEqual({ gone: [], leased: [], rewritten: [], added: [] });
    hand.apply(first);
    expect(hand.changes(moves(['2', LEAVE])).gone).toEqual(['a']);
  });

  it('is leased as long as the longest of its visits needs', () => {
    const hand = handWith(row('a', '1', '2'), row('b', '3'));
    const leased = hand.changes(moves(['1', { kind: 'lease', leaseMs: 5 }], ['2', { kind: 'lease', leaseMs: 9 }])).leased;
    expect(leased).toEqual([{ id: 'a', leaseMs: 9 }]);
  });

  it('loses those that wait to a row of their own, and keeps those under way', () => {
    const hand = handWith(row('a', '1', '2', '3'), row('b', '4'));
    const { gone, rewritten, added } = hand.changes(moves(['1', later(100)], ['2', LEAVE], ['4', later(300)]));
    expect(gone).toEqual(['b']);
    expect(rewritten.map(({ id, packed }) => [id, namesIn(packed)])).toEqual([['a', ['3']]]);
    expect(added.map(({ id, delayMs, visits }) => [id, delayMs, visits.map(({ entry }) => entry.key.reference)])).toEqual([
      ['new-1', 300, ['1', '4']],
    ]);
  });
});

it('a visit that is in hand already stays with its row; what has left may come again', () => {
  const hand = handWith(row('a', '1'), row('b', '1', '2'));
  expect(hand.changes(moves(['1', LEAVE])).gone).toEqual(['a']);
  hand.apply(moves(['1', LEAVE]));
  expect(hand.get(keyOf('1'))).toBeUndefined();
  hand.take(row('c', '1'));
  expect(hand.get(keyOf('1'))?.entry.key.reference).toBe('1');
});
