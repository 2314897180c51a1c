import { join } from 'node:path';
import { getFileInfo } from 'prettier';
import type { Gate } from './gate.mts';
import { sourceFiles } from './source-files.mts';
import { runTool } from './tool.mts';

/** Remembers, by content, what was well formatted: the second run takes a tenth of the time. */
const CACHE = ['--cache', '--cache-strategy', 'content', '--cache-location', 'dist/.cache/prettier'];
const IGNORE_FILES = ['.gitignore', '.prettierignore'];

/** Source files that an ignore file hides from prettier: each would be a hole in this gate. */
async function hiddenFiles(root: string, files: readonly string[]): Promise<string[]> {
  const ignorePath = IGNORE_FILES.map((name) => join(root, name));
  const infos = await Promise.all(files.map(async (path) => ({ path, info: await getFileInfo(join(root, path), { ignorePath }) })));
  return infos.filter(({ info }) => info.ignored).map(({ path }) => path);
}

export const format: Gate = {
  name: 'format',
  whatToDo: 'Run `npm run format`.',
  async check(root) {
    const files = sourceFiles(root);
    const [hidden, run] = await Promise.all([
      hiddenFiles(root, files),
      runTool(root, 'prettier/bin/prettier.cjs', ['--no-color', '--list-different', ...CACHE, '.']),
    ]);
    const unformatted = run.stdout.split('\n').filter((line) => line !== '');
    const complaints = [...run.stderr.matchAll(/^\[error\] (\S+): (.+)$/gm)];
    const findings = [
      ...unformatted.map((place) => ({ place, rule: 'unformatted', message: 'not as prettier writes it' })),
      ...complaints.map(([, place = '.', message = '']) => ({ place, rule: 'unreadable', message })),
      ...hidden.map((place) => ({ place, rule: 'hidden', message: 'an ignore file hides source from prettier' })),
    ];
    if (run.exitCode !== 0 && findings.length === 0) throw new Error(`prettier ended with ${run.exitCode}: ${run.stderr.trim()}`);
    return { findings, notes: [`${files.length} source files, and documents and settings`] };
  },
};
