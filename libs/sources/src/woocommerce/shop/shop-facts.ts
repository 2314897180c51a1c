import { z } from 'zod';
import { isJsonObject, objectOf, textOf } from '../body-reader.js';

/** A shop has a few; a list that is longer is no list of staff. */
export const MAX_STAFF = 200;
const WEIGHT_UNITS = ['kg', 'g', 'lbs', 'oz'] as const;

/** As WooCommerce knows them. */
export const weightUnitSchema = z.enum(WEIGHT_UNITS, `weightUnit takes ${WEIGHT_UNITS.join(', ')}`);

/** What a shop says about itself; null where it does not say, or not so that it can be read. */
export const shopFactsSchema = z.strictObject({
  /** ISO 3166 alpha-2. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .nullable(),
  /** ISO 4217; orders may be in another one. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .nullable(),
  /** Decimals of every amount in webhooks, whatever the currency. */
  currencyDecimals: z.int().min(0).max(8).nullable(),
  /** IANA name, or an offset such as `-03:00`. */
  timeZone: z
    .string()
    .regex(/^(?:[A-Za-z][A-Za-z0-9_+/-]{1,63}|[+-]\d\d:\d\d)$/)
    .nullable(),
  /** Of product weights. */
  weightUnit: weightUnitSchema.nullable(),
  /** Subject ids of the mail addresses and phones of those who run the shop; sorted. */
  staff: z.array(z.uuid()).max(MAX_STAFF).default([]),
});

export type ShopFacts = z.infer<typeof shopFactsSchema>;
/** Without what only the vault can say. */
export type SaidFacts = Omit<ShopFacts, 'staff'>;

const MINUTES_PER_HOUR = 60;
const two = (value: number): string => String(value).padStart(2, '0');

/** `gmt_offset` is hours with halves and quarters; a named zone is better, because it knows summer time. */
function timeZoneOf(index: unknown): string | null {
  const { timezone_string: name, gmt_offset: offset } = objectOf(index);
  if (textOf(name) !== '') return textOf(name);
  const minutes = Math.round(Number(textOf(offset)) * MINUTES_PER_HOUR);
  if (textOf(offset) === '' || Number.isNaN(minutes)) return null;
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / MINUTES_PER_HOUR))}:${two(size % MINUTES_PER_HOUR)}`;
}

/** Settings of a group by their id. */
export const valuesOf = (rows: readonly unknown[]): ReadonlyMap<string, string> =>
  new Map(rows.filter(isJsonObject).map((row) => [textOf(row['id']), textOf(row['value'])]));

const decimalsOf = (text: string | undefined): number | null => (text !== undefined && /^\d$/.test(text) ? Number(text) : null);

export interface ShopAnswers {
  /** Rows of `/settings/general`. */
  readonly general: readonly unknown[];
  /** Body of `/settings/products/woocommerce_weight_unit`; null: not answered. */
  readonly weightUnit: unknown;
  /** Body of the REST index; null: not answered. */
  readonly index: unknown;
}

/**
 * What a shop's settings say. A value that cannot be read is null and spoils no other.
 * @see https://woocommerce.github.io/woocommerce-rest-api-docs/#settings (read 2026-11-21): the country is `CL:CL-RM`, country and state
 */
export function readShopFacts({ general, weightUnit, index }: ShopAnswers): SaidFacts {
  const values = valuesOf(general);
  const said = {
    country: (values.get('woocommerce_default_country') ?? '').split(':')[0] ?? '',
    currency: values.get('woocommerce_currency') ?? '',
    currencyDecimals: decimalsOf(values.get('woocommerce_price_num_decimals')),
    timeZone: timeZoneOf(index),
    weightUnit: textOf(objectOf(weightUnit)['value']),
  };
  const { shape } = shopFactsSchema;
  const readable = <Name extends keyof SaidFacts>(name: Name): SaidFacts[Name] => {
    const read = shape[name].safeParse(said[name]);
    return (read.success ? read.data : null) as SaidFacts[Name];
  };
  return {
    country: readable('country'),
    currency: readable('currency'),
    currencyDecimals: readable('currencyDecimals'),
    timeZone: readable('timeZone'),
    weightUnit: readable('weightUnit'),
  };
}

export const areFactsEqual = (one: ShopFacts | undefined, other: ShopFacts): boolean =>
  one !== undefined &&
  Object.keys(shopFactsSchema.shape).every((name) => String(one[name as keyof ShopFacts]) === String(other[name as keyof ShopFacts]));
