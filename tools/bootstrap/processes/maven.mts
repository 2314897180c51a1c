import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError, messageOf } from '../bootstrap-error.mts';
import { maven } from '../versions.mts';
import { downloadFolder } from './download-folder.mts';

/**
 * The command that runs Maven: the machine's own `mvn`, else a pinned one from Maven Central, checked by its published
 * SHA-512. MVNW_REPOURL names another repository to fetch it from, as for the usual Maven wrapper.
 */
export async function findMaven(downloads: string, env: NodeJS.ProcessEnv): Promise<string> {
  if (spawnSync('mvn', ['--version'], { env, timeout: 20_000 }).status === 0) return 'mvn';
  const name = `apache-maven-${maven.version}`;
  const folder = await downloadFolder(downloads, name, (draft) => fetchMaven(draft, name, env));
  return join(folder, name, 'bin', 'mvn');
}

async function fetchMaven(draft: string, name: string, env: NodeJS.ProcessEnv): Promise<void> {
  const repository = env['MVNW_REPOURL'] ?? 'https://repo.maven.apache.org/maven2';
  const url = `${repository}/org/apache/maven/apache-maven/${maven.version}/${name}-bin.tar.gz`;
  const [archive, checksum] = await Promise.all([fetchBytes(url), fetchBytes(`${url}.sha512`)]);
  const expected = checksum.toString('utf8').trim().split(/\s+/)[0];
  if (createHash('sha512').update(archive).digest('hex') !== expected) {
    throw new BootstrapError(`${url} does not match its published SHA-512; install Maven (Debian: apt-get install maven) and start again.`);
  }
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, 'maven.tar.gz'), archive);
  unpack(join(draft, 'maven.tar.gz'), draft);
}

/** Unpacks a .tar.gz into an existing folder. */
export function unpack(archive: string, folder: string): void {
  const { status, stderr, error } = spawnSync('tar', ['-xzf', archive, '-C', folder], { encoding: 'utf8' });
  if (status !== 0) throw new BootstrapError(`${archive} could not be unpacked by tar: ${error?.message ?? stderr}`);
}

async function fetchBytes(url: string): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(300_000) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new BootstrapError(
      `There is no mvn on this machine, and ${url} could not be fetched (${messageOf(cause)}). Install Maven (Debian: apt-get install maven), or set MVNW_REPOURL to a Maven repository that this machine reaches.`,
    );
  }
}
