import type { Properties } from './kafka-properties.mts';
import type { DatabaseHooks, FaultHooks } from './processes/server.mts';
import type { OnProgress } from './progress.mts';
import type { Backend } from './selection.mts';

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
  /** Aborted: containers that are only just starting are removed, and the start rejects. */
  readonly signal?: AbortSignal;
  /** Added to the broker's properties or put in their place. */
  readonly kafkaProperties?: Properties;
}

/** What a backend gives back. */
export type StartedBackend = Omit<Infrastructure, 'backend' | 'reason'>;
