export * from './registry.js';
export * from './tiktok/tiktok.destination.js';
export * from './tiktok/tiktok.schema.js';
export * from './trackingtech/trackingtech.schema.js';
export * from './trackingtech/account.calls.js';
