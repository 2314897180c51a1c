import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { appArguments } from '../../tools/bootstrap/app-arguments.mts';
import { openRun, type Child, type Run } from '../../tools/bootstrap/children.mts';
import { startInfrastructure } from '../../tools/bootstrap/infrastructure.mts';
import type { Infrastructure } from '../../tools/bootstrap/infrastructure.port.mts';
import { lastLines } from '../../tools/bootstrap/last-lines.mts';
import type { OnProgress } from '../../tools/bootstrap/progress.mts';
import { coresToPin, moveTo, type Cores } from './process-meter.mts';

const NODE_FLAGS = ['--disable-warning=TimeoutNegativeWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];

export interface Program {
  readonly name: string;
  /** Arguments of Node: flags, script, its arguments. */
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Cores that it may use, as taskset writes them; all unless told otherwise. */
  readonly cores?: string | undefined;
}

/** Real Kafka, registry and Postgres of this run alone, and every process that the run starts. */
export class Servers {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly infrastructure: Infrastructure;
  readonly run: Run;
  /** Null where processes cannot be pinned to cores. */
  readonly cores: Cores | null = coresToPin();
  #asked = 0;

  private constructor(root: string, env: NodeJS.ProcessEnv, infrastructure: Infrastructure, run: Run) {
    this.root = root;
    this.env = env;
    this.infrastructure = infrastructure;
    this.run = run;
  }

  static async start(root: string, home: string, given: NodeJS.ProcessEnv, onProgress: OnProgress): Promise<Servers> {
    const { KAFKA_BROKERS: _brokers, SCHEMA_REGISTRY_URL: _registry, DATABASE_URL: _database, ...env } = given;
    if (env['TEST_BACKEND'] === 'external') delete env['TEST_BACKEND'];
    const infrastructure = await startInfrastructure({ home, persistent: false, onProgress, env });
    const run = await openRun({ home, kind: 'bench', isExclusive: false });
    return new Servers(root, env, infrastructure, run);
  }

  /** Processes of the servers by name; empty where they run in containers. */
  pids(): Readonly<Record<string, number>> {
    const { runFolder, backend } = this.infrastructure;
    if (runFolder === undefined || backend !== 'processes') return {};
    const { children } = JSON.parse(readFileSync(join(runFolder, 'pids.json'), 'utf8')) as { children: { name: string; pid: number }[] };
    return Object.fromEntries(children.map(({ name, pid }) => [name, pid]));
  }

  /** Runs `work` while the servers keep off the first core. */
  async awayFromAppCore<T>(work: () => Promise<T>): Promise<T> {
    const pids = Object.values(this.pids());
    if (this.cores === null) return work();
    moveTo(this.cores.rest, pids);
    try {
      return await work();
    } finally {
      moveTo(this.cores.all, pids);
    }
  }

  spawn({ name, args, env, cores }: Program): Child {
    const pinned = this.cores === null || cores === undefined ? [] : ['taskset', '-c', cores];
    const [command = '', ...rest] = [...pinned, process.execPath, ...NODE_FLAGS, ...args];
    const logFile = join(this.run.folder, `${name}.log`);
    return this.run.spawnChild(name, command, rest, { logFile, cwd: this.root, env: { ...this.env, ...env } });
  }

  /** Runs a script of the bench to its end; it takes its job from the environment and answers JSON on its last line. `flags` are Node's. */
  async ask<Answer>(script: string, job: object, cores?: string, flags: readonly string[] = []): Promise<Answer> {
    this.#asked += 1;
    const name = `${script.replaceAll(/[^a-z]+/g, '-')}-${this.#asked}`;
    const path = join(this.root, 'test', 'bench', script);
    const child = this.spawn({ name, args: [...flags, path], env: { BENCH_JOB: JSON.stringify(job) }, cores });
    return this.#answer<Answer>(child, script);
  }

  /** Runs a command of the CLI to its end and reads the JSON on its last line. */
  async cli<Answer>(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Answer> {
    const name = `cli-${args[0]}-${performance.now().toFixed(0)}`;
    return this.#answer<Answer>(
      this.spawn({ name, args: [...appArguments(this.root, 'cli'), ...args], env }),
      `tributary ${args.join(' ')}`,
    );
  }

  async #answer<Answer>(child: Child, what: string): Promise<Answer> {
    const { code } = await child.exited;
    if (code !== 0) throw new Error(`${what} failed. Its last lines:\n${lastLines(child.logFile)}`);
    return JSON.parse(readFileSync(child.logFile, 'utf8').trimEnd().split('\n').at(-1) ?? '') as Answer;
  }

  async stop(): Promise<void> {
    await this.run.stopChildren(3_000);
    await this.infrastructure.stop();
    this.run.close();
  }
}
