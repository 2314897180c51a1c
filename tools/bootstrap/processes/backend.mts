import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from '../bootstrap-error.mts';
import { openRun, type Run } from '../children.mts';
import type { InfrastructureOptions, StartedBackend } from '../infrastructure.port.mts';
import { keptPassword, newPassword } from '../kept-text.mts';
import { makePassableFolder } from '../passable-folder.mts';
import { databaseUrl, registryDatabase, superuser } from '../postgres-settings.mts';
import { compatiblePath } from '../registry-settings.mts';
import { kafkaLibraries, registryDistribution } from './artifacts.mts';
import { findJava, type Java } from './java.mts';
import { formattedFolder, startKafka } from './kafka.mts';
import { startPostgres } from './postgres.mts';
import { startRegistry } from './registry.mts';

const stopGraceMs = 8_000;

interface Layout {
  readonly data: string;
  readonly logs: string;
  readonly password: string;
}

/** Starts the three servers as children of this process. */
export async function startProcesses(options: InfrastructureOptions): Promise<StartedBackend> {
  const java = requireJava(options.env);
  const { home, onProgress, persistent } = options;
  const run = await openRun({ home, kind: persistent ? 'start' : 'test', isExclusive: persistent, onProgress });
  try {
    return await startAll(options, run, java);
  } catch (error) {
    await run.stopChildren(stopGraceMs);
    run.close();
    throw error;
  }
}

/** The machine's Java, or one message about it. */
export function requireJava(env: NodeJS.ProcessEnv): Java {
  const java = findJava(env);
  if ('missing' in java) throw new BootstrapError(`Kafka needs ${java.missing}.`);
  return java;
}

async function startAll(options: InfrastructureOptions, run: Run, java: Java): Promise<StartedBackend> {
  const { env, onProgress, ports = {}, persistent } = options;
  const artifacts = { downloads: join(options.home, 'downloads'), run, env, onProgress };
  const libraries = await kafkaLibraries(artifacts);
  const distribution = await registryDistribution(artifacts);
  const { data, logs, password } = layOut(options, run);
  const log = (name: string) => freshLog(logs, name);

  onProgress('Starting Kafka, Postgres and the schema registry');
  const broker = { run, java, libraries, logFile: log('kafka') };
  const startingKafka = startKafka({
    ...broker,
    dataFolder: join(data, 'kafka'),
    ...(persistent ? {} : { formatted: await formattedFolder(broker, artifacts.downloads) }),
    port: ports.kafka,
    adaptProperties: (usual) => ({ ...usual, ...options.kafkaProperties }),
  });
  const startingPostgres = startPostgres({
    run,
    dataFolder: join(data, 'postgres'),
    isKept: persistent,
    password,
    onProgress,
    logFile: log('postgres'),
    port: ports.postgres,
  });
  const startingRegistry = startingPostgres.then(({ port }) => {
    const database = { address: `127.0.0.1:${port}`, name: registryDatabase, user: superuser, password };
    return startRegistry({ run, java, distribution, database, logFile: log('registry'), port: ports.registry });
  });
  const [kafka, postgres, registry] = await Promise.all([startingKafka, startingPostgres, startingRegistry]);

  return {
    addresses: {
      kafkaBrokers: `127.0.0.1:${kafka.port}`,
      schemaRegistryUrl: `http://127.0.0.1:${registry.port}${compatiblePath}`,
      databaseUrl: databaseUrl({ port: postgres.port, password }),
    },
    runFolder: run.folder,
    kafka,
    postgres,
    async stop() {
      await registry.stop();
      await Promise.all([kafka.stop(), postgres.stop()]);
      await run.stopChildren(1_000);
      run.close();
    },
  };
}

function layOut({ home, persistent }: InfrastructureOptions, run: Run): Layout {
  const layout = persistent
    ? { data: join(home, 'data'), logs: join(home, 'logs'), password: keptPassword(join(home, 'data', 'postgres-password')) }
    : { data: run.folder, logs: run.folder, password: newPassword() };
  makePassableFolder(layout.data);
  mkdirSync(layout.logs, { recursive: true, mode: 0o700 });
  return layout;
}

/** The path of a log that starts empty; the one of the start before is kept beside it. */
function freshLog(folder: string, name: string): string {
  const path = join(folder, `${name}.log`);
  if (existsSync(path)) renameSync(path, join(folder, `${name}.previous.log`));
  return path;
}
