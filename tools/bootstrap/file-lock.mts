import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePassableFolder } from './passable-folder.mts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.mts';
import { waitUntil } from './wait-until.mts';

/**
 * Runs `work` while holding a lock file, waiting for at most `timeoutMs` for another process to let go of it. The lock
 * of a process that has died is taken over.
 */
export async function withFileLock<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  makePassableFolder(dirname(path));
  const content = JSON.stringify(identify(process.pid));
  await waitUntil({ what: `getting the lock ${path}`, timeoutMs, intervalMs: 200 }, async () => {
    if (tryLock(path, content)) return true;
    removeIfStale(path);
    return undefined;
  });
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Creates the lock with its content in one step: a hard link fails when the name exists. */
function tryLock(path: string, content: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function removeIfStale(path: string): void {
  const holder = readHolder(path);
  if (!holder || isAlive(holder)) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    const moved = readHolder(aside);
    if (moved && isAlive(moved)) linkSync(aside, path); // someone was faster and holds it: give it back
  } catch {
    // Someone else removed it first.
  } finally {
    rmSync(aside, { force: true });
  }
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
