import { areFactsEqual, readShopFacts, type ShopAnswers } from './shop-facts.js';

const setting = (id: string, value: unknown): object => ({ id, value });
const answers = (changes: Partial<ShopAnswers> = {}): ShopAnswers => ({
  general: [
    setting('woocommerce_default_country', 'CL:CL-RM'),
    setting('woocommerce_currency', 'CLP'),
    setting('woocommerce_price_num_decimals', '0'),
  ],
  weightUnit: setting('woocommerce_weight_unit', 'lbs'),
  index: { timezone_string: 'America/Santiago', gmt_offset: -3 },
  ...changes,
});

describe('what a shop says about itself', () => {
  it('is its country without the state, currency and decimals, time zone and weight unit', () => {
    expect(readShopFacts(answers())).toEqual({
      country: 'CL',
      currency: 'CLP',
      currencyDecimals: 0,
      timeZone: 'America/Santiago',
      weightUnit: 'lbs',
    });
  });

  it('is a country alone where there are no states', () => {
    expect(readShopFacts(answers({ general: [setting('woocommerce_default_country', 'DE')] }))).toMatchObject({
      country: 'DE',
      currency: null,
      currencyDecimals: null,
    });
  });

  it.each([
    [-3, '-03:00'],
    ['5.75', '+05:45'],
    [0, '+00:00'],
    [-9.5, '-09:30'],
  ])('is an offset of %s where the zone has no name', (offset, zone) => {
    expect(readShopFacts(answers({ index: { timezone_string: '', gmt_offset: offset } })).timeZone).toBe(zone);
  });

  it('is nothing where it cannot be read, and one unreadable value spoils no other', () => {
    const general = [setting('woocommerce_default_country', { odd: true }), setting('woocommerce_currency', 'USD'), 'not a row'];
    expect(readShopFacts({ general, weightUnit: null, index: null })).toEqual({
      country: null,
      currency: 'USD',
      currencyDecimals: null,
      timeZone: null,
      weightUnit: null,
    });
    expect(readShopFacts(answers({ index: { timezone_string: '<b>' } })).timeZone).toBeNull();
  });
});

it('tells equal facts from others', () => {
  const facts = { ...readShopFacts(answers()), staff: ['a', 'b'] };
  expect(areFactsEqual({ ...facts }, facts)).toBe(true);
  expect(areFactsEqual({ ...facts, country: 'DE' }, facts)).toBe(false);
  expect(areFactsEqual({ ...facts, staff: ['a', 'c'] }, facts)).toBe(false);
  expect(areFactsEqual({ ...facts, staff: ['a', 'b'] }, facts)).toBe(true);
  expect(areFactsEqual(undefined, facts)).toBe(false);
});
