import {
  shopWeightUnit,
  isConsentRequired,
  keepShopFacts,
  woocommerceFileSchema,
  woocommerceSecretsSchema,
  woocommerceSettingsSchema,
} from './woocommerce.schema.js';

const secrets = { webhookToken: 'a-token_of-16-chars', webhookSecret: 's3cret' };
const settingsOf = (more: Record<string, unknown> = {}) => woocommerceSettingsSchema.parse({ storeUrl: 'https://shop.example', ...more });

/** Paths of the problems that a schema finds. */
const problemsOf = (schema: typeof woocommerceSettingsSchema | typeof woocommerceSecretsSchema, value: unknown): string[] =>
  schema.safeParse(value).error?.issues.map(({ path, code }) => path.join('.') || code) ?? [];

describe('WooCommerce settings', () => {
  it('need nothing but the shop’s address', () => {
    expect(settingsOf()).toEqual({
      storeUrl: 'https://shop.example',
      polling: { enabled: true, refreshIntervalSeconds: 60, historyDays: 30, resources: [] },
      webhooks: { manage: true, resources: ['orders'] },
      country: null,
      weightUnit: null,
      consent: { required: 'auto' },
    });
  });

  it('take what the example file says', () => {
    const settings = settingsOf({ polling: { enabled: false, refreshIntervalSeconds: 15 }, country: 'CL', consent: { required: false } });
    expect(settings).toMatchObject({
      polling: { enabled: false, refreshIntervalSeconds: 15 },
      country: 'CL',
      consent: { required: false },
    });
  });

  it('take webhooks of other resources, and none for what WooCommerce does not have', () => {
    expect(settingsOf({ webhooks: { resources: ['orders', 'customers'] } }).webhooks.resources).toEqual(['orders', 'customers']);
    const problems = (resources: string[]) =>
      problemsOf(woocommerceSettingsSchema, { storeUrl: 'https://shop.example', webhooks: { resources } });
    expect(problems(['orders', 'refunds'])).toEqual(['webhooks.resources.1']);
    expect(problems([])).toEqual(['webhooks.resources']);
  });

  it('take lists of plugins to be read, under names and paths that are safe', () => {
    const lists = (...resources: object[]) => ({ storeUrl: 'https://shop.example', polling: { resources } });
    expect(woocommerceSettingsSchema.parse(lists({ name: 'subscriptions', path: '/subscriptions' })).polling.resources).toEqual([
      { name: 'subscriptions', path: '/subscriptions', idField: 'id', everyMinutes: 60 },
    ]);
    const problems = problemsOf(
      woocommerceSettingsSchema,
      lists(
        { name: 'products', path: '/products' },
        { name: 'Sub scriptions', path: '/../users' },
        { name: 'x', path: '/x', everyMinutes: 1 },
      ),
    );
    expect(problems.map((path) => path.replace('polling.resources.', ''))).toEqual(['0.name', '1.name', '1.path', '2.everyMinutes']);
    const twice = { name: 'x', path: '/x' };
    expect(problemsOf(woocommerceSettingsSchema, lists(twice, twice))).toEqual(['polling.resources']);
  });

  it('fill in the other half of a polling section', () => {
    expect(settingsOf({ polling: { enabled: false } }).polling.refreshIntervalSeconds).toBe(60);
  });

  it('keep a folder in the shop’s address and drop the slash behind it', () => {
    expect(settingsOf({ storeUrl: 'http://127.0.0.1:18080/tienda/' }).storeUrl).toBe('http://127.0.0.1:18080/tienda');
  });

  it.each([
    ['storeUrl', { storeUrl: 'shop.example' }],
    ['storeUrl', { storeUrl: 'ftp://shop.example' }],
    ['storeUrl', { storeUrl: 'https://user:secret@shop.example' }],
    ['storeUrl', { storeUrl: 'https://shop.example/?a=b' }],
    ['polling.refreshIntervalSeconds', { polling: { refreshIntervalSeconds: 14 } }],
    ['polling.refreshIntervalSeconds', { polling: { refreshIntervalSeconds: 15.5 } }],
    ['country', { country: 'cl' }],
    ['country', { country: 'Chile' }],
    ['weightUnit', { weightUnit: 'lb' }],
    ['consent.required', { consent: { required: 'maybe' } }],
    ['unrecognized_keys', { currency: 'CLP' }],
    ['polling', { polling: { interval: 5 } }],
  ])('name %s when it is wrong: %j', (path, more) => {
    expect(problemsOf(woocommerceSettingsSchema, { storeUrl: 'https://shop.example', ...more })).toEqual([path]);
  });
});

