import { createHash } from 'node:crypto';
import { normaliseEmail, normaliseExternalId, normaliseName, normalisePhone, normaliseZip, type PersonIdentifier } from '@tributary/domain';
import { phpJson } from '../builders/php-json.js';

export type PersonalKind = 'email' | 'phone' | 'name' | 'zip' | 'visitor' | 'text';

/** What must not be found: a form of somebody's value. */
export interface Trace {
  /** Whose and which form, to say where it was found without searching again. */
  readonly what: string;
  /** In {@link folded} form. */
  readonly needle: string;
}

/** Where to look. */
export interface Haystack {
  readonly where: string;
  readonly bytes: Buffer;
}

/** Shorter needles turn up in random bytes by chance. */
const MIN_NEEDLE_BYTES = 5;

/** Bytes as text in which letters of both cases are one; the same for needle and haystack. */
const folded = (bytes: Buffer): string => bytes.toString('latin1').toLowerCase();

const trace = (what: string, bytes: Buffer): Trace[] => (bytes.length < MIN_NEEDLE_BYTES ? [] : [{ what, needle: folded(bytes) }]);

const NORMALISERS: Readonly<Record<PersonalKind, (value: string, countries: readonly string[]) => PersonIdentifier | null>> = {
  email: normaliseEmail,
  phone: normalisePhone,
  name: normaliseName,
  zip: normaliseZip,
  visitor: normaliseExternalId,
  text: normaliseExternalId,
};

/** The value in every form that may be looked up: as it is, normalised, and what people make of it. */
function writtenForms(kind: PersonalKind, value: string, countries: readonly string[]): string[] {
  const forms = [value, value.trim(), value.normalize('NFC'), value.normalize('NFD'), value.trim().toLowerCase()];
  for (const country of countries) {
    const normalised = NORMALISERS[kind](value, [country]);
    if (normalised?.kind === 'clear') forms.push(normalised.value);
  }
  if (kind === 'phone') forms.push(...forms.map((form) => form.replace(/\D/g, '')));
  return [...new Set(forms)].filter((form) => form !== '');
}

/** As it may be escaped on its way: JSON (PHP's way, also in capitals), URLs, forms, base64, hex. */
function encodings(form: string): (readonly [name: string, bytes: Buffer])[] {
  const escaped = phpJson(form).slice(1, -1);
  return [
    ['as it is', Buffer.from(form)],
    ['UTF-16', Buffer.from(form, 'utf16le')],
    ['JSON', Buffer.from(JSON.stringify(form).slice(1, -1))],
    ['escaped JSON', Buffer.from(escaped)],
    ['URL', Buffer.from(encodeURIComponent(form))],
    ['form', Buffer.from(new URLSearchParams({ '': form }).toString().slice(1))],
    ['base64', Buffer.from(Buffer.from(form).toString('base64').replace(/=+$/, ''))],
    ['hex', Buffer.from(Buffer.from(form).toString('hex'))],
  ];
}

const hashTraces = (what: string, hash: Buffer): Trace[] => [
  ...trace(`${what}, hex`, Buffer.from(hash.toString('hex'))),
  ...trace(`${what}, bytes`, hash),
  ...trace(`${what}, base64`, Buffer.from(hash.toString('base64').replace(/=+$/, ''))),
  ...trace(`${what}, base64url`, Buffer.from(hash.toString('base64url'))),
];

/** Every form of a person's value, in clear and as SHA-256. A postal code is only looked for as its hash: its digits are anywhere. */
export function tracesOf(kind: PersonalKind, value: string, countries: readonly string[]): Trace[] {
  const forms = writtenForms(kind, value, countries);
  const clear =
    kind === 'zip' ? [] : forms.flatMap((form) => encodings(form).flatMap(([name, bytes]) => trace(`${kind} ${form}, ${name}`, bytes)));
  const hashed = forms.flatMap((form) => hashTraces(`SHA-256 of ${kind} ${form}`, createHash('sha256').update(form).digest()));
  return [...clear, ...hashed];
}

/** Bytes that must stand nowhere in any spelling, such as the look-ups of the vault. */
export const tracesOfBytes = (what: string, bytes: Buffer): Trace[] => hashTraces(what, bytes);

/** Where which trace is found, each once per place. */
export function findTraces(haystacks: readonly Haystack[], traces: readonly Trace[]): string[] {
  const needles = new Map(traces.map(({ needle, what }) => [needle, what]));
  return haystacks.flatMap(({ where, bytes }) => {
    const hay = folded(bytes);
    return [...needles].flatMap(([needle, what]) => (hay.includes(needle) ? [`${where}: ${what}`] : []));
  });
}
