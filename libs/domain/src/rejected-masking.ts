/** Fields of WooCommerce bodies that name nobody. Anything else is described, so a new field stays covered until somebody thinks about it. */
const CLEAR_FIELDS: ReadonlySet<string> = new Set(
  (
    'id parent_id status currency version prices_include_tax created_via customer_id payment_method cart_hash tax_class sku code ' +
    'date_created date_created_gmt date_modified date_modified_gmt date_completed date_completed_gmt date_paid date_paid_gmt ' +
    'discount_total discount_tax shipping_total shipping_tax cart_tax total total_tax subtotal subtotal_tax price quantity ' +
    'product_id variation_id rate_id needs_payment needs_processing is_editable weight stock_status manage_stock amount discount_type'
  ).split(' '),
);
/** A code, an id, an amount, a date: no text that could hold a name, an address or a mail address. */
const HARMLESS = /^[\w.:+-]{0,40}$/;
const MAX_DEPTH = 8;
const MAX_ELEMENTS = 20;

const described = (value: unknown): unknown => {
  if (value === null || typeof value === 'boolean') return value;
  return typeof value === 'string' ? `… (text of ${value.length})` : `… (${typeof value})`;
};

function masked(name: string, value: unknown, depth: number): unknown {
  if (typeof value === 'object' && value !== null) {
    if (depth >= MAX_DEPTH) return '… (nested deeper)';
    if (Array.isArray(value)) {
      const shown = value.slice(0, MAX_ELEMENTS).map((element: unknown) => masked(name, element, depth + 1));
      return value.length > MAX_ELEMENTS ? [...shown, `… (${value.length - MAX_ELEMENTS} more)`] : shown;
    }
    return Object.fromEntries(
      Object.entries(value).map(([own, inner]) => [
        FIELD_NAME.test(own) ? own : `… (name of ${own.length})`,
        masked(own, inner, depth + 1),
      ]),
    );
  }
  const isClear = CLEAR_FIELDS.has(name) && (typeof value === 'number' || (typeof value === 'string' && HARMLESS.test(value)));
  return isClear ? value : described(value);
}

/** What fields are called; other names may be what a person typed. */
const FIELD_NAME = /^[a-z_][a-z0-9_]{0,60}$/i;

/**
 * A rejected JSON payload as people may see it: its shape, with the values of harmless fields where they look harmless; everything
 * else as its type and length.
 */
export const maskRejected = (body: unknown): unknown => masked('', body, 0);
