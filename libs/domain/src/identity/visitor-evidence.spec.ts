import type { VisitPersonal } from '../visit.events.js';
import { consentAt, newestClickBefore, readVisitorEvidence, type OpenedPart } from './visitor-evidence.js';
import type { VisitorConsent } from './visitor.events.js';

const DAY_MS = 86_400_000;
const NOW = 1_795_275_600_000;
const NOTHING: VisitPersonal = {
  url: '',
  referrer: '',
  ip: '',
  userAgent: '',
  locale: '',
  ttclid: '',
  ttclidAt: null,
  ttp: '',
  searchText: '',
  email: '',
  emailSha256: '',
  phone: '',
  phoneSha256: '',
  customerId: '',
  visitorId: '',
  properties: {},
};
const part = (at: number, personal: Partial<VisitPersonal> | null): OpenedPart => ({
  eventId: `visit-${at}`,
  at,
  personal: personal === null ? null : { ...NOTHING, ...personal },
});

it('is the newest of each field, whatever else a part holds', () => {
  const parts = [
    part(NOW, { ip: '203.0.113.9', url: 'https://shop.example/b' }),
    part(NOW - 1, { ip: '203.0.113.8', ttp: 'p', locale: 'es-CL' }),
  ];
  expect(readVisitorEvidence(parts)).toEqual({
    clickIds: [],
    ttp: 'p',
    ip: '203.0.113.9',
    userAgent: '',
    url: 'https://shop.example/b',
    locale: 'es-CL',
  });
});

it('has each click id once, from when the browser first had it', () => {
  const parts = [
    part(NOW, { ttclid: 'new' }),
    part(NOW - 10, { ttclid: 'old', ttclidAt: NOW - 5_000 }),
    part(NOW - 20, { ttclid: 'old', ttclidAt: NOW - 4_000 }),
    part(NOW - 30, { ttclid: 'new', ttclidAt: NOW + 9 }),
  ];
  expect(readVisitorEvidence(parts).clickIds).toEqual([
    { ttclid: 'new', at: NOW - 30 },
    { ttclid: 'old', at: NOW - 5_000 },
  ]);
});

it('goes on without parts whose key is gone', () => {
  expect(readVisitorEvidence([part(NOW, null), part(NOW - 1, { ip: '203.0.113.8' })]).ip).toBe('203.0.113.8');
});

describe('the click id of an order', () => {
  const clickIds = [
    { ttclid: 'after', at: NOW + 1 },
    { ttclid: 'last', at: NOW },
    { ttclid: 'first', at: NOW - DAY_MS },
  ];

  it('is the newest one that the visitor had before it', () => {
    expect(newestClickBefore(clickIds, NOW)?.ttclid).toBe('last');
    expect(newestClickBefore(clickIds, NOW - 1)?.ttclid).toBe('first');
  });

  it('is none that was 30 days old', () => {
    expect(newestClickBefore([{ ttclid: 'last', at: NOW }], NOW + 30 * DAY_MS - 1)?.ttclid).toBe('last');
    expect(newestClickBefore([{ ttclid: 'last', at: NOW }], NOW + 30 * DAY_MS)).toBeNull();
  });
});

it('the consent at a moment is the newest answer before it', () => {
  const consents: VisitorConsent[] = [
    { at: NOW, eventId: 'b', answer: 'denied', isAnswer: true },
    { at: NOW - 10, eventId: 'a', answer: 'granted', isAnswer: true },
  ];
  expect([consentAt(consents, NOW), consentAt(consents, NOW - 1), consentAt(consents, NOW - 11)]).toEqual(['denied', 'granted', null]);
});
