import { hash } from 'node:crypto';
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { isSupportedCountry, parseIncompletePhoneNumber, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';

/** A value in the one written form under which everybody looks it up: clear, or hashed by whoever gave it to us. */
export type PersonIdentifier = { readonly kind: 'clear'; readonly value: string } | { readonly kind: 'hashed'; readonly sha256: string };

const SHA256_HEX = /^[0-9a-f]{64}$/i;
/** What scripts write when they have nothing: the words, not a value. */
const NOTHING_IN_WORDS: ReadonlySet<string> = new Set(['', 'undefined', 'null']);

/** Trims, lets hashes through in lower case and drops what is blank; the rest is written by `form`, which may refuse with null. */
function normalised(text: string, form: (trimmed: string) => string | null): PersonIdentifier | null {
  const trimmed = text.trim();
  if (NOTHING_IN_WORDS.has(trimmed.toLowerCase())) return null;
  if (SHA256_HEX.test(trimmed)) return { kind: 'hashed', sha256: trimmed.toLowerCase() };
  const value = form(trimmed);
  return value === null || NOTHING_IN_WORDS.has(value.toLowerCase()) ? null : { kind: 'clear', value };
}

/**
 * Mail address: trimmed, lower-case; dots and `+suffix` stay. Null without text on both sides of an `@`.
 * @see https://business-api.tiktok.com/portal/docs (Events API, advanced matching), read 2026-11-21
 */
export function normaliseEmail(text: string): PersonIdentifier | null {
  return normalised(text, (trimmed) => (/[^@]@[^@]/.test(trimmed) ? trimmed.toLowerCase() : null));
}

/**
 * Phone in E.164 **with** the `+`, without extension. Null when it is no valid number of the country.
 *
 * `countries` in order of preference (billing country, then the tenant's default; ISO 3166 alpha-2): the first that names a known
 * country is used. A number that is not valid but international as written (`+` and 7–15 digits) stays as it is.
 * @see https://business-api.tiktok.com/portal/docs (Events API, advanced matching), read 2026-11-21
 */
export function normalisePhone(text: string, countries: readonly (string | null)[]): PersonIdentifier | null {
  return normalised(text, (trimmed) => {
    const country = countries.map((code) => code?.trim().toUpperCase() ?? '').find((code): code is CountryCode => isSupportedCountry(code));
    const parsed = parsePhoneNumberFromString(trimmed, country);
    if (parsed?.isValid() === true) return parsed.number;
    return internationalAsWritten(trimmed);
  });
}

/** `+` and 7–15 digits in front of any extension, else null. */
function internationalAsWritten(text: string): string | null {
  if (!/^[+＋]/.test(text)) return null;
  const [numberPart = ''] = text.replace('＋', '+').split(/[\p{L};,#]/u);
  const number = parseIncompletePhoneNumber(numberPart);
  return /^\+\d{7,15}$/.test(number) ? number : null;
}

/** First or last name: lower-case, without white space, composed (NFC); diacritics stay. */
export function normaliseName(text: string): PersonIdentifier | null {
  return normalised(text, (trimmed) => trimmed.toLowerCase().replace(/\s+/gu, '').normalize('NFC'));
}

/** Postal code: lower-case, without white space and dashes. */
export function normaliseZip(text: string): PersonIdentifier | null {
  return normalised(text, (trimmed) => trimmed.toLowerCase().replace(/[\s\p{Pd}]+/gu, ''));
}

/** The shop's own id of a person, or a visitor id: trimmed, case kept. Null for a guest (`0`). */
export function normaliseExternalId(text: string): PersonIdentifier | null {
  return normalised(text, (trimmed) => (trimmed === '0' ? null : trimmed));
}

/** SHA-256 of a normalised value as lower-case hex; what came hashed is not hashed again. */
export function sha256Of(identifier: PersonIdentifier): string {
  return identifier.kind === 'hashed' ? identifier.sha256 : hash('sha256', identifier.value, 'hex');
}

/** Not reachable from the Internet. Documentation ranges (203.0.113.0/24 and the like) count as public: examples use them. */
const NON_PUBLIC_IPV4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  NON_PUBLIC_IPV4.addSubnet(network, prefix, 'ipv4');
}

/** IANA gives out addresses of 2000::/3 only; loopback, link-local, unique-local and multicast lie outside. */
const GLOBAL_UNICAST_IPV6 = new BlockList();
GLOBAL_UNICAST_IPV6.addSubnet('2000::', 3, 'ipv6');

/**
 * A public IPv4 or IPv6 address in plain form (an IPv4 address mapped into IPv6 is unwrapped), else null.
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry, read 2026-11-21
 */
export function publicIpOf(text: string): string | null {
  const address = unwrapIpv4(text.trim().toLowerCase());
  if (isIPv4(address)) return NON_PUBLIC_IPV4.check(address, 'ipv4') ? null : address;
  if (!isIPv6(address) || address.includes('%')) return null;
  return GLOBAL_UNICAST_IPV6.check(address, 'ipv6') ? address : null;
}

/** Whether the text is a public IPv4 or IPv6 address. */
export const isPublicIp = (text: string): boolean => publicIpOf(text) !== null;

function unwrapIpv4(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address;
  const canonical = new URL(`http://[${address}]`).hostname;
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(canonical);
  if (mapped === null) return address;
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
