import type { Command } from 'commander';
import Table from 'cli-table3';
import { askControl, tellControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface RejectedItem {
  readonly eventId: string;
  readonly connection: string;
  readonly receivedAt: string;
  readonly reference: string | null;
  readonly reason: string;
  readonly what: string;
  readonly detail: string;
  readonly topic: string;
  readonly sizeBytes: number;
  readonly state: string;
  readonly resubmittedAt: string | null;
  readonly firstReason: string | null;
}
interface RejectedPage {
  readonly items: readonly RejectedItem[];
  readonly nextCursor: string | null;
}
interface RejectedWithPayload extends RejectedItem {
  readonly payload: unknown;
  readonly payloadNote: string | null;
}
interface ResubmittedItem {
  readonly eventId: string;
  readonly outcome: string;
  readonly reference: string | null;
  readonly reason: string | null;
  readonly detail: string;
}
interface Resubmitted {
  readonly outcome: 'done' | 'asked';
  readonly items: readonly ResubmittedItem[];
  readonly nextCursor?: string | null;
}

interface Filter {
  readonly connection?: string;
  readonly reason?: string;
}
interface ListOptions extends Filter {
  readonly state?: string;
  readonly limit: string;
  readonly cursor?: string;
  readonly json: boolean;
}
interface ResubmitOptions extends Filter {
  readonly all: boolean;
  readonly json: boolean;
}

function tableOf(items: readonly RejectedItem[]): string {
  const table = new Table({ head: ['id', 'received', 'from', 'topic', 'order', 'why', 'state'], style: { head: [], border: [] } });
  for (const { eventId, receivedAt, connection, topic, reference, reason, detail, state } of items)
    table.push([eventId, receivedAt, connection, topic, reference ?? '', `${reason}: ${detail}`, state]);
  return table.toString();
}

const linesOf = ({ payload, payloadNote, ...item }: RejectedWithPayload): string[] => [
  `${item.eventId}: ${item.topic || 'no topic'} from ${item.connection}, ${item.receivedAt}, ${item.sizeBytes} bytes`,
  `${item.state === 'rejected' ? 'Rejected' : `Now ${item.state}`}: ${item.what} (${item.reason}: ${item.detail})`,
  ...(item.resubmittedAt === null ? [] : [`Read again ${item.resubmittedAt}.`]),
  ...(item.firstReason === null ? [] : [`On arrival: ${item.firstReason}.`]),
  ...(payloadNote === null ? ['What came, personal values described:', JSON.stringify(payload, null, 2)] : [payloadNote]),
];

const lineOf = ({ eventId, outcome, reference, reason, detail }: ResubmittedItem): string =>
  `${eventId}: ${outcome}${reference === null ? '' : `, order ${reference}`}${reason === null ? (detail === '' ? '' : ` (${detail})`) : ` (${reason}: ${detail})`}`;

async function resubmitAll(
  { environment, tell }: Terminal,
  tenant: string,
  { connection, reason }: Filter,
  onItems: (items: readonly ResubmittedItem[]) => void,
): Promise<void> {
  let cursor: string | null = null;
  do {
    const body = { connection, reason, ...(cursor === null ? {} : { cursor }) };
    const page: Resubmitted = await tellControl<Resubmitted>(environment, ['tenants', tenant, 'rejected', 'resubmit'], body);
    if (page.outcome === 'asked') tell('ingest has not answered within 20 s for this page; it goes on by itself, see `rejected list`');
    onItems(page.items);
    cursor = page.nextCursor ?? null;
  } while (cursor !== null);
}

/** `tributary rejected list|show|resubmit`: payloads that could not be used. */
export function rejectedCommand(program: Command, terminal: Terminal): void {
  const { environment, say, tell } = terminal;
  const rejected = program.command('rejected').description('Payloads that could not be used: kept for 90 days with their reason');
  rejected
    .command('list', { isDefault: true })
    .description('Newest first, page by page')
    .argument('<tenant>')
    .option('--connection <id>', 'only of this shop')
    .option('--reason <code>', 'only with this reason, such as invalid-field')
    .option('--state <state>', 'rejected, taken or nothing-to-take')
    .option('--limit <count>', 'items of a page, up to 500', '100')
    .option('--cursor <cursor>', 'go on where a page ended')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, { json, ...query }: ListOptions) => {
      const page = await askControl<RejectedPage>(environment, ['tenants', tenant, 'rejected'], query);
      if (json) return say(JSON.stringify(page));
      say(page.items.length === 0 ? 'No rejected payload fits.' : tableOf(page.items));
      if (page.nextCursor !== null) tell(`There are more: --cursor ${page.nextCursor}`);
    });
  rejected
    .command('show')
    .description('One of them with the shape of its payload; personal values are described, never shown')
    .argument('<tenant>')
    .argument('<id>', 'from the list')
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, id: string, { json }: { readonly json: boolean }) => {
      const one = await askControl<RejectedWithPayload>(environment, ['tenants', tenant, 'rejected', id]);
      if (json) say(JSON.stringify(one));
      else for (const line of linesOf(one)) say(line);
    });
  rejected
    .command('resubmit')
    .description('After a fix: read them again as this release and the present settings read them; what is still unreadable stays')
    .argument('<tenant>')
    .argument('[ids...]', 'from the list; or a filter')
    .option('--connection <id>', 'all of this shop')
    .option('--reason <code>', 'all with this reason')
    .option('--all', 'all of the tenant', false)
    .option('--json', 'print what became of each as JSON', false)
    .action(async (tenant: string, ids: readonly string[], options: ResubmitOptions) => {
      const isFiltered = options.connection !== undefined || options.reason !== undefined || options.all;
      if (isFiltered === ids.length > 0) throw new Error('Name either ids or a filter: --reason, --connection or --all.');
      const all: ResubmittedItem[] = [];
      const onItems = (items: readonly ResubmittedItem[]): void => {
        all.push(...items);
        if (!options.json) for (const item of items) say(lineOf(item));
      };
      if (isFiltered) await resubmitAll(terminal, tenant, options, onItems);
      for (const id of ids) onItems((await tellControl<Resubmitted>(environment, ['tenants', tenant, 'rejected', id, 'resubmit'])).items);
      if (options.json) say(JSON.stringify(all));
      else tell(`${all.length} read again, ${all.filter(({ outcome }) => outcome === 'taken').length} taken`);
    });
}
