import { createHash } from 'node:crypto';
import {
  asConnectionId,
  asSubjectId,
  asTenantId,
  UNKNOWN_VISITOR,
  type DestinationContext,
  type KnownProfile,
  type ProfileId,
  type SourceContext,
  type VisitEvent,
  type VisitIntent,
  type VisitPersonal,
} from '@tributary/domain';
import { conforms } from '../../../../test/simulators/tiktok/request-schema.js';
import { tiktokDestination } from './tiktok.destination.js';
import { tiktokRequestSchema, tiktokSettingsSchema, type TiktokEvent, type TiktokSettings } from './tiktok.schema.js';
import { planVisit } from './visit.plan.js';
import { visitRequest } from './visit.request.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const DAY_MS = 86_400_000;

const visit = (type: VisitEvent['type'], overrides: object = {}): VisitEvent =>
  ({
    type,
    eventId: '0198f3c2-7d1e-7000-8000-000000000001',
    tenantId: asTenantId('acme'),
    connectionId: asConnectionId('web'),
    occurredAt: NOW - 1_500,
    receivedAt: NOW,
    source: 'browser',
    shopConnectionId: asConnectionId('shop'),
    visitor: asSubjectId('subject-1'),
    consent: 'unknown',
    isConsentRequired: false,
    pageHost: 'shop.example',
    pagePath: '/cafe',
    personalFields: ['ip', 'searchText', 'url'],
    sealedUnder: asSubjectId('subject-1'),
    sealedPersonal: Buffer.from('sealed'),
    contentType: null,
    contents: [{ contentId: 'SKU-1', name: 'Café', category: '', brand: '', price: '12990', quantity: null }],
    value: null,
    currency: 'CLP',
    ...overrides,
  }) as unknown as VisitEvent;

const source = (isConsentRequired = false): SourceContext => ({
  connectionId: asConnectionId('shop'),
  storeUrl: 'https://shop.example',
  country: 'CL',
  isConsentRequired,
});

const ads = (settings: object = {}, overrides: Partial<DestinationContext<TiktokSettings>> = {}): DestinationContext<TiktokSettings> => ({
  connectionId: asConnectionId('ads'),
  version: 1,
  activatedAt: NOW - 30 * DAY_MS,
  configuredAt: NOW - DAY_MS / 2,
  settings: tiktokSettingsSchema.parse({ pixelCode: 'PIXEL1', ...settings }),
  ...overrides,
});

describe('a visit becomes', () => {
  it.each([
    ['ProductViewed', {}, 'ViewContent'],
    ['CartItemAdded', {}, 'AddToCart'],
    ['CheckoutStarted', {}, 'InitiateCheckout'],
    ['PaymentInfoAdded', { contents: [] }, 'AddPaymentInfo'],
    ['Searched', { contents: [] }, 'Search'],
    ['Registered', {}, 'CompleteRegistration'],
    ['CustomVisitEvent', { name: 'lead' }, 'Lead'],
    ['CustomVisitEvent', { name: 'subscribe' }, 'Subscribe'],
  ] as const)('%s %j → %s', (type, overrides, eventName) => {
    expect(planVisit(visit(type, overrides), source(), ads(), NOW)).toEqual({ eventName });
  });

  it('what the settings map the page’s own name to', () => {
    const settings = { events: { custom: { newsletter: 'Subscribe', lead: 'Contact' } } };
    expect(planVisit(visit('CustomVisitEvent', { name: 'newsletter' }), source(), ads(settings), NOW)).toEqual({ eventName: 'Subscribe' });
    expect(planVisit(visit('CustomVisitEvent', { name: 'lead' }), source(), ads(settings), NOW)).toEqual({ eventName: 'Contact' });
  });

  it('nothing when the settings switch it off, as page views are unless they are switched on', () => {
    const off = { eventName: null, reason: 'event-off' };
    expect(planVisit(visit('PageViewed'), source(), ads(), NOW)).toEqual(off);
    expect(planVisit(visit('ProductViewed'), source(), ads({ events: { ViewContent: false } }), NOW)).toEqual(off);
    expect(planVisit(visit('CustomVisitEvent', { name: 'constructor' }), source(), ads(), NOW)).toEqual(off);
    expect(planVisit(visit('PageViewed'), source(), ads({ events: { Pageview: true } }), NOW)).toEqual({ eventName: 'Pageview' });
  });

  it.each(['PurchaseShown', 'ConsentChanged'] as const)('nothing that is worth counting: %s', (type) => {
    expect(planVisit(visit(type), source(), ads(), NOW)).toEqual({ eventName: null, reason: null });
  });

  it.each<[string, VisitEvent, SourceContext | null, DestinationContext<TiktokSettings>]>([
    ['consent-denied', visit('ProductViewed', { consent: 'denied' }), source(), ads()],
    ['consent-missing', visit('ProductViewed', { isConsentRequired: true }), null, ads()],
    ['consent-missing', visit('ProductViewed'), source(true), ads()],
    ['before-go-live', visit('ProductViewed'), source(), ads({ sendFrom: '2026-11-21T12:00:00Z' })],
    ['before-go-live', visit('ProductViewed'), source(), ads({}, { activatedAt: NOW })],
    ['too-old', visit('ProductViewed', { occurredAt: NOW - 7 * DAY_MS - 1 }), source(), ads()],
    ['in-the-future', visit('ProductViewed', { occurredAt: NOW + 600_001 }), source(), ads()],
    ['test-mode-ended', visit('ProductViewed'), source(), ads({ mode: 'test', testEventCode: 'T1' }, { configuredAt: NOW - DAY_MS })],
    ['incomplete', visit('ProductViewed', { contents: [] }), source(), ads()],
    ['incomplete', visit('Searched', { personalFields: ['ip'] }), source(), ads()],
  ])('nothing: %s', (reason, event, shop, destination) => {
    expect(planVisit(event, shop, destination, NOW)).toEqual({ eventName: null, reason });
  });

  it('an event where consent was given', () => {
    const granted = visit('ProductViewed', { consent: 'granted', isConsentRequired: true });
    expect(planVisit(granted, source(true), ads(), NOW)).toEqual({ eventName: 'ViewContent' });
  });
});

