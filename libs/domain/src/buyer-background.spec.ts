import { clickOf, consentOf, UNKNOWN_BUYER, visitConsentOf, type BuyerBackground, type ConsentUsed } from './buyer-background.js';
import { asSubjectId, type ProfileId } from './ids.js';
import type { VisitorConsent } from './identity/visitor.events.js';
import type { VisitEvent } from './visit.events.js';

const ORDERED_AT = Date.parse('2026-11-20T10:00:00Z');
const DAY_MS = 86_400_000;
const said = (answer: VisitorConsent['answer'], afterMs: number): VisitorConsent => ({
  at: ORDERED_AT + afterMs,
  eventId: `e${afterMs}`,
  answer,
  isAnswer: true,
});

describe('consent', () => {
  const used = (consent: string | null, visits: readonly VisitorConsent[], isRequired = true): ConsentUsed =>
    consentOf({ consent, createdAt: ORDERED_AT }, visits, isRequired);

  it.each<[string, ConsentUsed, ConsentUsed]>([
    ['the order’s own yes', used('granted', [said('denied', -1)]), { answer: 'granted', from: 'order', reason: null }],
    ['the order’s own no', used('denied', [said('granted', -1)], false), { answer: 'denied', from: 'order', reason: 'consent-denied' }],
    ['a yes of a visit before it', used(null, [said('granted', -1)]), { answer: 'granted', from: 'visit', reason: null }],
    [
      'a no of a visit before it',
      used('unknown', [said('denied', 0)], false),
      { answer: 'denied', from: 'visit', reason: 'consent-denied' },
    ],
    [
      'the newest of two before it',
      used(null, [said('granted', -1), said('denied', -9)]),
      { answer: 'granted', from: 'visit', reason: null },
    ],
    ['nobody’s word where it is required', used(null, []), { answer: 'none', from: 'shop', reason: 'consent-missing' }],
    ['nobody’s word where it is not', used(null, [], false), { answer: 'none', from: 'shop', reason: null }],
  ])('%s decides', (_what, actual, expected) => expect(actual).toEqual(expected));

  it('a yes after the order makes up for nothing', () => {
    expect(used(null, [said('granted', 1)])).toMatchObject({ answer: 'none', reason: 'consent-missing' });
    expect(used(null, [said('granted', 1), said('denied', -1)])).toMatchObject({ answer: 'denied', reason: 'consent-denied' });
  });

  it('a no after the order withdraws what it said', () => {
    expect(used('granted', [said('denied', 1)], false)).toEqual({ answer: 'denied', from: 'visit', reason: 'consent-denied' });
  });

  it('a no that was itself taken back leaves the order’s word', () => {
    expect(used('granted', [said('granted', 2), said('denied', 1)])).toMatchObject({ answer: 'granted', from: 'order' });
  });
});

describe('consent to a visit', () => {
  const visit = (consent: VisitEvent['consent'], isConsentRequired = false, skewMs = 0) => ({
    consent,
    isConsentRequired,
    occurredAt: ORDERED_AT + skewMs,
    receivedAt: ORDERED_AT,
  });

  it.each<[string, ConsentUsed, ConsentUsed]>([
    ['the visit’s own yes', visitConsentOf(visit('granted', true), [], true), { answer: 'granted', from: 'visit', reason: null }],
    ['the visit’s own no', visitConsentOf(visit('denied'), [], false), { answer: 'denied', from: 'visit', reason: 'consent-denied' }],
    [
      'the shop’s rule of then',
      visitConsentOf(visit('unknown', true), [], false),
      { answer: 'none', from: 'shop', reason: 'consent-missing' },
    ],
    ['the shop’s rule of today', visitConsentOf(visit('unknown'), [], true), { answer: 'none', from: 'shop', reason: 'consent-missing' }],
    ['nobody', visitConsentOf(visit('unknown'), [], false), { answer: 'none', from: 'shop', reason: null }],
    [
      'a yes that came later',
      visitConsentOf(visit('unknown', true), [said('granted', 1)], true),
      { answer: 'none', from: 'shop', reason: 'consent-missing' },
    ],
  ])('%s decides', (_what, actual, expected) => expect(actual).toEqual(expected));

  it('a no after the visit withdraws its yes, also where the browser’s clock is ahead', () => {
    const withdrawn = { answer: 'denied', from: 'visit', reason: 'consent-denied' };
    expect(visitConsentOf(visit('granted'), [said('denied', 1), said('granted', 0)], false)).toEqual(withdrawn);
    expect(visitConsentOf(visit('granted', false, 5_000), [said('denied', 1)], false)).toEqual(withdrawn);
  });

  it('a no before the visit stands until a visit says yes, or it was taken back', () => {
    expect(visitConsentOf(visit('unknown'), [said('denied', -1)], false)).toMatchObject({ reason: 'consent-denied' });
    expect(visitConsentOf(visit('granted'), [said('denied', -1)], false)).toMatchObject({ reason: null });
    expect(visitConsentOf(visit('unknown'), [said('granted', 2), said('denied', -1)], false)).toMatchObject({ reason: null });
  });
});

describe('the click', () => {
  const evidence = { clickIds: [], ttp: '', ip: '', userAgent: '', url: '', locale: '' };
  const background = (visitor: readonly [string, number][], profile: readonly [string, number][] = []): BuyerBackground => ({
    ...UNKNOWN_BUYER,
    visitor: {
      visitor: asSubjectId('s-1'),
      version: 1,
      consents: [],
      evidence: { ...evidence, clickIds: visitor.map(([ttclid, at]) => ({ ttclid, at: ORDERED_AT + at })) },
    },
    profile: {
      profileId: 'p-1' as ProfileId,
      version: 1,
      emails: [],
      phones: [],
      externalIds: [],
      customers: [],
      clickIds: profile.map(([ttclid, at]) => ({ ttclid, at: ORDERED_AT + at })),
    },
  });
  const used = (own: string, landing: string | null, from: BuyerBackground, isRenewal = false) => {
    const click = clickOf({ ttclid: own, sessionEntryTtclid: landing }, ORDERED_AT, isRenewal, from);
    return click === null ? null : `${click.from}: ${click.ttclid}`;
  };

  it('kept with the order comes first', () => expect(used('own', 'landing', background([['v', -1]]))).toBe('order: own'));
  it('is else the newest that the visitor had before it', () => {
    const clicks: [string, number][] = [
      ['later', 1],
      ['v', -1],
      ['old', -9],
    ];
    expect(used('', 'landing', background(clicks))).toBe('visitor: v');
  });
  it('of the visitor is at most 30 days old', () => {
    expect(used('', 'landing', background([['v', -30 * DAY_MS]]))).toBe('session-entry: landing');
  });
  it('is else the person’s, else the landing page’s, else none', () => {
    expect(used('', 'landing', background([], [['p', -1]]))).toBe('profile: p');
    expect(used('', 'landing', UNKNOWN_BUYER)).toBe('session-entry: landing');
    expect(used('', null, UNKNOWN_BUYER)).toBeNull();
  });
  it('of a renewal is the one that it inherited', () => {
    expect(used('inherited', 'landing', background([['v', -1]]), true)).toBe('order: inherited');
    expect(used('', 'landing', background([['v', -1]]), true)).toBe('session-entry: landing');
    expect(used('', null, background([['v', -1]]), true)).toBeNull();
  });
});
