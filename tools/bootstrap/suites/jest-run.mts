import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInForeground } from '../foreground.mts';
import { countsOfJest, type Counts, type JestReport } from './counts.mts';
import type { Project } from './request.mts';

/** Two cores; every end-to-end file starts servers of its own and measures times, so those run one after the other. */
const WORKERS: Readonly<Record<Project, number>> = { unit: 2, int: 2, e2e: 1 };

/** Runs the specs of one project in the foreground and returns jest's counts. */
export async function runProject(
  root: string,
  project: Project,
  jestArguments: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly counts: Counts; readonly ranTests: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-jest-'));
  const outputFile = join(folder, `${project}.json`);
  try {
    const node = [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=TimeoutNegativeWarning',
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    ];
    const usual = [
      '--selectProjects',
      project,
      '--maxWorkers',
      String(WORKERS[project]),
      '--passWithNoTests',
      '--json',
      '--outputFile',
      outputFile,
    ];
    const { exitCode } = await runInForeground([...node, ...usual, ...jestArguments], { cwd: root, env, output: 'shown' });
    const counts = countsOfJest(readReport(outputFile), exitCode);
    return { counts, ranTests: counts.passed + counts.failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file: string): JestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestReport;
  } catch {
    return undefined;
  }
}
