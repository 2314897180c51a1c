export * from './install-files.js';
export * from './shop-install.js';
