import {
  asConnectionId,
  asSubjectId,
  asTenantId,
  type DestinationContext,
  type SourceContext,
  type VisitEvent,
  type VisitPersonal,
} from '@tributary/domain';
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
  properties: {},
};

function eventOf(event: VisitEvent, eventName: string, opened: VisitPersonal | null = personal): TiktokEvent | undefined {
  const intent = { tenant: { tenantId: event.tenantId, defaultCountry: 'CL' }, eventName, visit: event, personal: opened };
  const { body } = visitRequest([intent], 'live', ads().settings, { accessToken: 'token' }, 'https://vendor.example');
  return tiktokRequestSchema.parse(JSON.parse(body)).data[0];
}

describe('the request', () => {
  it('has the browser’s id, what the visit carries, and addresses without what names a person', () => {
    expect(eventOf(visit('ProductViewed'), 'ViewContent')).toEqual({
      event: 'ViewContent',
      event_time: Math.floor((NOW - 1_500) / 1_000),
      event_id: '0198f3c2-7d1e-7000-8000-000000000001',
      user: {
        email: 'a'.repeat(64),
        phone: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
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
