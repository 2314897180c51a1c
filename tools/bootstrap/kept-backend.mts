import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mts';
import { makePassableFolder } from './passable-folder.mts';
import type { OwnBackend } from './selection.mts';

const fileOf = (home: string): string => join(home, 'data', 'backend');

/** How the servers ran whose data this home has; undefined in a fresh one. */
export function keptBackend(home: string): OwnBackend | undefined {
  const file = fileOf(home);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8').trim();
  if (text === 'containers' || text === 'processes') return text;
  throw new BootstrapError(`${file} says "${text}", which is neither containers nor processes. Remove the file to choose anew.`);
}

/** Notes it for the next start. */
export function keepBackend(home: string, backend: OwnBackend): void {
  const file = fileOf(home);
  makePassableFolder(dirname(file));
  writeFileSync(`${file}.new`, backend);
  renameSync(`${file}.new`, file);
}
