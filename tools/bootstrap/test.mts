// `npm test`: build, types, gates and every spec; `--only unit|int|e2e` for one kind of specs. Further arguments go to jest.
import { join, resolve } from 'node:path';
import { BootstrapError, messageOf } from './bootstrap-error.mts';
import { ensureBuilt } from './built.mts';
import { cleanLeftovers } from './children.mts';
import { connectEngine } from './containers/engine.mts';
import { removeLeftovers } from './containers/leftovers.mts';
import { endForeground, runInForeground } from './foreground.mts';
import { startInfrastructure } from './infrastructure.mts';
import type { Infrastructure } from './infrastructure.port.mts';
import { createProgress } from './progress.mts';
import { addCounts, countsLine, countsOfCheck, noCounts, type Counts } from './suites/counts.mts';
import { runProject } from './suites/jest-run.mts';
import { PROJECTS, readTestRequest, type Project } from './suites/request.mts';

const root = resolve(import.meta.dirname, '..', '..');
const home = resolve(root, process.env['TRIBUTARY_HOME'] || '.tributary');
const env = { ...process.env, TRIBUTARY_HOME: home };
const progress = createProgress();
const stopWithinMs = 9_500;
let starting: Promise<Infrastructure> | undefined;
const stopping = new AbortController();

const failed = (error: unknown): Counts => {
  progress.failed();
  console.error(error instanceof BootstrapError ? error.message : error);
  return countsOfCheck(false);
};

async function build(): Promise<Counts> {
  try {
    await ensureBuilt(root, progress.onProgress);
    progress.done();
    return noCounts;
  } catch (error) {
    return failed(error);
  }
}

async function check(name: string, args: readonly string[]): Promise<Counts> {
  console.log(`\n${name}`);
  const { exitCode } = await runInForeground(args, { cwd: root, output: 'shown' });
  if (exitCode === 0) console.log(`${name}: ok`);
  return countsOfCheck(exitCode === 0);
}

/** One throw-away infrastructure for all specs of one service each. */
async function withInfrastructure<T>(work: (addresses: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  starting = startInfrastructure({ home, persistent: false, onProgress: progress.onProgress, env, signal: stopping.signal });
  const infrastructure = await starting;
  const { addresses } = infrastructure;
  progress.done();
  try {
    return await work({
      ...env,
      KAFKA_BROKERS: addresses.kafkaBrokers,
      SCHEMA_REGISTRY_URL: addresses.schemaRegistryUrl,
      DATABASE_URL: addresses.databaseUrl,
    });
  } finally {
    await infrastructure.stop();
    starting = undefined;
  }
}

async function main(): Promise<void> {
  const { only, jestArguments } = readTestRequest(process.argv.slice(2));
  let total = noCounts;
  let ranTests = 0;
  const add = (counts: Counts): void => {
    total = addCounts(total, counts);
  };
  const run = async (project: Project, environment: NodeJS.ProcessEnv): Promise<void> => {
    console.log(`\nSpecs: ${project}`);
    const result = await runProject(root, project, jestArguments, environment);
    add(result.counts);
    ranTests += result.ranTests;
  };

  if (only === null || only === 'e2e') add(await build());
  if (only === null) {
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    add(await check('Types', [compiler, '--noEmit', '-p', root]));
    add(await check('Types of the page script', [compiler, '--noEmit', '-p', join(root, 'apps', 'page-script')]));
    add(await check('Gates', [join(root, 'tools', 'gates', 'all.mts')]));
  }
  for (const project of PROJECTS) {
    if (only !== null && only !== project) continue;
    if (project === 'int')
      await withInfrastructure((environment) => run(project, environment)).catch((error: unknown) => add(failed(error)));
    else await run(project, env);
  }
  if (ranTests === 0) console.error('No test ran: nothing matches these arguments.');
  console.log(`\n${countsLine(total)}`);
  process.exit(total.failed > 0 || ranTests === 0 ? 1 : 0);
}

/** Ends jest with its servers and apps, then our own servers, then what those have left. */
async function stop(): Promise<void> {
  setTimeout(() => process.exit(1), stopWithinMs).unref();
  stopping.abort();
  await endForeground(1_500);
  await starting?.then((infrastructure) => infrastructure.stop()).catch(() => undefined);
  for (const kind of ['test-apps', 'test', 'secure-kafka']) await cleanLeftovers(home, kind);
  await connectEngine()
    .then((engine) => removeLeftovers(engine, home, 'test'))
    .catch(() => undefined); // no engine: no containers
  process.exit(1);
}

// A terminal that is gone must not keep us from stopping in order.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

let isStopping = false;
function onSignal(): void {
  if (isStopping) return;
  isStopping = true;
  console.error('\nStopping.');
  void stop();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);

main().catch((error: unknown) => {
  if (!isStopping) console.error(error instanceof BootstrapError ? messageOf(error) : error);
  process.exit(1);
});
