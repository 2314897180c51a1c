import { createHash } from 'node:crypto';
import type { IdentifierFlags } from './assertion.events.js';
import type { ConnectionId, SubjectId } from './ids.js';
import { sha256Of, type PersonIdentifier } from './person-identifiers.js';

/** Version of everything in this file that an assertion carries; a change of a list or a rule is a new one. */
export const IDENTIFIER_RULES_VERSION = 2;

/** What is the merchant's own, and so nobody's who buys: staff write it on orders that they take by phone. */
export interface MerchantOwn {
  /** Registrable domains, in lower case; of mail addresses. */
  readonly domains: readonly string[];
  /** Of mail addresses and phones of those who run the shop: known without the values, so a hashed one is recognised as well. */
  readonly subjects: readonly SubjectId[];
}

/** An identifier that was shown, in clear: never leaves the process so. */
export interface ShownIdentifier {
  readonly kind: 'email' | 'phone' | 'customer' | 'visitor';
  /** As the vault looks it up (`SubjectRef.normalised`). */
  readonly lookup: string;
  /** Normalised; empty when it came hashed. */
  readonly value: string;
  /** SHA-256 hex of the normalised value. */
  readonly sha256: string;
  /** Of a customer id: the shop that gave it; empty for all others. */
  readonly shopConnectionId: string;
  readonly flags: IdentifierFlags;
}

/** What scripts, forms and tests write where an id belongs. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  '0,-1,null,none,nan,undefined,true,false,anonymous,guest,unknown,void,id,email,user,distinct_id,distinctid,not_authenticated,[object object],abc123'.split(
    ',',
  ),
);
const EXAMPLE_MAIL = /@(?:[^@]+\.)?(?:example\.[a-z]+|test\.[^@]+)$|^test@/;
const NOBODYS_MAIL = /^(?:no-?e?mail|no-?reply|do-?not-?reply)(?:\+[^@]*)?@/;
/** A function of a company, in the languages of the first shops. */
const ROLE_MAIL =
  /^(?:admin|administracion|administrator|billing|compras|contact|contacto|contato|facturacion|finance|hello|help|hola|info|kontakt|mail|marketing|office|orders|pagos|pedidos|postmaster|recepcion|root|sales|service|shop|soporte|support|team|tienda|vendas|ventas|webmaster)(?:\+[^@]*)?@/;
const MIN_PHONE_DIGITS = 7;
const ASCENDING = '01234567890123456789';

/** A placeholder, quoted or not, or nothing but zeros and dashes. */
export function isPlaceholder(text: string): boolean {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^(["'])(.*)\1$/u, '$2')
    .trim();
  return bare === '' || PLACEHOLDERS.has(bare) || /^[0-]+$/.test(bare);
}

function blockedEmail(email: string): string | null {
  const local = email.slice(0, email.indexOf('@'));
  if (isPlaceholder(local)) return 'placeholder';
  if (EXAMPLE_MAIL.test(email)) return 'test-address';
  return NOBODYS_MAIL.test(email) ? 'nobodys-address' : null;
}

function blockedPhone(phone: string): string | null {
  const digits = phone.replace(/\D/g, '');
  if (digits.length < MIN_PHONE_DIGITS) return 'too-short';
  // The country code stands in front of what somebody typed.
  const typed = digits.slice(-MIN_PHONE_DIGITS);
  if (/^(\d)\1+$/.test(typed)) return 'repeated-digit';
  return ASCENDING.includes(typed) ? 'ascending-digits' : null;
}

/** Whether the mail's domain is one of these, or below one. */
const isOfDomain = (email: string, domains: readonly string[]): boolean => {
  const domain = email.slice(email.lastIndexOf('@') + 1);
  return domains.some((own) => domain === own || domain.endsWith(`.${own}`));
};

const NO_FLAGS: IdentifierFlags = { blocked: null, isMerchantOwn: false, isRoleAddress: false, isHashOnly: false };

function shown(kind: 'email' | 'phone', identifier: PersonIdentifier, flagsOf: (value: string) => IdentifierFlags): ShownIdentifier {
  const sha256 = sha256Of(identifier);
  return identifier.kind === 'hashed'
    ? { kind, lookup: sha256, value: '', sha256, shopConnectionId: '', flags: { ...NO_FLAGS, isHashOnly: true } }
    : { kind, lookup: sha256, value: identifier.value, sha256, shopConnectionId: '', flags: flagsOf(identifier.value) };
}

/** A normalised mail address; `ownDomains` are the merchant's, in lower case. */
export const shownEmail = (identifier: PersonIdentifier, ownDomains: readonly string[]): ShownIdentifier =>
  shown('email', identifier, (email) => ({
    blocked: blockedEmail(email),
    isMerchantOwn: isOfDomain(email, ownDomains),
    isRoleAddress: ROLE_MAIL.test(email),
    isHashOnly: false,
  }));

/** A normalised phone. */
export const shownPhone = (identifier: PersonIdentifier): ShownIdentifier =>
  shown('phone', identifier, (phone) => ({ ...NO_FLAGS, blocked: blockedPhone(phone) }));

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const flagsOfId = (id: string): IdentifierFlags => (isPlaceholder(id) ? { ...NO_FLAGS, blocked: 'placeholder' } : NO_FLAGS);

/** A visitor id as the cookie has it. */
export const shownVisitor = (id: string): ShownIdentifier => ({
  kind: 'visitor',
  lookup: id,
  value: id,
  sha256: sha256(id),
  shopConnectionId: '',
  flags: flagsOfId(id),
});

/** A shop's customer id; it is one person's in that shop only. */
export const shownCustomer = (shop: ConnectionId, id: string): ShownIdentifier => ({
  kind: 'customer',
  lookup: `${shop}:${id}`,
  value: id,
  sha256: sha256(id),
  shopConnectionId: shop,
  flags: flagsOfId(id),
});

/** What an order says about who bought it. */
export interface OrderNames {
  readonly connectionId: ConnectionId;
  readonly contacts: { readonly email: PersonIdentifier | null; readonly phone: PersonIdentifier | null };
  readonly customerId: string | null;
  readonly visitorId: string | null;
  /** As frozen at checkout; a denial keeps the visitor apart from the buyer. */
  readonly consent: string | null;
}

/** The identifiers that an order shows together, sorted by kind; empty when there are fewer than two. */
export function shownByOrder(
  { connectionId, contacts, customerId, visitorId, consent }: OrderNames,
  ownDomains: readonly string[],
): readonly ShownIdentifier[] {
  const identifiers = [
    customerId === null ? null : shownCustomer(connectionId, customerId),
    contacts.email === null ? null : shownEmail(contacts.email, ownDomains),
    contacts.phone === null ? null : shownPhone(contacts.phone),
    visitorId === null || consent === 'denied' ? null : shownVisitor(visitorId),
  ].filter((shown) => shown !== null);
  return identifiers.length < 2 ? [] : identifiers;
}
