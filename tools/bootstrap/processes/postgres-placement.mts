import { chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, realpathSync, chmodSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BootstrapError } from '../bootstrap-error.mts';
import type { Run } from '../children.mts';
import { makePassableFolder } from '../passable-folder.mts';
import { copyPostgresBinaries, postgresBinaries } from './postgres-binaries.mts';
import { canReach, type SystemUser } from './postgres-user.mts';

export interface PostgresPlacement {
  /** Belongs to the user who runs Postgres; the cluster is a folder within. */
  readonly folder: string;
  readonly binaries: string;
}

/**
 * Where Postgres keeps its data and runs from. Usually `wanted` and node_modules; when root's home or clone is closed to
 * the user who runs Postgres (a folder with mode 0700 above it), both move to a folder outside. Kept data then lies in
 * /var/tmp behind a link at `wanted`, so removing the home forgets it and moving the home keeps it.
 */
export function placePostgres(wanted: string, isKept: boolean, user: SystemUser | undefined, run: Run): PostgresPlacement {
  const binaries = postgresBinaries();
  makePassableFolder(dirname(wanted));
  const folder = existsOrIsLink(wanted) || canReach(user, dirname(wanted)) ? wanted : outsideFolder(wanted, isKept, user, run);
  const real = ownedFolder(folder, user);
  if (canReach(user, join(binaries, 'bin', 'postgres'))) return { folder: real, binaries };
  const copy = outsideFolder(undefined, false, user, run);
  return { folder: real, binaries: copyPostgresBinaries(binaries, join(copy, 'native')) };
}

function existsOrIsLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function ownedFolder(path: string, user: SystemUser | undefined): string {
  if (!existsOrIsLink(path)) mkdirSync(path, { mode: 0o700 });
  if (!existsSync(path)) {
    throw new BootstrapError(`${path} leads to a folder that is gone, and with it the database. Remove the home folder to begin anew.`);
  }
  const real = realpathSync(path);
  if (user) chownSync(real, user.uid, user.gid);
  if (!canReach(user, real)) {
    throw new BootstrapError(
      `Postgres cannot reach its data in ${real}: a folder above it is closed to the user "nobody", as whom root runs Postgres. Run "chmod o+x" on it, or set TRIBUTARY_HOME to another folder.`,
    );
  }
  return real;
}

/** A folder outside the home that the user can reach; removed with the run unless it is to be kept, then linked from `link`. */
function outsideFolder(link: string | undefined, isKept: boolean, user: SystemUser | undefined, run: Run): string {
  const parents = isKept ? ['/var/tmp', '/tmp'] : [tmpdir(), '/tmp', '/var/tmp'];
  const parent = parents.find((path) => existsSync(path) && canReach(user, path));
  if (!parent) {
    throw new BootstrapError(
      `Neither the home folder nor ${parents.join(' nor ')} can be reached by the user "nobody", as whom root runs Postgres. Set TRIBUTARY_HOME to a folder that can.`,
    );
  }
  const folder = mkdtempSync(join(parent, 'tributary-postgres-'));
  chmodSync(folder, 0o711);
  if (!isKept) run.recordFolder(folder);
  if (isKept && link !== undefined) symlinkSync(folder, link);
  return folder;
}
