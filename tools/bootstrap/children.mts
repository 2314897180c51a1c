import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mts';
import { withFileLock } from './file-lock.mts';
import { makePassableFolder } from './passable-folder.mts';
import { descendantsOf, identify, isAlive, signal, type ProcessIdentity } from './process-identity.mts';
import type { OnProgress } from './progress.mts';
import { waitUntil } from './wait-until.mts';

export interface SpawnOptions {
  /** Takes stdout and stderr; appended to. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** What asks this program to end; SIGTERM unless told otherwise. */
  readonly stopSignal?: NodeJS.Signals;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<Exit>;
  isRunning(): boolean;
  /** Asks it to end and kills it with its descendants after `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL to it and its descendants; resolves when all are gone. */
  kill(): Promise<void>;
}

/** The processes of one start of one kind, recorded in `<home>/run/<instance>/pids.json`. */
export interface Run {
  readonly folder: string;
  spawnChild(name: string, command: string, args: readonly string[], options: SpawnOptions): Child;
  /** Records a folder that is to be removed with the run. */
  recordFolder(path: string): void;
  /** Records that it is about to end: the next start of an exclusive kind then waits for that. No child can be started afterwards. */
  beginToEnd(): void;
  /** Ends all children at once, each within `graceMs`; none can be started afterwards. */
  stopChildren(graceMs: number): Promise<void>;
  /** Removes the run's folder and the recorded ones; call it after the children have ended. */
  close(): void;
}

export interface RunOptions {
  readonly home: string;
  /** Such as `start-apps` or `test`: leftovers are looked for among runs of the same kind only. */
  readonly kind: string;
  /** At most one run of this kind at a time in this home. */
  readonly isExclusive: boolean;
  /** Told why opening takes long. */
  readonly onProgress?: OnProgress;
}

interface RecordedChild extends ProcessIdentity {
  readonly name: string;
  readonly stopSignal: NodeJS.Signals;
}

interface RunRecord {
  readonly parent: ProcessIdentity;
  readonly children: readonly RecordedChild[];
  readonly folders: readonly string[];
  readonly isEnding?: boolean;
}

const endingWithinMs = 12_000;

/**
 * Begins a run after ending what an earlier one of this kind left behind when its parent was killed.
 * When the kind is exclusive and its run is alive, waits for one that is ending and else rejects.
 */
export async function openRun(options: RunOptions): Promise<Run> {
  makePassableFolder(options.home);
  return withFileLock(join(options.home, 'run', `${options.kind}.lock`), 30_000, async () => openLockedRun(options));
}

async function openLockedRun(options: RunOptions): Promise<Run> {
  await cleanLeftovers(options.home, options.kind, options.onProgress);
  const instance = options.isExclusive ? options.kind : `${options.kind}-${randomBytes(4).toString('hex')}`;
  const folder = join(options.home, 'run', instance);
  if (readRecord(folder)?.isEnding) await awaitEndOfRun(folder, options);
  const other = readRecord(folder);
  if (other) {
    throw new BootstrapError(
      `Already running in ${options.home} (process ${other.parent.pid}). Stop that one first, or set TRIBUTARY_HOME to another folder to run a second one.`,
    );
  }
  makePassableFolder(folder);
  return createRun(folder);
}

/** Ends recorded children whose parent is dead, and removes the folders of their runs; returns the names of those ended. */
export async function cleanLeftovers(home: string, kind: string, onProgress?: OnProgress): Promise<string[]> {
  const runs = join(home, 'run');
  if (!existsSync(runs)) return [];
  const ended: string[] = [];
  for (const instance of readdirSync(runs)) {
    if (instance !== kind && !new RegExp(`^${kind}-[0-9a-f]{8}$`).test(instance)) continue;
    const record = readRecord(join(runs, instance));
    if (!record || isAlive(record.parent)) continue;
    const left = record.children.filter(isAlive);
    if (left.length > 0) onProgress?.(`Ending what a killed start left running: ${left.map(({ name }) => name).join(', ')}`);
    await Promise.all(left.map((child) => endProcess(child, child.stopSignal, 8_000)));
    for (const path of [...record.folders, join(runs, instance)]) rmSync(path, { recursive: true, force: true });
    ended.push(...left.map((child) => child.name));
  }
  return ended;
}

