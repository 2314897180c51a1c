import { createHash } from 'node:crypto';
import {
  asSubjectId,
  UNKNOWN_BUYER,
  type BuyerBackground,
  type DeliveryIntent,
  type ProfileId,
  type ReasonCode,
  type ShownPurchase,
  type VisitorEvidence,
} from '@tributary/domain';
import { conforms } from '../../../../../test/simulators/tiktok/request-schema.js';
import { address, intent, NOW, PAID_AT, personal, settingsOf, source } from '../purchase.builder.js';
import { tiktokDestination } from '../tiktok.destination.js';
import { tiktokRequestSchema, type TiktokEvent } from '../tiktok.schema.js';

const HOUR_MS = 3_600_000;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const seen = (fields: Partial<VisitorEvidence> = {}): VisitorEvidence => ({
  clickIds: [{ ttclid: 'E.C.P.visit', at: PAID_AT - HOUR_MS }],
  ttp: 'ttp-of-the-visit',
  ip: '198.51.100.7',
  userAgent: 'Browser of the visit',
  url: 'https://shop.example/checkout/?key=wc_order_k3y&step=2',
  locale: 'es-CL',
  ...fields,
});
const visitorWith = (fields: Partial<VisitorEvidence> = {}): BuyerBackground => ({
  ...UNKNOWN_BUYER,
  visitor: { visitor: asSubjectId('s-3'), version: 7, consents: [], evidence: seen(fields) },
});
const profile: NonNullable<BuyerBackground['profile']> = {
  profileId: 'p-1' as ProfileId,
  version: 4,
  emails: [sha256('maria.perez@example.com'), sha256('maria@work.example')],
  phones: [sha256('+56900000000')],
  externalIds: [sha256('visitor-of-the-phone')],
  customers: [{ shopConnectionId: 'shop', customerId: '77' }],
  clickIds: [{ ttclid: 'E.C.P.person', at: PAID_AT - HOUR_MS }],
};

function eventOf(fields: Partial<DeliveryIntent>): TiktokEvent {
  const { body } = tiktokDestination.toRequest([intent(fields)], 'live', settingsOf(), { accessToken: 't' }, 'https://vendor.example');
  expect(conforms(JSON.parse(body), '')).toBeNull();
  const [event] = tiktokRequestSchema.parse(JSON.parse(body)).data;
  if (event === undefined) throw new Error('the request has no event');
  return event;
}
const withheld = (fields: Partial<DeliveryIntent>, nowMs = NOW): ReasonCode | null => {
  if (tiktokDestination.holdBack === undefined) throw new Error('the destination holds nothing back');
  const hold = tiktokDestination.holdBack(intent(fields), settingsOf(), nowMs);
  expect(hold?.kind ?? 'suppress').toBe('suppress');
  return hold?.reason ?? null;
};
const bare = personal({ ttclid: '', ttp: '', customerIp: '192.168.0.9', customerUserAgent: '', attribution: {} });

