import { productIdsOf, shippingWeightKg, toKilograms } from './product-weight.js';

describe('toKilograms', () => {
  it.each([
    ['0.52', 'kg', '0.52'],
    ['250', 'g', '0.25'],
    ['1', 'lbs', '0.453592'],
    ['2.5', 'lbs', '1.133981'],
    ['1', 'oz', '0.02835'],
    ['16', 'oz', '0.453592'],
    ['0.1', 'g', '0.0001'],
  ])('%s %s are %s kg', (weight, unit, kilograms) => {
    expect(toKilograms(weight, unit)).toBe(kilograms);
  });

  it.each([
    ['', 'kg'],
    ['0', 'kg'],
    ['0.000', 'kg'],
    ['-1', 'kg'],
    ['1,5', 'kg'],
    ['1', ''],
    ['1', 'stone'],
    ['1', 'constructor'],
  ])('%p in %p says nothing', (weight, unit) => {
    expect(toKilograms(weight, unit)).toBeNull();
  });
});

describe('shippingWeightKg', () => {
  const product = (weight: string, isVirtual = false) => ({ weight, weightUnit: 'kg', isVirtual });

  it('is the variation’s own', () => expect(shippingWeightKg(product('0.25'), product('0.5'))).toBe('0.25'));
  it('is the parent’s where the variation has none', () => expect(shippingWeightKg(product(''), product('0.5'))).toBe('0.5'));
  it('is the parent’s where the variation was never read', () => expect(shippingWeightKg(undefined, product('0.5'))).toBe('0.5'));
  it('is that of a product of its own', () => expect(shippingWeightKg(product('2'), undefined)).toBe('2'));
  it('is nothing for what is not shipped', () => expect(shippingWeightKg(product('1', true), product('0.5'))).toBeNull());
  it('is nothing where nobody said', () => {
    expect(shippingWeightKg(product(''), undefined)).toBeNull();
    expect(shippingWeightKg(undefined, undefined)).toBeNull();
  });
});

it('the products of an order are variations and their parents, each once; a deleted product has no id', () => {
  const line = (productId: string, variationId = '0') => ({ productId, variationId });
  expect(productIdsOf([line('14', '15'), line('11'), line('14', '16'), line('0'), line('11')])).toEqual(['15', '14', '11', '16']);
});
