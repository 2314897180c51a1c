import { isFields, parseJson, textOf, type Fields } from './page-window.js';
import { hasBodyClass, pageProduct, worthOf } from './products.js';
import type { Content } from './outbox.js';
import type { Visits } from './visits.js';

const CART_WITHIN_MS = 3_000;
/** Of the classic and of the block checkout. */
const PLACE_ORDER = '#place_order, .wc-block-components-checkout-place-order-button';

interface CartAmount {
  readonly currency_code?: unknown;
  readonly currency_minor_unit?: unknown;
}

const amountOf = (value: unknown, unit: CartAmount): number => Number(value) / 10 ** Number(unit.currency_minor_unit);

/** The cart as WooCommerce's own Store API tells it to this visitor: a checkout page names products, not their ids. */
async function readCart(): Promise<Fields> {
  try {
    const root = document.querySelector<HTMLLinkElement>('link[rel="https://api.w.org/"]')?.href ?? '/wp-json/';
    const answer = await fetch(`${root}wc/store/v1/cart`, { signal: AbortSignal.timeout(CART_WITHIN_MS) });
    return contentsOfCart((await answer.json()) as Fields);
  } catch {
    return {}; // no Store API, or slow, or another one than we know: the checkout is told without its contents
  }
}

function contentsOfCart({ items, totals }: Fields): Fields {
  const contents = (items as readonly Fields[]).map(({ id, sku, name, quantity, prices }): Content => {
    const unit = prices as CartAmount & { readonly price?: unknown };
    return { contentId: textOf(sku) || textOf(id), name: textOf(name), price: amountOf(unit.price, unit), quantity: Number(quantity) };
  });
  const { total_price: total, currency_code: currency } = totals as Fields;
  return { contents, value: amountOf(total, totals as CartAmount), currency };
}

function watchCheckout(visits: Visits): void {
  if (!hasBodyClass('woocommerce-checkout') || hasBodyClass('woocommerce-order-received') || hasBodyClass('woocommerce-order-pay')) return;
  let cart: Fields = {};
  void readCart().then((read) => {
    cart = read;
    visits.track('checkout_start', read, 'page');
  });
  let isPaying = false;
  const pay = ({ target }: Event): void => {
    if (isPaying || !(target as Element).closest(PLACE_ORDER)) return;
    isPaying = true;
    visits.track('payment_info', cart, 'page');
  };
  addEventListener('click', pay, true);
}

/** What the shop prints on the thank-you page, see the PHP snippet: the order as the browser's Purchase needs it. */
function showOrder(visits: Visits): void {
  const order = parseJson(document.getElementById('tributary-order')?.textContent);
  if (!isFields(order) || order['isDue'] !== true) return;
  visits.showPurchase({ ...order, orderId: textOf(order['orderId']), eventId: textOf(order['eventId']) });
}

/** What a page of a plain WooCommerce shop is, by its body classes and its own data. */
export function tellPage(visits: Visits): void {
  visits.track('page_view', {}, 'page');
  const product = pageProduct();
  if (product !== undefined) visits.track('product_view', worthOf([product.content], product.currency), 'page');
  const searchText = new URLSearchParams(location.search).get('s')?.trim() ?? '';
  if (hasBodyClass('search') && searchText !== '') visits.track('search', { searchText }, 'page');
  watchCheckout(visits);
  showOrder(visits);
}
