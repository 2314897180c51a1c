import type { Command } from 'commander';
import { askControl } from './control-questions.js';
import type { Terminal } from './terminal.js';

/** Of control's answer what is printed for people. */
interface Explanation {
  readonly status: string;
  readonly total: string | null;
  readonly currency: string | null;
  readonly observationsCutOff: boolean;
  readonly observations: readonly {
    readonly receivedAt: string;
    readonly source: string;
    readonly whatChanged: readonly string[];
    readonly isKept: boolean;
  }[];
  readonly fold: readonly string[];
  readonly destinations: readonly {
    readonly connection: string;
    readonly destination: string;
    readonly undecided: string | null;
    readonly deliveries: readonly { readonly words: readonly string[]; readonly request: unknown; readonly requestNote: string | null }[];
  }[];
  readonly rejected: readonly { readonly receivedAt: string; readonly topic: string; readonly what: string; readonly detail: string }[];
}

const indented = (text: string): string => text.replaceAll(/^/gm, '    ');

function linesOf(orderId: string, told: Explanation): string[] {
  const { status, total, currency, observations, observationsCutOff, fold, destinations, rejected } = told;
  return [
    `Order ${orderId}: ${status}${total === null ? '' : `, ${total} ${currency ?? ''}`}`,
    '',
    ...observations.map(
      ({ receivedAt, source, whatChanged, isKept }) => `${isKept ? '→' : ' '} ${receivedAt} ${source}: ${whatChanged.join('; ')}`,
    ),
    ...(observationsCutOff ? ['  The log was too long to be read in time; some records may be missing.'] : []),
    ...fold,
    ...destinations.flatMap(({ connection, destination, undecided, deliveries }) => [
      '',
      ...(undecided === null ? [] : [`${connection} (${destination}) ${undecided}.`]),
      ...deliveries.flatMap(({ words, request, requestNote }) => [
        ...words,
        ...(request === null || request === undefined
          ? []
          : ['The request as sent, personal values masked:', indented(JSON.stringify(request, null, 2))]),
        ...(requestNote === null ? [] : [requestNote]),
      ]),
    ]),
    ...(rejected.length === 0 ? [] : ['', 'Payloads that named this order and could not be used:']),
    ...rejected.map(({ receivedAt, topic, what, detail }) => `  ${receivedAt} ${topic}: ${what} ${detail}`.trimEnd()),
  ];
}

/** `tributary explain <tenant> <connection> <orderId>`: what became of one order and why. */
export function explainCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('explain')
    .description('What became of one order and why: what was observed, decided, sent and answered, and what would change it')
    .argument('<tenant>')
    .argument('<connection>', 'the shop’s connection')
    .argument('<orderId>', 'the shop’s own id of the order, not the number that buyers see')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, connection: string, orderId: string, { json }: { readonly json: boolean }) => {
      const told = await askControl<Explanation>(environment, ['tenants', tenant, 'orders', connection, orderId, 'explanation']);
      if (json) say(JSON.stringify(told));
      else for (const line of linesOf(orderId, told)) say(line);
    });
}
