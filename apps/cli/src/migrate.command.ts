import { join } from 'node:path';
import type { Command } from 'commander';
import { migrate, readMigrations } from '@tributary/postgres';
import { withDatabase } from './cli.config.js';
import type { Terminal } from './terminal.js';

/** `tributary migrate`: brings the database to this release. */
export function migrateCommand(program: Command, { environment, schemasFolder, say }: Terminal): void {
  program
    .command('migrate')
    .description('Bring the database to this release: what is missing is applied, forward only, one file per transaction')
    .option('--contract', 'also apply files that only the newest release can live with (run it when no older one runs any more)', false)
    .option('--json', 'print the report as JSON', false)
    .action(async (options: { readonly contract: boolean; readonly json: boolean }) => {
      const migrations = await readMigrations(join(schemasFolder, 'postgres'));
      const report = await withDatabase(environment, (sql) => migrate(sql, migrations, options.contract));
      const waiting = report.waiting.length === 0 ? '' : `; ${report.waiting.length} wait for --contract: ${report.waiting.join(', ')}`;
      say(
        options.json
          ? JSON.stringify(report)
          : `${report.applied.length} applied${report.applied.length > 0 ? `: ${report.applied.join(', ')}` : ''}${waiting}`,
      );
    });
}
