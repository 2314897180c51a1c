export * from './vendor-client.adapter.js';
export * from './control-client.adapter.js';
export * from './shop-client.adapter.js';
