/** Words that make a query parameter personal or secret, wherever they stand in its name (`billing_email`, `firstName`, `order_key`). */
const REMOVED_WORDS: ReadonlySet<string> = new Set(
  (
    'correo name fname lname firstname lastname fullname username surname nombre apellido user customer tel mobile whatsapp telefono ' +
    'address addr street zip postcode dob birthday key apikey orderkey pass pwd auth sig signature hash session sid nonce code'
  ).split(' '),
);
/** Unmistakable even inside a longer word (`useremail`, `accesstoken`). */
const REMOVED_PARTS = /mail|phone|token|secret|passw/;
/** Campaign parameters say where the visit came from, not who came. */
const ALWAYS_KEPT = /^(utm_[a-z_]+|ttclid|fbclid|gclid)$/i;
/** Whatever holds an at sign may be a mail address; addresses of pages do without. */
const MAIL = /@/;
const MAX_DECODINGS = 3;

function parsed(url: string): URL | null {
  const candidate = URL.canParse(url.trim()) ? new URL(url.trim()) : null;
  return candidate !== null && /^https?:$/.test(candidate.protocol) ? candidate : null;
}

/** Undoes percent-encoding until nothing changes: a redirect target is encoded twice. */
function decoded(text: string): string {
  let plain = text.replaceAll('+', ' ');
  for (let round = 0; round < MAX_DECODINGS; round += 1) {
    try {
      const next = decodeURIComponent(plain);
      if (next === plain) break;
      plain = next;
    } catch {
      break;
    }
  }
  return plain;
}

const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{Nd}]+/u);

const isPersonalName = (name: string): boolean =>
  REMOVED_PARTS.test(name.toLowerCase()) || wordsOf(name).some((word) => REMOVED_WORDS.has(word));

/** The value holds a mail address, or is itself an address with such a parameter. */
function isPersonalValue(value: string): boolean {
  const inner = value.split(/[?&;#]/).slice(1);
  return MAIL.test(value) || inner.some((pair) => pair.includes('=') && isPersonalName(pair.split('=', 1)[0] ?? ''));
}

function isKept(pair: string): boolean {
  const plain = decoded(pair);
  const separator = plain.indexOf('=');
  const name = separator < 0 ? plain : plain.slice(0, separator);
  if (isPersonalValue(plain)) return false;
  return ALWAYS_KEPT.test(name) || !isPersonalName(name);
}

/**
 * A page's address that may be shown to a vendor; null when the text is no http(s) address.
 *
 * Removed: user and password, the fragment, every query parameter whose name holds a word for a person, a contact or a secret
 * (`email`, `mail`, `name`, `phone`, `token`, `key`, `order_key`, `password`, `secret`, …) or whose value holds a mail address, however
 * often it is encoded; and the path when it holds one. `utm_*` and click ids stay.
 */
export function shareableUrl(url: string): string | null {
  const page = parsed(url);
  if (page === null) return null;
  const query = page.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && isKept(pair));
  const path = MAIL.test(decoded(page.pathname)) ? '/' : page.pathname;
  return `${page.origin}${path}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

/** A query parameter's first value, trimmed; null when the address has none. */
export function queryParameterOf(url: string, name: string): string | null {
  const value = parsed(url)?.searchParams.get(name)?.trim();
  return value === undefined || value === '' ? null : value;
}
