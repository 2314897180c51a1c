import { type GateRun, packageJson, plantTree, removePlantedTrees, runGates } from './planted-tree.js';

const PACKAGES = ['@kafkajs/confluent-schema-registry', '@nestjs/common', 'kafkajs', 'pg', 'pino', 'undici'];
const LIBS = ['codecs', 'config', 'delivery', 'destinations', 'http', 'kafka', 'sources', 'stream', 'vault'];

/** A file that imports one thing, and the rule that this breaks. */
type Edge = readonly [what: string, file: string, target: string, rule: string];

const EDGES: readonly Edge[] = [
  ['domain to anything', 'libs/domain/src/up.ts', '@tributary/codecs', 'rank-0-imports-nothing'],
  ['one pure map to another', 'libs/sources/src/sideways.ts', '@tributary/codecs', 'rank-1-imports-domain-only'],
  ['a pure map to an adapter', 'libs/destinations/src/up.ts', '@tributary/http', 'rank-1-imports-domain-only'],
  ['an adapter to an engine', 'libs/kafka/src/up.ts', '@tributary/stream', 'rank-2-imports-lower'],
  ['an adapter to an adapter', 'libs/kafka/src/sideways.ts', '@tributary/postgres', 'adapters-do-not-know-each-other'],
  ['config to an adapter', 'libs/config/src/sideways.ts', '@tributary/http', 'adapters-do-not-know-each-other'],
  ['an engine to an engine', 'libs/stream/src/sideways.ts', '@tributary/delivery', 'rank-3-imports-lower'],
  ['a lib to an app', 'libs/stream/src/up.ts', '../../../apps/ingest/src/intake.js', 'rank-3-imports-lower'],
  ['an app to an app', 'apps/tiktok/src/sideways.ts', '../../ingest/src/intake.js', 'apps-never-import-apps'],
  ['past a lib’s index', 'apps/tiktok/src/deep.ts', '../../../libs/kafka/src/topics.js', 'through-the-index-from-outside'],
  ['past a lib’s index from a lib', 'libs/stream/src/deep.ts', '../../kafka/src/topics.js', 'through-the-index'],
  ['past a lib’s index from a spec', 'libs/stream/src/deep.spec.ts', '../../kafka/src/topics.js', 'through-the-index-in-specs'],
  ['past a lib’s index from test/', 'test/builders/deep.ts', '../../libs/kafka/src/topics.js', 'through-the-index-in-tests'],
  ['Nest in a lib', 'libs/stream/src/nest.ts', '@nestjs/common', 'nest-is-wiring'],
  ['pg outside of postgres', 'libs/delivery/src/pg.ts', 'pg', 'pg-only-in-postgres'],
  ['kafkajs outside of kafka', 'apps/tiktok/src/kafkajs.ts', 'kafkajs', 'kafka-client-only-in-kafka'],
  [
    'the registry’s client outside of kafka',
    'libs/codecs/src/registry.ts',
    '@kafkajs/confluent-schema-registry',
    'kafka-client-only-in-kafka',
  ],
  ['undici outside of http', 'libs/vault/src/undici.ts', 'undici', 'undici-only-in-http'],
  ['a file system in the core', 'libs/sources/src/files.ts', 'node:fs', 'pure-core-builtins'],
  ['a logger in the core', 'libs/domain/src/log.ts', 'pino', 'pure-core-packages'],
  ['tests from production', 'libs/stream/src/tests.ts', '../../../test/builders/order.builder.js', 'only-tests-import-tests'],
  ['a spec from production', 'libs/stream/src/spec.ts', './deep.spec.js', 'only-tests-import-tests'],
  ['tools from a lib', 'libs/stream/src/tools.ts', '../../../tools/bootstrap/versions.mjs', 'nothing-imports-tools'],
  ['tools from test/', 'test/builders/tools.ts', '../../tools/generators/countries.mjs', 'nothing-imports-tools-from-test'],
  ['a test library in production', 'libs/stream/src/check.ts', 'fast-check', 'test-libraries-stay-in-tests'],
  ['a package that is not declared', 'libs/http/src/undeclared.ts', 'fastify', 'no-undeclared-packages'],
  ['nowhere', 'libs/stream/src/nowhere.ts', './nobody.js', 'no-unresolvable'],
  ['a lib without a rank', 'apps/tiktok/src/rankless.ts', '../../../libs/misc/src/index.js', 'lib-without-rank'],
  ['round in a circle', 'libs/vault/src/chicken.ts', './egg.js', 'no-cycles'],
];

