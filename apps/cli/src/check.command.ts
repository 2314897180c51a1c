import type { Command } from 'commander';
import { allTenants, askControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface CheckLine {
  readonly name: string;
  readonly verdict: 'good' | 'bad' | 'note';
  readonly what: string;
  readonly todo: string | null;
}

interface Checked {
  readonly tenant: string;
  readonly connection: string;
  readonly kind: string;
  readonly isGood: boolean;
  readonly checks: readonly CheckLine[];
}

/** A sign for readers, a colour for terminals. */
const SIGNS = { good: ['✓', 32], bad: ['✗', 31], note: ['·', 33] } as const;

const colouredIf = (isTerminal: boolean, colour: number, text: string): string => (isTerminal ? `\u001b[${colour}m${text}\u001b[0m` : text);

function linesOf({ tenant, connection, kind, checks }: Checked, isTerminal: boolean): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, verdict, what, todo }) => {
    const [sign, colour] = SIGNS[verdict];
    const line = `  ${colouredIf(isTerminal, colour, sign)} ${name.padEnd(width)}  ${what}`;
    return todo === null ? [line] : [line, `    ${' '.repeat(width)}  → ${todo}`];
  });
  return [`${tenant}/${connection} (${kind})`, ...lines];
}

/** `tributary check [tenant]`: green and red, and what to do; ends with 1 when something is red. */
export function checkCommand(program: Command, { environment, say, tell, isTerminal }: Terminal): void {
  program
    .command('check')
    .description('What is right and wrong with each connection, and what to do; ends with 1 when something is wrong')
    .argument('[tenant]', 'default: all tenants')
    .option('--json', 'print what control says as JSON', false)
    .action(async (tenant: string | undefined, { json }: { readonly json: boolean }) => {
      const checked: Checked[] = [];
      for (const id of tenant === undefined ? await allTenants(environment) : [tenant])
        checked.push(...(await askControl<{ readonly items: readonly Checked[] }>(environment, ['tenants', id, 'check'])).items);
      const wrong = checked.flatMap(({ checks }) => checks).filter(({ verdict }) => verdict === 'bad').length;
      if (json) say(JSON.stringify({ items: checked }));
      else for (const line of checked.flatMap((one) => linesOf(one, isTerminal))) say(line);
      if (checked.length === 0) tell('There is nothing to check: no connection was applied.');
      else tell(wrong === 0 ? 'Nothing is wrong.' : `${wrong} thing${wrong === 1 ? ' is' : 's are'} wrong.`);
      if (wrong > 0) process.exitCode = 1;
    });
}