const personal: VisitPersonal = {
  url: 'https://shop.example/cafe?email=maria%40example.com&utm_source=tiktok',
  referrer: 'https://www.tiktok.com/?token=abc#x',
  ip: '203.0.113.9',
  userAgent: 'Mozilla/5.0',
  locale: 'es-CL',
  ttclid: 'E.C.P.click',
  ttclidAt: null,
  ttp: 'ttp-cookie',
  searchText: 'taza maria@example.com azul',
  email: '',
  emailSha256: 'a'.repeat(64),
  phone: '+56987654321',
  phoneSha256: '',
  customerId: '0',
  visitorId: 'tto.1.of-the-browser',
  properties: {},
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const intentOf = (event: VisitEvent, fields: Partial<VisitIntent> = {}): VisitIntent => ({
  tenant: { tenantId: event.tenantId, defaultCountry: 'CL' },
  source: source(),
  eventName: 'ViewContent',
  visit: event,
  personal,
  background: UNKNOWN_VISITOR,
  ...fields,
});

function sent(intent: VisitIntent, settings: object = {}): TiktokEvent | undefined {
  const { body } = visitRequest([intent], 'live', ads(settings).settings, { accessToken: 'token' }, 'https://vendor.example');
  expect(conforms(JSON.parse(body), '')).toBeNull();
  return tiktokRequestSchema.parse(JSON.parse(body)).data[0];
}

const eventOf = (event: VisitEvent, eventName: string, opened: VisitPersonal | null = personal): TiktokEvent | undefined =>
  sent(intentOf(event, { eventName, personal: opened }));

describe('the request', () => {
  it('has the browser’s id, what the visit carries, and addresses without what names a person', () => {
    expect(eventOf(visit('ProductViewed'), 'ViewContent')).toEqual({
      event: 'ViewContent',
      event_time: Math.floor((NOW - 1_500) / 1_000),
      event_id: '0198f3c2-7d1e-7000-8000-000000000001',
      user: {
        email: 'a'.repeat(64),
        phone: sha256('+56987654321'),
        external_id: [sha256('tto.1.of-the-browser')],
        ttclid: 'E.C.P.click',
        ttp: 'ttp-cookie',
        ip: '203.0.113.9',
        user_agent: 'Mozilla/5.0',
        locale: 'es-CL',
      },
      page: { url: 'https://shop.example/cafe?utm_source=tiktok', referrer: 'https://www.tiktok.com/' },
      properties: {
        value: 12_990,
        currency: 'CLP',
        contents: [{ content_id: 'SKU-1', content_name: 'Café', price: 12_990, quantity: 1 }],
        content_type: 'product',
        num_items: 1,
      },
    });
  });

  it('has no user and the plain page when the personal part cannot be opened', () => {
    const event = eventOf(visit('Registered', { contents: [] }), 'CompleteRegistration', null);
    expect(event?.user).toBeUndefined();
    expect(event?.page).toEqual({ url: 'https://shop.example/cafe' });
  });

  it('names the amount of the page before the sum, and no amount in a currency that TikTok does not take', () => {
    const named = eventOf(visit('CartItemAdded', { value: '100.50', currency: 'EUR' }), 'AddToCart');
    expect(named?.properties).toMatchObject({ value: 100.5, currency: 'EUR' });
    const foreign = eventOf(visit('CartItemAdded', { value: '100.50', currency: 'XTS' }), 'AddToCart');
    expect(foreign?.properties).toEqual({
      contents: [{ content_id: 'SKU-1', content_name: 'Café', quantity: 1 }],
      content_type: 'product',
      num_items: 1,
    });
  });

  it('searches without mail addresses, and never for nothing', () => {
    expect(eventOf(visit('Searched', { contents: [] }), 'Search')?.properties).toEqual({ search_string: 'taza azul' });
    expect(eventOf(visit('Searched', { contents: [] }), 'Search', null)?.properties).toEqual({ search_string: '*' });
  });
});

const profile: KnownProfile = {
  profileId: 'p-1' as ProfileId,
  version: 4,
  emails: [sha256('zoe@work.example')],
  phones: [sha256('+56987654321'), sha256('+56900000000')],
  externalIds: [sha256('tto.1.of-the-browser'), sha256('tto.1.of-the-phone')],
  customers: [
    { shopConnectionId: 'shop', customerId: '77' },
    { shopConnectionId: 'outlet', customerId: '0' },
  ],
  clickIds: [],
};
const known = { visitor: { version: 9, consents: [] }, profile };
const bare: VisitPersonal = { ...personal, emailSha256: '', phone: '' };

describe('what identity adds', () => {
  it('the person’s mails, phones, accounts and devices, each hashed, the visit’s own first and none twice', () => {
    const { user } = sent(intentOf(visit('ProductViewed'), { background: known })) ?? {};
    expect(user?.email).toEqual(['a'.repeat(64), sha256('zoe@work.example')]);
    expect(user?.phone).toEqual([sha256('+56987654321'), sha256('+56900000000')]);
    expect(user?.external_id).toEqual([sha256('tto.1.of-the-browser'), sha256('shop:77'), sha256('tto.1.of-the-phone')]);
  });

  it('counts as match keys, and is written down with the consent that it relies on', () => {
    const { visits } = tiktokDestination;
    const alone = intentOf(visit('ProductViewed'), { personal: bare });
    const enriched = intentOf(visit('ProductViewed', { consent: 'granted' }), { personal: bare, background: known });
    expect(visits.matchKeysOf(alone)).toEqual(['external_id', 'ip', 'locale', 'ttclid', 'ttp', 'user_agent']);
    expect(visits.matchKeysOf(enriched)).toEqual(['email', 'external_id', 'ip', 'locale', 'phone', 'ttclid', 'ttp', 'user_agent']);
    expect(visits.matchKeysOf(intentOf(visit('ProductViewed'), { personal: null }))).toEqual([]);
    expect(visits.identityOf(enriched)).toEqual({
      consent: 'granted',
      consentFrom: 'visit',
      visitorVersion: 9,
      profileId: 'p-1',
      profileVersion: 4,
      clickFrom: null,
    });
  });

  it('also a denial since the visit, which stops it', () => {
    const denial = { at: NOW - 1_000, eventId: 'e1', answer: 'denied' as const, isAnswer: true };
    const { visits } = tiktokDestination;
    const { settings } = ads();
    const granted = visit('ProductViewed', { consent: 'granted' });
    expect(visits.holdBack(intentOf(granted, { background: known }), settings, NOW)).toBeNull();
    const withdrawn = { visitor: { version: 9, consents: [denial] }, profile };
    expect(visits.holdBack(intentOf(granted, { background: withdrawn }), settings, NOW)).toEqual({
      kind: 'suppress',
      reason: 'consent-denied',
    });
    expect(visits.holdBack(intentOf(visit('ProductViewed'), { source: source(true) }), settings, NOW)).toEqual({
      kind: 'suppress',
      reason: 'consent-missing',
    });
  });
});

describe('the settings of Purchases hold for visits', () => {
  it('contents bear the catalog’s prefix, once', () => {
    const contents = [
      { contentId: '14', name: '', category: '', brand: '', price: '10', quantity: '1' },
      { contentId: 'gla_15', name: '', category: '', brand: '', price: '10', quantity: '1' },
    ];
    const event = sent(intentOf(visit('ProductViewed', { contents })), { purchase: { contentIdPrefix: 'gla_' } });
    expect(event?.properties?.contents?.map(({ content_id }) => content_id)).toEqual(['gla_14', 'gla_15']);
  });

  it('amounts are converted at the settings’ rate, the sum by the cent', () => {
    const contents = [{ contentId: '14', name: '', category: '', brand: '', price: '12990', quantity: '3' }];
    const purchase = { currency: 'convert:USD', rates: { CLP: { rate: '0.00105', date: '2026-11-20' } } };
    expect(sent(intentOf(visit('CartItemAdded', { contents })), { purchase })?.properties).toMatchObject({
      currency: 'USD',
      value: 40.92,
      contents: [{ price: 13.6395, quantity: 3 }],
    });
    const foreign = visit('CartItemAdded', { contents, currency: 'EUR' });
    expect(sent(intentOf(foreign), { purchase })?.properties).toMatchObject({ currency: 'EUR', value: 38_970 });
  });

  it.each<[string, Partial<VisitIntent>, string[], boolean]>([
    ['a shop in the US', { source: { ...source(), country: 'US' } }, ['CA'], true],
    ['a browser from the US', { personal: { ...personal, locale: 'en-US' } }, ['CA'], true],
    ['a shop that is not, and a browser from elsewhere', {}, ['CA'], false],
    ['settings without states', { source: { ...source(), country: 'US' } }, [], false],
  ])('limited data use: %s', (_what, fields, limitedDataUse, isLimited) => {
    expect(sent(intentOf(visit('ProductViewed'), fields), { limitedDataUse })?.limited_data_use).toBe(isLimited ? true : undefined);
  });
});
