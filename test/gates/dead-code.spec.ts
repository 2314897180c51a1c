import { type GateRun, packageJson, plantTree, removePlantedTrees, runGates } from './planted-tree.js';

describe('the dead code gate', () => {
  let run: GateRun;
  beforeAll(async () => {
    const root = plantTree({
      'package.json': packageJson(['pg', 'uuid'], ['@types/jest', '@types/node', '@types/pg', 'fast-check']),
      'libs/domain/src/index.ts': "export * from './order-total.js';\nexport * from './order-tax.js';\n",
      'libs/domain/src/order-tax.ts': 'export const addTaxes = (first: number, second: number): number => first + second;\n',
      'libs/domain/src/order-kind.ts': "export type OrderKind = 'renewal';\nexport const RENEWAL = 1;\n",
      'libs/domain/src/order-kind.spec.ts':
        "import { RENEWAL } from './order-kind.js';\n\nit('is one', () => {\n  expect(RENEWAL).toBe(1);\n});\n",
      'libs/postgres/src/forgotten.ts': 'export {};\n',
      'libs/telemetry/src/clock.adapter.ts': "import pino from 'pino';\n\nexport const now = (): unknown => pino;\n",
      'tools/gates/all.mts': "import { only } from './only.mts';\n\nconsole.log(only);\n",
      'tools/gates/only.mts': 'export const only = 1;\n',
      'tools/bootstrap/nobody.mts': 'export {};\n',
    });
    run = await runGates(root, 'dead-code');
  });
  afterAll(removePlantedTrees);

  it.each([
    ['an export that only the lib’s index passes on', 'libs/domain/src/order-tax.ts', ['exports']],
    ['a type that nobody imports', 'libs/domain/src/order-kind.ts', ['types']],
    ['a file that nobody imports', 'libs/postgres/src/forgotten.ts', ['files']],
    ['a tool that nobody runs', 'tools/bootstrap/nobody.mts', ['files']],
    ['dependencies that nobody uses', 'package.json', ['dependencies', 'devDependencies']],
    ['a package that is not declared', 'libs/telemetry/src/clock.adapter.ts', ['unlisted']],
  ])('names %s', (_, file, rules) => {
    expect(run.broken.get(file)?.toSorted()).toEqual(rules);
    expect(run.exitCode).toBe(1);
  });

  it('leaves alone what is reached', () => {
    expect(run.broken.size).toBe(6);
    expect(run.output).toContain('[dependencies]  uuid');
    expect(run.output).toContain('[devDependencies]  fast-check');
  });
});
