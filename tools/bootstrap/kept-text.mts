import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePassableFolder } from './passable-folder.mts';

/** A fresh password that needs no escaping in a URL. */
export function newPassword(): string {
  return randomBytes(18).toString('base64url');
}

/** The password in a file that only its owner can read; made on the first call. */
export function keptPassword(file: string): string {
  return keptText(file, newPassword);
}

/** The text in a file that only its owner can read; made on the first call. */
export function keptText(file: string, make: () => string): string {
  makePassableFolder(dirname(file));
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, make(), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, 'utf8').trim();
}
