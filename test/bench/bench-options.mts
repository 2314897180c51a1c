import { parseArgs } from 'node:util';
import { FULL, QUICK, type Sizes } from './bench-context.mts';

/** Groups of sections that can be measured alone, in the order in which they run. */
export const GROUPS = {
  identity: 'the graph against the truth of simulated shops, and its fold',
  orders: 'webhook → TikTok, memory, bytes per order, projection, rebuild',
  ingest: 'order webhooks, closed and open loop',
  visits: 'visits at the collector, one and many per request',
  delivery: 'visits from the log to TikTok, few and many credentials',
  fairness: 'a quiet tenant beside a loud one',
  partitions: 'projection and rebuild with one partition',
} as const;
export type Group = keyof typeof GROUPS;

export interface BenchOptions {
  readonly sizes: Sizes;
  readonly isQuick: boolean;
  readonly groups: ReadonlySet<Group>;
  /** Where the figures go as JSON; undefined: to the standard output, behind the table. */
  readonly jsonFile: string | undefined;
}

const names = Object.keys(GROUPS) as Group[];

export const HELP = `npm run bench [-- options]

Measures the budgets on real Kafka, registry and Postgres beside what the bare machine does in the same run.
About ten minutes; the machine should have nothing else to do (the last line says when it had).

  --only a,b    only these groups; the machine's own limits are measured in any case
  --quick       less of everything, in half the time: to see that nothing broke, not for figures to quote
  --json FILE   the figures as JSON into a file instead of behind the table
  --help        this text

Groups:
${names.map((name) => `  ${name.padEnd(12)}${GROUPS[name]}`).join('\n')}
`;

/** Null: help is wanted. Throws an error for a person about anything it does not know. */
export function readBenchOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const wanted = values.only?.split(',').map((name) => name.trim()) ?? names;
  const unknown = wanted.filter((name) => !Object.hasOwn(GROUPS, name));
  if (unknown.length > 0) throw new Error(`--only knows ${names.join(', ')}; not ${unknown.map((name) => `«${name}»`).join(', ')}`);
  return {
    sizes: values.quick ? QUICK : FULL,
    isQuick: values.quick,
    groups: new Set(names.filter((name) => wanted.includes(name))),
    jsonFile: values.json,
  };
}
