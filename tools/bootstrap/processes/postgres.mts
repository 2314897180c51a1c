import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from '../bootstrap-error.mts';
import type { Run } from '../children.mts';
import { lastLines } from '../last-lines.mts';
import type { OnProgress } from '../progress.mts';
import { awaitPostgres, ensureDatabases, initdbFlags, serverSettings, superuser } from '../postgres-settings.mts';
import { postgres as versions } from '../versions.mts';
import { placePostgres, type PostgresPlacement } from './postgres-placement.mts';
import { postgresUser, type SystemUser } from './postgres-user.mts';
import { withSnapshots } from './postgres-snapshot.mts';
import { startService, type DatabaseHooks, type Service } from './server.mts';

export interface PostgresOptions {
  readonly run: Run;
  /** Made when absent. */
  readonly dataFolder: string;
  /** Whether the data outlives the run. */
  readonly isKept: boolean;
  readonly password: string;
  readonly logFile: string;
  readonly port: number | undefined;
  readonly onProgress: OnProgress;
}

/** What a server says that meets the processes of one that was killed: they end by themselves, the busy ones last. */
const stillInUse = /pre-existing shared memory block .* is still in use|lock file "postmaster.pid" already exists/;
const inUseForMs = 6_000;
const readyTimeoutMs = 60_000;
const stopGraceMs = 6_000;

/** Starts Postgres from the npm package's binaries, with the databases that we need. */
export async function startPostgres(options: PostgresOptions): Promise<Service & DatabaseHooks> {
  const { logFile, password, run } = options;
  const user = postgresUser(join(options.dataFolder, 'cluster'));
  const placement = placePostgres(options.dataFolder, options.isKept, user, run);
  const cluster = await initialiseOnce(options, placement, user);
  const service = await startService({
    name: 'Postgres',
    portVariable: 'POSTGRES_PORT',
    requestedPort: options.port,
    stopGraceMs,
    passing: {
      pattern: stillInUse,
      forMs: inUseForMs,
      onWait: () => options.onProgress('Waiting for processes of a killed Postgres to let go of its data'),
    },
    async spawn(port) {
      const settings = { ...serverSettings, listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' };
      const args = ['-D', cluster, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])];
      // SIGINT is Postgres' fast shutdown; SIGTERM would wait for every client to leave.
      return run.spawnChild('postgres', join(placement.binaries, 'bin', 'postgres'), args, {
        ...user,
        logFile,
        cwd: placement.folder,
        stopSignal: 'SIGINT',
      });
    },
    awaitReady: (port, giveUp) => awaitPostgres({ port, password }, { timeoutMs: readyTimeoutMs, giveUp }),
  });
  await ensureDatabases({ port: service.port, password });
  return withSnapshots(service, cluster);
}

/** The cluster's folder, made by initdb in a draft that is renamed when complete. */
async function initialiseOnce(options: PostgresOptions, placement: PostgresPlacement, user: SystemUser | undefined): Promise<string> {
  const cluster = join(placement.folder, 'cluster');
  if (existsSync(cluster)) {
    checkMajorVersion(cluster);
    return cluster;
  }
  const draft = join(placement.folder, 'cluster.draft');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  const passwordFile = join(placement.folder, 'initial-password');
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (user) for (const path of [draft, passwordFile]) chownSync(path, user.uid, user.gid);
  const args = [
    `--pgdata=${draft}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    ...initdbFlags,
    ...(options.isKept ? [] : ['--no-sync']),
  ];
  const spawnOptions = { ...user, logFile: options.logFile, cwd: placement.folder };
  const child = options.run.spawnChild('initdb', join(placement.binaries, 'bin', 'initdb'), args, spawnOptions);
  const { code } = await child.exited;
  rmSync(passwordFile);
  if (code !== 0) throw new BootstrapError(`initdb failed. Its last lines:\n${lastLines(options.logFile)}`);
  renameSync(draft, cluster);
  return cluster;
}

function checkMajorVersion(cluster: string): void {
  const found = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (found === versions.majorVersion) return;
  throw new BootstrapError(
    `The data in ${cluster} was written by Postgres ${found}; this is Postgres ${versions.majorVersion}. Move the home folder away to begin with an empty one, or set TRIBUTARY_HOME.`,
  );
}
