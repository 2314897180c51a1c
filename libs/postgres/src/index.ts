export * from './pool.adapter.js';
export * from './migrations.adapter.js';
export * from './postgres.settings.js';
