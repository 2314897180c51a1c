import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './gate.mts';
import { filesBelow } from './source-files.mts';

/** Files of one kind that never change once they are released; their hashes stand in `<folder>/released.json`. */
export interface ReleasedKind {
  readonly folder: string;
  readonly extension: string;
  /** What to do instead of changing one. */
  readonly instead: string;
}

type Hashes = Readonly<Record<string, string>>;

const listPath = (root: string, kind: ReleasedKind): string => join(root, kind.folder, 'released.json');
const hashOf = (root: string, path: string): string =>
  createHash('sha256')
    .update(readFileSync(join(root, path)))
    .digest('hex');

export const filesOf = (root: string, kind: ReleasedKind): string[] =>
  filesBelow(root, kind.folder).filter((path) => path.endsWith(kind.extension));

/** Path below the root → SHA-256 of the file as it was released. Empty before the first release. */
export const releasedHashes = (root: string, kind: ReleasedKind): Hashes => {
  const path = listPath(root, kind);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Hashes) : {};
};

/** Released files that changed or vanished since. */
export const changedFiles = (root: string, kind: ReleasedKind): Finding[] =>
  Object.entries(releasedHashes(root, kind)).flatMap(([path, sha256]) => {
    if (!existsSync(join(root, path)))
      return [{ place: path, rule: 'released-vanished', message: `it was released: put it back. ${kind.instead}` }];
    if (hashOf(root, path) !== sha256)
      return [{ place: path, rule: 'released-changed', message: `it was released: put it back. ${kind.instead}` }];
    return [];
  });

/** Adds every file that is not listed yet; returns what was added. Never changes an entry. */
export function releaseFiles(root: string, kind: ReleasedKind): string[] {
  const before = releasedHashes(root, kind);
  const added = filesOf(root, kind).filter((path) => !(path in before));
  if (added.length === 0) return [];
  const after = { ...before, ...Object.fromEntries(added.map((path) => [path, hashOf(root, path)])) };
  const sorted = Object.fromEntries(Object.entries(after).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(listPath(root, kind), `${JSON.stringify(sorted, null, 2)}\n`);
  return added;
}
