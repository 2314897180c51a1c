import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openRun } from '../children.mts';
import type { InfrastructureOptions, StartedBackend } from '../infrastructure.port.mts';
import { keptPassword, keptText, newPassword } from '../kept-text.mts';
import { kafkaProperties, propertiesAsEnvironment } from '../kafka-properties.mts';
import { awaitKafka } from '../kafka-readiness.mts';
import {
  awaitPostgres,
  databaseUrl,
  ensureDatabases,
  initdbFlags,
  registryDatabase,
  serverSettings,
  superuser,
} from '../postgres-settings.mts';
import { clusterId } from '../processes/kafka.mts';
import { awaitRegistry, compatiblePath, registryEnvironment } from '../registry-settings.mts';
import { images, kafka as kafkaVersions, postgres as postgresVersions, registry as registryVersions } from '../versions.mts';
import { connectEngine, type Engine } from './engine.mts';
import { removeLeftovers, runLabels } from './leftovers.mts';
import { withSnapshots } from './postgres-snapshot.mts';
import { pullMissing } from './pull.mts';
import { startContainer, type ContainerRecipe, type ContainerService } from './server.mts';

const readyTimeoutMs = 120_000;
/** Of the image from Postgres 18 on; the cluster lies below it, by major version. */
const postgresVolume = '/var/lib/postgresql';

interface Context {
  readonly engine: Engine;
  readonly options: InfrastructureOptions;
  readonly network: string;
  readonly labels: Record<string, string>;
  readonly password: string;
  readonly clusterId: string;
  /** The start of the names of the volumes; undefined: the data goes with the containers. */
  readonly volumes: string | undefined;
  readonly started: ContainerService[];
}

/** Starts the three servers as containers with ports published on 127.0.0.1. */
export async function startContainers(options: InfrastructureOptions): Promise<StartedBackend> {
  const { home, onProgress, persistent } = options;
  const kind = persistent ? 'start' : 'test';
  const engine = await connectEngine();
  const run = await openRun({ home, kind, isExclusive: persistent, onProgress });
  try {
    await removeLeftovers(engine, home, kind, onProgress);
    await pullMissing(engine, images, onProgress);
    onProgress('Starting Kafka, Postgres and the schema registry');
    const labels = runLabels(home, kind);
    const name = `tributary-${randomBytes(4).toString('hex')}`;
    const network = await engine.docker.createNetwork({ Name: name, Labels: labels });
    const context = { engine, options, network: name, labels, started: [], ...keptOrFresh(options) };
    const stop = async () => {
      await Promise.all(context.started.map((service: ContainerService) => service.stop().then(() => service.remove())));
      await network.remove();
      run.close();
    };
    return await startAll(context, run.folder, stop).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  } catch (error) {
    run.close();
    throw error;
  }
}

function keptOrFresh({ home, persistent }: InfrastructureOptions): Pick<Context, 'password' | 'clusterId' | 'volumes'> {
  if (!persistent) return { password: newPassword(), clusterId: clusterId(), volumes: undefined };
  const kept = (name: string) => join(home, 'data', 'containers', name);
  return {
    password: keptPassword(kept('postgres-password')),
    clusterId: keptText(kept('kafka-cluster-id'), clusterId),
    // Named at random and kept in the home: a removed home does not meet its old volumes again.
    volumes: keptText(kept('volume-prefix'), () => `tributary-${randomBytes(4).toString('hex')}`),
  };
}

async function startAll(context: Context, runFolder: string, stop: () => Promise<void>): Promise<StartedBackend> {
  const start = async (recipe: ContainerRecipe) => {
    const service = await startContainer(context.engine, endingWith(context.options.signal, recipe));
    context.started.push(service);
    return service;
  };
  const startingPostgres = start(postgresRecipe(context));
  const startingRegistry = startingPostgres.then(async ({ port }) => {
    await ensureDatabases({ host: context.engine.host, port, password: context.password });
    return start(registryRecipe(context));
  });
  // All of them settle before a failure is passed on, so that `stop` sees every container.
  const [kafka, postgres, registry] = await settleAll([start(kafkaRecipe(context)), startingPostgres, startingRegistry]);
  const { host } = context.engine;
  return {
    addresses: {
      kafkaBrokers: `${host}:${kafka.port}`,
      schemaRegistryUrl: `http://${host}:${registry.port}${compatiblePath}`,
      databaseUrl: databaseUrl({ host, port: postgres.port, password: context.password }),
    },
    runFolder,
    kafka,
    postgres: withSnapshots(postgres, {
      engine: context.engine,
      image: postgresVersions.image,
      labels: context.labels,
      volume: postgresVolume,
    }),
    stop,
  };
}

