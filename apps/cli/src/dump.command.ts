import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { canonicalDump } from '@tributary/postgres';
import { withDatabase } from './cli.config.js';
import type { Terminal } from './terminal.js';

interface DumpOptions {
  readonly out?: string;
  readonly json: boolean;
}

/** `tributary dump <app>`: the app's folds as canonical text; equal contents have equal digests. */
export function dumpCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('dump')
    .description('Print each table of an app’s folds with its number of rows and the SHA-256 of its canonical text')
    .addArgument(new Argument('<app>', 'whose tables').choices(['tiktok', 'fulfillment', 'identity']))
    .option('--out <folder>', 'also write each table’s text to <folder>/<table>.txt')
    .option('--json', 'print the digests as JSON', false)
    .action(async (app: string, { out, json }: DumpOptions) => {
      const files = new Map<string, WriteStream>();
      if (out !== undefined) mkdirSync(out, { recursive: true });
      const write = (table: string, line: string): void => {
        if (out === undefined) return;
        const file = files.get(table) ?? createWriteStream(join(out, `${table}.txt`), { mode: 0o600 });
        files.set(table, file);
        file.write(`${line}\n`);
      };
      const digests = await withDatabase(environment, (sql) => canonicalDump(sql, app, write));
      await Promise.all([...files.values()].map((file) => new Promise((resolve) => file.end(resolve))));
      if (json) say(JSON.stringify(digests));
      else for (const { table, rows, sha256 } of digests) say(`${table} → ${rows} → ${sha256}`);
    });
}
