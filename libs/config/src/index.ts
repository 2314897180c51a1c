export * from './secret.js';
export * from './settings.js';
export * from './installation.settings.js';