/** The same things where they are allowed. */
const ALLOWED: readonly (readonly [file: string, target: string])[] = [
  ['apps/ingest/src/intake.ts', '@nestjs/common'],
  ['apps/ingest/src/engine.ts', '@tributary/stream'],
  ['libs/stream/src/stream.module.ts', '@nestjs/common'],
  ['libs/stream/src/down.ts', '@tributary/kafka'],
  ['libs/kafka/src/topics.ts', 'kafkajs'],
  ['libs/kafka/src/log.ts', '@tributary/telemetry'],
  ['libs/kafka/src/frames.ts', '@tributary/codecs'],
  ['libs/http/src/send.ts', 'undici'],
  ['libs/codecs/src/hash.ts', 'node:crypto'],
  ['libs/delivery/src/fake.spec.ts', '../../kafka/src/topics.fake.js'],
  ['libs/delivery/src/properties.spec.ts', 'fast-check'],
  ['test/infra/start.ts', '../../tools/bootstrap/versions.mjs'],
];

const importing = (target: string): string => `import * as target from '${target}';\n\nexport const value: unknown = target;\n`;

describe('the import graph gate', () => {
  let run: GateRun;
  beforeAll(async () => {
    const root = plantTree({
      'package.json': packageJson(PACKAGES, ['@types/jest', '@types/node', '@types/pg', 'fast-check']),
      ...Object.fromEntries(LIBS.map((lib) => [`libs/${lib}/src/index.ts`, 'export const lib = 1;\n'])),
      'libs/misc/src/index.ts': 'export const lib = 1;\n',
      'libs/vault/src/egg.ts': importing('./chicken.js'),
      'libs/vault/src/lonely.ts': 'export const lonely = 1;\n',
      'libs/kafka/src/topics.fake.ts': importing('./topics.js'),
      'test/builders/order.builder.ts': importing('@tributary/domain'),
      'tools/bootstrap/versions.mts': 'export const VERSIONS = {};\n',
      ...Object.fromEntries([
        ...EDGES.map(([, file, target]) => [file, importing(target)]),
        ...ALLOWED.map(([file, target]) => [file, importing(target)]),
      ]),
    });
    run = await runGates(root, 'import-graph');
  });
  afterAll(removePlantedTrees);

  it.each(EDGES)('names an import %s', (_, file, __, rule) => {
    expect(run.broken.get(file)).toContain(rule);
    expect(run.exitCode).toBe(1);
  });

  it('names a file that nobody imports and that imports nothing', () => {
    expect(run.broken.get('libs/vault/src/lonely.ts')).toEqual(['no-orphans']);
  });

  it.each(ALLOWED)('allows %s → %s', (file) => {
    expect(run.broken.get(file)).toBeUndefined();
  });
});

describe('the import graph gate on a tree that its settings hide', () => {
  afterAll(removePlantedTrees);

  it('names every file that was not cruised', async () => {
    const root = plantTree({ '.dependency-cruiser.cjs': "module.exports = { forbidden: [], options: { includeOnly: '^nowhere' } };\n" });
    const run = await runGates(root, 'import-graph');
    expect(run.broken.get('apps/ingest/src/main.ts')).toEqual(['sees-too-little']);
    expect(run.broken.get('libs/domain/src/order-total.ts')).toEqual(['sees-too-little']);
    expect(run.exitCode).toBe(1);
  });
});
