import { type GateRun, plantTree, removePlantedTrees, runGates } from './planted-tree.js';

type Planted = readonly [what: string, file: string, rule: string, code: string];

/** Written so that this file does not silence anything itself. */
const silencer = (word: string): string => `// @${word}`;

const EVERYWHERE: readonly Planted[] = [
  ['any', 'libs/kafka/src/any.ts', 'typescript/no-explicit-any', 'export const size = (value: any): string => String(value);'],
  ['a value of type any', 'libs/kafka/src/unsafe.ts', 'typescript/no-unsafe-assignment', "export const size: number = JSON.parse('1');"],
  [
    'a promise that nobody waits for',
    'libs/kafka/src/floating.ts',
    'typescript/no-floating-promises',
    'export function send(): void {\n  Promise.resolve(1);\n}',
  ],
  [
    'a promise where none is expected',
    'libs/kafka/src/misused.ts',
    'typescript/no-misused-promises',
    'export const send = (all: string[]): void => all.forEach(async (one) => Promise.resolve(one));',
  ],
  [
    'a switch with a case missing',
    'libs/kafka/src/switch.ts',
    'typescript/switch-exhaustiveness-check',
    "export function say(kind: 'a' | 'b'): string {\n  switch (kind) {\n    case 'a':\n      return kind;\n  }\n  return '';\n}",
  ],
  [
    'a silenced compiler',
    'libs/kafka/src/ignore.ts',
    'typescript/ban-ts-comment',
    `${silencer('ts-ignore')}\nexport const size: number = 'a';`,
  ],
  [
    'a non-null assertion',
    'libs/kafka/src/bang.ts',
    'typescript/no-non-null-assertion',
    'export const first = (all: string[]): string => all[0]!;',
  ],
  ['a loose comparison', 'libs/kafka/src/loose.ts', 'eslint/eqeqeq', 'export const isOne = (size: unknown): boolean => size == 1;'],
  ['console', 'libs/kafka/src/console.ts', 'eslint/no-console', "console.log('started');"],
  ['a default export', 'libs/kafka/src/default.ts', 'import/no-default-export', 'export default 1;'],
  ['process.env outside of config', 'libs/kafka/src/env.ts', 'node/no-process-env', "export const brokers = process.env['KAFKA_BROKERS'];"],
  [
    'fetch outside of http',
    'apps/ingest/src/fetch.ts',
    'eslint/no-restricted-globals',
    "export const get = (): unknown => fetch('http://127.0.0.1');",
  ],
  [
    'a catch of what is not unknown',
    'libs/kafka/src/catch.ts',
    'typescript/use-unknown-in-catch-callback-variable',
    'export const send = async (): Promise<unknown> => Promise.reject(new Error()).catch((error: Error) => error.name);',
  ],
  ['an unused variable', 'libs/kafka/src/unused.ts', 'eslint/no-unused-vars', 'const size = 1;\nexport {};'],
];

const IN_TESTS: readonly Planted[] = [
  ['it.only', 'libs/kafka/src/only.spec.ts', 'jest/no-focused-tests', "it.only('sends', () => {\n  expect(1).toBe(1);\n});"],
  ['it.skip', 'libs/kafka/src/skip.spec.ts', 'jest/no-disabled-tests', "it.skip('sends', () => {\n  expect(1).toBe(1);\n});"],
  ['jest.mock', 'libs/kafka/src/mock.spec.ts', 'jest/no-restricted-jest-methods', "jest.mock('./any.js');"],
  ['“should” in a title', 'libs/kafka/src/title.spec.ts', 'jest/valid-title', "it('should send', () => {\n  expect(1).toBe(1);\n});"],
];

const IN_THE_CORE: readonly Planted[] = [
  [
    'Date.now',
    'libs/domain/src/date-now.ts',
    'eslint/no-restricted-properties',
    'export const age = (since: number): number => Date.now() - since;',
  ],
  [
    'Date.now taken apart',
    'libs/domain/src/date-apart.ts',
    'eslint/no-restricted-properties',
    'const { now } = Date;\nexport const age = (since: number): number => now() - since;',
  ],
  ['Math.random', 'libs/sources/src/chance.ts', 'eslint/no-restricted-properties', 'export const chance = (): number => Math.random();'],
  [
    'randomUUID by name',
    'libs/destinations/src/id.ts',
    'eslint/no-restricted-imports',
    "import { randomUUID } from 'node:crypto';\n\nexport const id = (): string => randomUUID();",
  ],
  [
    'randomUUID of the module',
    'libs/destinations/src/module-id.ts',
    'eslint/no-restricted-properties',
    "import crypto from 'node:crypto';\n\nexport const id = (): string => crypto.randomUUID();",
  ],
  [
    'the crypto global',
    'libs/destinations/src/global-id.ts',
    'eslint/no-restricted-globals',
    'export const id = (): string => crypto.randomUUID();',
  ],
  ['process', 'libs/codecs/src/process.ts', 'eslint/no-restricted-globals', 'export const folder = (): string => process.cwd();'],
  [
    'process through globalThis',
    'libs/codecs/src/global-process.ts',
    'eslint/no-restricted-globals',
    'export const folder = (): string => globalThis.process.cwd();',
  ],
  [
    'fetch',
    'libs/destinations/src/fetch.ts',
    'eslint/no-restricted-globals',
    "export const get = (): unknown => fetch('http://127.0.0.1');",
  ],
  [
    'a timer',
    'libs/domain/src/timer.ts',
    'eslint/no-restricted-globals',
    'export const later = (): unknown => setTimeout(() => undefined, 1);',
  ],
  ['async', 'libs/domain/src/async.ts', 'oxc/no-async-await', 'export async function total(): Promise<number> {\n  return 1;\n}'],
  [
    'await',
    'libs/domain/src/await.ts',
    'oxc/no-async-await',
    'export const total = async (all: Promise<number>): Promise<number> => await all;',
  ],
];

describe('the lint gate', () => {
  const planted = [...EVERYWHERE, ...IN_TESTS, ...IN_THE_CORE];
  let run: GateRun;
  beforeAll(async () => {
    const root = plantTree({
      ...Object.fromEntries(planted.map(([, file, , code]) => [file, `${code}\n`])),
      'libs/kafka/src/long.ts': `export const size = 1;\n${'// one more line\n'.repeat(400)}`,
    });
    run = await runGates(root, 'lint');
  });
  afterAll(removePlantedTrees);

  it.each(planted)('names %s', (_, file, rule) => {
    expect(run.broken.get(file)).toContain(rule);
    expect(run.exitCode).toBe(1);
  });

  it('warns of a long file and leaves the clean ones alone', () => {
    expect(run.output).toContain('warning: libs/kafka/src/long.ts');
    expect([...run.broken.keys()].toSorted()).toEqual(planted.map(([, file]) => file).toSorted());
  });
});

describe('the lint gate on a tree that its settings hide', () => {
  afterAll(removePlantedTrees);

  it('names every file that was not linted', async () => {
    const run = await runGates(plantTree({ '.oxlintrc.json': '{ "ignorePatterns": ["clock.adapter.ts"] }' }), 'lint');
    expect(run.broken.get('libs/telemetry/src/clock.adapter.ts')).toEqual(['sees-too-little']);
    expect(run.exitCode).toBe(1);
  });
});
