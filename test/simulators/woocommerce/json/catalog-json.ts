import type { Catalog, ProductRecord } from '../shop/catalog.ts';
import type { CouponRecord } from '../shop/coupons.ts';
import type { Ground } from '../shop/ground.ts';
import type { Json, JsonObject } from './json.ts';
import { dateFields, linksOf, linkTo } from './links.ts';

const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

const NOT_ON_SALE = {
  date_on_sale_from: null,
  date_on_sale_from_gmt: null,
  date_on_sale_to: null,
  date_on_sale_to_gmt: null,
  on_sale: false,
} as const;
const DIMENSIONS = { length: '', width: '', height: '' } as const;
const DOWNLOADS = { downloads: [], download_limit: -1, download_expiry: -1 } as const;
const BACKORDERS = { backorders: 'no', backorders_allowed: false, backordered: false, low_stock_amount: null } as const;
const SHIPPING_CLASS = { shipping_class: '', shipping_class_id: 0 } as const;

const stockStatus = ({ stock }: ProductRecord): string => (stock !== null && stock <= 0 ? 'outofstock' : 'instock');
const chosenAttributes = ({ attributes }: ProductRecord): Json =>
  attributes.map(({ name, option }) => ({ id: 0, name, slug: slugOf(name), option }));

/** A variation without a weight of its own weighs what its parent does. */
const weightOf = (product: ProductRecord, catalog: Catalog): string =>
  product.weight === '' && product.parentId !== 0 ? (catalog.find(product.parentId)?.weight ?? '') : product.weight;

function permalinkOf(product: ProductRecord, catalog: Catalog, origin: string): string {
  const named = product.parentId === 0 ? product : (catalog.find(product.parentId) ?? product);
  const query = product.attributes.map(({ name, option }) => `attribute_${slugOf(name)}=${option}`).join('&');
  return `${origin}/product/${slugOf(named.name)}/${query === '' ? '' : `?${query}`}`;
}

function pricesOf(product: ProductRecord, decimals: number): JsonObject {
  const price = product.price.toFixed(decimals);
  return { price, regular_price: product.type === 'variable' ? '' : price, sale_price: '', ...NOT_ON_SALE };
}

/** A product, or a variation asked for as a product. */
export function productJson(ground: Ground, catalog: Catalog, product: ProductRecord, origin: string): JsonObject {
  const isVariation = product.type === 'variation';
  const variations = catalog.variationsOf(product.id);
  return {
    id: product.id,
    name: product.name,
    slug: slugOf(product.name),
    permalink: permalinkOf(product, catalog, origin),
    ...dateFields(ground, 'date_created', product.createdAt),
    ...dateFields(ground, 'date_modified', product.modifiedAt),
    type: product.type,
    status: product.status,
    featured: false,
    catalog_visibility: 'visible',
    description: '',
    short_description: '',
    sku: product.sku,
    ...pricesOf(product, ground.site.decimals),
    purchasable: true,
    // As a shop says it: text for a variation.
    total_sales: isVariation ? '0' : 0,
    virtual: product.isVirtual,
    downloadable: product.isDownloadable,
    ...DOWNLOADS,
    external_url: '',
    button_text: '',
    tax_status: 'taxable',
    tax_class: '',
    manage_stock: product.stock !== null,
    stock_quantity: product.stock,
    ...BACKORDERS,
    sold_individually: false,
    weight: weightOf(product, catalog),
    dimensions: DIMENSIONS,
    shipping_required: !product.isVirtual,
    shipping_taxable: !product.isVirtual,
    ...SHIPPING_CLASS,
    reviews_allowed: !isVariation,
    average_rating: '0.00',
    rating_count: 0,
    upsell_ids: [],
    cross_sell_ids: [],
    parent_id: product.parentId,
    purchase_note: '',
    categories: isVariation ? [] : [{ id: 15, name: 'Uncategorized', slug: 'uncategorized' }],
    brands: [],
    tags: [],
    images: [],
    attributes: isVariation ? chosenAttributes(product) : offeredAttributes(variations),
    default_attributes: [],
    variations: variations.map(({ id }) => id),
    grouped_products: [],
    menu_order: 0,
    price_html: `<span class="woocommerce-Price-amount amount">${product.price.toFixed(ground.site.decimals)}</span>`,
    related_ids: [],
    meta_data: [],
    stock_status: stockStatus(product),
    has_options: variations.length > 0,
    post_password: '',
    global_unique_id: '',
    _links: {
      ...linksOf(ground, origin, 'products', product.id),
      ...(isVariation ? { up: [{ href: linkTo(ground, origin, `products/${product.parentId}`) }] } : {}),
    },
  };
}

function offeredAttributes(variations: readonly ProductRecord[]): Json {
  const options = new Map<string, Set<string>>();
  for (const { name, option } of variations.flatMap(({ attributes }) => attributes)) {
    options.set(name, (options.get(name) ?? new Set()).add(option));
  }
  return [...options].map(([name, offered], position) => ({
    id: 0,
    name,
    slug: name,
    position,
    visible: true,
    variation: true,
    options: [...offered],
  }));
}

/** A variation in the list of its parent. */
export function variationJson(ground: Ground, catalog: Catalog, product: ProductRecord, origin: string): JsonObject {
  const collection = `products/${product.parentId}/variations`;
  return {
    id: product.id,
    type: 'variation',
    ...dateFields(ground, 'date_created', product.createdAt),
    ...dateFields(ground, 'date_modified', product.modifiedAt),
    description: '',
    permalink: permalinkOf(product, catalog, origin),
    sku: product.sku,
    global_unique_id: '',
    ...pricesOf(product, ground.site.decimals),
    status: product.status,
    purchasable: true,
    virtual: product.isVirtual,
    downloadable: product.isDownloadable,
    ...DOWNLOADS,
    tax_status: 'taxable',
    tax_class: '',
    manage_stock: product.stock !== null,
    stock_quantity: product.stock,
    stock_status: stockStatus(product),
    ...BACKORDERS,
    weight: weightOf(product, catalog),
    dimensions: DIMENSIONS,
    ...SHIPPING_CLASS,
    image: null,
    gallery_image_ids: [],
    attributes: chosenAttributes(product),
    menu_order: 0,
    meta_data: [],
    name: product.attributes.map(({ option }) => option).join(', '),
    parent_id: product.parentId,
    _links: { ...linksOf(ground, origin, collection, product.id), up: [{ href: linkTo(ground, origin, `products/${product.parentId}`) }] },
  };
}

export function couponJson(ground: Ground, coupon: CouponRecord, origin: string): JsonObject {
  return {
    id: coupon.id,
    code: coupon.code,
    amount: coupon.amount.toFixed(2),
    status: coupon.status,
    ...dateFields(ground, 'date_created', coupon.createdAt),
    ...dateFields(ground, 'date_modified', coupon.modifiedAt),
    discount_type: coupon.discountType,
    description: '',
    date_expires: null,
    date_expires_gmt: null,
    usage_count: 0,
    individual_use: false,
    product_ids: [],
    excluded_product_ids: [],
    usage_limit: null,
    usage_limit_per_user: null,
    limit_usage_to_x_items: null,
    free_shipping: false,
    product_categories: [],
    excluded_product_categories: [],
    exclude_sale_items: false,
    minimum_amount: '0.00',
    maximum_amount: '0.00',
    email_restrictions: [],
    used_by: [],
    meta_data: [],
    _links: linksOf(ground, origin, 'coupons', coupon.id),
  };
}
