import { processEnvironment } from '@tributary/config';

const environment = processEnvironment();
/** `name` or `name:N`: die at the N-th passage (default the first). Only heeded under NODE_ENV=test. */
const [armed, passage] = environment['NODE_ENV'] === 'test' ? (environment['TRIBUTARY_FAILPOINT'] ?? '').split(':') : [];
let left = Number(passage ?? '1');

/** A named place where the fault tests end the process at once (SIGKILL: no handler, no flush); nothing anywhere else. */
export function failpoint(name: string): void {
  if (name !== armed) return;
  left -= 1;
  if (left <= 0) process.kill(process.pid, 'SIGKILL');
}
