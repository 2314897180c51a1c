import type { Command } from 'commander';
import { askControl } from './control-access.js';
import type { Terminal } from './terminal.js';

/** Of control's answer what is printed for people. */
interface Visit {
  readonly deliveries: readonly {
    readonly connection: string;
    readonly eventName: string;
    readonly mode: string;
    readonly state: string;
    readonly explanation: string | null;
    readonly attempts: number;
    readonly lastAttempt: { readonly at: string; readonly code: string | null; readonly requestId: string | null } | null;
  }[];
}

const lineOf = ({ connection, eventName, mode, state, explanation, attempts, lastAttempt }: Visit['deliveries'][number]): string => {
  const answered =
    lastAttempt === null ? '' : `, last at ${lastAttempt.at} (code ${lastAttempt.code ?? '–'}, request ${lastAttempt.requestId ?? '–'})`;
  const why = explanation === null ? '' : `: ${explanation}`;
  return `${eventName} at ${connection}${mode === 'test' ? ' (test)' : ''}: ${state}${why} ${attempts} attempt(s)${answered}`;
};

/** `tributary visit <tenant> <eventId>`: what became of a visit. */
export function visitCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('visit')
    .description('What became of a visit at each destination, by the event id that the browser gave it')
    .argument('<tenant>')
    .argument('<eventId>')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, eventId: string, { json }: { readonly json: boolean }) => {
      const visit = await askControl<Visit>(environment, ['tenants', tenant, 'visits', eventId]);
      if (json) say(JSON.stringify(visit));
      else for (const delivery of visit.deliveries) say(lineOf(delivery));
    });
}