/** Waits until the run's folder is gone or its parent is dead, and cleans up after it in the second case. */
async function awaitEndOfRun(folder: string, { home, kind, onProgress }: RunOptions): Promise<void> {
  onProgress?.('Waiting for the start before this one, which is stopping');
  await waitUntil({ what: `the end of the start before this one in ${home}`, timeoutMs: endingWithinMs }, async () => {
    const record = readRecord(folder);
    return record === undefined || !isAlive(record.parent) ? true : undefined;
  });
  await cleanLeftovers(home, kind, onProgress);
}

function createRun(folder: string): Run {
  const parent = identify(process.pid);
  if (!parent) throw new Error('this process cannot be found in the process table');
  const children = new Map<Child, RecordedChild>();
  const folders: string[] = [];
  let isEnding = false;

  const save = () => {
    const record: RunRecord = { parent, children: [...children.values()], folders, isEnding };
    writeFileSync(join(folder, 'pids.json.new'), JSON.stringify(record, undefined, 2), { mode: 0o600 });
    renameSync(join(folder, 'pids.json.new'), join(folder, 'pids.json'));
  };
  const killAllNow = () => {
    for (const child of children.values()) signal(child, 'SIGKILL');
  };
  const beginToEnd = () => {
    isEnding = true;
    if (existsSync(folder)) save();
  };
  save();
  process.on('exit', killAllNow);

  return {
    folder,
    recordFolder(path) {
      folders.push(path);
      save();
    },
    spawnChild(name, command, args, options) {
      if (isEnding) throw new BootstrapError(`${name} is not started any more: its run is ending.`);
      const child = startChild(name, command, args, options);
      children.set(child, { name, stopSignal: options.stopSignal ?? 'SIGTERM', ...identityOf(child) });
      save();
      void child.exited.then(() => {
        children.delete(child);
        if (existsSync(folder)) save();
      });
      return child;
    },
    beginToEnd,
    async stopChildren(graceMs) {
      beginToEnd();
      await Promise.all([...children.keys()].map((child) => child.stop(graceMs)));
    },
    close() {
      killAllNow();
      process.off('exit', killAllNow);
      for (const path of [...folders, folder]) rmSync(path, { recursive: true, force: true });
    },
  };
}

function startChild(name: string, command: string, args: readonly string[], options: SpawnOptions): Child {
  const log = openSync(options.logFile, 'a', 0o600);
  // A group of its own: Ctrl-C at the terminal then reaches the parent alone, which ends its children in order.
  const { uid, gid } = options;
  const spawned = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: options.env ?? process.env,
    cwd: options.cwd,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  closeSync(log);
  if (spawned.pid === undefined) {
    spawned.once('error', () => undefined);
    throw new BootstrapError(`${name} could not be started: is ${command} there and executable?`);
  }
  return describeChild(name, spawned, spawned.pid, options);
}

function describeChild(name: string, spawned: ChildProcess, pid: number, options: SpawnOptions): Child {
  const identity = identify(pid) ?? { pid, startedAt: 'ended at once' };
  const exited = new Promise<Exit>((resolve) => spawned.once('exit', (code, by) => resolve({ code, signal: by })));
  const isRunning = () => spawned.exitCode === null && spawned.signalCode === null;
  const end = async (first: NodeJS.Signals, graceMs: number) => {
    if (isRunning()) await endProcess(identity, first, graceMs);
    await exited;
  };
  return {
    name,
    pid,
    logFile: options.logFile,
    exited,
    isRunning,
    stop: (graceMs) => end(options.stopSignal ?? 'SIGTERM', graceMs),
    kill: () => end('SIGKILL', 0),
  };
}

/** Signals a process and waits until it and its descendants are gone, killing all that remains after `graceMs`. */
async function endProcess(root: ProcessIdentity, first: NodeJS.Signals, graceMs: number): Promise<void> {
  const all = [root, ...descendantsOf(root.pid)];
  const areGone = async () => (all.some(isAlive) ? undefined : true);
  signal(root, first);
  if (first !== 'SIGKILL') {
    const isGone = await waitUntil({ what: `end of process ${root.pid}`, timeoutMs: graceMs, intervalMs: 20 }, areGone).catch(() => false);
    if (isGone) return;
  }
  for (const one of [...all, ...descendantsOf(root.pid)]) signal(one, 'SIGKILL');
  await waitUntil({ what: `end of process ${root.pid} after SIGKILL`, timeoutMs: 5_000, intervalMs: 20 }, areGone);
}

function identityOf(child: Child): ProcessIdentity {
  return identify(child.pid) ?? { pid: child.pid, startedAt: 'ended at once' };
}

function readRecord(folder: string): RunRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'pids.json'), 'utf8')) as RunRecord;
  } catch {
    return undefined;
  }
}
