import { type GateRun, plantTree, removePlantedTrees, runGates } from './planted-tree.js';

/** Written so that this file does not silence anything itself. */
const silencer = (word: string): string => `// ${word}\nexport const total = 1;\n`;

describe('the gates pure-core, names and suppressions', () => {
  let run: GateRun;
  beforeAll(async () => {
    const root = plantTree({
      'libs/domain/src/new-date.ts': 'export const today = (): Date => new Date();\n',
      'libs/sources/src/date-call.ts': 'export const today = (): string => Date();\n',
      'libs/destinations/src/promise.ts': 'export const later = (): unknown => Promise.resolve(1);\n',
      'libs/codecs/src/new-promise.ts': 'export const later = (): unknown => new Promise(() => undefined);\n',
      'libs/codecs/src/later.ts': "export const later = (): unknown => import('./new-promise.js');\n",
      'libs/kafka/src/new-date.ts': 'export const today = (): Date => new Date();\n',
      'libs/kafka/src/kafka-utils.ts': 'export const total = 1;\n',
      'libs/kafka/src/order.service.ts': 'export const total = 1;\n',
      'libs/kafka/src/database.ts': 'export const total = 1;\n',
      'libs/kafka/src/OrderTotal.ts': 'export const total = 1;\n',
      'libs/kafka/src/class.ts': 'export class OffsetManager {}\n',
      'libs/kafka/src/oxlint.ts': silencer('oxlint-disable-next-line no-console'),
      'libs/kafka/src/eslint.ts': silencer('eslint-disable-line'),
      'libs/kafka/src/compiler.ts': silencer('@ts-expect-error'),
      'libs/kafka/src/prettier.ts': silencer('prettier-ignore'),
      'libs/kafka/src/coverage.ts': silencer('istanbul ignore next'),
      'libs/kafka/src/knip.ts': silencer('@public'),
    });
    run = await runGates(root, 'pure-core', 'names', 'suppressions');
  });
  afterAll(removePlantedTrees);

  it.each([
    ['new Date() in the core', 'libs/domain/src/new-date.ts', 'reads-the-clock'],
    ['Date() in the core', 'libs/sources/src/date-call.ts', 'reads-the-clock'],
    ['Promise.resolve in the core', 'libs/destinations/src/promise.ts', 'makes-a-promise'],
    ['new Promise in the core', 'libs/codecs/src/new-promise.ts', 'makes-a-promise'],
    ['import() in the core', 'libs/codecs/src/later.ts', 'imports-later'],
    ['utils in a file name', 'libs/kafka/src/kafka-utils.ts', 'empty-file-name'],
    ['service as a file’s role', 'libs/kafka/src/order.service.ts', 'empty-file-name'],
    ['a file name in another case', 'libs/kafka/src/OrderTotal.ts', 'file-name-shape'],
    ['manager in a class name', 'libs/kafka/src/class.ts', 'empty-class-name'],
    ['a silenced oxlint', 'libs/kafka/src/oxlint.ts', 'suppression'],
    ['a silenced eslint', 'libs/kafka/src/eslint.ts', 'suppression'],
    ['a silenced compiler', 'libs/kafka/src/compiler.ts', 'suppression'],
    ['a silenced prettier', 'libs/kafka/src/prettier.ts', 'suppression'],
    ['a hole in coverage', 'libs/kafka/src/coverage.ts', 'suppression'],
    ['an export hidden from knip', 'libs/kafka/src/knip.ts', 'suppression'],
  ])('name %s', (_, file, rule) => {
    expect(run.broken.get(file)).toEqual([rule]);
    expect(run.exitCode).toBe(1);
  });

  it('leave the clock to adapters and specs, and words that only contain an empty one', () => {
    expect(run.broken.size).toBe(15);
  });
});
