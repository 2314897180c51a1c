import { resolve } from 'node:path';
import { missingForContainers } from './containers/probe.mts';
import { startContainers } from './containers/backend.mts';
import { BootstrapError } from './bootstrap-error.mts';
import { startProcesses } from './processes/backend.mts';
import { missingForProcesses } from './processes/probe.mts';
import type { Infrastructure, InfrastructureOptions, StartedBackend } from './infrastructure.port.mts';
import { keptBackend, keepBackend } from './kept-backend.mts';
import { selectBackend } from './selection.mts';

/** Starts Kafka, a schema registry and Postgres, or takes the given ones; resolves when all three answer. */
export async function startInfrastructure(given: InfrastructureOptions): Promise<Infrastructure> {
  const options = { ...given, home: resolve(given.home) };
  options.onProgress('Looking for a way to run Kafka, a schema registry and Postgres');
  const probes = { missingForContainers, missingForProcesses: () => missingForProcesses(options) };
  const selection = await selectBackend(options.env, probes, options.persistent ? keptBackend(options.home) : undefined);
  options.onProgress(`Infrastructure: ${selection.backend} (${selection.reason})`);
  if (options.persistent && selection.backend !== 'external') keepBackend(options.home, selection.backend);
  const start = { external: useExternal, containers: startContainers, processes: startProcesses }[selection.backend];
  const started = await start(options);
  let stopping: Promise<void> | undefined;
  return { ...started, ...selection, stop: () => (stopping ??= started.stop()) };
}

async function useExternal({ env }: InfrastructureOptions): Promise<StartedBackend> {
  const refuse = async () => {
    throw new BootstrapError('Servers given by address are not ours to stop. Run this with TEST_BACKEND=processes or containers.');
  };
  const hooks = { kill: refuse, stop: refuse, start: refuse };
  return {
    addresses: {
      kafkaBrokers: env['KAFKA_BROKERS'] ?? '',
      schemaRegistryUrl: env['SCHEMA_REGISTRY_URL'] ?? '',
      databaseUrl: env['DATABASE_URL'] ?? '',
    },
    runFolder: undefined,
    kafka: hooks,
    postgres: { ...hooks, snapshot: refuse },
    stop: async () => undefined,
  };
}
