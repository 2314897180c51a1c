export * from './ids.js';
export * from './envelope.js';
export * from './order.events.js';
export * from './order.projection.js';
export * from './delivery.events.js';
export * from './outcome.js';
export * from './destination.js';
export * from './reasons.js';
