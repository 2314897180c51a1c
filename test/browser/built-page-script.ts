import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as rspackPackage from '@rspack/core';
import type { RspackOptions } from '@rspack/core';

const root = join(__dirname, '..', '..');
const configure = createRequire(__filename)(join(root, 'rspack.config.cjs')) as (
  options: RspackOptions,
  rspack: typeof rspackPackage,
) => RspackOptions;

/** The page script as the normal build makes it, from the sources as they are now. */
export async function buildPageScript(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-page-script-'));
  const options = configure({ entry: join(root, 'apps/page-script/src/main.ts'), output: { filename: 'main.js' } }, rspackPackage);
  try {
    await new Promise<void>((resolve, reject) => {
      const compiler = rspackPackage.rspack({ ...options, context: root, output: { ...options.output, path: folder } });
      compiler.run((error, stats) => {
        if (error !== null || stats?.hasErrors() === true) reject(error ?? new Error(stats?.toString('errors-only')));
        else compiler.close(() => resolve());
      });
    });
    return readFileSync(join(folder, 'main.js'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
