import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql } from '@tributary/domain';

/** One file of `schemas/postgres/<app>/NNN_name.sql`. `-- phase: contract` in its first line keeps it back until `--contract`. */
export interface Migration {
  readonly id: string;
  readonly phase: 'expand' | 'contract';
  readonly text: string;
  readonly sha256: string;
}

export interface MigrationReport {
  readonly applied: readonly string[];
  /** Contract files that wait for `--contract`, because the old release may still run. */
  readonly waiting: readonly string[];
}

const ADVISORY_LOCK = 7_218_449_301;

/** Reads all migration files, in the order in which they are applied (by number, then by folder). */
export async function readMigrations(root: string): Promise<Migration[]> {
  const folders = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const migrations: Migration[] = [];
  for (const folder of folders) {
    for (const file of (await readdir(join(root, folder))).filter((name) => name.endsWith('.sql'))) {
      const text = await readFile(join(root, folder, file), 'utf8');
      migrations.push({
        id: `${folder}/${file}`,
        phase: /^-- phase: contract\b/.test(text) ? 'contract' : 'expand',
        text,
        sha256: createHash('sha256').update(text).digest('hex'),
      });
    }
  }
  const order = (migration: Migration): string => `${migration.id.split('/')[1]} ${migration.id}`;
  return migrations.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Applies what is missing, forward only, one transaction per file, under an advisory lock so that replicas cannot race. */
export async function migrate(sql: Sql, migrations: readonly Migration[], withContract: boolean): Promise<MigrationReport> {
  return sql.transaction(async (tx) => {
    await tx.query('migrate-lock', 'select pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    await tx.query('migrate-schema', 'create schema if not exists migrations');
    await tx.query(
      'migrate-table',
      'create table if not exists migrations.applied (id text primary key, sha256 text not null, applied_at timestamptz not null default now())',
    );
    const rows = await tx.query<{ id: string; sha256: string }>('migrate-applied', 'select id, sha256 from migrations.applied');
    const known = new Map(rows.map((row) => [row.id, row.sha256]));
    const applied: string[] = [];
    const waiting: string[] = [];
    for (const migration of migrations) {
      const before = known.get(migration.id);
      if (before !== undefined) {
        if (before !== migration.sha256) {
          throw new Error(
            `${migration.id} was changed after it was applied here. Put it back and add a new file: migrations only go forward.`,
          );
        }
      } else if (migration.phase === 'contract' && !withContract) {
        waiting.push(migration.id);
      } else {
        await tx.query('', migration.text);
        await tx.query('migrate-done', 'insert into migrations.applied (id, sha256) values ($1, $2)', [migration.id, migration.sha256]);
        applied.push(migration.id);
      }
    }
    return { applied, waiting };
  });
}

/** Folder with `avro/` and `postgres/`: beside the built apps (`dist/apps/<app>`), else in the folder that the process runs in. */
export const schemasFolder = (): string =>
  [join(__dirname, '..', '..', '..', 'schemas'), join(process.cwd(), 'schemas')].find((folder) => existsSync(folder)) ?? 'schemas';

/** The database is older than this build. */
export class MigrationsMissing extends Error {
  override readonly name = 'MigrationsMissing';
}

/** Throws {@link MigrationsMissing} while the database lacks expand migrations of this build. */
export async function requireMigrations(sql: Sql): Promise<void> {
  const migrations = (await readMigrations(join(schemasFolder(), 'postgres'))).filter(({ phase }) => phase === 'expand');
  const [table] = await sql.query<{ exists: boolean }>(
    'migrations-table',
    "select to_regclass('migrations.applied') is not null as exists",
  );
  const rows = table?.exists === true ? await sql.query<{ id: string }>('migrations-known', 'select id from migrations.applied') : [];
  const known = new Set(rows.map(({ id }) => id));
  const missing = migrations.filter(({ id }) => !known.has(id)).map(({ id }) => id);
  if (missing.length > 0) throw new MigrationsMissing(`the database lacks ${missing.join(', ')}: run «tributary migrate»`);
}
