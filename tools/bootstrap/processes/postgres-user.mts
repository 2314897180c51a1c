import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { BootstrapError } from '../bootstrap-error.mts';

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user under which Postgres runs: it refuses to run as root, so root runs it as `nobody`, which every Unix system
 * has, and needs no account made for it; data that another user made stays that user's. Undefined: as whoever runs us.
 */
export function postgresUser(cluster: string): SystemUser | undefined {
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (process.getuid?.() !== 0) {
    if (owner && owner.uid !== process.getuid?.()) {
      throw new BootstrapError(
        `The database in ${cluster} belongs to another user. Start as that user, or set TRIBUTARY_HOME to another folder.`,
      );
    }
    return undefined;
  }
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const [uid, gid] = ['-u', '-g'].map((flag) => Number.parseInt(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout, 10));
  if (!uid || !gid) {
    throw new BootstrapError(
      'Postgres does not run as root, and this system has no user "nobody" to run it as. Start as an ordinary user instead.',
    );
  }
  return { uid, gid };
}

/** Whether that user can reach and execute a path, tried rather than computed. */
export function canReach(user: SystemUser | undefined, path: string): boolean {
  if (!user) return true;
  return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], { ...user, cwd: '/' }).status === 0;
}
