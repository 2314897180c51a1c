import { isFields, numberOf, parseJson, textOf, type Fields } from './page-window.js';
import type { Content } from './outbox.js';

/** The page's product as the server will name it too: SKU, else the id. */
export interface PageProduct {
  readonly productId: string;
  readonly content: Content;
  readonly currency: string | undefined;
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [value]);

export const hasBodyClass = (name: string): boolean => document.body.classList.contains(name);

/** Every object of the page's JSON-LD, out of its graphs. */
const linkedData = (): Fields[] =>
  Array.from(document.querySelectorAll('script[type="application/ld+json"]'))
    .flatMap(({ textContent }) => listOf(parseJson(textContent)))
    .flatMap((item) => listOf(isFields(item) ? (item['@graph'] ?? item) : []))
    .filter(isFields);

/** Related products have JSON-LD too: when there are several, the one that is this page. */
function productOfPage(): Fields | undefined {
  const products = linkedData().filter((node) => listOf(node['@type']).some((type) => type === 'Product' || type === 'ProductGroup'));
  if (products.length === 1) return products[0];
  const address = location.origin + location.pathname;
  const own = products.filter((product) => [product['@id'], product['url']].some((url) => textOf(url).split(/[?#]/)[0] === address));
  return own.length === 1 ? own[0] : undefined;
}

function priceOf(product: Fields | undefined): { price: number | undefined; currency: string | undefined } {
  const [first] = listOf(product?.['offers']);
  const offer = isFields(first) ? first : {};
  const terms = listOf(offer['priceSpecification']).find(isFields) ?? offer;
  const hasOnePrice = offer['lowPrice'] === offer['highPrice'];
  const price = numberOf(offer['price'] ?? terms['price'] ?? (hasOnePrice ? offer['lowPrice'] : undefined));
  return { price, currency: textOf(offer['priceCurrency'] ?? terms['priceCurrency']) || undefined };
}

/** The product of a product page; undefined when nothing on the page says which one it is. */
export function pageProduct(): PageProduct | undefined {
  if (!hasBodyClass('single-product')) return undefined;
  const productId = /(?:^| )postid-(\d+)/.exec(document.body.className)?.[1] ?? '';
  const product = productOfPage();
  // The SKU that stands in the text of the page reads "N/A" in the shop's language when there is none.
  const contentId = textOf(product?.['sku']) || productId;
  if (contentId === '') return undefined;
  const { price, currency } = priceOf(product);
  return { productId, currency, content: { contentId, name: textOf(product?.['name']) || undefined, price, quantity: 1 } };
}

const isId = (id: string | undefined): id is string => Number(id) > 0;

interface Variation {
  readonly variation_id?: unknown;
  readonly sku?: unknown;
  readonly display_price?: unknown;
}

const filled = (form: HTMLFormElement, name: string): string => textOf(form.querySelector<HTMLInputElement>(`[name="${name}"]`)?.value);

function contentOfVariation(form: HTMLFormElement, quantity: number): Content[] {
  const id = filled(form, 'variation_id');
  const known = listOf(parseJson(form.dataset['product_variations'])) as readonly (Variation | undefined)[];
  const variation = known.find((one) => textOf(one?.variation_id) === id);
  return isId(id) ? [{ contentId: textOf(variation?.sku) || id, price: numberOf(variation?.display_price), quantity }] : [];
}

const contentsOfGroup = (form: HTMLFormElement): Content[] =>
  Array.from(form.querySelectorAll<HTMLInputElement>('[name^="quantity["]'), ({ name, value }) => ({
    contentId: name.replace(/\D/g, ''),
    quantity: Number(value),
  })).filter(({ quantity }) => quantity > 0);

/** What a product page's form would put into the cart; nothing when it does not say. */
export function contentsOfForm(form: HTMLFormElement): readonly Content[] {
  if (form.matches('.grouped_form')) return contentsOfGroup(form);
  const quantity = numberOf(filled(form, 'quantity')) ?? 1;
  if (form.matches('.variations_form')) return contentOfVariation(form, quantity);
  const id = filled(form, 'add-to-cart') || filled(form, 'product_id');
  const product = pageProduct();
  if (product?.productId === id) return [{ ...product.content, quantity }];
  return isId(id) ? [{ contentId: id, quantity }] : [];
}

/** What a button of a product list puts into the cart. */
export function contentsOfButton({ dataset }: HTMLElement): readonly Content[] {
  const { product_id: id, product_sku: sku, quantity } = dataset;
  return isId(id) ? [{ contentId: textOf(sku) || id, quantity: numberOf(quantity) ?? 1 }] : [];
}

/** Value and currency as far as every price is known. */
export function worthOf(contents: readonly Content[], currency: string | undefined): Fields {
  const value = contents.reduce((sum, { price = Number.NaN, quantity }) => sum + price * quantity, 0);
  const isKnown = contents.length > 0 && Number.isFinite(value) && currency !== undefined;
  return { contents, value: isKnown ? Number(value.toFixed(4)) : undefined, currency: isKnown ? currency : undefined };
}
