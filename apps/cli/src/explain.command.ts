import type { Command } from 'commander';
import { askControl } from './control-access.js';
import type { Terminal } from './terminal.js';

/** Of control's answer what is printed for people. */
interface Explanation {
  readonly status: string;
  readonly total: string | null;
  readonly currency: string | null;
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

interface ExplainOptions {
  readonly log: boolean;
  readonly json: boolean;
}

const indented = (text: string): string => text.replaceAll(/^/gm, '    ');

function linesOf(orderId: string, told: Explanation): string[] {
  const { status, total, currency, observations, fold, destinations, rejected } = told;
  return [
    `Order ${orderId}: ${status}${total === null ? '' : `, ${total} ${currency ?? ''}`}`,
    '',
    ...observations.map(
      ({ receivedAt, source, whatChanged, isKept }) => `${isKept ? '→' : ' '} ${receivedAt} ${source}: ${whatChanged.join('; ')}`,
    ),
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
    .option('--no-log', 'leave out what only the log has: observations and requests (works while Kafka is away)')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, connection: string, orderId: string, { log, json }: ExplainOptions) => {
      const path = ['tenants', tenant, 'orders', connection, orderId, 'explanation'];
      const told = await askControl<Explanation>(environment, path, log ? {} : { observations: 'false' });
      if (json) say(JSON.stringify(told));
      else for (const line of linesOf(orderId, told)) say(line);
    });
}
