import { plantTree, removePlantedTrees, runGates } from './planted-tree.js';

afterAll(removePlantedTrees);

describe('the generated files gate', () => {
  it('names the generator whose file is stale, with what it says', async () => {
    const run = await runGates(plantTree({ 'libs/domain/src/countries.generated.ts': 'export const COUNTRIES = [];\n' }), 'generated');
    expect(run.broken).toEqual(new Map([['tools/generators/countries.mts', ['stale']]]));
    expect(run.output).toContain('libs/domain/src/countries.generated.ts is stale');
    expect(run.exitCode).toBe(1);
  });

  it('names a generator that breaks', async () => {
    const run = await runGates(plantTree({ 'libs/domain/src/countries.generated.ts': null }), 'generated');
    expect(run.broken).toEqual(new Map([['tools/generators/countries.mts', ['stale']]]));
    expect(run.output).toContain('ENOENT');
  });

  it('is green without generators', async () => {
    const run = await runGates(plantTree({ 'tools/generators/countries.mts': null }), 'generated');
    expect(run.output).toContain('0 generators');
    expect(run.exitCode).toBe(0);
  });
});
