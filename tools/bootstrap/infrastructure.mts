import { resolve } from 'node:path';
import { missingForContainers } from './containers/probe.mts';
import { startContainers } from './containers/backend.mts';
import { BootstrapError } from './bootstrap-error.mts';
import type { Properties } from './kafka-properties.mts';
import { startProcesses } from './processes/backend.mts';
import { missingForProcesses } from './processes/probe.mts';
import type { DatabaseHooks, FaultHooks } from './processes/service.mts';
import type { OnProgress } from './progress.mts';
import { selectBackend, type Backend } from './selection.mts';

export interface InfrastructureAddresses {
  /** `host:port`, comma-separated when there are several. */
  readonly kafkaBrokers: string;
  /** Base of the API that speaks Confluent's registry protocol, ready for its clients. */
  readonly schemaRegistryUrl: string;
  /** A superuser's URL of the default database `tributary`. */
  readonly databaseUrl: string;
}

export interface Infrastructure {
  readonly addresses: InfrastructureAddresses;
  readonly backend: Backend;
  readonly reason: string;
  /** The folder with `pids.json` of this start; undefined when we started nothing. */
  readonly runFolder: string | undefined;
  readonly kafka: FaultHooks;
  readonly postgres: DatabaseHooks;
  /** Ends everything within 10 s and removes throw-away data; calling it again changes nothing. */
  stop(): Promise<void>;
}

export interface InfrastructureOptions {
  /** Data, downloads and pids; usually TRIBUTARY_HOME or `.tributary`. */
  readonly home: string;
  /** 0 or undefined: any free port. */
  readonly ports?: { readonly kafka?: number; readonly registry?: number; readonly postgres?: number };
  readonly onProgress: OnProgress;
  /** Whether the data outlives the start; else it lies in a fresh folder that `stop` removes. */
  readonly persistent: boolean;
  /** Read for TEST_BACKEND, the external addresses, JAVA_HOME and the engine's variables. */
  readonly env: NodeJS.ProcessEnv;
  /** Added to the broker's properties or put in their place. */
  readonly kafkaProperties?: Properties;
}

/** What a backend gives back. */
export type StartedBackend = Omit<Infrastructure, 'backend' | 'reason'>;

/** Starts Kafka, a schema registry and Postgres, or takes the given ones; resolves when all three answer. */
export async function startInfrastructure(given: InfrastructureOptions): Promise<Infrastructure> {
  const options = { ...given, home: resolve(given.home) };
  options.onProgress('Looking for a way to run Kafka, a schema registry and Postgres');
  const selection = await selectBackend(options.env, {
    missingForContainers,
    missingForProcesses: () => missingForProcesses(options),
  });
  options.onProgress(`Infrastructure: ${selection.backend} (${selection.reason})`);
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
