import type { Finding, Gate } from './gate.mts';
import { sourceFiles } from './source-files.mts';
import { parseJson, runTool } from './tool.mts';

interface Diagnostic {
  readonly message: string;
  readonly code?: string;
  readonly severity: 'error' | 'warning' | 'advice';
  readonly help?: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

interface LintResult {
  readonly diagnostics: readonly Diagnostic[];
}

/** `eslint(no-console)` → `eslint/no-console`, as it is written in the settings. */
const ruleName = (code: string | undefined): string => (code ?? 'unreadable').replace(/^(.+)\((.+)\)$/, '$1/$2');

const toFinding = ({ message, code, help, filename, labels }: Diagnostic): Finding => ({
  place: labels[0] === undefined ? filename : `${filename}:${labels[0].span.line}`,
  rule: ruleName(code),
  message: help === undefined ? message : `${message} ${help}`,
});

const run = (root: string, ...args: readonly string[]) => runTool(root, 'oxlint/bin/oxlint', ['--disable-nested-config', ...args]);

/** Files that exist and that oxlint passes over: then its silence means nothing. */
function unseenFiles(expected: readonly string[], listed: string): Finding[] {
  const seen = new Set(listed.split('\n'));
  if (expected.length === 0) return [{ place: '.', rule: 'sees-nothing', message: 'no source file found' }];
  return expected
    .filter((path) => !seen.has(path))
    .map((place) => ({ place, rule: 'sees-too-little', message: 'the settings hide this file from oxlint' }));
}

export const lint: Gate = {
  name: 'lint',
  whatToDo: 'Change the code; nothing is suppressed here. A rule that is wrong for all of us is changed in .oxlintrc.json.',
  async check(root) {
    const files = sourceFiles(root);
    const [listing, linting] = await Promise.all([run(root, '--debug=files'), run(root, '--type-aware', '--format', 'json')]);
    const { diagnostics } = parseJson<LintResult>('oxlint', linting);
    const errors = diagnostics.filter(({ severity }) => severity === 'error').map(toFinding);
    const warnings = diagnostics.filter(({ severity }) => severity !== 'error').map(toFinding);
    return {
      findings: [...errors, ...unseenFiles(files, listing.stdout)],
      notes: [`${files.length} files`, ...warnings.map(({ place, rule, message }) => `warning: ${place} ${rule} ${message}`)],
    };
  },
};
