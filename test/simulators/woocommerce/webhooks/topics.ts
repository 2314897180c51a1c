import type { Traits } from '../shop/site.ts';

const EVENTS: Readonly<Record<string, ReadonlySet<string>>> = {
  coupon: new Set(['created', 'updated', 'deleted', 'restored']),
  customer: new Set(['created', 'updated', 'deleted']),
  order: new Set(['created', 'updated', 'deleted', 'restored']),
  product: new Set(['created', 'updated', 'deleted', 'restored', 'published']),
};

const HOOKS: Readonly<Record<string, readonly string[]>> = {
  'order.created': ['woocommerce_new_order'],
  'order.updated': ['woocommerce_update_order', 'woocommerce_order_refunded'],
  'order.deleted': ['wp_trash_post', 'woocommerce_trash_order'],
  'order.restored': ['untrashed_post', 'woocommerce_untrash_order'],
  'product.created': ['woocommerce_process_product_meta', 'woocommerce_new_product', 'woocommerce_new_product_variation'],
  'product.updated': ['woocommerce_process_product_meta', 'woocommerce_update_product', 'woocommerce_update_product_variation'],
  'product.deleted': ['wp_trash_post'],
  'customer.created': ['user_register', 'woocommerce_created_customer', 'woocommerce_new_customer'],
  'customer.updated': ['profile_update', 'woocommerce_update_customer'],
  'customer.deleted': ['delete_user'],
  'coupon.created': ['woocommerce_process_shop_coupon_meta', 'woocommerce_new_coupon'],
  'coupon.updated': ['woocommerce_process_shop_coupon_meta', 'woocommerce_update_coupon'],
  'coupon.deleted': ['wp_trash_post'],
};

/** PHP hooks behind a topic. */
export const hooksOf = (topic: string): readonly string[] => {
  const [resource, event = ''] = topic.split('.');
  return resource === 'action' ? [event] : (HOOKS[topic] ?? []);
};

/** Topics that a webhook may be created for; old versions take one that never fires. */
export function isTopic(topic: string, { takesCustomerRestored }: Traits): boolean {
  const [resource = '', event = ''] = topic.split('.');
  if (resource === 'action') return /^(?:woocommerce|wc)_./.test(event);
  if (topic === 'customer.restored') return takesCustomerRestored;
  return EVENTS[resource]?.has(event) === true;
}
