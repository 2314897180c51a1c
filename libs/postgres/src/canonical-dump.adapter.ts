import { createHash } from 'node:crypto';
import type { Sql } from '@tributary/domain';
import { plainIdentifier } from './offsets.adapter.js';
import { tablesOf, type TableDigest } from './schema-swap.adapter.js';

const ROWS_AT_ONCE = 5_000;

/**
 * Every row of every table of a schema as text, tables by name, rows by primary key: equal contents are equal bytes, whoever wrote
 * them and in which order. `onRow` gets each line; the digest of a table is the SHA-256 over its lines, each with its line feed.
 */
export async function canonicalDump(sql: Sql, schema: string, onRow?: (table: string, line: string) => void): Promise<TableDigest[]> {
  return sql.transaction(async (tx) => {
    await tx.query('', 'set transaction isolation level repeatable read read only');
    const digests: TableDigest[] = [];
    for (const table of await tablesOf(tx, schema)) digests.push(await dumpTable(tx, schema, table, onRow));
    return digests;
  });
}

async function dumpTable(tx: Sql, schema: string, table: string, onRow?: (table: string, line: string) => void): Promise<TableDigest> {
  const keys = await tx.query<{ name: string }>(
    'dump-keys',
    `select a.attname as name from pg_index i, unnest(i.indkey) with ordinality k(number, position), pg_attribute a
      where i.indrelid = ($1 || '.' || $2)::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.number order by k.position`,
    [schema, table],
  );
  const order = keys.map(({ name }) => `t.${plainIdentifier(name)}`).join(', ');
  const name = `${plainIdentifier(schema)}.${plainIdentifier(table)}`;
  await tx.query(
    '',
    `declare dump_rows no scroll cursor for select t.*::text as line from ${name} t${order === '' ? '' : ` order by ${order}`}`,
  );
  const hash = createHash('sha256');
  let rows = 0;
  for (;;) {
    const page = await tx.query<{ line: string }>('', `fetch ${ROWS_AT_ONCE} from dump_rows`);
    if (page.length === 0) break;
    for (const { line } of page) {
      hash.update(line).update('\n');
      onRow?.(table, line);
    }
    rows += page.length;
  }
  await tx.query('', 'close dump_rows');
  return { table, rows, sha256: hash.digest('hex') };
}
