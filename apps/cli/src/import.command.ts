import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import Table from 'cli-table3';
import { askControl, tellControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface ImportItem {
  readonly id: string;
  readonly connection: string;
  readonly from: string;
  readonly to: string;
  readonly status: string;
  readonly total: number | null;
  readonly read: number;
  readonly published: number;
  readonly unreadable: number;
  readonly ordersPerMinute: number | null;
  readonly failure: string | null;
}
interface ImportAsked {
  readonly outcome: 'done' | 'asked';
  readonly import: ImportItem | null;
}

interface StartOptions {
  readonly connection: string;
  readonly from: string;
  readonly to?: string;
  readonly resources?: string;
  readonly detach: boolean;
  readonly json: boolean;
}
interface OnlyJson {
  readonly json: boolean;
}

const LOOK_EVERY_MS = 1_000;

const progressOf = ({ read, total, published, unreadable, ordersPerMinute, failure }: ImportItem): string =>
  [
    `${read}${total === null ? '' : ` of ${total}`} read`,
    `${published} new`,
    ...(unreadable === 0 ? [] : [`${unreadable} unreadable`]),
    ...(ordersPerMinute === null ? [] : [`${ordersPerMinute}/min`]),
    ...(failure === null ? [] : [`waits: ${failure}`]),
  ].join(', ');

const lineOf = (item: ImportItem): string => `Import ${item.id} of ${item.connection} (${item.status}): ${progressOf(item)}`;

/** A date means its first moment, UTC. */
const momentOf = (text: string): string => (/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);

function namesOf(connection: string): { readonly tenant: string; readonly shop: string } {
  const [tenant = '', shop = '', ...more] = connection.split('/');
  if (tenant === '' || shop === '' || more.length > 0) throw new Error('--connection is <tenant>/<connection>, such as acme/shop.');
  return { tenant, shop };
}

/** Tells how far an import is until it ends; it goes on without anybody who watches. */
async function watch({ environment, tell }: Terminal, tenant: string, id: string): Promise<ImportItem> {
  let last = '';
  for (;;) {
    const item = await askControl<ImportItem>(environment, ['tenants', tenant, 'imports', id]);
    const line = progressOf(item);
    if (line !== last) tell(line);
    last = line;
    if (item.status !== 'running') return item;
    await pause(LOOK_EVERY_MS);
  }
}

const tellOf = (say: Terminal['say'], answer: ImportAsked, { json }: OnlyJson): void =>
  say(json ? JSON.stringify(answer) : answer.import === null ? 'Asked; ingest has not taken it up yet.' : lineOf(answer.import));

function startCommand(parent: Command, terminal: Terminal): void {
  const { environment, say, tell } = terminal;
  parent
    .command('woocommerce')
    .description('Read a shop’s orders of a time into the log, beside its live orders; sends nothing and may be interrupted')
    .requiredOption('--connection <tenant/connection>', 'the shop, such as acme/shop; it needs REST keys and polling')
    .requiredOption('--from <time>', 'created at or after this moment (RFC 3339, or a date, UTC)')
    .option('--to <time>', 'created before this moment; default now')
    .option('--resources <list>', 'what to read; default orders')
    .option('--detach', 'only begin it', false)
    .option('--json', 'print the import as JSON when it has ended', false)
    .action(async ({ connection, from, to, resources, detach, json }: StartOptions) => {
      const { tenant, shop } = namesOf(connection);
      const answer = await tellControl<ImportAsked>(environment, ['tenants', tenant, 'imports'], {
        connection: shop,
        from: momentOf(from),
        ...(to === undefined ? {} : { to: momentOf(to) }),
        ...(resources === undefined ? {} : { resources: resources.split(',').map((resource) => resource.trim()) }),
      });
      if (detach || answer.import === null) return tellOf(say, answer, { json });
      tell(
        `Import ${answer.import.id} runs. Ctrl-C ends only the watching: \`import status ${tenant}\`, \`import stop ${tenant} ${answer.import.id}\`.`,
      );
      const ended = await watch(terminal, tenant, answer.import.id);
      say(json ? JSON.stringify(ended) : lineOf(ended));
    });
}

/** `tributary import woocommerce|status|stop|resume`: a shop's history. */
export function importCommand(program: Command, terminal: Terminal): void {
  const { environment, say } = terminal;
  const parent = program.command('import').description('The history of shops: read into the log by the poller');
  startCommand(parent, terminal);
  parent
    .command('status')
    .description('Imports of a tenant, newest first, and how far each is')
    .argument('<tenant>')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, { json }: OnlyJson) => {
      const page = await askControl<{ readonly items: readonly ImportItem[] }>(environment, ['tenants', tenant, 'imports']);
      if (json) return say(JSON.stringify(page));
      const table = new Table({ head: ['id', 'shop', 'from', 'to', 'status', 'progress'], style: { head: [], border: [] } });
      for (const item of page.items) table.push([item.id, item.connection, item.from, item.to, item.status, progressOf(item)]);
      say(page.items.length === 0 ? 'No import was ever begun.' : table.toString());
    });
  for (const [name, description] of [
    ['stop', 'Stop an import where it is'],
    ['resume', 'Go on with a stopped import where it was'],
  ] as const)
    parent
      .command(name)
      .description(description)
      .argument('<tenant>')
      .argument('<id>', 'from `import status`')
      .option('--json', 'print control’s answer as JSON', false)
      .action(async (tenant: string, id: string, options: OnlyJson) => {
        tellOf(say, await tellControl<ImportAsked>(environment, ['tenants', tenant, 'imports', id, name]), options);
      });
}
