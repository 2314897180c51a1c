import { isPublicIp, normaliseEmail, normalisePhone, sha256Of, type OrderPersonal, type PersonalAddress, type PersonIdentifier } from '@tributary/domain';
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
  readonly identifiers: OrderIdentifiers;
  /** Names of the filled and usable personal fields, sorted. */
  readonly personalFields: readonly string[];
}

/** In code-unit order, without mail and phone. */
const BILLING_FIELDS_AROUND_MAIL = {
  before: ['address1', 'address2', 'city', 'company', 'country'],
  between: ['firstName', 'lastName'],
  after: ['postcode', 'state'],
} as const satisfies Record<string, readonly (keyof PersonalAddress)[]>;
const SHIPPING_FIELDS = [
  'address1',
  'address2',
  'city',
  'company',
  'country',
  'firstName',
  'lastName',
  'phone',
  'postcode',
  'state',
] as const satisfies readonly (keyof PersonalAddress)[];
const TRAILING_FIELDS = ['ttclid', 'ttp', 'visitorId'] as const satisfies readonly (keyof OrderPersonal)[];
