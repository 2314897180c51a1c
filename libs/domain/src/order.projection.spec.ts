import fc from 'fast-check';
import { ORDER_TIME, orderDeletionReported, orderObserved, orderVanished } from '../../../test/builders/order.builder.js';
import type { OrderEvent, OrderObserved } from './order.events.js';
import { compareRanks, evolveOrder, isDeletionUnconfirmed, rankOf, statusOf, type OrderState } from './order.projection.js';

const SECOND_MS = 1_000;
const at = (seconds: number): number => ORDER_TIME + seconds * SECOND_MS;

const foldOf = (events: readonly OrderEvent[]): OrderState | undefined =>
  events.reduce<OrderState | undefined>((state, event) => evolveOrder(state, event), undefined);

function given(...past: readonly OrderEvent[]) {
  const before = foldOf(past);
  return {
    when: (event: OrderEvent) => ({
      thenState: (expected: Partial<OrderState>): void => expect(evolveOrder(before, event)).toMatchObject(expected),
      thenStatus: (status: string): void => expect(statusOf(evolveOrder(before, event))).toBe(status),
      thenNothing: (): void => expect(evolveOrder(before, event)).toBe(before),
    }),
  };
}

const pending = orderObserved({ eventId: 'e-1', status: 'pending', asOf: at(0), modifiedAt: at(0), receivedAt: at(2) });
const paid = orderObserved({ eventId: 'e-2', status: 'processing', asOf: at(10), modifiedAt: at(10), receivedAt: at(12) });
const trashed = orderObserved({ eventId: 'e-3', status: 'trash', asOf: at(20), modifiedAt: at(20), receivedAt: at(22) });

describe('the order fold', () => {
  it('takes the first observation', () =>
    given()
      .when(paid)
      .thenState({ observed: paid, head: rankOf(paid), isVanished: false }));
  it('takes a newer observation', () => given(pending).when(paid).thenState({ observed: paid }));
  it('keeps the newer when the older comes late', () => given(paid).when(pending).thenNothing());
  it('stays quiet when it has seen the very record', () => given(pending, paid).when(paid).thenNothing());
  it('stays quiet when created and updated carry one body in one millisecond', () =>
    given(paid)
      .when({ ...paid, eventId: 'e-9', sealedPersonal: Buffer.from('sealed again') })
      .thenNothing());

  it('prefers what was true later over what was modified later', () =>
    given(paid)
      .when(orderObserved({ status: 'completed', asOf: at(30), modifiedAt: at(9), receivedAt: at(5) }))
      .thenStatus('completed'));
  it('prefers the later arrival when the shop’s clock cannot tell', () =>
    given(paid)
      .when(orderObserved({ status: 'on-hold', asOf: at(10), modifiedAt: at(10), receivedAt: at(13) }))
      .thenStatus('on-hold'));
  it('prefers the greater hash when not even the arrival can tell', () => {
    const [low, high] = ['0', 'f'].map((digit) => ({ ...paid, contentHash: digit.repeat(64), eventId: digit }));
    expect(foldOf([low!, high!])).toEqual(foldOf([high!, low!]));
    expect(foldOf([low!, high!])?.observed?.contentHash).toBe('f'.repeat(64));
  });

  it('keeps a trashed order as an order', () => given(paid).when(trashed).thenStatus('trash'));
  it('takes a restored order back', () =>
    given(trashed)
      .when({ ...paid, asOf: at(25), modifiedAt: at(25), receivedAt: at(27) })
      .thenStatus('processing'));
});

describe('an order that vanished', () => {
  const vanished = orderVanished({ asOf: at(30), receivedAt: at(36) });

  it('says so and still shows what it was', () => given(paid).when(vanished).thenState({ isVanished: true, observed: paid }));
  it('is called vanished', () => given(paid).when(vanished).thenStatus('vanished'));
  it('stays vanished when an old observation comes late', () =>
    given(paid, vanished).when(trashed).thenState({ isVanished: true, observed: trashed }));
  it('is back when it is seen later', () =>
    given(paid, vanished)
      .when({ ...paid, asOf: at(40), receivedAt: at(46) })
      .thenStatus('processing'));
  it('stays quiet when it was seen after', () =>
    given({ ...paid, asOf: at(40) })
      .when(vanished)
      .thenNothing());
  it('stays quiet when it is said again', () => given(paid, vanished).when(vanished).thenNothing());
  it('can be all that is known', () => given().when(vanished).thenState({ isVanished: true, observed: null }));
});

describe('a reported deletion', () => {
  const reported = orderDeletionReported({ receivedAt: at(22) });

  it('changes nothing of the order', () =>
    given(paid)
      .when(reported)
      .thenState({ observed: paid, isVanished: false, deletionReportedAt: at(22) }));
  it('leaves the status unknown when nothing else is', () => given().when(reported).thenStatus('unknown'));
  it('stays quiet when it was reported later already', () =>
    given(paid, orderDeletionReported({ receivedAt: at(23) }))
      .when(reported)
      .thenNothing());

  it.each([
    ['asks for a look while nothing newer arrived', [paid, reported], true],
    ['asks for a look when it is all that is known', [reported], true],
    ['is settled by an observation that arrived later', [paid, reported, { ...trashed, receivedAt: at(24) }], false],
    ['is settled by a read that found nothing', [paid, reported, orderVanished({ asOf: at(20), receivedAt: at(25) })], false],
    ['is not there when nobody reported', [paid], false],
  ] as const)('%s', (_, events, isUnconfirmed) => {
    expect(isDeletionUnconfirmed(foldOf(events)!)).toBe(isUnconfirmed);
  });
});

