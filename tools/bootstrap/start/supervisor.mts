import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BootstrapError } from '../bootstrap-error.mts';
import type { Child, Exit, Run } from '../children.mts';
import { lastLines } from '../last-lines.mts';

export interface Program {
  readonly name: string;
  /** Arguments of Node: flags, script, its arguments. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Who ran this long is well again. */
const STEADY_AFTER_MS = 60_000;
/** Who ends this often before everything is ready will not get ready. */
const ENDS_AT_START = 4;

/** How long to wait before the next start after so many ends in a row. */
export const pauseAfter = (endsInARow: number): number => Math.min(FIRST_PAUSE_MS * 2 ** (endsInARow - 1), LONGEST_PAUSE_MS);

/** Keeps programs running: one that ends is started again, with growing pauses and one line that says so. */
export class Supervisor {
  readonly #options: { readonly run: Run; readonly logFolder: string; readonly cwd: string; readonly say: (line: string) => void };
  readonly #children = new Map<string, Child>();
  readonly #ends = new Map<string, number>();
  readonly #stopping = new AbortController();

  constructor(options: { readonly run: Run; readonly logFolder: string; readonly cwd: string; readonly say: (line: string) => void }) {
    this.#options = options;
    mkdirSync(options.logFolder, { recursive: true, mode: 0o700 });
  }

  logOf(name: string): string {
    return join(this.#options.logFolder, `${name}.log`);
  }

  start(program: Program): void {
    const log = this.logOf(program.name);
    if (existsSync(log)) renameSync(log, join(this.#options.logFolder, `${program.name}.previous.log`));
    const first = this.#spawn(program);
    void this.#watch(program, first);
  }

  /** Throws when a program keeps ending, with its last words. */
  failIfHopeless(): void {
    for (const [name, ends] of this.#ends) {
      if (ends < ENDS_AT_START) continue;
      throw new BootstrapError(
        `${name} ended ${ends} times while starting. Its last lines (${this.logOf(name)}):\n${lastLines(this.logOf(name))}`,
      );
    }
  }

  /** Asks these to end and waits; nothing is started again. */
  async stop(names: readonly string[], graceMs: number): Promise<void> {
    this.#stopping.abort();
    await Promise.all(names.map(async (name) => this.#children.get(name)?.stop(graceMs)));
  }

  #spawn({ name, args, env }: Program): Child {
    const { run, cwd } = this.#options;
    const child = run.spawnChild(name, process.execPath, args, { logFile: this.logOf(name), cwd, env });
    this.#children.set(name, child);
    return child;
  }

  async #watch(program: Program, first: Child): Promise<void> {
    let child = first;
    for (let endsInARow = 1; ; endsInARow++) {
      const startedAtMs = Date.now();
      const exit = await child.exited;
      if (this.#stopping.signal.aborted) return;
      if (Date.now() - startedAtMs > STEADY_AFTER_MS) endsInARow = 1;
      this.#ends.set(program.name, endsInARow);
      const pauseMs = pauseAfter(endsInARow);
      this.#options.say(
        `${program.name} ended (${reasonOf(exit)}); it is started again in ${pauseMs / 1000} s. Its log: ${this.logOf(program.name)}`,
      );
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      child = this.#spawn(program);
    }
  }
}

const reasonOf = ({ code, signal }: Exit): string => (signal === null ? `code ${code}` : signal);
