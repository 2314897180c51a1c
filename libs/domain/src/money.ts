import { Decimal } from 'decimal.js';
import type { DecimalText } from './order.events.js';

/** Enough digits that sums of any shop's amounts are exact; never written with an exponent. */
const Exact = Decimal.clone({ precision: 80, toExpNeg: -1000, toExpPos: 1000, rounding: Decimal.ROUND_HALF_UP });
/** Decimals kept of a price per unit: finer than any currency, coarse enough to read. */
const UNIT_PRICE_DECIMALS = 6;
const DECIMAL_TEXT = /^-?\d{1,30}(\.\d{1,30})?$/;

/** Whether the text is a plain decimal (`-5000`, `10.00`): no exponent, no `+`, no thousands separator, at most 30 digits each side. */
export const isDecimalText = (text: string): boolean => DECIMAL_TEXT.test(text);

function exact(text: DecimalText): Decimal {
  if (!isDecimalText(text)) throw new RangeError(`"${text.slice(0, 40)}" is not a plain decimal number`);
  return new Exact(text);
}

/** Decimals never write a negative zero. */
const written = (amount: Decimal): DecimalText => (amount.isZero() ? '0' : amount.toFixed());

/** The one way to write an amount: `"10.00"` and `"010"` → `"10"`, `"-0"` → `"0"`. */
export const canonicalDecimal = (text: DecimalText): DecimalText => written(exact(text));

/** Exact sum; `"0"` of nothing. */
export function sumDecimals(amounts: readonly DecimalText[]): DecimalText {
  return written(amounts.reduce((sum, amount) => sum.plus(exact(amount)), new Exact(0)));
}

/** `from` less each of the others, exactly. */
export function subtractDecimals(from: DecimalText, ...amounts: readonly DecimalText[]): DecimalText {
  return written(amounts.reduce((rest, amount) => rest.minus(exact(amount)), exact(from)));
}

/** The product, rounded half up to `decimals`. */
export const multiplyDecimals = (a: DecimalText, b: DecimalText, decimals: number): DecimalText =>
  written(exact(a).times(exact(b)).toDecimalPlaces(decimals));

/** Negative, zero or positive, as `a` is smaller than, equal to or greater than `b`. */
export const compareDecimals = (a: DecimalText, b: DecimalText): number => exact(a).comparedTo(exact(b));

/** The amount, or `"0"` when it is below zero. */
export const atLeastZero = (amount: DecimalText): DecimalText => (compareDecimals(amount, '0') < 0 ? '0' : canonicalDecimal(amount));

/** What one unit costs, rounded half up to 6 decimals. */
export interface UnitPrice {
  /** Whole pieces, ≥ 1: a fraction counts as a piece begun (1.5 kg → 2). */
  readonly quantity: number;
  /** Line total / `quantity`, so that price × quantity is the line's total. */
  readonly unitPrice: DecimalText;
}

/** Splits a line's total into whole pieces and a price per piece; null when the quantity is zero or negative. */
export function unitPriceOf(lineTotal: DecimalText, quantity: DecimalText): UnitPrice | null {
  const pieces = exact(quantity).ceil();
  if (pieces.lessThan(1)) return null;
  return { quantity: pieces.toNumber(), unitPrice: written(exact(lineTotal).dividedBy(pieces).toDecimalPlaces(UNIT_PRICE_DECIMALS)) };
}

/** The smaller of two amounts. */
export const smallerOf = (a: DecimalText, b: DecimalText): DecimalText => canonicalDecimal(compareDecimals(a, b) <= 0 ? a : b);

const DECIMALS: readonly (readonly [decimals: number, currencies: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
];
const DECIMALS_OF = new Map(DECIMALS.flatMap(([decimals, codes]) => codes.split(' ').map((code) => [code, decimals] as const)));

/** How many decimals a currency's smallest unit has. @see ISO 4217, list one (read 2026-11-21) */
export const currencyDecimals = (currency: string): number => DECIMALS_OF.get(currency) ?? 2;

/** The number that a vendor's JSON wants; exact up to 15 significant digits. Only ever the last step: never calculate with it. */
export const toJsonNumber = (text: DecimalText): number => exact(text).toNumber();
