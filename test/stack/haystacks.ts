import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DumpedRecord } from './log-dump.js';
import type { Stack } from './stack.js';
import type { Haystack } from './traces-of-people.js';

/** Key, value and headers of every record. */
export const logHaystacks = (records: readonly DumpedRecord[]): Haystack[] =>
  records.flatMap(({ topic, partition, offset, key, value, headers }) => {
    const where = `${topic}[${partition}] ${offset}`;
    return [
      { where: `${where} key`, bytes: key },
      { where: `${where} value`, bytes: value },
      { where: `${where} headers`, bytes: headers },
    ];
  });

const bytesOfCell = (cell: unknown): Buffer =>
  Buffer.isBuffer(cell) ? cell : Buffer.from(typeof cell === 'string' ? cell : JSON.stringify(cell ?? ''));

/** Every row of every table outside the vault. */
export async function tableHaystacks(stack: Stack): Promise<Haystack[]> {
  const tables = await stack.sql.query<{ name: string }>(
    '',
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema', 'vault') order by 1`,
  );
  const haystacks: Haystack[] = [];
  for (const { name } of tables) {
    const rows = await stack.sql.query<Record<string, unknown>>('', `select * from ${name}`);
    const bytes = rows.flatMap((row) => Object.values(row).flatMap((cell) => [bytesOfCell(cell), Buffer.from('\n')]));
    haystacks.push({ where: `table ${name} (${rows.length} rows)`, bytes: Buffer.concat(bytes) });
  }
  return haystacks;
}

/** What the apps of this stack have logged so far. */
export const appLogHaystacks = (stack: Stack): Haystack[] =>
  readdirSync(stack.run.folder)
    .filter((file) => file.endsWith('.log'))
    .map((file) => ({ where: `log ${file}`, bytes: readFileSync(join(stack.run.folder, file)) }));

/** What every app says of itself. */
export const metricHaystacks = (stack: Stack): Promise<Haystack[]> =>
  Promise.all(
    [...stack.apps].map(async ([id, app]) => ({
      where: `metrics of ${id}`,
      bytes: Buffer.from(await (await fetch(`${app.url}/metrics`)).text()),
    })),
  );