/** One thing that is seen of an order, as a fast-check record describes it. */
interface Sighting {
  readonly kind: 'webhook' | 'rest' | 'vanished' | 'deletion';
  readonly content: number;
  readonly modifiedAt: number;
  readonly readAt: number;
  readonly latency: number;
}

// Few values on purpose: ties of every kind must be common.
const sightings = fc.array(
  fc.record<Sighting>({
    kind: fc.constantFrom('webhook', 'webhook', 'rest', 'rest', 'vanished', 'deletion'),
    content: fc.nat({ max: 2 }),
    modifiedAt: fc.nat({ max: 3 }),
    readAt: fc.nat({ max: 4 }),
    latency: fc.nat({ max: 2 }),
  }),
  { minLength: 1, maxLength: 12 },
);
const picks = fc.array(fc.nat({ max: 997 }), { maxLength: 24 });

const base = orderObserved();
const STATUSES = ['pending', 'processing', 'completed'] as const;

function eventOf(sighting: Sighting, index: number): OrderEvent {
  const eventId = `e-${String(index).padStart(3, '0')}`;
  const receivedAt = at(sighting.readAt + sighting.latency);
  if (sighting.kind === 'vanished') return orderVanished({ eventId, asOf: at(sighting.readAt), receivedAt });
  if (sighting.kind === 'deletion') return orderDeletionReported({ eventId, receivedAt });
  const modifiedAt = at(sighting.modifiedAt);
  return {
    ...base,
    eventId,
    status: STATUSES[sighting.content] ?? 'pending',
    contentHash: String(sighting.content).repeat(64),
    modifiedAt,
    asOf: sighting.kind === 'webhook' ? modifiedAt : Math.max(modifiedAt, at(sighting.readAt)),
    receivedAt,
  };
}

/** Some events in a drawn order, with repeats; which of them are missing is chance. */
const drawn = (events: readonly OrderEvent[], draws: readonly number[]): OrderEvent[] => draws.map((draw) => events[draw % events.length]!);

describe('whatever the order, repeats and losses', () => {
  it('ends in one state for every interleaving with repeats', () => {
    fc.assert(
      fc.property(sightings, picks, (seen, draws) => {
        const events = seen.map(eventOf);
        expect(foldOf([...drawn(events, draws), ...events.toReversed()])).toEqual(foldOf(events));
      }),
      { numRuns: 4_000 },
    );
  });

  it('keeps the greatest observation and nothing else', () => {
    fc.assert(
      fc.property(sightings, (seen) => {
        const events = seen.map(eventOf);
        const observed = events.filter((event): event is OrderObserved => event.type === 'OrderObserved');
        const greatest = observed.reduce<OrderObserved | null>(
          (best, event) => (best === null || compareRanks(rankOf(event), rankOf(best)) > 0 ? event : best),
          null,
        );
        expect(foldOf(events)?.observed ?? null).toEqual(greatest);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is healed of every loss by one later read', () => {
    const laterRead = { ...base, eventId: 'e-read', status: 'on-hold', modifiedAt: at(2), asOf: at(60), receivedAt: at(66) };
    fc.assert(
      fc.property(sightings, picks, fc.nat({ max: 24 }), (seen, draws, position) => {
        const events = seen.map(eventOf);
        const arrived: OrderEvent[] = drawn(events, draws).toSpliced(position, 0, laterRead);
        const [healed, complete] = [foldOf(arrived)!, foldOf([...events, laterRead])!];
        expect({ ...healed, deletionReportedAt: null }).toEqual({ ...complete, deletionReportedAt: null });
        expect(statusOf(healed)).toBe('on-hold');
      }),
      { numRuns: 3_000 },
    );
  });

  it('returns to an earlier content when a partial refund is made and deleted', () => {
    const refunds = [{ refundId: '90', total: '-5000' }];
    const whole = orderObserved({ eventId: 'e-1', asOf: at(0), modifiedAt: at(0), receivedAt: at(1) });
    const refunded = orderObserved({ eventId: 'e-2', asOf: at(10), modifiedAt: at(10), receivedAt: at(11), refunds });
    fc.assert(
      // Deleting a refund moves no modification date and sends no webhook: only a read shows it, at the earliest in the same second.
      fc.property(fc.nat({ max: 60 }), fc.nat({ max: 5 }), picks, (readDelay, latency, draws) => {
        const readAt = at(10 + readDelay);
        const wholeAgain = orderObserved({
          eventId: 'e-3',
          source: 'rest',
          asOf: readAt,
          modifiedAt: at(10),
          receivedAt: at(12 + readDelay + latency),
        });
        const events = [whole, refunded, wholeAgain];
        const state = foldOf([...drawn(events, draws), ...events.toReversed()])!;
        expect(state.observed).toBe(wholeAgain);
        expect(state.head?.contentHash).toBe(whole.contentHash);
        expect(refunded.contentHash).not.toBe(whole.contentHash);
      }),
      { numRuns: 2_000 },
    );
  });
});
