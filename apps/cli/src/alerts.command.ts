import type { Command } from 'commander';
import { askControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface AlertItem {
  readonly kind: string;
  readonly tenant: string;
  readonly connection: string | null;
  readonly since: string;
  readonly occurrences: number;
  readonly what: string;
  readonly todo: string;
}

const linesOf = ({ kind, tenant, connection, since, occurrences, what, todo }: AlertItem): string[] => [
  `${tenant}${connection === null ? '' : ` / ${connection}`}: ${kind}, since ${since}${occurrences > 1 ? `, ${occurrences} times` : ''}`,
  `  ${what}`,
  `  → ${todo}`,
];

/** `tributary alerts [tenant]`: what a person should know about, and what to do. */
export function alertsCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('alerts')
    .description('What a person should know about, and what to do')
    .argument('[tenant]', 'default: all tenants')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string | undefined, { json }: { readonly json: boolean }) => {
      const page = await askControl<{ readonly items: readonly AlertItem[] }>(
        environment,
        tenant === undefined ? ['alerts'] : ['tenants', tenant, 'alerts'],
      );
      if (json) say(JSON.stringify(page));
      else if (page.items.length === 0) say('Nothing: no alert is open.');
      else for (const line of page.items.flatMap(linesOf)) say(line);
    });
}
