import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '../process-identity.mts';

/** What a running `npm start` leaves for commands beside it. */
interface EnvironmentFile {
  readonly startedBy: ProcessIdentity | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Secrets that came in the start's own environment; whoever works beside it must give them too. */
  readonly givenSecrets: readonly string[];
}

const SECRETS = ['TRIBUTARY_MASTER_KEY', 'TRIBUTARY_ADMIN_TOKEN'];
const pathIn = (home: string): string => join(home, 'run', 'environment.json');

export function writeEnvironmentFile(home: string, environment: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): void {
  const content: EnvironmentFile = { startedBy: identify(process.pid), environment, givenSecrets: SECRETS.filter((name) => env[name]) };
  writeFileSync(`${pathIn(home)}.new`, JSON.stringify(content, undefined, 2), { mode: 0o600 });
  renameSync(`${pathIn(home)}.new`, pathIn(home));
}

export const removeEnvironmentFile = (home: string): void => rmSync(pathIn(home), { force: true });

export interface RunningStart {
  readonly environment: Readonly<Record<string, string>>;
  /** Names of secrets that this environment must have and has not. */
  readonly missingSecrets: readonly string[];
}

/** The start that runs in this home; undefined when there is none. */
export function readRunningStart(home: string, env: NodeJS.ProcessEnv): RunningStart | undefined {
  let content: EnvironmentFile;
  try {
    content = JSON.parse(readFileSync(pathIn(home), 'utf8')) as EnvironmentFile;
  } catch {
    return undefined;
  }
  if (content.startedBy === undefined || !isAlive(content.startedBy)) return undefined;
  return { environment: content.environment, missingSecrets: content.givenSecrets.filter((name) => !env[name]) };
}
