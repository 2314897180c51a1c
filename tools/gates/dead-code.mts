import type { Gate } from './gate.mts';
import { parseJson, runTool } from './tool.mts';

interface Issue {
  readonly name: string;
  readonly line?: number;
}

/** One file's issues by their kind; `duplicates` are lists of names for the same thing. */
type FileIssues = { readonly file: string } & Readonly<Record<string, string | readonly (Issue | readonly Issue[])[]>>;

const MEANING: Readonly<Record<string, string>> = {
  files: 'no entry point reaches this file',
  dependencies: 'in package.json and imported nowhere',
  devDependencies: 'in package.json and used nowhere',
  unlisted: 'used and not in package.json',
  binaries: 'a script uses this command and no dependency brings it',
  unresolved: 'leads nowhere',
  exports: 'exported and imported nowhere',
  types: 'exported and imported nowhere',
  duplicates: 'exported twice under different names',
};

const toFindings = ({ file, ...kinds }: FileIssues) =>
  Object.entries(kinds).flatMap(([kind, issues]) =>
    (typeof issues === 'string' ? [] : issues).map((issue) => {
      const [first, ...others] = 'name' in issue ? [issue] : issue;
      const place = first?.line === undefined ? file : `${file}:${first.line}`;
      const name = [first, ...others].map((each) => each?.name).join(', ');
      const meaning = MEANING[kind] ?? 'unused';
      return { place, rule: kind, message: name === file ? meaning : `${name}: ${meaning}` };
    }),
  );

export const deadCode: Gate = {
  name: 'dead-code',
  whatToDo: 'Delete it, or drop the `export`. A new kind of entry point is named in knip.json.',
  async check(root) {
    const run = await runTool(root, 'knip/bin/knip.js', ['--no-progress', '--reporter', 'json']);
    const { issues } = parseJson<{ issues: readonly FileIssues[] }>('knip', run);
    const findings = issues.flatMap(toFindings);
    if (run.exitCode !== 0 && findings.length === 0) throw new Error(`knip ended with ${run.exitCode}: ${run.stderr.trim()}`);
    return { findings, notes: [] };
  },
};
