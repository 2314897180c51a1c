import { spawnSync } from 'node:child_process';
import { messageOf } from '../bootstrap-error.mts';
import { findJava } from './java.mts';
import { postgresBinaries } from './postgres-binaries.mts';

/** What this machine lacks to run the servers as processes; Maven is fetched when there is no `mvn`. */
export async function missingForProcesses({ env }: { env: NodeJS.ProcessEnv }): Promise<string[]> {
  const missing: string[] = [];
  const java = findJava(env);
  if ('missing' in java) missing.push(`${java.missing}; Debian: apt-get install openjdk-17-jre-headless, macOS: brew install openjdk@17`);
  if (spawnSync('tar', ['--version'], { env }).status !== 0) missing.push('tar, to unpack the schema registry');
  try {
    postgresBinaries();
  } catch (error) {
    missing.push(messageOf(error));
  }
  return missing;
}
