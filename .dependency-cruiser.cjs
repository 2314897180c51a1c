// Imports point one way: apps → engines → adapters → pure maps → domain. A new lib gets its rank here first.
const RANK_0 = 'domain';
const RANK_1 = 'sources|destinations|codecs|install-kit';
const RANK_2 = 'kafka|postgres|http|vault|config|telemetry';
const RANK_3 = 'stream|delivery';
const PURE = `${RANK_0}|${RANK_1}`;

/** Specs, suites that adapters share, and everything below test/. */
const TEST_CODE = ['\\.spec\\.ts$', '\\.contract\\.ts$', '^test/'];
/** What of another lib tests may import past its index: what only tests need. */
const FOR_TESTS = '\\.(fake|contract|builder)\\.ts$';
const INDEX = '^libs/[^/]+/src/index\\.ts$';

const forbidden = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

/** `packages` may be imported inside `home` only; tools and tests stand outside of the ranks. */
const onlyIn = (name, packages, home) =>
  forbidden(
    name,
    `${packages.replaceAll('|', ', ')}: only in ${home}; others use its port.`,
    { path: '^(apps|libs)/', pathNot: [`^${home}/`] },
    { path: `node_modules/(@types/)?(${packages})/` },
  );

module.exports = {
  forbidden: [
    forbidden(
      'lib-without-rank',
      'Give the lib a rank in .dependency-cruiser.cjs.',
      {},
      { path: '^libs/', pathNot: `^libs/(${PURE}|${RANK_2}|${RANK_3})/` },
    ),
    forbidden(
      'lib-without-rank-imports',
      'Give the lib a rank in .dependency-cruiser.cjs.',
      { path: '^libs/', pathNot: `^libs/(${PURE}|${RANK_2}|${RANK_3})/` },
      {},
    ),
    forbidden(
      'rank-0-imports-nothing',
      'domain is the bottom: it imports no lib and no app.',
      { path: `^libs/(${RANK_0})/` },
      { path: ['^apps/', `^libs/(?!${RANK_0}/)`] },
    ),
    forbidden(
      'rank-1-imports-domain-only',
      'sources, destinations, codecs and install-kit import domain only, not each other.',
      { path: `^libs/(${RANK_1})/` },
      { path: ['^apps/', '^libs/'], pathNot: [`^libs/(${RANK_0})/`, '^libs/$1/'] },
    ),
    forbidden(
      'rank-2-imports-lower',
      'Adapters import lower ranks only.',
      { path: `^libs/(${RANK_2})/` },
      { path: ['^apps/', `^libs/(${RANK_3})/`] },
    ),
    forbidden(
      'adapters-do-not-know-each-other',
      'An adapter imports no other adapter except config and telemetry.',
      { path: `^libs/(${RANK_2})/` },
      { path: `^libs/(${RANK_2})/`, pathNot: ['^libs/$1/', '^libs/(config|telemetry)/'] },
    ),
    forbidden(
      'rank-3-imports-lower',
      'Engines import lower ranks only, not each other.',
      { path: `^libs/(${RANK_3})/` },
      { path: ['^apps/', `^libs/(${RANK_3})/`], pathNot: '^libs/$1/' },
    ),
    forbidden(
      'apps-never-import-apps',
      'Apps meet through topics and schemas.',
      { path: '^apps/([^/]+)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    forbidden('only-tests-import-tests', 'Only specs and test/ import test code.', { pathNot: TEST_CODE }, { path: TEST_CODE }),
    forbidden(
      'nothing-imports-tools',
      'tools/ stands outside; test/ may import tools/bootstrap, and test/<x> what it tests: tools/<x>.',
      { path: '^(apps|libs)/' },
      { path: '^tools/' },
    ),
    forbidden(
      'nothing-imports-tools-from-test',
      'tools/ stands outside; test/ may import tools/bootstrap, and test/<x> what it tests: tools/<x>.',
      { path: '^test/([^/]+)' },
      { path: '^tools/', pathNot: ['^tools/bootstrap/', '^tools/$1/'] },
    ),
    forbidden(
      'through-the-index',
      "Import a lib by '@tributary/<lib>', which is its src/index.ts.",
      { path: '^libs/([^/]+)/', pathNot: TEST_CODE },
      { path: '^libs/', pathNot: ['^libs/$1/', INDEX] },
    ),
    forbidden(
      'through-the-index-from-outside',
      "Import a lib by '@tributary/<lib>', which is its src/index.ts.",
      { path: '^(apps|tools)/', pathNot: TEST_CODE },
      { path: '^libs/', pathNot: INDEX },
    ),
    forbidden(
      'through-the-index-in-specs',
      "Import a lib by '@tributary/<lib>'; only fakes, contracts and builders are imported past the index.",
      { path: '^libs/([^/]+)/.*\\.(spec|contract)\\.ts$' },
      { path: '^libs/', pathNot: ['^libs/$1/', INDEX, FOR_TESTS] },
    ),
    forbidden(
      'through-the-index-in-tests',
      "Import a lib by '@tributary/<lib>'; only fakes, contracts and builders are imported past the index.",
      { path: ['^test/', '^(apps|tools)/.*\\.(spec|contract)\\.ts$'] },
      { path: '^libs/', pathNot: [INDEX, FOR_TESTS] },
    ),
    forbidden(
      'nest-is-wiring',
      'Nest lives in apps/** and *.module.ts.',
      { path: '^(libs|tools)/', pathNot: '\\.module\\.ts$' },
      { path: 'node_modules/@nestjs/' },
    ),
    onlyIn('pg-only-in-postgres', 'pg|pg-[^/]+', 'libs/postgres'),
    onlyIn('kafka-client-only-in-kafka', 'kafkajs|kafkajs-[^/]+|@kafkajs/[^/]+', 'libs/kafka'),
    onlyIn('undici-only-in-http', 'undici', 'libs/http'),
    forbidden(
      'pure-core-builtins',
      "Ranks 0 and 1 are pure: of Node's modules only what computes.",
      { path: `^libs/(${PURE})/`, pathNot: TEST_CODE },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|crypto|net|url|util)$' },
    ),
    forbidden(
      'pure-core-packages',
      'Ranks 0 and 1 are pure: a new package here needs a decision record and its name in .dependency-cruiser.cjs.',
      { path: `^libs/(${PURE})/`, pathNot: TEST_CODE },
      { path: 'node_modules/', pathNot: 'node_modules/(@types/node|avsc|decimal\\.js|libphonenumber-js|tldts|uuid|yaml|zod)/' },
    ),
    forbidden('no-cycles', 'Move what both need to where both can import it.', {}, { circular: true }),
    forbidden(
      'no-orphans',
      'Nobody imports it and it imports nothing: delete it.',
      { orphan: true, path: '^(apps|libs)/', pathNot: ['/src/(main|index)\\.ts$', '\\.d\\.ts$'] },
      {},
    ),
    forbidden('no-unresolvable', 'This import leads nowhere.', {}, { couldNotResolve: true }),
    forbidden(
      'no-undeclared-packages',
      'Add it to package.json (after a decision record).',
      {},
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    forbidden(
      'test-libraries-stay-in-tests',
      'A development dependency is not there in production.',
      { path: '^(apps|libs)/', pathNot: TEST_CODE },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'], pathNot: 'node_modules/@types/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '/fixtures/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
