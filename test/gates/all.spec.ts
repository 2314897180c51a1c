import { bareTree, packageJson, plantTree, removePlantedTrees, runGates } from './planted-tree.js';

afterAll(removePlantedTrees);

describe('the gates', () => {
  it('are all green on a clean tree, one line each', async () => {
    const run = await runGates(plantTree());
    expect(run.output.match(/^(ok|FAIL) +\S+/gm)?.toSorted()).toEqual(
      ['dead-code', 'format', 'generated', 'import-graph', 'lint', 'names', 'pure-core', 'schemas', 'suppressions'].map(
        (name) => `ok    ${name}`,
      ),
    );
    expect(run.exitCode).toBe(0);
  }, 180_000);

  it('are red where there is nothing to see', async () => {
    const root = bareTree({ 'package.json': packageJson([]) });
    const run = await runGates(root, 'import-graph', 'lint', 'pure-core', 'names', 'suppressions');
    expect(run.output.match(/^FAIL +\S+/gm)).toHaveLength(5);
    expect(run.exitCode).toBe(1);
  });

  it('refuse a name that is no gate', async () => {
    const run = await runGates(plantTree(), 'spelling');
    expect(run.output).toContain('There is no gate spelling. There are: format, lint,');
    expect(run.exitCode).toBe(1);
  });
});
