import { processEnvironment } from '@tributary/config';

const environment = processEnvironment();
/**
 * `name`, `name:N` or `name:N:stop`: at the N-th passage (default the first) the process dies, or with `stop` freezes until
 * somebody sends SIGCONT. Only heeded under NODE_ENV=test.
 */
const [armed, passage, action] = environment['NODE_ENV'] === 'test' ? (environment['TRIBUTARY_FAILPOINT'] ?? '').split(':') : [];
let left = Number(passage ?? '1');

/** A named place where the fault tests end or freeze the process at once (SIGKILL, SIGSTOP: no handler, no flush); nothing anywhere else. */
export function failpoint(name: string): void {
  if (name !== armed || left === 0) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, action === 'stop' ? 'SIGSTOP' : 'SIGKILL');
}
