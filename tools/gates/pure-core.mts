import ts from 'typescript';
import type { Finding, Gate } from './gate.mts';
import { filesBelow, isGenerated, isTestCode, isTypeScript } from './source-files.mts';
import { parse, placeOf, walk } from './syntax.mts';

const PURE_FOLDERS = ['libs/domain', 'libs/sources', 'libs/destinations', 'libs/codecs', 'libs/install-kit'];

const isNamed = (node: ts.Node, name: string): boolean => ts.isIdentifier(node) && node.text === name;

/** What ranks 0 and 1 must not do and oxlint has no rule for; the rest stands in .oxlintrc.json. */
function impurity(node: ts.Node): { rule: string; message: string } | undefined {
  if (ts.isNewExpression(node) && isNamed(node.expression, 'Date') && (node.arguments ?? []).length === 0) {
    return { rule: 'reads-the-clock', message: '`new Date()` reads the clock: take the time as an argument' };
  }
  if (ts.isCallExpression(node)) {
    if (isNamed(node.expression, 'Date')) {
      return { rule: 'reads-the-clock', message: '`Date()` reads the clock: take the time as an argument' };
    }
    if (node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      return { rule: 'imports-later', message: '`import()` is asynchronous: import at the top' };
    }
  }
  const isPromise =
    (ts.isNewExpression(node) && isNamed(node.expression, 'Promise')) ||
    (ts.isPropertyAccessExpression(node) && isNamed(node.expression, 'Promise'));
  return isPromise ? { rule: 'makes-a-promise', message: 'ranks 0 and 1 do not wait: return a value' } : undefined;
}

export const pureCore: Gate = {
  name: 'pure-core',
  whatToDo: 'Take time, ids, keys and settings as arguments; the app that calls it has them.',
  async check(root) {
    const paths = PURE_FOLDERS.flatMap((folder) => filesBelow(root, folder)).filter(
      (path) => isTypeScript(path) && !isTestCode(path) && !isGenerated(path),
    );
    const findings: Finding[] = [];
    for (const path of paths) {
      const file = parse(root, path);
      walk(file, (node) => {
        const found = impurity(node);
        if (found !== undefined) findings.push({ place: placeOf(file, node), ...found });
      });
    }
    if (paths.length === 0) findings.push({ place: 'libs', rule: 'sees-nothing', message: `no file in ${PURE_FOLDERS.join(', ')}` });
    return { findings, notes: [`${paths.length} files`] };
  },
};
