// One run, three projects: pure specs, specs against one real service, and the whole stack.
const transform = { '^.+\\.m?ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2023', transform: { legacyDecorator: true, decoratorMetadata: true } }, module: { type: 'commonjs' } }] };
const shared = {
  testEnvironment: 'node',
  transform,
  moduleFileExtensions: ['ts', 'mts', 'js', 'mjs', 'json'],
  moduleNameMapper: { '^@tributary/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts', '^(\\.{1,2}/.*)\\.js$': '$1' },
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.tributary/'],
};
export default {
  testTimeout: 30_000,
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,test,tools}/**/*.spec.ts'], testPathIgnorePatterns: [...shared.testPathIgnorePatterns, '\\.(int|e2e)\\.spec\\.ts$'] },
    { ...shared, displayName: 'int', testMatch: ['<rootDir>/{apps,libs,test,tools}/**/*.int.spec.ts'], globalSetup: '<rootDir>/test/global-setup.ts', globalTeardown: '<rootDir>/test/global-teardown.ts' },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/**/*.e2e.spec.ts'], globalSetup: '<rootDir>/test/global-setup.ts', globalTeardown: '<rootDir>/test/global-teardown.ts' },
  ],
};
