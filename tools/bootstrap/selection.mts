import { BootstrapError } from './bootstrap-error.mts';

export type Backend = 'external' | 'containers' | 'processes';

export interface Selection {
  readonly backend: Backend;
  /** Why, in a few words; printed on the line that names the choice. */
  readonly reason: string;
}

/** A way in which we start the servers ourselves, and so make their data. */
export type OwnBackend = Exclude<Backend, 'external'>;

/** Looks at the machine; each is called at most once and only when its answer matters. */
export interface SelectionProbes {
  /** What is missing for containers, in words that say what to do; empty when they can be started. */
  missingForContainers(): Promise<readonly string[]>;
  /** What is missing for processes, in words that name what to install; empty when they can be started. */
  missingForProcesses(): Promise<readonly string[]>;
}

const addressVariables = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL'] as const;

/**
 * Chooses how Kafka, the registry and Postgres come to be, by TEST_BACKEND, by how the data that is there was made
 * (`dataOf`: a log and a ledger that went missing would let effects happen again), and by what the machine has.
 * Rejects with one message that names everything missing.
 */
export async function selectBackend(env: NodeJS.ProcessEnv, probes: SelectionProbes, dataOf?: OwnBackend): Promise<Selection> {
  const asked = env['TEST_BACKEND'] || 'auto';
  switch (asked) {
    case 'external':
      return selectExternal(env);
    case 'containers':
      return selectOnly('containers', await probes.missingForContainers(), dataOf);
    case 'processes':
      return selectOnly('processes', await probes.missingForProcesses(), dataOf);
    case 'auto':
      return selectAutomatically(env, probes, dataOf);
    default:
      throw new BootstrapError(`TEST_BACKEND=${asked} is unknown; use external, containers, processes or auto.`);
  }
}

function selectExternal(env: NodeJS.ProcessEnv): Selection {
  const unset = addressVariables.filter((name) => !env[name]);
  if (unset.length === 0) return { backend: 'external', reason: 'TEST_BACKEND=external' };
  throw new BootstrapError(`TEST_BACKEND=external needs ${unset.join(', ')} to be set as well.`);
}

function selectOnly(backend: OwnBackend, missing: readonly string[], dataOf: OwnBackend | undefined): Selection {
  const aside = dataOf === undefined || dataOf === backend ? '' : `; the data of earlier starts, made by ${dataOf}, stays aside`;
  if (missing.length === 0) return { backend, reason: `TEST_BACKEND=${backend}${aside}` };
  throw new BootstrapError(`TEST_BACKEND=${backend} is impossible here. Missing:\n${asList(missing)}`);
}

async function selectAutomatically(env: NodeJS.ProcessEnv, probes: SelectionProbes, dataOf: OwnBackend | undefined): Promise<Selection> {
  const given = addressVariables.filter((name) => env[name]);
  if (given.length === addressVariables.length) return { backend: 'external', reason: `${addressVariables.join(', ')} are set` };
  if (given.length > 0) {
    const unset = addressVariables.filter((name) => !env[name]);
    throw new BootstrapError(
      `${given.join(', ')} set without ${unset.join(', ')}: set all of them to use servers of your own, or none to have them started.`,
    );
  }
  if (dataOf !== undefined) return selectAsBefore(dataOf, probes);
  const missingForContainers = await probes.missingForContainers();
  if (missingForContainers.length === 0) return { backend: 'containers', reason: 'an engine answers and has or can pull every image' };
  const missingForProcesses = await probes.missingForProcesses();
  if (missingForProcesses.length === 0)
    return { backend: 'processes', reason: `no containers; missing: ${missingForContainers.join('; ')}` };
  throw new BootstrapError(
    [
      'Kafka, the schema registry and Postgres cannot be started here. Do one of these and start again:',
      `- as processes, install:\n${asList(missingForProcesses, '  ')}`,
      `- as containers, provide:\n${asList(missingForContainers, '  ')}`,
      `- or set ${addressVariables.join(', ')} to servers of your own.`,
    ].join('\n'),
  );
}

async function selectAsBefore(backend: OwnBackend, probes: SelectionProbes): Promise<Selection> {
  const missing = await (backend === 'containers' ? probes.missingForContainers() : probes.missingForProcesses());
  if (missing.length === 0) return { backend, reason: 'as the data of the start before was made' };
  const other = backend === 'containers' ? 'processes' : 'containers';
  throw new BootstrapError(
    [
      `The data of earlier starts lies with servers that ran as ${backend}, which is impossible now. Missing:\n${asList(missing)}`,
      `To begin with empty data instead, set TEST_BACKEND=${other}, or TRIBUTARY_HOME to another folder.`,
    ].join('\n'),
  );
}

function asList(items: readonly string[], indent = ''): string {
  return items.map((item) => `${indent}- ${item}`).join('\n');
}
