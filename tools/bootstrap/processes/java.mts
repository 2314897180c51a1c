import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { minimumJavaVersion } from '../versions.mts';

export interface Java {
  readonly command: string;
  readonly version: number;
}

/** The first Java of at least the minimum version, of JAVA_HOME and the PATH; else what was found instead. */
export function findJava(env: NodeJS.ProcessEnv): Java | { readonly missing: string } {
  const home = env['JAVA_HOME'];
  const commands = [...(home ? [join(home, 'bin', 'java')] : []), 'java'];
  const found = commands.map((command) => ({ command, version: javaVersion(command, env) }));
  const good = found.find(({ version }) => version >= minimumJavaVersion);
  if (good) return good;
  const newest = Math.max(...found.map(({ version }) => version));
  return { missing: `Java ${minimumJavaVersion} or newer (found: ${newest > 0 ? `Java ${newest}` : 'none'})` };
}

function javaVersion(command: string, env: NodeJS.ProcessEnv): number {
  const { stderr, status } = spawnSync(command, ['-version'], { encoding: 'utf8', env, timeout: 10_000 });
  const match = /version "(?:1\.)?(\d+)/.exec(stderr ?? '');
  return status === 0 && match ? Number(match[1]) : 0;
}
