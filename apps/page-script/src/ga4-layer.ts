import { isFields, numberOf, page, textOf, type Call, type Fields } from './page-window.js';
import type { Content } from './outbox.js';
import type { Visits } from './visits.js';

/** GA4's recommended ecommerce events → our types. @see https://developers.google.com/analytics/devguides/collection/ga4/ecommerce */
const TYPES: Readonly<Record<string, string | undefined>> = {
  __proto__: undefined,
  view_item: 'product_view',
  add_to_cart: 'cart_add',
  begin_checkout: 'checkout_start',
  add_payment_info: 'payment_info',
  search: 'search',
  view_search_results: 'search',
  sign_up: 'registration',
  // Evidence that the shop's own analytics saw the order; never a conversion.
  purchase: 'ga4_purchase',
};

function contentsOf(items: unknown): Content[] {
  if (!Array.isArray(items)) return [];
  return (items as readonly unknown[])
    .filter(isFields)
    .map(({ item_id: id, item_name: name, price, quantity }) => ({
      contentId: textOf(id),
      name: textOf(name) || undefined,
      price: numberOf(price),
      quantity: numberOf(quantity) ?? 1,
    }))
    .filter(({ contentId }) => contentId !== '');
}

function fieldsOf(ecommerce: Fields): Fields {
  const { items, value, currency, transaction_id: orderId, search_term: searchText } = ecommerce;
  const contents = contentsOf(items);
  return {
    contents: contents.length > 0 ? contents : undefined,
    value: currency ? numberOf(value) : undefined,
    currency,
    searchText,
    properties: orderId ? { orderId } : undefined,
  };
}

/** Reads GA4's data layer from its beginning: objects of a tag manager as well as calls of `gtag`. */
export function watchDataLayer(visits: Visits): void {
  const tell = (name: unknown, given: unknown): void => {
    const type = TYPES[String(name)];
    if (type === undefined || !isFields(given)) return;
    const fields = fieldsOf(given);
    // A product that is not named is not told.
    if ((type === 'product_view' || type === 'cart_add') && fields['contents'] === undefined) return;
    visits.track(type, fields, 'data-layer');
  };
  const read = (entry: unknown): void => {
    if (!isFields(entry)) return;
    if ('length' in entry) {
      const call = entry as unknown as Call;
      if (call[0] === 'event') tell(call[1], call[2]);
      visits.consent.readDataLayer(call);
      return;
    }
    tell(entry['event'], isFields(entry['ecommerce']) ? entry['ecommerce'] : entry);
  };
  const layer = (page.dataLayer ??= []);
  for (const entry of layer) read(entry);
  const push = layer.push.bind(layer);
  layer.push = (...entries: unknown[]) => {
    const length = push(...entries);
    for (const entry of entries) read(entry);
    return length;
  };
}