describe('what the shop said', () => {
  const fromShop = { country: 'CL', currency: 'CLP', currencyDecimals: 0, timeZone: 'America/Santiago', weightUnit: 'kg' };
  const before = settingsOf({ fromShop });

  it('comes after what the settings say: unit of weights', () => {
    expect(shopWeightUnit(settingsOf())).toBeNull();
    expect(shopWeightUnit(before)).toBe('kg');
    expect(shopWeightUnit(settingsOf({ fromShop, weightUnit: 'g' }))).toBe('g');
  });

  it('is nothing that a person may write', () => {
    expect(woocommerceFileSchema.safeParse({ storeUrl: 'https://shop.example', fromShop }).success).toBe(false);
  });

  it('stays with settings about the same shop, and goes with another address', () => {
    expect(keepShopFacts(settingsOf({ country: 'US' }), before)).toEqual(settingsOf({ country: 'US', fromShop }));
    expect(keepShopFacts(settingsOf({ storeUrl: 'https://other.example' }), before)).not.toHaveProperty('fromShop');
    expect(keepShopFacts(settingsOf(), undefined)).toEqual(settingsOf());
  });

  it('gives way to what it says now', () => {
    const now = settingsOf({ fromShop: { ...fromShop, country: 'PE' } });
    expect(keepShopFacts(now, before)).toEqual(now);
  });
});

describe('WooCommerce secrets', () => {
  it('hold webhook secrets as a list', () => {
    expect(woocommerceSecretsSchema.parse(secrets).webhookSecret).toEqual(['s3cret']);
    expect(woocommerceSecretsSchema.parse({ ...secrets, webhookSecret: ['new', 'old'] }).webhookSecret).toEqual(['new', 'old']);
  });

  it('take both REST keys', () => {
    expect(woocommerceSecretsSchema.parse({ ...secrets, consumerKey: 'ck_1', consumerSecret: 'cs_1' })).toMatchObject({
      consumerKey: 'ck_1',
    });
  });

  it.each([
    ['consumerSecret', { consumerKey: 'ck_1' }],
    ['consumerSecret', { consumerSecret: 'cs_1' }],
    ['webhookToken', { webhookToken: 'too-short' }],
    ['webhookToken', { webhookToken: 'with a blank in it' }],
    ['webhookSecret', { webhookSecret: '' }],
    ['webhookSecret', { webhookSecret: [] }],
    ['webhookSecret', { webhookSecret: ['a', 'b', 'c'] }],
    ['webhookSecret.1', { webhookSecret: ['a', ''] }],
    ['unrecognized_keys', { token: 'x' }],
  ])('name %s when it is wrong: %j', (path, more) => {
    expect(problemsOf(woocommerceSecretsSchema, { ...secrets, ...more })).toEqual([path]);
  });
});

describe('isConsentRequired', () => {
  it.each([
    ['DE', true],
    ['IS', true],
    ['GB', true],
    ['CH', true],
    ['RE', true],
    ['CL', false],
    ['US', false],
    ['RS', false],
  ])('is decided by the shop’s country: %s', (country, isRequired) => {
    const decision = isConsentRequired(settingsOf({ country }), 'FR');
    expect(decision.isRequired).toBe(isRequired);
    expect(decision.explanation).toContain(`the shop’s country ${country}`);
  });

  it('believes the shop before the tenant’s default country, and the settings before the shop', () => {
    const fromShop = { country: 'DE', currency: null, currencyDecimals: null, timeZone: null, weightUnit: null };
    expect(isConsentRequired(settingsOf({ fromShop }), 'CL')).toEqual({
      isRequired: true,
      explanation: 'consent is required: the country DE, where the shop says that it is, is in the EEA, the United Kingdom or Switzerland',
    });
    expect(isConsentRequired(settingsOf({ fromShop, country: 'US' }), 'DE').isRequired).toBe(false);
    expect(isConsentRequired(settingsOf({ fromShop: { ...fromShop, country: null } }), 'CL').isRequired).toBe(false);
  });

  it('falls back on the tenant’s default country', () => {
    expect(isConsentRequired(settingsOf(), 'CL')).toEqual({
      isRequired: false,
      explanation: 'consent is not required: the tenant’s default country CL is outside the EEA, the United Kingdom and Switzerland',
    });
  });

  it('is on the safe side when nobody names a country, and says what to do', () => {
    expect(isConsentRequired(settingsOf())).toMatchObject({ isRequired: true, explanation: expect.stringContaining('set country') });
  });

  it.each([true, false])('is what the settings say when they say %s', (required) => {
    const decision = isConsentRequired(settingsOf({ country: 'DE', consent: { required } }));
    expect(decision).toMatchObject({ isRequired: required, explanation: expect.stringContaining('the settings say so') });
  });
});
