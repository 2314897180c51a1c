/** What webhooks can be managed for, in WooCommerce's words. */
export const WEBHOOK_RESOURCES = ['orders', 'products', 'customers', 'coupons'] as const;
export type WebhookResource = (typeof WEBHOOK_RESOURCES)[number];

/** @see https://woocommerce.com/document/webhooks/ (read 2026-11-21): customers have no trash, so nothing of them is restored */
const TOPICS: Readonly<Record<WebhookResource, readonly string[]>> = {
  orders: ['order.created', 'order.updated', 'order.deleted', 'order.restored'],
  products: ['product.created', 'product.updated', 'product.deleted', 'product.restored'],
  customers: ['customer.created', 'customer.updated', 'customer.deleted'],
  coupons: ['coupon.created', 'coupon.updated', 'coupon.deleted', 'coupon.restored'],
};

/** Webhooks that are made and kept in order in a shop whose keys may write. One webhook, address and secret for each. */
export const managedTopics = (resources: readonly WebhookResource[]): readonly string[] =>
  WEBHOOK_RESOURCES.filter((resource) => resources.includes(resource)).flatMap((resource) => TOPICS[resource]);
