/** Fields of vendors' requests that name nobody; everything else is masked, so a new field is masked until somebody thinks about it. */
const CLEAR_FIELDS: ReadonlySet<string> = new Set(
  (
    'event_source event_source_id test_event_code event event_time event_id ' +
    'value currency contents content_id content_name price quantity content_type num_items order_id'
  ).split(' '),
);
/** Everything below is about a person, whatever it is called. */
const PERSONAL_PARTS: ReadonlySet<string> = new Set(['user']);

const SHA256_HEX = /^[0-9a-f]{64}$/i;
const SHOWN_OF_A_HASH = 6;
const MASK = '…';

/** The site of an address without its path, which may hold an order key or a mail address. */
const siteOf = (text: string): string | null => {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  return `${new URL(text).origin}/${MASK}`;
};

function maskedLeaf(value: unknown): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value !== 'string') return MASK;
  return SHA256_HEX.test(value) ? `${value.slice(0, SHOWN_OF_A_HASH)}${MASK}` : MASK;
}

function maskedField(name: string, value: unknown, isPersonal: boolean): unknown {
  const isBelowPersonal = isPersonal || PERSONAL_PARTS.has(name);
  if (Array.isArray(value)) return value.map((element: unknown) => maskedField(name, element, isBelowPersonal));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([own, inner]) => [own, maskedField(own, inner, isBelowPersonal)]));
  }
  if (!isBelowPersonal && CLEAR_FIELDS.has(name)) return value;
  if (!isBelowPersonal && name === 'url' && typeof value === 'string') return siteOf(value) ?? MASK;
  return maskedLeaf(value);
}

/**
 * A vendor request's JSON as people may read it: hashes shortened to six characters, addresses of pages to their site, and every
 * other value that is not on the list of harmless fields replaced by `…`.
 */
export const maskRequest = (body: unknown): unknown => maskedField('', body, false);