describe('what identity adds', () => {
  it('the visitor’s click, cookie, language and page; address and browser where the order has none of its own', () => {
    const { user, page } = eventOf({ personal: bare, background: visitorWith() });
    expect(user).toMatchObject({
      ttclid: 'E.C.P.visit',
      ttp: 'ttp-of-the-visit',
      ip: '198.51.100.7',
      user_agent: 'Browser of the visit',
      locale: 'es-CL',
    });
    expect(page).toEqual({ url: 'https://shop.example/checkout/?step=2' });
  });

  it('nothing in the place of what the order has', () => {
    const { user } = eventOf({ personal: personal({ ttclid: 'own' }), background: visitorWith() });
    expect(user).toMatchObject({ ttclid: 'own', ttp: 'ttp-cookie', ip: '203.0.113.9', user_agent: 'Mozilla/5.0 (X11; Linux x86_64)' });
  });

  it('the person’s further mails, phones and devices, each hashed, the order’s first and none twice', () => {
    const { user } = eventOf({ background: { ...UNKNOWN_BUYER, profile } });
    expect(user?.email).toEqual([sha256('maria.perez@example.com'), sha256('maria@work.example')]);
    expect(user?.phone).toEqual([sha256('+56987654321'), sha256('+56900000000')]);
    expect(user?.external_id).toEqual([sha256('visitor-ABC'), sha256('shop:77'), sha256('visitor-of-the-phone')]);
    expect(user?.ttclid).toBe('E.C.P.person');
  });

  it('no more than five of a kind', () => {
    const many = Array.from({ length: 9 }, (_, index) => sha256(String(index)));
    const { user } = eventOf({ background: { ...UNKNOWN_BUYER, profile: { ...profile, emails: many, externalIds: many } } });
    expect([user?.email, user?.external_id].map((values) => values?.length)).toEqual([5, 5]);
  });

  it('nothing of a browser to a renewal', () => {
    const { user, page } = eventOf({ isRenewal: true, personal: bare, background: visitorWith() });
    for (const key of ['ip', 'user_agent', 'ttp', 'locale', 'ttclid']) expect(user).not.toHaveProperty(key);
    expect(page).toEqual({ url: 'https://shop.example/' });
  });

  it('nothing about whoever was erased', () => {
    expect(eventOf({ personal: null, background: { ...visitorWith(), profile } })).not.toHaveProperty('user');
  });

  it('nothing else to a buyer without traces', () => {
    expect(eventOf({ personal: personal({ billing: address() }), background: UNKNOWN_BUYER }).user?.email).toBe(
      sha256('maria.perez@example.com'),
    );
  });

  it('is written down: versions, whose consent, which click', () => {
    expect(
      tiktokDestination.identityOf?.(intent({ personal: bare, consent: 'granted', background: { ...visitorWith(), profile } })),
    ).toEqual({
      consent: 'granted',
      consentFrom: 'order',
      visitorVersion: 7,
      profileId: 'p-1',
      profileVersion: 4,
      clickFrom: 'visitor',
    });
    expect(tiktokDestination.identityOf?.(intent({ personal: bare }))).toEqual({
      consent: 'none',
      consentFrom: 'shop',
      visitorVersion: null,
      profileId: null,
      profileVersion: null,
      clickFrom: null,
    });
  });
});

describe('Browser Purchase shown at order time and the payment three days later → one counted (the server’s is suppressed)', () => {
  const shown = (fields: Partial<ShownPurchase> = {}): BuyerBackground => ({
    ...UNKNOWN_BUYER,
    shown: [{ pixelCode: 'PIXEL1', eventName: 'Purchase', at: NOW - 72 * HOUR_MS, ...fields }],
  });
  it('three days', () => expect(withheld({ background: shown() })).toBe('browser-counted'));
  it('just over 47 hours', () => expect(withheld({ background: shown({ at: NOW - 47 * HOUR_MS - 1 }) })).toBe('browser-counted'));
  it('within 47 hours TikTok merges the two', () => expect(withheld({ background: shown({ at: NOW - 47 * HOUR_MS }) })).toBeNull());
  it('on a page that did not say which pixel, and which event', () => {
    expect(withheld({ background: shown({ pixelCode: null, eventName: null }) })).toBe('browser-counted');
  });
  it.each([
    ['another pixel', { pixelCode: 'PIXEL2' }],
    ['another event', { eventName: 'InitiateCheckout' }],
  ])('not when it was %s', (_what, fields) => expect(withheld({ background: shown(fields) })).toBeNull());
  it('not an upsell, which the browser did not show', () => expect(withheld({ revision: 'bump:12', background: shown() })).toBeNull());
});

describe('what is queued is withheld', () => {
  const consents = (answer: 'granted' | 'denied', at: number): BuyerBackground => {
    const background = visitorWith();
    return {
      ...background,
      visitor: background.visitor && { ...background.visitor, consents: [{ at, eventId: 'e', answer, isAnswer: true }] },
    };
  };
  it.each<[ReasonCode | null, string, Partial<DeliveryIntent>]>([
    ['consent-denied', 'the buyer said no after the order', { consent: 'granted', background: consents('denied', NOW) }],
    ['consent-denied', 'a visit before the order said no', { background: consents('denied', PAID_AT - HOUR_MS) }],
    ['consent-missing', 'nobody said yes', { source: { ...source, isConsentRequired: true } }],
    [
      'consent-missing',
      'the yes came after the order',
      { source: { ...source, isConsentRequired: true }, background: consents('granted', NOW) },
    ],
    ['base-not-sent', 'an upsell’s Purchase was not sent', { revision: 'bump:12', isBaseSent: false }],
    [
      null,
      'not when a visit before the order said yes',
      { source: { ...source, isConsentRequired: true }, background: consents('granted', PAID_AT - HOUR_MS) },
    ],
    [null, 'not when nobody has to say anything', {}],
  ])('%s: %s', (reason, _what, fields) => expect(withheld(fields)).toBe(reason));
});
