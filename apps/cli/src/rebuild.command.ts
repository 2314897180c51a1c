import { Argument, type Command } from 'commander';
import {
  FULFILLMENT_DELIVERY_RECORDS,
  FULFILLMENT_DELIVERY_TOPIC,
  schemaIdOf,
  TIKTOK_DELIVERY_RECORDS,
  TIKTOK_DELIVERY_TOPIC,
  TIKTOK_VISIT_DELIVERY_TOPIC,
  type SchemaBook,
} from '@tributary/codecs';
import { BUYER_TABLES, buyerFolds, Rebuild, type FoldOf } from '@tributary/delivery';
import { IdentityRebuild, learnSchema, loadSchemaBook, ShadowFold } from '@tributary/stream';
import { cliLog, kafkaOf, registryOf, withDatabase } from './cli.config.js';
import type { Terminal } from './terminal.js';

const TARGETS = {
  tiktok: {
    app: 'tiktok',
    deliveryTopic: TIKTOK_DELIVERY_TOPIC,
    records: TIKTOK_DELIVERY_RECORDS,
    visitTopic: TIKTOK_VISIT_DELIVERY_TOPIC,
    furtherTables: BUYER_TABLES,
    further: (book: SchemaBook) => Object.values<FoldOf<unknown>>({ ...buyerFolds(book) }),
  },
  fulfillment: { app: 'fulfillment', deliveryTopic: FULFILLMENT_DELIVERY_TOPIC, records: FULFILLMENT_DELIVERY_RECORDS, visitTopic: null },
} as const;

/** `tributary rebuild <app>`: folds an app's tables anew from the log and swaps them in; sends nothing. */
export function rebuildCommand(program: Command, { environment, say, tell }: Terminal): void {
  program
    .command('rebuild')
    .description(
      'Fold an app’s tables anew from the log, with effects off, and put them in the place of the live ones; sends nothing and may run while the app works',
    )
    .addArgument(new Argument('<app>', 'whose tables').choices([...Object.keys(TARGETS), 'identity']))
    .option('--dry-run', 'only compare with the live tables', false)
    .option('--json', 'print the report as JSON', false)
    .action(async (app: keyof typeof TARGETS | 'identity', options: { readonly dryRun: boolean; readonly json: boolean }) => {
      const registry = registryOf(environment);
      const book = await loadSchemaBook(registry);
      const report = await withDatabase(environment, (sql) => {
        const ports = {
          sql,
          kafka: kafkaOf(environment),
          book,
          learn: (framed: Buffer) => learnSchema(registry, book, schemaIdOf(framed)),
          log: cliLog(environment),
          onProgress: (step: string, detail: string) => tell(`${step}: ${detail}`),
        };
        const foldingInto = (shadow: string): ShadowFold => new ShadowFold(ports, shadow);
        const rebuild = app === 'identity' ? new IdentityRebuild(ports) : new Rebuild({ ...ports, foldingInto }, TARGETS[app]);
        return rebuild.run(options.dryRun);
      });
      const differing = Object.fromEntries(report.differing);
      const perSecond = Math.round(report.events / Math.max(report.seconds, 0.001));
      say(
        options.json
          ? JSON.stringify({ ...report, differing })
          : `${report.events} events in ${report.seconds.toFixed(1)} s (${perSecond}/s); rows that differed: ${JSON.stringify(differing)}; ${report.isSwapped ? 'swapped in' : 'nothing was changed'}`,
      );
    });
}
