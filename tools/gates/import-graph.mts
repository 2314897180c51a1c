import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ICruiseResult, IViolation } from 'dependency-cruiser';
import type { Finding, Gate } from './gate.mts';
import { filesBelow, isTypeScript } from './source-files.mts';
import { parseJson, runTool } from './tool.mts';

const FOLDERS = ['apps', 'libs', 'test', 'tools'];

function toFinding(violation: IViolation, comments: ReadonlyMap<string, string>): Finding {
  const { name } = violation.rule;
  const target = violation.cycle === undefined ? violation.to : violation.cycle.map((step) => step.name).join(' → ');
  return {
    place: violation.from,
    rule: name,
    message: `${target === violation.from ? '' : `→ ${target}: `}${comments.get(name) ?? ''}`,
  };
}

/** Files that exist and that the graph does not have: then its silence means nothing. */
function unseenFiles(root: string, result: ICruiseResult): Finding[] {
  const seen = new Set(result.modules.map((module) => module.source));
  const expected = ['apps', 'libs'].flatMap((folder) => filesBelow(root, folder)).filter(isTypeScript);
  if (expected.length === 0) return [{ place: '.', rule: 'sees-nothing', message: 'no TypeScript file in apps and libs' }];
  return expected
    .filter((path) => !seen.has(path))
    .map((place) => ({ place, rule: 'sees-too-little', message: `${seen.size} modules were cruised and this one was not` }));
}

export const importGraph: Gate = {
  name: 'import-graph',
  whatToDo: 'Turn the import round, or move what both need down a rank: apps → engines → adapters → pure maps → domain.',
  async check(root) {
    const folders = FOLDERS.filter((folder) => existsSync(join(root, folder)));
    if (folders.length === 0) return { findings: [{ place: '.', rule: 'sees-nothing', message: 'no folder to look at' }], notes: [] };
    const run = await runTool(root, 'dependency-cruiser/bin/dependency-cruiser.mjs', [...folders, '--output-type', 'json']);
    const result = parseJson<ICruiseResult>('dependency-cruiser', run);
    const comments = new Map((result.summary.ruleSetUsed?.forbidden ?? []).map((rule) => [rule.name ?? '', rule.comment ?? '']));
    return {
      findings: [...result.summary.violations.map((violation) => toFinding(violation, comments)), ...unseenFiles(root, result)],
      notes: [`${result.summary.totalCruised} modules, ${result.summary.totalDependenciesCruised ?? 0} imports`],
    };
  },
};
