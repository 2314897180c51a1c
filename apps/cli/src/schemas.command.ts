import type { Command } from 'commander';
import { allSubjects, canReadEachOther, schemaText } from '@tributary/codecs';
import { IncompatibleSchema, type Registry } from '@tributary/kafka';
import { registryOf } from './cli.config.js';
import type { Terminal } from './terminal.js';

async function refuseIfIncompatible(registry: Registry, subject: string, schema: string): Promise<void> {
  const latest = await registry.latestOf(subject);
  if (latest !== undefined && !canReadEachOther(latest, schema))
    throw new IncompatibleSchema(`${subject}: the registered version and this one cannot read each other`);
}

/** `tributary schemas register`: the deploy step that makes this release's records known; apps only look up. */
export function schemasCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('schemas')
    .description('The schemas of the log’s records')
    .command('register')
    .description('Register every record of this release under FULL_TRANSITIVE; the same schema again changes nothing')
    .option('--check', 'only say whether the registry would take them', false)
    .action(async ({ check }: { readonly check: boolean }) => {
      const registry = registryOf(environment);
      const refused: string[] = [];
      for (const { subject, record } of allSubjects()) {
        try {
          if (check) await refuseIfIncompatible(registry, subject, schemaText(record));
          else await registry.register(subject, schemaText(record));
        } catch (error) {
          if (!(error instanceof IncompatibleSchema)) throw error;
          refused.push(error.message);
        }
      }
      if (refused.length > 0)
        throw new Error(
          `The registry refuses ${refused.length} schema(s):\n  ${refused.join('\n  ')}\nA released record only grows by fields with defaults.`,
        );
      say(`${allSubjects().length} subjects ${check ? 'would be accepted' : 'registered'}`);
    });
}
