import { normaliseEmail, normalisePhone, sha256Of, type PersonIdentifier } from '@tributary/domain';
import { isJsonObject, objectOf, textOf } from '../body-reader.js';
import { MAX_STAFF, valuesOf } from './shop-facts.js';

/** A mail address or phone of somebody who runs the shop, as the vault looks it up: never in clear. */
export interface StaffContact {
  readonly kind: 'email' | 'phone';
  /** SHA-256 hex of the normalised value. */
  readonly normalised: string;
}

export interface StaffReading {
  /** Distinct. */
  readonly contacts: readonly StaffContact[];
  /** Every question was answered: who is not among them is staff no more. */
  readonly isWhole: boolean;
}

/** Rows of the shop's answers; null: not answered, or not so that it can be read. */
export interface StaffAnswers {
  /** `/customers?role=administrator`. */
  readonly administrators: readonly unknown[] | null;
  /** `/customers?role=shop_manager`. */
  readonly managers: readonly unknown[] | null;
  /** `/settings/email`. */
  readonly mails: readonly unknown[] | null;
  /** `/settings/email_new_order`. */
  readonly orderMails: readonly unknown[] | null;
}

/**
 * Who runs the shop: its administrators and managers, the address that it writes from and those that it tells of orders. The site's own
 * `admin_email` is in no answer of WooCommerce's API; mostly it is an administrator's.
 * @see https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-customers, #settings (read 2026-11-21)
 */
export function readStaff(answers: StaffAnswers, countries: readonly (string | null)[]): StaffReading {
  const { administrators, managers, mails, orderMails } = answers;
  const people = [...(administrators ?? []), ...(managers ?? [])].filter(isJsonObject);
  const from = valuesOf(mails ?? []).get('woocommerce_email_from_address') ?? '';
  const recipients = (valuesOf(orderMails ?? []).get('recipient') ?? '').split(/[,;\s]+/);
  const found = new Map<string, StaffContact>();
  const add = (kind: StaffContact['kind'], identifier: PersonIdentifier | null): void => {
    if (identifier === null) return;
    const normalised = sha256Of(identifier);
    found.set(`${kind} ${normalised}`, { kind, normalised });
  };
  for (const person of people) {
    const billing = objectOf(person['billing']);
    for (const email of [person['email'], billing['email']]) add('email', normaliseEmail(textOf(email)));
    add('phone', normalisePhone(textOf(billing['phone']), [textOf(billing['country']), ...countries]));
  }
  for (const email of [from, ...recipients]) add('email', normaliseEmail(email));
  const isWhole = [administrators, managers, mails, orderMails].every((rows) => rows !== null);
  return { contacts: [...found.values()].slice(0, MAX_STAFF), isWhole };
}

/** Subject ids of the staff after an asking; one that was not answered whole takes nobody away. */
export const staffAfter = (known: readonly string[], found: readonly string[], isWhole: boolean): string[] =>
  [...new Set(isWhole ? found : [...known, ...found])].toSorted().slice(0, MAX_STAFF);
