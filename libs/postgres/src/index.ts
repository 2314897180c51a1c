export * from './pool.adapter.js';
export * from './migrations.adapter.js';
export * from './postgres.settings.js';
export * from './offsets.adapter.js';
export * from './bulk-rows.js';
export * from './connections.adapter.js';
export * from './vault-store.adapter.js';
export * from './alerts.adapter.js';
