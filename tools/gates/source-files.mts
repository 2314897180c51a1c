import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE_FOLDERS = ['apps', 'libs', 'test', 'tools'];
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', 'fixtures', '.tributary']);

/** All files below a folder that are ours, as sorted paths relative to `root`. */
export function filesBelow(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : filesBelow(root, path);
      return entry.isFile() ? [path] : [];
    })
    .toSorted();
}

export const isTypeScript = (path: string): boolean => /\.[mc]?ts$/.test(path) && !/\.d\.[mc]?ts$/.test(path);
export const isGenerated = (path: string): boolean => /\.generated\.[a-z]+$/.test(path);
export const isTestCode = (path: string): boolean => /\.(spec|contract)\.ts$/.test(path) || path.startsWith('test/');

const isScript = (path: string): boolean => /\.[mc]?[jt]s$/.test(path) && !isGenerated(path);

/** Every TypeScript and JavaScript file that somebody wrote. */
export const sourceFiles = (root: string): string[] => SOURCE_FOLDERS.flatMap((folder) => filesBelow(root, folder)).filter(isScript);
