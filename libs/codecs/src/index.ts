export * from './topics.js';
export * from './schema-book.js';
export * from './order.codec.js';
export * from './delivery.codec.js';
export * from './config.codec.js';
export * from './visit.codec.js';
export * from './assertion.codec.js';
export * from './rejected.codec.js';
