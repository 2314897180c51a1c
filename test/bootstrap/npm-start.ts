import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connectEngine } from '../../tools/bootstrap/containers/engine.mts';
import type { ProcessIdentity } from '../../tools/bootstrap/process-identity.mts';
import { eventually } from '../stack/eventually.js';

const root = resolve(__dirname, '..', '..');

/** A home of its own that shares the downloads of the usual one. */
export function makeHome(): string {
  const downloads = join(resolve(root, process.env['TRIBUTARY_HOME'] || '.tributary'), 'downloads');
  mkdirSync(downloads, { recursive: true, mode: 0o711 });
  const home = mkdtempSync(join(tmpdir(), 'tributary-start-'));
  chmodSync(home, 0o711); // root runs Postgres as another user
  symlinkSync(downloads, join(home, 'downloads'));
  return home;
}

/** Removes a home, and the volumes in which containers kept its data. */
export async function removeHome(home: string): Promise<void> {
  const prefix = join(home, 'data', 'containers', 'volume-prefix');
  if (existsSync(prefix)) {
    const { docker } = await connectEngine();
    const name = readFileSync(prefix, 'utf8').trim();
    for (const server of ['kafka', 'postgres']) await docker.getVolume(`${name}-${server}`).remove();
  }
  rmSync(home, { recursive: true, force: true });
}

interface RecordedRun {
  readonly parent: ProcessIdentity;
  readonly children: readonly (ProcessIdentity & { readonly name: string })[];
}

/** What every start in this home has on record right now. */
export function recordedRuns(home: string): readonly RecordedRun[] {
  return readdirSync(join(home, 'run'))
    .map((entry) => join(home, 'run', entry, 'pids.json'))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as RecordedRun);
}

/** Every process of this home that is on record. */
export const recordedProcesses = (home: string): readonly ProcessIdentity[] =>
  recordedRuns(home).flatMap(({ parent, children }) => [parent, ...children]);

/** The environment of a person at a terminal: nothing of the test run, free ports. */
function terminalEnvironment(home: string): NodeJS.ProcessEnv {
  const { KAFKA_BROKERS: _brokers, SCHEMA_REGISTRY_URL: _registry, DATABASE_URL: _database, NODE_ENV: _mode, ...env } = process.env;
  if (env['TEST_BACKEND'] === 'external') delete env['TEST_BACKEND'];
  return { ...env, TRIBUTARY_HOME: home, INGEST_PORT: '0', CONTROL_PORT: '0', IDENTITY_PORT: '0', TIKTOK_PORT: '0' };
}

/** An npm script in a terminal of its own. */
export class NpmScript {
  output = '';
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(home: string, args: readonly string[]) {
    this.#child = spawn('npm', args, {
      cwd: root,
      env: terminalEnvironment(home),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    this.ended = new Promise((done) => this.#child.once('close', (code) => done(code)));
  }

  /** Waits until it has printed this; fails at once, showing the output, when it ends before. */
  async until(pattern: RegExp, withinMs: number): Promise<void> {
    await eventually(`it prints ${String(pattern)}`, withinMs, () => pattern.test(this.output) || this.#hasEnded).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${this.output}`);
      },
    );
    if (!pattern.test(this.output)) throw new Error(`it ended with ${this.#child.exitCode}:\n${this.output}`);
  }

  /** Ctrl-C: a signal to everything in the foreground of the terminal. */
  interrupt(): void {
    if (this.#child.pid !== undefined && !this.#hasEnded) process.kill(-this.#child.pid, 'SIGINT');
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What stands behind a name in the list at the end. */
  shown(name: string): string {
    return new RegExp(`^ *${name} +(\\S+)`, 'm').exec(this.output)?.[1] ?? '';
  }

  #keep(text: string): void {
    this.output += text;
  }
}
