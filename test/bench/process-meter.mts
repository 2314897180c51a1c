import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { descendantsOf } from '../../tools/bootstrap/process-identity.mts';

const TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux
const MIB_IN_KIB = 1_024;

function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return null; // gone, or not Linux
  }
}

/** Resident memory in MiB; NaN where /proc does not tell. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`) ?? '')?.[1];
  return kib === undefined ? Number.NaN : Number(kib) / MIB_IN_KIB;
}

/** User and system time of a process, and of its children that have ended: fields 14 to 17 of proc(5). */
function ticksOf(pid: number): { readonly own: number; readonly ended: number } {
  const stat = readProc(`${pid}/stat`) ?? '';
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return { own: utime + stime, ended: cutime + cstime };
}

const withDescendants = (pid: number): number[] => [pid, ...descendantsOf(pid).map((identity) => identity.pid)];

/** CPU seconds that a process and its living descendants have used. */
export const cpuSecondsOf = (pid: number): number =>
  withDescendants(pid).reduce((sum, one) => sum + ticksOf(one).own, 0) / TICKS_PER_SECOND;

/** Ticks that the whole machine has worked and idled, and that this program and all it started have worked. */
function machineTicks(): { readonly busy: number; readonly all: number; readonly ours: number } {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = (readProc('stat') ?? '')
    .split('\n', 1)
    .join('')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  const ours = withDescendants(process.pid).reduce((sum, pid) => sum + ticksOf(pid).own + ticksOf(pid).ended, 0);
  return { busy, all: busy + idle + iowait, ours };
}

/** Tells later which share of the machine's CPU went to programs that are not of this run, 0–1; NaN where /proc does not tell. */
export function watchOthers(): () => number {
  const before = machineTicks();
  return () => {
    const now = machineTicks();
    return (now.busy - before.busy - (now.ours - before.ours)) / (now.all - before.all);
  };
}

/** Looks every 100 ms how large processes are; `stop` answers the largest size of each, MiB. */
export function watchMemory(pids: Readonly<Record<string, number>>): { stop(): Readonly<Record<string, number>> } {
  const largest: Record<string, number> = {};
  const look = (): void => {
    for (const [name, pid] of Object.entries(pids)) largest[name] = Math.max(largest[name] ?? 0, residentMib(pid));
  };
  look();
  const timer = setInterval(look, 100);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return largest;
    },
  };
}

/** Which cores the app under test gets for itself, and which everything else; null where processes cannot be pinned. */
export interface Cores {
  readonly app: string;
  readonly rest: string;
  readonly all: string;
}

export function coresToPin(): Cores | null {
  const count = availableParallelism();
  if (count < 2 || spawnSync('taskset', ['-p', String(process.pid)], { stdio: 'ignore' }).status !== 0) return null;
  return { app: '0', rest: `1-${count - 1}`, all: `0-${count - 1}` };
}

/** Moves running processes with all their threads and descendants to these cores. */
export function moveTo(cores: string, pids: readonly number[]): void {
  for (const pid of pids.flatMap(withDescendants)) spawnSync('taskset', ['-a', '-c', '-p', cores, String(pid)], { stdio: 'ignore' });
}
