// One run, three projects: pure specs, specs against one real service, and the whole stack.
// The addresses of Kafka, the registry and Postgres come in the environment (tools/bootstrap/test.mts).
const transform = {
  '^.+\\.m?ts$': [
    '@swc/jest',
    {
      jsc: {
        parser: { syntax: 'typescript', decorators: true },
        target: 'es2023',
        transform: { legacyDecorator: true, decoratorMetadata: true },
      },
      module: { type: 'commonjs' },
    },
  ],
};
const ignored = ['/node_modules/', '/dist/', '/.tributary/'];
const shared = {
  testEnvironment: 'node',
  transform,
  moduleFileExtensions: ['ts', 'mts', 'js', 'mjs', 'json'],
  moduleNameMapper: { '^@tributary/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts', '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.tributary/'],
};

export default {
  testTimeout: 30_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs,test,tools}/**/*.spec.ts'],
      testPathIgnorePatterns: [...ignored, '\\.(int|e2e)\\.spec\\.ts$'],
    },
    { ...shared, displayName: 'int', testMatch: ['<rootDir>/{apps,libs,test,tools}/**/*.int.spec.ts'], testPathIgnorePatterns: ignored },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/**/*.e2e.spec.ts'], testPathIgnorePatterns: ignored },
  ],
};
