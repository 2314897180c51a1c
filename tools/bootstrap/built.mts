import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mts';
import { withFileLock } from './file-lock.mts';
import { runInForeground } from './foreground.mts';
import type { OnProgress } from './progress.mts';

const SOURCES = ['apps', 'libs', 'nest-cli.json', 'rspack.config.cjs', 'tsconfig.json', 'package-lock.json'];
const NOT_BUILT = /\.(spec|contract|fake)\.ts$/;
const LONGEST_BUILD_MS = 10 * 60_000;

/** Builds all apps into `dist` unless that was done from the very same sources. */
export async function ensureBuilt(root: string, onProgress: OnProgress): Promise<void> {
  if (isCurrent(root)) return;
  await withFileLock(join(root, 'dist', 'build.lock'), LONGEST_BUILD_MS, async () => {
    if (isCurrent(root)) return;
    onProgress('Building the apps');
    const sources = digestOf(root, SOURCES);
    const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
    const { exitCode, output } = await runInForeground([nest, 'build', '--all'], { cwd: root, output: 'kept' });
    if (exitCode !== 0) throw new BootstrapError(`The apps could not be built:\n${output.trimEnd()}`);
    writeFileSync(stampOf(root), `${sources} ${outputsOf(root)}\n`);
  });
}

/** The entry of a built app. */
export const builtApp = (root: string, app: string): string => join(root, 'dist', 'apps', app, 'main.js');

const stampOf = (root: string): string => join(root, 'dist', 'built-from');

function isCurrent(root: string): boolean {
  const outputs = outputsOf(root);
  if (outputs === undefined || !existsSync(stampOf(root))) return false;
  return readFileSync(stampOf(root), 'utf8').trim() === `${digestOf(root, SOURCES)} ${outputs}`;
}

/** Tells whether somebody else built since: names, sizes and times of the built files; undefined when an app is missing. */
function outputsOf(root: string): string | undefined {
  const { projects } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8')) as { projects: Record<string, unknown> };
  const hash = createHash('sha256');
  for (const app of Object.keys(projects)) {
    const entry = builtApp(root, app);
    if (!existsSync(entry)) return undefined;
    for (const name of readdirSync(dirname(entry)).toSorted()) {
      const { size, mtimeMs } = statSync(join(dirname(entry), name));
      hash.update(`${app}/${name} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

function digestOf(root: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    const file = statSync(join(root, path), { throwIfNoEntry: false });
    if (file?.isDirectory()) for (const name of readdirSync(join(root, path)).toSorted()) add(`${path}/${name}`);
    else if (file?.isFile() && !NOT_BUILT.test(path))
      hash
        .update(`${path}\0`)
        .update(readFileSync(join(root, path)))
        .update('\0');
  };
  for (const path of paths) add(path);
  return hash.digest('hex');
}
