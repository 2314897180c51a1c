import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { descendantsOf, identify, isAlive, signal, type ProcessIdentity } from './process-identity.mts';

export interface ForegroundOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** `shown`: straight to the terminal; `kept`: returned. */
  readonly output: 'shown' | 'kept';
}

export interface ForegroundResult {
  readonly exitCode: number;
  /** What it wrote; empty when it was shown. */
  readonly output: string;
}

const running = new Set<ProcessIdentity>();
let isEnding = false;

/** Runs a script under this Node and waits for its end. */
export async function runInForeground(args: readonly string[], options: ForegroundOptions): Promise<ForegroundResult> {
  if (isEnding) return new Promise(() => undefined);
  const stdio = options.output === 'shown' ? 'inherit' : 'pipe';
  const child = spawn(process.execPath, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ['ignore', stdio, stdio] });
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity) running.add(identity);
  let output = '';
  const keep = (text: string): void => {
    output += text;
  };
  child.stdout?.setEncoding('utf8').on('data', keep);
  child.stderr?.setEncoding('utf8').on('data', keep);
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  if (identity) running.delete(identity);
  // Whoever ended it decides what comes next: callers do not go on.
  return isEnding ? new Promise(() => undefined) : { exitCode, output };
}

/** Ends what runs in the foreground with all its descendants, by force after `graceMs`; nothing is run afterwards. */
export async function endForeground(graceMs: number): Promise<void> {
  isEnding = true;
  const all = [...running].flatMap((root) => [root, ...descendantsOf(root.pid)]);
  for (const one of all) signal(one, 'SIGTERM');
  const deadlineMs = Date.now() + graceMs;
  while (all.some(isAlive) && Date.now() < deadlineMs) await delay(20);
  for (const one of all) signal(one, 'SIGKILL');
}
