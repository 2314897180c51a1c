import type { Command } from 'commander';
import Table from 'cli-table3';
import { askControl } from './control-access.js';
import type { Terminal } from './terminal.js';

interface DeliveryItem {
  readonly id: string;
  readonly connection: string;
  readonly source: string;
  readonly reference: string;
  readonly eventName: string;
  readonly mode: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: readonly unknown[];
  readonly plannedAt: string;
  readonly status: { readonly status: string } | null;
}
interface DeliveryPage {
  readonly items: readonly DeliveryItem[];
  readonly nextCursor: string | null;
}

interface DeliveriesOptions {
  readonly state?: string;
  readonly connection?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: string;
  readonly cursor?: string;
  readonly json: boolean;
}

function tableOf(items: readonly DeliveryItem[]): string {
  const table = new Table({ head: ['decided', 'what', 'from', 'to', 'state', 'why', 'attempts'], style: { head: [], border: [] } });
  for (const { plannedAt, eventName, mode, source, reference, connection, state, reason, attempts, status } of items) {
    table.push([
      plannedAt,
      mode === 'test' ? `${eventName} (test)` : eventName,
      `${source} ${reference}`,
      connection,
      status === null ? state : `${state}: ${status.status}`,
      reason ?? '',
      attempts.length,
    ]);
  }
  return table.toString();
}

/** `tributary deliveries <tenant>`: what was decided and sent, newest first. */
export function deliveriesCommand(program: Command, { environment, say, tell }: Terminal): void {
  program
    .command('deliveries')
    .description('What was decided and sent, newest first, page by page')
    .argument('<tenant>')
    .option('--state <state>', 'only these: delivered, suppressed, rejected, parked, unconfirmed, …')
    .option('--connection <id>', 'only of this destination connection')
    .option('--from <time>', 'decided at or after this moment (RFC 3339)')
    .option('--to <time>', 'decided before this moment (RFC 3339)')
    .option('--limit <count>', 'items of a page, up to 500', '100')
    .option('--cursor <cursor>', 'go on where a page ended')
    .option('--json', 'print control’s answer as JSON, with ids for retries', false)
    .action(async (tenant: string, { json, ...query }: DeliveriesOptions) => {
      const page = await askControl<DeliveryPage>(environment, ['tenants', tenant, 'deliveries'], query);
      if (json) {
        say(JSON.stringify(page));
        return;
      }
      say(page.items.length === 0 ? 'No delivery fits.' : tableOf(page.items));
      if (page.nextCursor !== null) tell(`There are more: --cursor ${page.nextCursor}`);
    });
}
