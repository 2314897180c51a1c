/** Per destination: the fields of its request that name nobody. Whatever is not listed is masked. */
const CLEAR_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  tiktok: new Set([
    'event_source',
    'event_source_id',
    'test_event_code',
    'event',
    'event_time',
    'event_id',
    'value',
    'currency',
    'content_id',
    'content_name',
    'content_type',
    'price',
    'quantity',
    'num_items',
    'order_id',
  ]),
};
const SHA256_HEX = /^[0-9a-f]{64}$/;
const HASH_CHARS_SHOWN = 6;

function maskedText(text: string): string {
  if (SHA256_HEX.test(text)) return `${text.slice(0, HASH_CHARS_SHOWN)}…`;
  return URL.canParse(text) && /^https?:/.test(text) ? `${new URL(text).origin}/…` : '***';
}

function masked(value: unknown, isClear: boolean, clear: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => masked(item, isClear, clear));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, masked(field, clear.has(name), clear)]));
  }
  if (isClear) return value;
  return typeof value === 'string' ? maskedText(value) : '***';
}

/**
 * The body of a request as an operator may see it: hashes shortened to 6 characters, of URLs only the origin, and every clear value
 * that could name somebody as `***`. Null when it is not JSON.
 */
export function maskedRequest(kind: string, body: string): unknown {
  try {
    return masked(JSON.parse(body), false, CLEAR_FIELDS[kind] ?? new Set());
  } catch {
    return null;
  }
}
