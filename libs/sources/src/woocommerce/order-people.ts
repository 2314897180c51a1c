import {
  isPublicIp,
  normaliseEmail,
  normaliseExternalId,
  normalisePhone,
  sha256Of,
  type OrderPersonal,
  type PersonalAddress,
  type PersonIdentifier,
} from '@tributary/domain';
import { ttclidOfSessionEntry } from './order-meta.js';

/** Who the order names, in the form under which the vault looks subjects up; null where it names nobody of that kind. */
export interface OrderIdentifiers {
  /** SHA-256 hex of the normalised mail address. */
  readonly email: string | null;
  /** SHA-256 hex of the normalised phone. */
  readonly phone: string | null;
  readonly visitor: string | null;
  readonly customer: string | null;
}

export interface OrderPeople {
  /** The billing mail and phone, normalised: what an assertion says of them. */
  readonly contacts: { readonly email: PersonIdentifier | null; readonly phone: PersonIdentifier | null };
  readonly identifiers: OrderIdentifiers;
  /** Names of the filled and usable personal fields, sorted. */
  readonly personalFields: readonly string[];
}

type Claim = readonly [field: string, isUsable: (personal: OrderPersonal, identifiers: OrderIdentifiers) => boolean];

const ADDRESS_FIELDS = [
  'firstName',
  'lastName',
  'company',
  'address1',
  'address2',
  'city',
  'state',
  'postcode',
  'country',
] as const satisfies readonly (keyof PersonalAddress)[];

const ADDRESS_CLAIMS = ADDRESS_FIELDS.flatMap((field): readonly Claim[] => [
  [`billing.${field}`, ({ billing }) => billing[field] !== ''],
  [`shipping.${field}`, ({ shipping }) => shipping[field] !== ''],
]);

const UNSORTED_CLAIMS: readonly Claim[] = [
  ...ADDRESS_CLAIMS,
  ['billing.email', (_, { email }) => email !== null],
  ['billing.phone', (_, { phone }) => phone !== null],
  ['shipping.phone', ({ shipping }) => shipping.phone !== ''],
  ['visitorId', (_, { visitor }) => visitor !== null],
  ['customerId', (_, { customer }) => customer !== null],
  ['customerIp', ({ customerIp }) => customerIp !== '' && isPublicIp(customerIp)],
  ['customerUserAgent', ({ customerUserAgent }) => customerUserAgent !== ''],
  ['customerNote', ({ customerNote }) => customerNote !== ''],
  ['ttclid', ({ ttclid }) => ttclid !== ''],
  ['ttp', ({ ttp }) => ttp !== ''],
  ['sessionEntryTtclid', ({ attribution }) => ttclidOfSessionEntry(attribution['session_entry']) !== ''],
];

/** Every personal field, in code-unit order. */
const CLAIMS = UNSORTED_CLAIMS.toSorted(([a], [b]) => (a < b ? -1 : 1));

const hashOf = (identifier: PersonIdentifier | null): string | null => (identifier === null ? null : sha256Of(identifier));

/** Scripts write `undefined` or `null` when they have no id: one person for all of them would be wrong. */
const usableId = (text: string): string | null => (normaliseExternalId(text) === null ? null : text);

/** Finds whom an order names. A phone without country code is read as of the billing country, then of `defaultCountry` (ISO alpha-2). */
export function peopleOf(personal: OrderPersonal, defaultCountry: string | null): OrderPeople {
  const { billing } = personal;
  const contacts = {
    email: billing.email === '' ? null : normaliseEmail(billing.email),
    phone: billing.phone === '' ? null : normalisePhone(billing.phone, [billing.country, defaultCountry]),
  };
  const identifiers = {
    email: hashOf(contacts.email),
    phone: hashOf(contacts.phone),
    visitor: usableId(personal.visitorId),
    customer: usableId(personal.customerId),
  };
  const personalFields: string[] = [];
  for (const [field, isUsable] of CLAIMS) {
    if (isUsable(personal, identifiers)) personalFields.push(field);
  }
  return { contacts, identifiers, personalFields };
}
