import { type GateRun, plantTree, removePlantedTrees, runGates } from './planted-tree.js';

describe('the format gate', () => {
  let run: GateRun;
  beforeAll(async () => {
    const root = plantTree({
      'libs/domain/src/unformatted.ts': 'export const total   = "1"\n',
      'libs/domain/src/unfinished.ts': 'export const total = ;\n',
      'libs/domain/src/hidden.ts': 'export const total = 1;\n',
      'docs/architecture.md': '# Architecture\n* one page\n',
      '.prettierignore': 'libs/domain/src/hidden.ts\n',
    });
    run = await runGates(root, 'format');
  });
  afterAll(removePlantedTrees);

  it.each([
    ['a file that prettier would write differently', 'libs/domain/src/unformatted.ts', 'unformatted'],
    ['a document likewise', 'docs/architecture.md', 'unformatted'],
    ['a file that cannot be parsed', 'libs/domain/src/unfinished.ts', 'unreadable'],
    ['source that an ignore file hides', 'libs/domain/src/hidden.ts', 'hidden'],
  ])('names %s', (_, file, rule) => {
    expect(run.broken.get(file)).toEqual([rule]);
    expect(run.exitCode).toBe(1);
  });
});
