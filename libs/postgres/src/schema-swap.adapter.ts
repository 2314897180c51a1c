import type { Sql } from '@tributary/domain';
import { plainIdentifier } from './offsets.adapter.js';
import { DatabaseUnavailable } from './pool.adapter.js';

export interface TableDigest {
  readonly table: string;
  readonly rows: number;
  readonly sha256: string;
}

/** Tables of a schema, by name. */
export async function tablesOf(sql: Sql, schema: string): Promise<string[]> {
  const rows = await sql.query<{ name: string }>(
    'schema-tables',
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r' order by 1`,
    [schema],
  );
  return rows.map(({ name }) => name);
}

interface TableParts {
  readonly options: string | null;
  readonly columns: readonly string[];
}

/** Makes `shadow` as an empty copy of `schema`: same columns, storage, primary keys. Secondary indexes come at the end ({@link addIndexes}). */
export async function makeShadow(sql: Sql, schema: string, shadow: string): Promise<void> {
  plainIdentifier(schema);
  plainIdentifier(shadow);
  await sql.query('', `drop schema if exists ${shadow} cascade`);
  await sql.query('', `create schema ${shadow}`);
  for (const table of await tablesOf(sql, schema)) {
    plainIdentifier(table);
    await sql.query(
      '',
      `create table ${shadow}.${table} (like ${schema}.${table} including defaults including generated including storage including comments)`,
    );
    const [parts] = await sql.query<TableParts>(
      'schema-parts',
      `select array_to_string(c.reloptions, ', ') as options, '{}'::text[] as columns from pg_class c where c.oid = ($1 || '.' || $2)::regclass`,
      [schema, table],
    );
    if (parts?.options !== null && parts?.options !== undefined)
      await sql.query('', `alter table ${shadow}.${table} set (${parts.options})`);
    const keys = await sql.query<{ name: string; definition: string }>(
      'schema-keys',
      `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint where conrelid = ($1 || '.' || $2)::regclass and contype in ('p', 'u', 'c')`,
      [schema, table],
    );
    for (const { name, definition } of keys) await sql.query('', `alter table ${shadow}.${table} add constraint ${name} ${definition}`);
  }
}

/** Gives `shadow` the indexes that `schema` has beyond its keys, under the same names, and statistics: statements on new tables are planned blind. */
export async function addIndexes(sql: Sql, schema: string, shadow: string): Promise<void> {
  const indexes = await sql.query<{ definition: string }>(
    'schema-indexes',
    `select pg_get_indexdef(i.indexrelid) as definition
       from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid) order by 1`,
    [schema],
  );
  for (const { definition } of indexes) await sql.query('', definition.replace(` ON ${schema}.`, ` ON ${plainIdentifier(shadow)}.`));
  for (const table of await tablesOf(sql, shadow)) await sql.query('', `analyze ${plainIdentifier(shadow)}.${plainIdentifier(table)}`);
}

interface DependentView {
  readonly name: string;
  readonly definition: string;
}

/**
 * Puts `shadow` in the place of `schema` inside the caller's transaction, which must hold ACCESS EXCLUSIVE on all tables of
 * `schema` ({@link lockTables}): without it a statement in flight would write into the old tables. Grants and views of other
 * schemas are made anew.
 */
export async function swapSchemas(tx: Sql, schema: string, shadow: string): Promise<void> {
  const grants = await tx.query<{ statement: string }>(
    'schema-grants',
    `select format('grant %s on %I.%I to %I', string_agg(privilege_type, ', '), table_schema, table_name, grantee) as statement
       from information_schema.role_table_grants where table_schema = $1 and grantee <> grantor group by table_schema, table_name, grantee
     union all
     select format('grant usage on schema %I to %I', n.nspname, r.rolname)
       from pg_namespace n, aclexplode(n.nspacl) a join pg_roles r on r.oid = a.grantee where n.nspname = $1 and a.grantee <> n.nspowner`,
    [schema],
  );
  const views = await tx.query<DependentView>(
    'schema-views',
    `select distinct format('%I.%I', vn.nspname, v.relname) as name, pg_get_viewdef(v.oid) as definition
       from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_class v on v.oid = r.ev_class join pg_namespace vn on vn.oid = v.relnamespace
       join pg_class t on t.oid = d.refobjid join pg_namespace tn on tn.oid = t.relnamespace
      where d.classid = 'pg_rewrite'::regclass and tn.nspname = $1 and vn.nspname <> $1 and v.relkind = 'v'`,
    [schema],
  );
  await tx.query('', `alter schema ${plainIdentifier(schema)} rename to ${schema}_old`);
  await tx.query('', `alter schema ${plainIdentifier(shadow)} rename to ${schema}`);
  for (const { name, definition } of views)
    await tx.query('', `create or replace view ${name} as ${definition.replaceAll(`${schema}_old.`, `${schema}.`)}`);
  for (const { statement } of grants) await tx.query('', statement);
  await tx.query('', `drop schema ${schema}_old cascade`);
}

/** The locks were not to be had: statements in flight held the tables for too long, or waited for us in turn. */
export class TablesBusy extends Error {
  override readonly name = 'TablesBusy';
}

/** 40P01 deadlock detected (this side was chosen to give way), 55P03 lock not available. */
const isLockFailure = (error: unknown): boolean =>
  error instanceof DatabaseUnavailable && ['40P01', '55P03'].includes(String((error.cause as { code?: unknown } | undefined)?.code));

/**
 * ACCESS EXCLUSIVE on every table of the schema, one after the other. Rejects with {@link TablesBusy} after `timeoutMs`, or when
 * Postgres ended a deadlock at our expense: statements of several tables lock them in an order of their own. The transaction
 * is then lost and may be begun again.
 */
export async function lockTables(tx: Sql, schema: string, timeoutMs: number): Promise<void> {
  const tables = await tablesOf(tx, schema);
  await tx.query('', `set local lock_timeout = ${Math.floor(timeoutMs)}`);
  const names = tables.map((table) => `${plainIdentifier(schema)}.${plainIdentifier(table)}`);
  await tx.query('', `lock table ${names.join(', ')} in access exclusive mode`).catch((error: unknown) => {
    throw isLockFailure(error) ? new TablesBusy(`the tables of ${schema} are busy`, { cause: error }) : error;
  });
}

/** How rows of a table in two schemas are told to be the same row at the same version. */
export interface RowVersion {
  /** The primary key; the join is by `=`, for `is not distinct from` would compare each row with every other. */
  readonly key: readonly string[];
  /** May be null. */
  readonly version: readonly string[];
}

/** Rows that are in both schemas under the same key and version and yet differ, by table. */
export async function differingRows(
  sql: Sql,
  schema: string,
  shadow: string,
  versions: Readonly<Record<string, RowVersion>>,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const [table, { key, version }] of Object.entries(versions)) {
    const sameRow = key.map((column) => `a.${plainIdentifier(column)} = b.${column}`);
    const sameVersion = version.map((column) => `a.${plainIdentifier(column)} is not distinct from b.${column}`);
    const same = [...sameRow, ...sameVersion].join(' and ');
    const [row] = await sql.query<{ count: number }>(
      '',
      `select count(*)::int as count from ${plainIdentifier(schema)}.${plainIdentifier(table)} a join ${plainIdentifier(shadow)}.${table} b on ${same} where a.*::text <> b.*::text`,
    );
    found.set(table, row?.count ?? 0);
  }
  return found;
}
