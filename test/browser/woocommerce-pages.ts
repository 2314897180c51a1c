/** How a page carries the script and what else it has; the rest is as WooCommerce renders it. */
export interface PageOptions {
  /** What stands in the head: the tag, banners, recorders. */
  readonly head: string;
}

/** The little of jQuery that WooCommerce's cart buttons use: events of its own, which no native listener hears. */
export const JQUERY = `<script>
window.jQuery = function (element) {
  var key = '__listeners';
  return {
    on: function (names, listener) {
      names.split(' ').forEach(function (name) { var all = (element[key] = element[key] || {}); (all[name] = all[name] || []).push(listener); });
      return this;
    },
    trigger: function (name, args) {
      ((element[key] || {})[name] || []).forEach(function (listener) { listener.apply(element, [{ type: name }].concat(args || [])); });
      return this;
    },
  };
};
</script>`;

/** Keeps what the pixel is given across pages of one tab, as the pixel's own server would. */
export const PIXEL = `<script>
(function () {
  var keep = function (call) { sessionStorage.setItem('pixel', JSON.stringify(JSON.parse(sessionStorage.getItem('pixel') || '[]').concat([call]))); };
  window.ttq = {
    track: function (event, properties, options) { keep({ event: event, properties: properties, eventId: options && options.event_id }); },
    identify: function (person) { window.identified = person; },
    ready: function (callback) { callback(); },
    revokeConsent: function () { window.isRevoked = true; },
  };
})();
</script>`;

const html = (bodyClass: string, { head }: PageOptions, body: string): string =>
  `<!doctype html><html><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
<link rel="https://api.w.org/" href="/wp-json/">${head}</head><body class="${bodyClass}">${body}</body></html>`;

export const homePage = (options: PageOptions): string => html('home page woocommerce-no-js', options, '<h1>Home</h1>');

export const searchPage = (options: PageOptions): string => html('search search-results woocommerce', options, '<h1>Results</h1>');

const JSON_LD = `<script type="application/ld+json">{"@context":"https://schema.org/","@graph":[
{"@type":"BreadcrumbList","itemListElement":[]},
{"@type":"Product","@id":"http://www.shop.localhost/product/beanie/#product","name":"Beanie","url":"http://www.shop.localhost/product/beanie/","sku":"woo-beanie",
"offers":[{"@type":"Offer","priceSpecification":[{"@type":"UnitPriceSpecification","price":"18000","priceCurrency":"CLP"}],"availability":"https://schema.org/InStock"}]}]}</script>`;

const product = (options: PageOptions, form: string, linkedData = JSON_LD): string =>
  html('product-template-default single single-product postid-15 woocommerce woocommerce-page', options, `${form}${linkedData}`);

export const simpleProductPage = (options: PageOptions): string =>
  product(
    options,
    `<form class="cart" action="/cart" method="post"><input name="quantity" value="2">
<button type="submit" name="add-to-cart" value="15" class="single_add_to_cart_button button">Add to cart</button></form>`,
  );

/** A theme that has taken the structured data out. */
export const bareProductPage = (options: PageOptions): string => product(options, '', '');

export const variableProductPage = (options: PageOptions): string =>
  product(
    options,
    `<form class="variations_form cart" action="/cart" method="post"
data-product_variations='[{"variation_id":21,"sku":"hoodie-blue","display_price":45000},{"variation_id":22,"sku":"","display_price":42000}]'>
<input name="quantity" value="1"><input type="hidden" name="add-to-cart" value="15"><input type="hidden" name="product_id" value="15">
<input type="hidden" name="variation_id" value="0"><button type="submit" class="single_add_to_cart_button">Add to cart</button></form>`,
  );

export const groupedProductPage = (options: PageOptions): string =>
  product(
    options,
    `<form class="cart grouped_form" action="/cart" method="post"><input name="quantity[31]" value="1"><input name="quantity[32]" value="0">
<input name="quantity[33]" value="2"><button type="submit" name="add-to-cart" value="15">Add to cart</button></form>`,
    '',
  );

/** Classic buttons: the click is answered by AJAX, jQuery tells, and WooCommerce's blocks translate that into a native event. */
export const classicListPage = (options: PageOptions): string =>
  html(
    'archive post-type-archive-product woocommerce woocommerce-page',
    { head: `${JQUERY}${options.head}` },
    `<a href="?add-to-cart=41" data-quantity="1" class="button add_to_cart_button ajax_add_to_cart" data-product_id="41" data-product_sku="woo-cap">Add</a>
<a href="?add-to-cart=43" class="button add_to_cart_button" data-product_id="43" data-product_sku="">Add by link</a>
<script>
jQuery(document.body).on('added_to_cart', function () {
  document.body.dispatchEvent(new CustomEvent('wc-blocks_added_to_cart', { bubbles: false, detail: { preserveCartData: false } }));
});
document.querySelector('.ajax_add_to_cart').addEventListener('click', function (event) {
  event.preventDefault();
  var button = event.currentTarget;
  setTimeout(function () { jQuery(document.body).trigger('added_to_cart', [{}, 'hash', [button]]); }, 20);
});
</script>`,
  );

/** Buttons of the Product Collection block: no jQuery, a native event that names no product. */
export const blockListPage = (options: PageOptions): string =>
  html(
    'archive woocommerce-shop wp-embed-responsive',
    options,
    `<div class="wp-block-button"><button class="wp-block-button__link add_to_cart_button ajax_add_to_cart" data-product_id="42" data-product_sku="woo-belt">Add</button></div>
<script>
document.querySelector('button').addEventListener('click', function () {
  setTimeout(function () { document.body.dispatchEvent(new CustomEvent('wc-blocks_added_to_cart', { bubbles: true, detail: { preserveCartData: true } })); }, 20);
});
</script>`,
  );

export const classicCheckoutPage = (options: PageOptions): string =>
  html(
    'page woocommerce-checkout woocommerce-page',
    options,
    `<form name="checkout" class="checkout woocommerce-checkout" method="post"><button type="submit" id="place_order">Place order</button></form>
<script>document.querySelector('form').addEventListener('submit', function (event) { event.preventDefault(); });</script>`,
  );

export const blockCheckoutPage = (options: PageOptions): string =>
  html(
    'page woocommerce-checkout woocommerce-page woocommerce-block-theme-has-button-styles',
    options,
    `<div class="wp-block-woocommerce-checkout"><button class="wc-block-components-button wc-block-components-checkout-place-order-button"><span>Place Order</span></button></div>`,
  );

/** Store API amounts are in minor units. */
export const STORE_API_CART = {
  items: [
    { id: 15, sku: 'woo-beanie', name: 'Beanie', quantity: 2, prices: { price: '1850', currency_code: 'USD', currency_minor_unit: 2 } },
    { id: 22, sku: '', name: 'Hoodie - Blue', quantity: 1, prices: { price: '4500', currency_code: 'USD', currency_minor_unit: 2 } },
  ],
  totals: { total_price: '8700', currency_code: 'USD', currency_minor_unit: 2 },
};

/** What the PHP snippet prints; null: a thank-you page on which it prints nothing. */
export const thankYouPage = (options: PageOptions, order: Readonly<Record<string, unknown>> | null): string =>
  html(
    'page woocommerce-checkout woocommerce-page woocommerce-order-received',
    options,
    order === null
      ? '<p>Thank you.</p>'
      : `<p>Thank you.</p><script type="application/json" id="tributary-order">${JSON.stringify(order)}</script>`,
  );
