import fc from 'fast-check';
import { SEEN_AT, visit, VISITOR, type NamedVisit } from '../../../../test/builders/visitor.builder.js';
import { evolveVisitor, type VisitorRow } from './visitor.projection.js';

const DAY_MS = 86_400_000;

const fold = (visits: readonly NamedVisit[], row?: VisitorRow): VisitorRow | undefined =>
  visits.reduce<VisitorRow | undefined>((state, event, index) => evolveVisitor(state, event, index + 1), row);
const foldOne = (...visits: readonly [NamedVisit, ...NamedVisit[]]): VisitorRow => {
  const [first, ...others] = visits;
  return others.reduce((row, event, index) => evolveVisitor(row, event, index + 2), evolveVisitor(undefined, first, 1));
};
const clickOf = (mark: string, at: number): NamedVisit =>
  visit({ eventId: `click-${mark}-${at}`, occurredAt: at, clickMark: mark, personalFields: ['ip', 'ttclid', 'url'] });
const partsOf = ({ parts }: VisitorRow): readonly string[] => parts.map(({ eventId }) => eventId);

describe('the evidence of a visitor', () => {
  it('is the newest visit that shows each thing', () => {
    const row = foldOne(
      visit({ eventId: 'a', personalFields: ['ip', 'ttp', 'url'] }),
      visit({ eventId: 'b', occurredAt: SEEN_AT + 1, personalFields: ['ip', 'referrer', 'url'] }),
      visit({ eventId: 'c', occurredAt: SEEN_AT + 2, personalFields: [], sealedPersonal: null }),
    );
    expect(partsOf(row)).toEqual(['b', 'a']);
    expect(row.parts.map(({ fields }) => fields)).toEqual([
      ['ip', 'url'],
      ['ip', 'ttp', 'url'],
    ]);
    expect([row.firstSeenAt, row.lastSeenAt, row.visitor]).toEqual([SEEN_AT, SEEN_AT + 2, VISITOR]);
  });

  it('keeps each click id once, by the newest visit that shows it', () => {
    const row = foldOne(clickOf('one', SEEN_AT), clickOf('two', SEEN_AT + 5), clickOf('one', SEEN_AT + 3));
    expect(partsOf(row)).toEqual([`click-two-${SEEN_AT + 5}`, `click-one-${SEEN_AT + 3}`]);
  });

  it('keeps the ten newest click ids, and none that is 30 days older than the newest visit', () => {
    const clicks = Array.from({ length: 12 }, (_, index) => clickOf(`c${index}`, SEEN_AT + index));
    const row = foldOne(clicks[0]!, ...clicks.slice(1));
    expect(partsOf(row)).toEqual(Array.from({ length: 10 }, (_, index) => `click-c${11 - index}-${SEEN_AT + 11 - index}`));
    expect(
      partsOf(evolveVisitor(row, visit({ eventId: 'z', occurredAt: SEEN_AT + 31 * DAY_MS, personalFields: ['ip', 'url'] }), 20)),
    ).toEqual(['z']);
  });

  it('takes no browser’s clock that is ahead of the arrival', () => {
    const row = foldOne(visit({ occurredAt: SEEN_AT + DAY_MS, receivedAt: SEEN_AT }));
    expect([row.lastSeenAt, row.parts[0]?.at, row.consents[0]?.at]).toEqual([SEEN_AT, SEEN_AT, SEEN_AT]);
  });

  it('keeps every answer, and of what visits found in force the first and the last time', () => {
    const answered = visit({
      eventId: 'no',
      type: 'ConsentChanged',
      occurredAt: SEEN_AT + 5,
      consent: 'denied',
      sealedPersonal: null,
      personalFields: [],
    });
    const row = foldOne(
      ...([0, 1, 2, 3].map((ms) => visit({ eventId: `v${ms}`, occurredAt: SEEN_AT + ms })) as [NamedVisit, ...NamedVisit[]]),
      answered,
      visit({ eventId: 'who-knows', occurredAt: SEEN_AT + 6, consent: 'unknown' }),
    );
    expect(row.consents.map(({ eventId, answer, isAnswer }) => [eventId, answer, isAnswer])).toEqual([
      ['no', 'denied', true],
      ['v3', 'granted', false],
      ['v0', 'granted', false],
    ]);
  });

  it('is the very same row after a record that came twice', () => {
    const twice = clickOf('one', SEEN_AT);
    const row = foldOne(twice, visit({ occurredAt: SEEN_AT + 1 }));
    expect(evolveVisitor(row, twice, 9)).toBe(row);
  });

  it('has the version of the newest visit that changed it', () => {
    const row = foldOne(visit({ eventId: 'a' }), visit({ eventId: 'b', occurredAt: SEEN_AT + 1 }));
    expect([row.version, evolveVisitor(row, visit({ eventId: 'b', occurredAt: SEEN_AT + 1 }), 3).version]).toEqual([2, 2]);
  });
});

const someVisit: fc.Arbitrary<NamedVisit> = fc
  .record({
    id: fc.nat(12),
    minutes: fc.nat(40 * 24 * 60),
    mark: fc.option(fc.nat(13), { nil: null }),
    ttp: fc.boolean(),
    consent: fc.constantFrom<'granted' | 'denied' | 'unknown'>('granted', 'denied', 'unknown'),
    isAnswer: fc.boolean(),
    delay: fc.nat(3),
    web: fc.nat(2),
  })
  .map(({ id, minutes, mark, ttp, consent, isAnswer, delay, web }) =>
    visit({
      eventId: `e${id}`,
      occurredAt: SEEN_AT + minutes * 60_000,
      receivedAt: SEEN_AT + minutes * 60_000 + delay - 1,
      connectionId: `web-${web}`,
      type: isAnswer ? 'ConsentChanged' : 'PageViewed',
      consent,
      clickMark: mark === null ? null : `m${mark}`,
      personalFields: ['ip', ...(mark === null ? [] : ['ttclid']), ...(ttp ? ['ttp'] : []), 'url'],
      sealedPersonal: Buffer.from(`${id} ${minutes} ${mark} ${ttp} ${delay}`),
    }),
  );
const content = (row: VisitorRow | undefined): object => ({ ...row, version: 0 });

describe('whatever visits came', () => {
  it('their order and repeats do not matter', () => {
    const shuffled = fc
      .array(someVisit, { minLength: 1, maxLength: 40 })
      .chain((visits) => fc.tuple(fc.constant(visits), fc.shuffledSubarray([...visits, ...visits], { minLength: 2 * visits.length })));
    fc.assert(
      fc.property(shuffled, ([visits, again]) => {
        expect(content(fold(again))).toEqual(content(fold(visits)));
      }),
      { numRuns: 300, seed: 20_261_121 },
    );
  });

  it('a row of earlier visits takes later ones as if it had met all', () => {
    fc.assert(
      fc.property(fc.array(someVisit, { minLength: 2, maxLength: 30 }), fc.nat(29), (visits, cut) => {
        const before = fold(visits.slice(0, Math.max(1, Math.min(cut, visits.length))));
        expect(content(fold(visits, before))).toEqual(content(fold(visits)));
      }),
      { numRuns: 200, seed: 20_261_121 },
    );
  });

  it('a row stays small', () => {
    fc.assert(
      fc.property(fc.array(someVisit, { minLength: 60, maxLength: 80 }), (visits) => {
        const row = fold(visits);
        expect(row?.parts.length).toBeLessThanOrEqual(15);
        expect(row?.consents.length).toBeLessThanOrEqual(20);
      }),
      { numRuns: 50, seed: 20_261_121 },
    );
  });
});
