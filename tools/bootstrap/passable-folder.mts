import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Creates a folder, with those above it, through which another user can reach what that user owns, whatever the umask. */
export function makePassableFolder(path: string): void {
  if (existsSync(path)) return;
  makePassableFolder(dirname(path));
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o711);
}
