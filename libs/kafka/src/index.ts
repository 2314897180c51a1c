export * from './kafka.settings.js';
export * from './client.adapter.js';
export * from './lane-producer.adapter.js';
export * from './batch-consumer.adapter.js';
export * from './topic-admin.adapter.js';
export * from './registry.adapter.js';
export * from './log-reader.adapter.js';
export * from './log-ends.adapter.js';
