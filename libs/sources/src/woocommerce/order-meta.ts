import { isJsonObject, MAX_LONG_TEXT_CHARS, textOf, type JsonObject } from './body-reader.js';

const ATTRIBUTION_PREFIX = '_wc_order_attribution_';
const ATTRIBUTION_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const MAX_ATTRIBUTION_ENTRIES = 100;
const CONSENT_ANSWERS: ReadonlySet<string> = new Set(['granted', 'denied', 'unknown']);
/** What upsell plugins write on a line that they added: FunnelKit (three kinds), WP Swings (two). */
const UPSELL_MARKERS: ReadonlySet<string> = new Set([
  '_upstroke_purchase',
  '_bump_purchase',
  '_fkcart_upsell',
  'is_order_bump_purchase',
  'wps_order_bump_id',
]);
const NO: ReadonlySet<string> = new Set(['', '0', 'no', 'false']);

/** The whitelisted meta of an order; everything else (plugins' internals, nested values) is never read. Empty text means absent. */
export interface OrderMeta {
  readonly visitorId: string;
  readonly ttclid: string;
  readonly ttp: string;
  readonly consent: string | null;
  readonly renewalOf: string | null;
  readonly attribution: Readonly<Record<string, string>>;
}

type MetaEntry = readonly [key: string, value: string];

/** Entries whose value is a text or a number, in the shop's order; elements that are no meta are passed over. */
function* entriesOf(metaData: unknown): Generator<MetaEntry> {
  if (typeof metaData !== 'object' || metaData === null) return;
  for (const element of Array.isArray(metaData) ? metaData : Object.values(metaData)) {
    if (!isJsonObject(element)) continue;
    const { key, value } = element;
    if (typeof key === 'string' && (typeof value === 'string' || typeof value === 'number'))
      yield [key, textOf(value, MAX_LONG_TEXT_CHARS)];
  }
}

/** Reads an order's whitelisted meta. Of a repeated key the first filled value counts, as `get_meta` in PHP has it. */
export function readOrderMeta(order: JsonObject): OrderMeta {
  const single = new Map<string, string>();
  const attribution: Record<string, string> = {};
  let attributionCount = 0;
  for (const [key, value] of entriesOf(order['meta_data'])) {
    if (value === '') continue;
    if (key.startsWith(ATTRIBUTION_PREFIX)) {
      const name = key.slice(ATTRIBUTION_PREFIX.length);
      if (!ATTRIBUTION_NAME.test(name) || Object.hasOwn(attribution, name) || attributionCount >= MAX_ATTRIBUTION_ENTRIES) continue;
      attribution[name] = value;
      attributionCount += 1;
    } else if (!single.has(key)) {
      single.set(key, value);
    }
  }
  const consent = single.get('cdp_consent')?.trim().toLowerCase() ?? '';
  return {
    visitorId: textOf(single.get('cdp_id')?.trim()),
    ttclid: textOf(single.get('cdp_ttclid')?.trim()),
    ttp: textOf(single.get('cdp_ttp')?.trim()),
    consent: CONSENT_ANSWERS.has(consent) ? consent : null,
    renewalOf: textOf(single.get('_subscription_renewal')?.trim()) || null,
    attribution,
  };
}

/** The key of the first upsell marker on a line, else null. */
export function upsellMarkerOf(line: JsonObject): string | null {
  for (const [key, value] of entriesOf(line['meta_data'])) {
    if (UPSELL_MARKERS.has(key) && !NO.has(value.trim().toLowerCase())) return key;
  }
  return null;
}

/** TikTok's click id in the landing URL that WooCommerce keeps as `session_entry`; empty text when it has none or is no http(s) address. */
export function ttclidOfSessionEntry(sessionEntry: string | undefined): string {
  if (sessionEntry?.includes('ttclid=') !== true || !URL.canParse(sessionEntry)) return '';
  const url = new URL(sessionEntry);
  return /^https?:$/.test(url.protocol) ? (url.searchParams.get('ttclid')?.trim() ?? '') : '';
}
