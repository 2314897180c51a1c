import { eventIdNamesConnection, TIKTOK_CURRENCIES, tiktokExample, tiktokSecretsSchema, tiktokSettingsSchema } from './tiktok.schema.js';

const minimal = { pixelCode: 'C0PIXEL' };
const problemsOf = (settings: object): string[] =>
  tiktokSettingsSchema.safeParse(settings).error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];

describe('settings', () => {
  it('fill every default', () => {
    expect(tiktokSettingsSchema.parse(minimal)).toEqual({
      sources: null,
      pixelCode: 'C0PIXEL',
      mode: 'live',
      testEventCode: null,
      sendFrom: null,
      maxEventAgeDays: 7,
      limitedDataUse: [],
      events: {
        Pageview: false,
        ViewContent: true,
        AddToCart: true,
        InitiateCheckout: true,
        AddPaymentInfo: true,
        Search: true,
        CompleteRegistration: true,
        Lead: true,
        Subscribe: true,
        custom: {},
      },
      purchase: {
        when: 'paid',
        byPaymentMethod: {},
        value: 'total',
        renewals: 'purchase',
        eventId: 'wc_order_{orderId}',
        excludeCreatedVia: ['admin', 'import'],
        currency: 'order',
        rates: {},
        contentId: 'sku',
        contentIdPrefix: '',
      },
    });
  });

  it('read what they wrote', () => {
    const settings = tiktokSettingsSchema.parse(tiktokExample.settings);
    expect(tiktokSettingsSchema.parse(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  });

  it('keep sendFrom in UTC', () => {
    expect(tiktokSettingsSchema.parse({ ...minimal, sendFrom: '2026-11-01T01:00:00-03:00' }).sendFrom).toBe('2026-11-01T04:00:00.000Z');
  });

  it.each<[string, object, string]>([
    ['an unknown field', { ...minimal, pixelcode: 'x' }, 'pixelcode'],
    ['an unknown field of purchase', { ...minimal, purchase: { whn: 'paid' } }, 'purchase: Unrecognized key: "whn"'],
    ['a secret', { ...minimal, accessToken: 't' }, 'accessToken'],
    ['no pixel', {}, 'pixelCode'],
    ['test mode without its code', { ...minimal, mode: 'test' }, 'testEventCode: mode: test needs'],
    ['an age over 28 days', { ...minimal, maxEventAgeDays: 29 }, 'maxEventAgeDays'],
    [
      'a payment method with an unknown rule',
      { ...minimal, purchase: { byPaymentMethod: { cod: 'shipped' } } },
      'purchase.byPaymentMethod.cod',
    ],
    [
      'an event id without an order',
      { ...minimal, purchase: { eventId: 'wc_{connection}' } },
      'purchase.eventId: must contain {orderId} or {orderNumber}',
    ],
    [
      'an event id with an unknown placeholder',
      { ...minimal, purchase: { eventId: '{orderId}{total}' } },
      'purchase.eventId: only {orderId}',
    ],
    ['an event id with an open brace', { ...minimal, purchase: { eventId: '{orderId}{' } }, 'purchase.eventId: only {orderId}'],
    ['a moment without offset', { ...minimal, sendFrom: '2026-11-01T00:00:00' }, 'sendFrom'],
    ['no source at all', { ...minimal, sources: [] }, 'sources'],
    ['a currency that is no choice', { ...minimal, purchase: { currency: 'USD' } }, 'purchase.currency: is order, or convert:'],
    ['a currency that TikTok does not take', { ...minimal, purchase: { currency: 'convert:BYN' } }, 'purchase.currency: is order, or'],
    [
      'a rate of nothing',
      { ...minimal, purchase: { currency: 'convert:USD', rates: { CLP: { rate: '0', date: '2026-11-20' } } } },
      'purchase.rates.CLP.rate: is a plain decimal number above zero',
    ],
    [
      'a rate with an exponent',
      { ...minimal, purchase: { currency: 'convert:USD', rates: { CLP: { rate: 1.2e-7, date: '2026-11-20' } } } },
      'purchase.rates.CLP.rate: is a plain decimal number above zero',
    ],
    [
      'a rate without its day',
      { ...minimal, purchase: { currency: 'convert:USD', rates: { CLP: { rate: '0.001' } } } },
      'purchase.rates.CLP.date',
    ],
    ['a state that is none', { ...minimal, limitedDataUse: ['XX'] }, 'limitedDataUse.0'],
    ['an id of a product that is no choice', { ...minimal, purchase: { contentId: 'ean' } }, 'purchase.contentId'],
    ['a prefix with a space', { ...minimal, purchase: { contentIdPrefix: 'my shop' } }, 'purchase.contentIdPrefix'],
  ])('refuse %s', (_what, settings, problem) => {
    expect(problemsOf(settings).join('\n')).toContain(problem);
  });

  it('tell whether two shops may share the pixel', () => {
    expect(eventIdNamesConnection(tiktokSettingsSchema.parse(minimal))).toBe(false);
    expect(eventIdNamesConnection(tiktokSettingsSchema.parse({ ...minimal, purchase: { eventId: '{connection}_{orderId}' } }))).toBe(true);
  });
});

describe('secrets', () => {
  it('are the token alone', () => expect(tiktokSecretsSchema.parse(tiktokExample.secrets)).toEqual(tiktokExample.secrets));
  it.each(['', 'with space', 'line\nbreak'])('refuse the token %j', (accessToken) => {
    expect(tiktokSecretsSchema.safeParse({ accessToken }).success).toBe(false);
  });
});

it('knows the 62 currencies', () => {
  expect(TIKTOK_CURRENCIES.size).toBe(62);
  expect([...TIKTOK_CURRENCIES].every((code) => /^[A-Z]{3}$/.test(code))).toBe(true);
});
