export * from './vendor-client.adapter.js';