/** The same recipe, which gives up as soon as the whole start is to end. */
function endingWith(signal: AbortSignal | undefined, recipe: ContainerRecipe): ContainerRecipe {
  const giveUpOr = (giveUp: () => void) => () => {
    signal?.throwIfAborted();
    giveUp();
  };
  return { ...recipe, awaitReady: (port, giveUp) => recipe.awaitReady(port, giveUpOr(giveUp)) };
}

async function settleAll<T extends readonly Promise<ContainerService>[]>(
  starting: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(starting);
  return Promise.all(starting);
}

function common(context: Context, alias: string, volumeTarget: string) {
  const { volumes } = context;
  return {
    alias,
    network: context.network,
    labels: context.labels,
    stopGraceSeconds: 6,
    ...(volumes !== undefined && { volume: { name: `${volumes}-${alias}`, target: volumeTarget } }),
  };
}

function kafkaRecipe(context: Context): ContainerRecipe {
  const dataFolder = '/var/lib/kafka/data';
  const { host } = context.engine;
  return {
    ...common(context, 'kafka', dataFolder),
    name: 'Kafka',
    image: kafkaVersions.image,
    portVariable: 'KAFKA_PORT',
    requestedPort: context.options.ports?.kafka,
    environment: (port) => {
      const usual = kafkaProperties({ port, controllerPort: port === 9093 ? 9094 : 9093, host: '0.0.0.0', dataFolder });
      const advertised = { 'advertised.listeners': `PLAINTEXT://${host}:${port}` };
      return { CLUSTER_ID: context.clusterId, ...propertiesAsEnvironment({ ...usual, ...advertised, ...context.options.kafkaProperties }) };
    },
    awaitReady: (port, giveUp) => awaitKafka({ brokers: [`${host}:${port}`] }, { timeoutMs: readyTimeoutMs, giveUp }),
  };
}

function postgresRecipe(context: Context): ContainerRecipe {
  const { engine, password } = context;
  return {
    ...common(context, 'postgres', postgresVolume),
    name: 'Postgres',
    image: postgresVersions.image,
    portVariable: 'POSTGRES_PORT',
    requestedPort: context.options.ports?.postgres,
    innerPort: 5432,
    environment: () => ({ POSTGRES_USER: superuser, POSTGRES_PASSWORD: password, POSTGRES_INITDB_ARGS: initdbFlags.join(' ') }),
    command: ['postgres', ...Object.entries(serverSettings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    awaitReady: (port, giveUp) => awaitPostgres({ host: engine.host, port, password }, { timeoutMs: readyTimeoutMs, giveUp }),
  };
}

function registryRecipe(context: Context): ContainerRecipe {
  const innerPort = 8080;
  const database = { address: 'postgres:5432', name: registryDatabase, user: superuser, password: context.password };
  const { volume: _none, ...rest } = { volume: undefined, ...common(context, 'registry', '') };
  return {
    ...rest,
    name: 'The schema registry',
    image: registryVersions.image,
    portVariable: 'REGISTRY_PORT',
    requestedPort: context.options.ports?.registry,
    innerPort,
    environment: () => ({
      ...registryEnvironment({ host: '0.0.0.0', port: innerPort, database }),
      // Postgres may have another address after a restart, and Java would remember the old one for 30 s.
      JAVA_TOOL_OPTIONS: '-Dsun.net.inetaddr.ttl=0',
    }),
    awaitReady: (port, giveUp) => awaitRegistry(`http://${context.engine.host}:${port}`, { timeoutMs: readyTimeoutMs, giveUp }),
  };
}
