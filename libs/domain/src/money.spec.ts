import fc from 'fast-check';
import {
  atLeastZero,
  canonicalDecimal,
  compareDecimals,
  isDecimalText,
  subtractDecimals,
  sumDecimals,
  toJsonNumber,
  unitPriceOf,
} from './money.js';

/** Hundredths as the shop writes them. */
const amount = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
const written = (hundredths: bigint): string => {
  const digits = (hundredths < 0n ? -hundredths : hundredths).toString().padStart(3, '0');
  return `${hundredths < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

describe('decimal text', () => {
  it.each(['0', '-5000', '10.00', '38563', '0.000001'])('%s is a decimal', (text) => expect(isDecimalText(text)).toBe(true));
  it.each(['', ' 1', '1e3', '+1', '1,000.00', '.5', '5.', 'NaN', 'Infinity', '--1', '١'])('%j is none', (text) =>
    expect(isDecimalText(text)).toBe(false),
  );

  it.each([
    ['10.00', '10'],
    ['010', '10'],
    ['-0.00', '0'],
    ['1.50', '1.5'],
    ['0.0000000001', '0.0000000001'],
    ['100000000000000000000000', '100000000000000000000000'],
  ])('%s is written %s', (text, expected) => expect(canonicalDecimal(text)).toBe(expected));

  it('names the text that is no decimal', () => expect(() => canonicalDecimal('1e3')).toThrow('"1e3" is not a plain decimal number'));
});

describe('arithmetic', () => {
  it('adds what floats cannot', () => expect(sumDecimals(['0.1', '0.2'])).toBe('0.3'));
  it('sums nothing to zero', () => expect(sumDecimals([])).toBe('0'));
  it('subtracts several', () => expect(subtractDecimals('38967.00', '5.00', '2969.77')).toBe('35992.23'));
  it('compares by value, not by text', () => expect(compareDecimals('10.0', '9')).toBeGreaterThan(0));
  it.each([
    ['-0.01', '0'],
    ['0.00', '0'],
    ['3.10', '3.1'],
  ])('%s is at least %s', (text, expected) => expect(atLeastZero(text)).toBe(expected));

  it('agrees with whole numbers of cents for any amounts', () => {
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 20 }), (amounts) => {
        const total = amounts.reduce((sum, each) => sum + each, 0n);
        expect(sumDecimals(amounts.map(written))).toBe(canonicalDecimal(written(total)));
      }),
    );
  });

  it('takes back what it added', () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        expect(subtractDecimals(sumDecimals([written(a), written(b)]), written(b))).toBe(canonicalDecimal(written(a)));
      }),
    );
  });
});

describe('unit prices', () => {
  it.each([
    ['36000', '2', { quantity: 2, unitPrice: '18000' }],
    ['10', '3', { quantity: 3, unitPrice: '3.333333' }],
    ['20', '3', { quantity: 3, unitPrice: '6.666667' }],
    ['15.00', '1.5', { quantity: 2, unitPrice: '7.5' }],
    ['2.00', '0.25', { quantity: 1, unitPrice: '2' }],
    ['0.00', '2', { quantity: 2, unitPrice: '0' }],
  ])('%s for %s is %j', (total, quantity, expected) => expect(unitPriceOf(total, quantity)).toEqual(expected));

  it.each(['0', '-1', '-0.5'])('%s pieces have no price', (quantity) => expect(unitPriceOf('5', quantity)).toBeNull());
});

it.each([
  ['38563', 38563],
  ['10.00', 10],
  ['1234567.89', 1234567.89],
  ['-0', 0],
])('%s becomes the JSON number %d', (text, expected) => expect(JSON.stringify(toJsonNumber(text))).toBe(JSON.stringify(expected)));
