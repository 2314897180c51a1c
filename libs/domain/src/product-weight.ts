import type { ProductContent } from './catalog.events.js';
import { compareDecimals, isDecimalText, multiplyDecimals } from './money.js';
import type { DecimalText, OrderLine } from './order.events.js';

/**
 * What one of a shop's units weighs in kilograms: exact since the international yard and pound agreement of 1959.
 * @see https://woocommerce.com/document/woocommerce-settings/products (weight unit: kg, g, lbs, oz), read 2026-11-21
 */
const KILOGRAMS: ReadonlyMap<string, DecimalText> = new Map([
  ['kg', '1'],
  ['g', '0.001'],
  ['lbs', '0.45359237'],
  ['oz', '0.028349523125'],
]);

/** Milligrams: finer than any scale of a courier. */
const KILOGRAM_DECIMALS = 6;

/** A weight in kilograms, rounded half up to 6 decimals; null when it says nothing (empty, zero or less, no number, an unknown unit). */
export function toKilograms(weight: string, unit: string): DecimalText | null {
  const factor = KILOGRAMS.get(unit);
  if (factor === undefined || !isDecimalText(weight) || compareDecimals(weight, '0') <= 0) return null;
  return multiplyDecimals(weight, factor, KILOGRAM_DECIMALS);
}

type Weighed = Pick<ProductContent, 'weight' | 'weightUnit' | 'isVirtual'>;

/**
 * What one piece of an order line weighs, in kilograms: its variation's own weight, else its parent's. Null when nothing is shipped
 * (virtual) or nobody said. A deleted product weighs what it last did.
 */
export function shippingWeightKg(product: Weighed | undefined, parent: Weighed | undefined): DecimalText | null {
  const sold = product ?? parent;
  if (sold === undefined || sold.isVirtual) return null;
  return toKilograms(sold.weight, sold.weightUnit) ?? (parent === undefined ? null : toKilograms(parent.weight, parent.weightUnit));
}

/** The products and variations of an order whose weights count, each once, in the lines' order; a deleted product has no id any more. */
export function productIdsOf(lines: readonly Partial<Pick<OrderLine, 'productId' | 'variationId'>>[]): readonly string[] {
  const ids = new Set(lines.flatMap(({ productId = '0', variationId = '0' }) => [variationId, productId]));
  ids.delete('0');
  return [...ids];
}
