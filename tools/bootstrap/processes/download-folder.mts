import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withFileLock } from '../file-lock.mts';

const longestDownloadMs = 20 * 60_000;

/**
 * The folder `<downloads>/<name>`, made by `fill` once: it fills a draft that is renamed when complete, so an
 * interrupted download is begun anew, and a second process waits for the first.
 */
export async function downloadFolder(downloads: string, name: string, fill: (draft: string) => Promise<void>): Promise<string> {
  const folder = join(downloads, name);
  if (existsSync(folder)) return folder;
  return withFileLock(join(downloads, `${name}.lock`), longestDownloadMs, async () => {
    if (existsSync(folder)) return folder;
    removeDrafts(downloads, name);
    const draft = join(downloads, `${name}.draft-${randomBytes(4).toString('hex')}`);
    mkdirSync(draft, { recursive: true });
    try {
      await fill(draft);
      renameSync(draft, folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
    return folder;
  });
}

/** What an interrupted download left; nobody else works on it while the lock is ours. */
function removeDrafts(downloads: string, name: string): void {
  for (const entry of readdirSync(downloads)) {
    if (entry.startsWith(`${name}.draft-`)) rmSync(join(downloads, entry), { recursive: true, force: true });
  }
}
