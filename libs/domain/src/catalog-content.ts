import { hash } from 'node:crypto';
import { canonicalAddress, decimal, type Canonical } from './canonical.js';
import type { CatalogEvent, CouponContent, CustomerContent, CustomerPersonal, ProductContent } from './catalog.events.js';

const VERSION_TAG = 'tributary-catalog-1\n';

// The literals below list their keys in code-unit order: JSON.stringify writes them as they stand.

const canonicalProduct = (product: ProductContent): Canonical<ProductContent> => ({
  createdAt: product.createdAt,
  isDownloadable: product.isDownloadable,
  isVirtual: product.isVirtual,
  name: product.name,
  parentId: product.parentId,
  price: decimal(product.price),
  productId: product.productId,
  productType: product.productType,
  sku: product.sku,
  status: product.status,
  weight: decimal(product.weight),
  weightUnit: product.weightUnit,
});

const canonicalCoupon = (coupon: CouponContent): Canonical<CouponContent> => ({
  amount: decimal(coupon.amount),
  code: coupon.code,
  couponId: coupon.couponId,
  createdAt: coupon.createdAt,
  discountType: coupon.discountType,
  expiresAt: coupon.expiresAt,
  isFreeShipping: coupon.isFreeShipping,
  maximumAmount: decimal(coupon.maximumAmount),
  minimumAmount: decimal(coupon.minimumAmount),
  status: coupon.status,
});

const canonicalPersonal = (personal: CustomerPersonal): Canonical<CustomerPersonal> => ({
  billing: canonicalAddress(personal.billing),
  customerId: personal.customerId,
  email: personal.email,
  firstName: personal.firstName,
  lastName: personal.lastName,
  shipping: canonicalAddress(personal.shipping),
  username: personal.username,
});

const canonicalCustomer = (customer: CustomerContent): Canonical<CustomerContent> => ({
  country: customer.country,
  createdAt: customer.createdAt,
  isPaying: customer.isPaying,
  role: customer.role,
});

const sha256 = (text: string): string => hash('sha256', VERSION_TAG + text, 'hex');

/**
 * Whether two observations of a product say the same: SHA-256 hex over its canonical JSON behind a version tag. Stock, links and
 * modification dates are not in it. Golden vectors: test/fixtures/golden/catalog-hash.json.
 */
export const productHash = (product: ProductContent): string => sha256(JSON.stringify(canonicalProduct(product)));

/** The same of a coupon. How often it was used, and by whom, is not in it. */
export const couponHash = (coupon: CouponContent): string => sha256(JSON.stringify(canonicalCoupon(coupon)));

/** What a customer's hash is made of; it names people, so the hash is keyed (`Vault.fingerprint`) and never plain. */
export const customerCanon = (content: CustomerContent, personal: CustomerPersonal): string =>
  VERSION_TAG + JSON.stringify({ content: canonicalCustomer(content), personal: canonicalPersonal(personal) });

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value)
    .filter(([key]) => key !== '_links' && !key.startsWith('date_modified'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => [key, sorted(field)]);
  // A list of pairs, because JavaScript reorders keys that look like integers; inside an object, so that no list is like it.
  return { fields };
}

/** What a custom resource's hash is made of: its body without links and modification dates. Keyed like a customer's. */
export const resourceCanon = (body: unknown): string => VERSION_TAG + JSON.stringify(sorted(body));

/** What of an event outlives its deletion: products and coupons without their envelope; null for what can name somebody. */
export function catalogContentOf(event: CatalogEvent): ProductContent | CouponContent | null {
  if (event.type === 'ProductObserved') return productContentOf(event);
  return event.type === 'CouponObserved' ? couponContentOf(event) : null;
}

const productContentOf = (product: ProductContent): ProductContent => ({
  productId: product.productId,
  parentId: product.parentId,
  productType: product.productType,
  status: product.status,
  name: product.name,
  sku: product.sku,
  price: product.price,
  weight: product.weight,
  weightUnit: product.weightUnit,
  isVirtual: product.isVirtual,
  isDownloadable: product.isDownloadable,
  createdAt: product.createdAt,
});

const couponContentOf = (coupon: CouponContent): CouponContent => ({
  couponId: coupon.couponId,
  code: coupon.code,
  status: coupon.status,
  discountType: coupon.discountType,
  amount: coupon.amount,
  minimumAmount: coupon.minimumAmount,
  maximumAmount: coupon.maximumAmount,
  isFreeShipping: coupon.isFreeShipping,
  expiresAt: coupon.expiresAt,
  createdAt: coupon.createdAt,
});
