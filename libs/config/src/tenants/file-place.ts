import { readFileTree } from './file-tree.js';
import { pathText, type Path } from './problem.js';

const STEP = /\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\.?([A-Za-z_$][\w$]*)/y;

/** A path as {@link pathText} writes it, in steps. */
function stepsOf(path: string): Path {
  const steps: (string | number)[] = [];
  STEP.lastIndex = 0;
  for (let match = STEP.exec(path); match !== null; match = STEP.exec(path)) {
    const [, index, quoted, plain] = match;
    if (index !== undefined) steps.push(Number(index));
    else steps.push(quoted === undefined ? (plain ?? '') : (JSON.parse(`"${quoted}"`) as string));
  }
  return steps;
}

/** A problem that control found in one tenant of a file, with its place in that file. */
export function placeInFile(text: string, tenantIndex: number, path: string): { readonly path: string; readonly line: number | null } {
  const steps: Path = ['tenants', tenantIndex, ...stepsOf(path)];
  const read = readFileTree(text);
  return { path: pathText(steps), line: read.kind === 'tree' ? read.tree.lineOf(steps) : null };
}
