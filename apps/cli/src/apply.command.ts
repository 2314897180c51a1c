import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { placeInFile, readTenantsFile, type Problem, type Resolved, type SecretReference, type TenantToApply } from '@tributary/config';
import { ControlRefused, type ControlClient } from '@tributary/http';
import type { SettingsReport } from '@tributary/stream';
import { withControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface ApplyOptions {
  readonly file: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

const REFUSED_FOR_ITS_CONTENT = 422;

/** Nothing of the file was applied. */
class FileRefused extends Error {
  override readonly name = 'Error';
  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.map(
      ({ path, message, line }) => `  ${file}${line === null ? '' : `:${line}`}  ${path === '' ? '' : `${path}: `}${message}`,
    );
    super(`${problems.length} thing${problems.length === 1 ? '' : 's'} in ${file} must change; nothing was applied:\n${lines.join('\n')}`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, { cause: error });
  }
}

/** Secrets that the file only names: variables of this process, files beside the tenants file. */
const secretsBeside =
  (file: string, environment: NodeJS.ProcessEnv) =>
  ({ from, name }: SecretReference): Resolved => {
    if (from === 'env') {
      const value = environment[name];
      return value === undefined || value === '' ? { problem: `the environment has no ${name}` } : { value };
    }
    try {
      return { value: readFileSync(resolve(dirname(file), name), 'utf8').replace(/\r?\n$/, '') };
    } catch (error) {
      return { problem: `${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})` };
    }
  };

const put = async (client: ControlClient, { tenant, body }: TenantToApply, isDryRun: boolean): Promise<SettingsReport> =>
  (await client.send('PUT', `/v1/tenants/${tenant.id}${isDryRun ? '?dryRun=true' : ''}`, body)) as SettingsReport;

/** Asks control about every tenant before the first one is changed; throws with all it has to say. */
async function tryAll(client: ControlClient, tenants: readonly TenantToApply[], file: string, text: string): Promise<SettingsReport[]> {
  const problems: Problem[] = [];
  const reports: SettingsReport[] = [];
  for (const [index, tenant] of tenants.entries()) {
    try {
      reports.push(await put(client, tenant, true));
    } catch (error) {
      if (!(error instanceof ControlRefused) || error.status !== REFUSED_FOR_ITS_CONTENT) throw error;
      problems.push(...error.problems.map(({ path, message }) => ({ ...placeInFile(text, index, path), message })));
    }
  }
  if (problems.length > 0) throw new FileRefused(file, problems);
  return reports;
}

async function applyAll(
  client: ControlClient,
  tenants: readonly TenantToApply[],
  onReport: (report: SettingsReport) => void,
): Promise<void> {
  for (const [index, tenant] of tenants.entries()) {
    try {
      onReport(await put(client, tenant, false));
    } catch (error) {
      if (index === 0 || !(error instanceof Error)) throw error;
      throw new Error(
        `${index} of ${tenants.length} tenants were applied; ${tenant.tenant.id} was not: ${error.message}\nApply the same file again: what is done stays as it is.`,
        { cause: error },
      );
    }
  }
}

function tell({ tenant, changed, generated, consent, isPublished }: SettingsReport, isDryRun: boolean, say: Terminal['say']): void {
  say(changed.length === 0 ? `${tenant}: nothing ${isDryRun ? 'would change' : 'changed'}` : `${tenant}:`);
  for (const { connection, version, what } of changed)
    say(`  ${connection} ${isDryRun ? 'would be' : 'is'} at version ${version}: ${what.join(', ')}`);
  for (const { connection, because } of consent) say(`  ${connection}: ${because}`);
  for (const { connection, name, value, path } of generated) {
    say(`  ${connection}: ${name} was made; it is shown this once: ${value}`);
    if (path !== undefined) say(`    the shop’s webhook address, below the address of ingest: ${path}`);
  }
  if (!isPublished) say('  Kafka does not answer: the apps hear of it as soon as it does, by itself');
}

/** `tributary apply -f <file>`: makes the installation's tenants what the file says, or lists everything that is wrong with it. */
export function applyCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('apply')
    .description(
      'Make tenants what a tenants file says (YAML or JSON). A wrong file changes nothing: every problem is listed with its line',
    )
    .requiredOption('-f, --file <file>', 'the tenants file; secrets may be env:NAME or file:path (beside the file)')
    .option('--dry-run', 'only say what would change', false)
    .option('--json', 'print the reports as JSON', false)
    .action(async ({ file, dryRun, json }: ApplyOptions) => {
      const text = readText(file);
      const reading = readTenantsFile(text, secretsBeside(file, environment));
      if (reading.kind === 'refused') throw new FileRefused(file, reading.problems);
      const reports: SettingsReport[] = [];
      const onReport = (report: SettingsReport): void => {
        reports.push(report);
        if (!json) tell(report, dryRun, say);
      };
      try {
        await withControl(environment, async (client) => {
          const tried = await tryAll(client, reading.tenants, file, text);
          if (dryRun) tried.forEach(onReport);
          else await applyAll(client, reading.tenants, onReport);
        });
      } finally {
        if (json && reports.length > 0) say(JSON.stringify(reports));
      }
    });
}
