import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { BootstrapError } from '../bootstrap-error.mts';
import type { DatabaseHooks, FaultHooks } from './server.mts';

/** Adds snapshots to a server whose data lie in `cluster`; the copies lie beside it. */
export function withSnapshots<Server extends FaultHooks>(server: Server, cluster: string): Server & DatabaseHooks {
  let count = 0;
  return {
    ...server,
    async snapshot() {
      count += 1;
      const copy = `${cluster}.snapshot-${count}`;
      await server.stop();
      copyFolder(cluster, copy);
      await server.start();
      return {
        async restore() {
          await server.stop();
          copyFolder(copy, cluster);
          await server.start();
        },
      };
    },
  };
}

/** Puts a whole copy in place of `to`, owners and modes included; `to` is never half a copy. */
function copyFolder(from: string, to: string): void {
  const draft = `${to}.copying`;
  rmSync(draft, { recursive: true, force: true });
  const { status, stderr } = spawnSync('cp', ['-pR', from, draft], { encoding: 'utf8' });
  if (status !== 0) throw new BootstrapError(`The database in ${from} could not be copied: ${stderr.trim()}`);
  if (existsSync(to)) rmSync(to, { recursive: true });
  renameSync(draft, to);
}
