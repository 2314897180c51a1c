import { canonicalDecimal, isDecimalText } from './money.js';
import type { PersonalAddress } from './order.events.js';

// What goes into hashes that are kept for ever. Literals list their keys in code-unit order: JSON.stringify writes them as they stand.

/** Compile-time proof that a canonical form names every field. */
export type Canonical<T> = { readonly [K in keyof Required<T>]: unknown };

/** What canonicalDecimal would return unchanged: spares most amounts the big numbers. */
const CANONICAL = /^(?:0|-?[1-9]\d{0,29}(?:\.\d{0,29}[1-9])?)$/;

/** One spelling per number (`10.00` and `10` are equal); what is no number stays as it is. */
export function decimal(text: string): string {
  if (CANONICAL.test(text) || !isDecimalText(text)) return text;
  return text.endsWith('.00') && CANONICAL.test(text.slice(0, -3)) ? text.slice(0, -3) : canonicalDecimal(text);
}

export const canonicalAddress = (address: PersonalAddress): Canonical<PersonalAddress> => ({
  address1: address.address1,
  address2: address.address2,
  city: address.city,
  company: address.company,
  country: address.country,
  email: address.email,
  firstName: address.firstName,
  lastName: address.lastName,
  phone: address.phone,
  postcode: address.postcode,
  state: address.state,
});
