import type { Command } from 'commander';
import Table from 'cli-table3';
import { askControl } from './control-access.js';
import type { Terminal } from './terminal.js';

type Money = readonly { readonly currency: string; readonly amount: string }[];

interface CoverageItem {
  readonly destination: string;
  readonly eventName: string;
  readonly paymentMethod: string | null;
  readonly day: string;
  readonly events: number;
  readonly keys: readonly { readonly key: string; readonly events: number; readonly have: number }[];
}

/** Of control's answer what is printed for people. */
interface Report {
  readonly from: string;
  readonly to: string;
  readonly finalBefore: string;
  readonly orders: readonly { readonly shop: string; readonly isFinal: boolean; readonly orders: number; readonly totals: Money }[];
  readonly conversions: readonly {
    readonly shop: string;
    readonly destination: string;
    readonly kind: string;
    readonly eventName: string | null;
    readonly mode: string | null;
    readonly state: string;
    readonly reason: string | null;
    readonly orderStatus: string | null;
    readonly isFinal: boolean;
    readonly count: number;
    readonly orderTotals: Money;
    readonly values: Money;
  }[];
  readonly visits: readonly {
    readonly destination: string;
    readonly eventName: string;
    readonly mode: string;
    readonly state: string;
    readonly reason: string | null;
    readonly isFinal: boolean;
    readonly count: number;
  }[];
  readonly coverage: readonly CoverageItem[];
  readonly warnings: readonly {
    readonly destination: string;
    readonly eventName: string;
    readonly paymentMethod: string | null;
    readonly what: string;
    readonly todo: string | null;
  }[];
}

interface ReportOptions {
  readonly from?: string;
  readonly to?: string;
  readonly byDay: boolean;
  readonly json: boolean;
}

const moneyText = (money: Money): string => money.map(({ currency, amount }) => `${amount} ${currency}`).join('\n');
const named = (eventName: string, mode: string | null): string => (mode === 'test' ? `${eventName} (test)` : eventName);
const notYet = (isFinal: boolean): string => (isFinal ? '' : 'not final');

function tableOf(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

const conversionsTable = ({ conversions }: Report): string =>
  tableOf(
    ['shop', 'to', 'what', 'state', 'why', 'count', 'order totals', 'told to the vendor', ''],
    conversions.map((line) => [
      line.shop,
      line.destination,
      line.eventName === null ? '–' : `${named(line.eventName, line.mode)}${line.kind === 'upsell' ? ', upsell' : ''}`,
      line.state,
      line.reason ?? line.orderStatus ?? '',
      line.count,
      moneyText(line.orderTotals),
      moneyText(line.values),
      notYet(line.isFinal),
    ]),
  );

const visitsTable = ({ visits }: Report): string =>
  tableOf(
    ['to', 'what', 'state', 'why', 'count', ''],
    visits.map((line) => [
      line.destination,
      named(line.eventName, line.mode),
      line.state,
      line.reason ?? '',
      line.count,
      notYet(line.isFinal),
    ]),
  );

/** A row per event and payment method, and per day where wanted; a column per match key. */
function coverageTable({ coverage }: Report, byDay: boolean): string {
  const keys = [...new Set(coverage.flatMap((line) => line.keys.map(({ key }) => key)))].toSorted();
  const groups = Map.groupBy(coverage, ({ destination, eventName, paymentMethod, day }) =>
    JSON.stringify([destination, eventName, paymentMethod, byDay ? day : '']),
  );
  const rows = [...groups.values()].flatMap((lines) => {
    const [first] = lines;
    if (first === undefined) return [];
    const shares = keys.map((key) => shareText(lines, key));
    const events = lines.reduce((sum, line) => sum + line.events, 0);
    return [[first.destination, first.eventName, first.paymentMethod ?? '', ...(byDay ? [first.day] : []), events, ...shares]];
  });
  return tableOf(['to', 'what', 'payment', ...(byDay ? ['day'] : []), 'events', ...keys], rows);
}

function shareText(lines: readonly CoverageItem[], key: string): string {
  const found = lines.flatMap((line) => line.keys.filter((one) => one.key === key));
  const events = found.reduce((sum, one) => sum + one.events, 0);
  const have = found.reduce((sum, one) => sum + one.have, 0);
  return events === 0 ? '–' : `${Math.round((have / events) * 100)} %`;
}

function linesOf(report: Report, byDay: boolean): string[] {
  const { from, to, finalBefore, orders, conversions, visits, coverage, warnings } = report;
  return [
    `From ${from} to ${to}; what lies after ${finalBefore} is not final.`,
    ...orders.map((line) => {
      const open = line.isFinal ? '' : ' (not final)';
      return `${line.shop}: ${line.orders} order(s) of ${line.totals.map(({ currency, amount }) => `${amount} ${currency}`).join(', ')}${open}`;
    }),
    ...(conversions.length === 0 ? ['No order was made.'] : [conversionsTable(report)]),
    ...(visits.length === 0 ? [] : [visitsTable(report)]),
    ...(coverage.length === 0 ? [] : ['Match keys of what was sent:', coverageTable(report, byDay)]),
    ...warnings.flatMap(({ destination, eventName, paymentMethod, what, todo }) => [
      `! ${eventName} at ${destination}${paymentMethod === null ? '' : ` (${paymentMethod})`}: ${what}`,
      ...(todo === null ? [] : [`  → ${todo}`]),
    ]),
  ];
}

/** `tributary report <tenant>`: orders against conversions, and match keys. */
export function reportCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('report')
    .description('Orders against conversions with money totals, visits, and which match keys were sent')
    .argument('<tenant>')
    .option('--from <time>', 'orders made at or after this moment (RFC 3339); default: 30 days before --to')
    .option('--to <time>', 'orders made before this moment (RFC 3339); default: now')
    .option('--by-day', 'match keys day by day', false)
    .option('--json', 'print control’s answer as JSON', false)
    .action(async (tenant: string, { json, byDay, ...query }: ReportOptions) => {
      const report = await askControl<Report>(environment, ['tenants', tenant, 'report'], query);
      if (json) say(JSON.stringify(report));
      else for (const line of linesOf(report, byDay)) say(line);
    });
}
