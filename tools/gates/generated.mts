import { filesBelow } from './source-files.mts';
import type { Finding, Gate } from './gate.mts';
import { runScript } from './tool.mts';

const FOLDER = 'tools/generators';

/** A generator is a file directly in the folder; what several share lies deeper. */
const isGenerator = (path: string): boolean => path.endsWith('.mts') && !path.slice(FOLDER.length + 1).includes('/');

export const generated: Gate = {
  name: 'generated',
  whatToDo: 'Run `npm run generate` and commit what it wrote.',
  async check(root) {
    const generators = filesBelow(root, FOLDER).filter(isGenerator);
    const findings: Finding[] = [];
    for (const generator of generators) {
      const run = await runScript(root, generator, ['--check']);
      if (run.exitCode !== 0) {
        const said = `${run.stdout}\n${run.stderr}`.trim();
        findings.push({ place: generator, rule: 'stale', message: said === '' ? `--check ended with ${run.exitCode}` : said });
      }
    }
    return { findings, notes: [`${generators.length} generators`] };
  },
};
