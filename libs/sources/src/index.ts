export * from './registry.js';
export * from './woocommerce/woocommerce.schema.js';
export * from './woocommerce/webhook-signature.js';
export * from './woocommerce/woocommerce-order.source.js';
