import type { Command } from 'commander';
import { tellControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface Retried {
  readonly outcome: 'done' | 'asked';
  readonly delivery: { readonly state: string; readonly reference: string; readonly connection: string };
}

/** `tributary retry <tenant> <delivery>`: another try for one delivery. */
export function retryCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('retry')
    .description('Another try for one delivery that was refused, given up, or of which nobody knows whether it arrived')
    .argument('<tenant>')
    .argument('<delivery>', 'its id, from `deliveries --json`')
    .option('--accept-duplicate', 'also when the vendor may have taken it before: it can count twice', false)
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, delivery: string, options: { readonly acceptDuplicate: boolean; readonly json: boolean }) => {
      const answer = await tellControl<Retried>(environment, ['tenants', tenant, 'deliveries', delivery, 'retry'], {
        acceptDuplicate: options.acceptDuplicate,
      });
      const { outcome, delivery: after } = answer;
      const now = `${after.reference} to ${after.connection} is ${after.state}`;
      say(
        options.json
          ? JSON.stringify(answer)
          : outcome === 'done'
            ? `Set going again: ${now}.`
            : `Asked; the app has not done it yet: ${now}. See \`deliveries\`.`,
      );
    });
}
