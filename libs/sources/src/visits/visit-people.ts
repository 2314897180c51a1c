import {
  normaliseEmail,
  normalisePhone,
  shownCustomer,
  shownEmail,
  shownPhone,
  type PersonIdentifier,
  type ShownIdentifier,
} from '@tributary/domain';
import type { JsonObject } from '../woocommerce/body-reader.js';
import type { FirstProblem } from './visit-fields.js';
import type { VisitConnection } from './visit-connection.js';

/** Whom an identify call or a registration names. */
export interface ShownPeople {
  readonly email: ShownIdentifier | null;
  readonly phone: ShownIdentifier | null;
  readonly customer: ShownIdentifier | null;
  /** Fields that were given and are no usable value. */
  readonly ignored: readonly string[];
}

const SHA256_HEX = /^[0-9a-f]{64}$/i;
const CUSTOMER_ID = /^[1-9]\d{0,18}$/;
const MAX_CHARS = 320;

const givenText = (node: JsonObject, key: string, problem: FirstProblem): string => {
  const value = node[key];
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'string' && value.length <= MAX_CHARS && value.isWellFormed()) return value.replaceAll('\0', '').trim();
  problem.add(`${key} is not a text`);
  return '';
};

function identifierOf(
  node: JsonObject,
  name: 'email' | 'phone',
  normalise: (text: string) => PersonIdentifier | null,
  ignored: string[],
  problem: FirstProblem,
): PersonIdentifier | null {
  const clear = givenText(node, name, problem);
  const hashed = givenText(node, `${name}_sha256`, problem);
  const identifier = clear === '' ? null : normalise(clear);
  if (clear !== '' && identifier === null) ignored.push(name);
  if (identifier !== null || hashed === '') return identifier;
  if (SHA256_HEX.test(hashed)) return { kind: 'hashed', sha256: hashed.toLowerCase() };
  ignored.push(`${name}_sha256`);
  return null;
}

/** Reads `email`, `email_sha256`, `phone`, `phone_sha256` and `customerId`; a value in clear wins over a hash. */
export function peopleIn(node: JsonObject, connection: VisitConnection, problem: FirstProblem): ShownPeople {
  const ignored: string[] = [];
  const email = identifierOf(node, 'email', normaliseEmail, ignored, problem);
  const phone = identifierOf(node, 'phone', (text) => normalisePhone(text, connection.countries), ignored, problem);
  const customerId = givenText(node, 'customerId', problem);
  const isCustomer = CUSTOMER_ID.test(customerId);
  if (customerId !== '' && !isCustomer) ignored.push('customerId');
  return {
    email: email === null ? null : shownEmail(email, connection.own.domains),
    phone: phone === null ? null : shownPhone(phone),
    customer: isCustomer ? shownCustomer(connection.shopConnectionId, customerId) : null,
    ignored,
  };
}
