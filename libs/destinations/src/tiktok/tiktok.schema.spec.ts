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
      purchase: {
        when: 'paid',
        byPaymentMethod: {},
        value: 'total',
        renewals: 'purchase',
        eventId: 'wc_order_{orderId}',
        excludeCreatedVia: ['admin'],
        currency: 'order',
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
    ['another currency', { ...minimal, purchase: { currency: 'USD' } }, 'purchase.currency'],
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
