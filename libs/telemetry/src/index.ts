export * from './log.js';
export * from './metrics.js';
export * from './failpoint.js';
export * from './health.module.js';
