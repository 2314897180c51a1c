import { InvalidArgumentError, type Command } from 'commander';
import { TOPICS } from '@tributary/codecs';
import { withTopicAdmin } from '@tributary/kafka';
import { kafkaOf } from './cli.config.js';
import type { Terminal } from './terminal.js';

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('must be a whole number, 1 or more');
  return Number(text);
};

interface ApplyOptions {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly minIsr: number;
  readonly local: boolean;
  readonly json: boolean;
}

/** `tributary topics apply`: creates what is missing, corrects settings, never changes a number of partitions. */
export function topicsCommand(program: Command, { environment, say }: Terminal): void {
  program
    .command('topics')
    .description('The topics of the log')
    .command('apply')
    .description('Create missing topics and correct their settings; a number of partitions is never changed')
    .option('--partitions <count>', 'of each topic; fixed for the topic’s life', wholeNumber, 48)
    .option('--replication-factor <count>', 'copies of each record', wholeNumber, 3)
    .option('--min-isr <count>', 'copies that must be written before a record is acknowledged', wholeNumber, 2)
    .option('--local', 'allow fewer than three copies (a laptop)', false)
    .option('--json', 'print the report as JSON', false)
    .action(async (options: ApplyOptions) => {
      const report = await withTopicAdmin(kafkaOf(environment), (admin) =>
        admin.apply(TOPICS, {
          partitions: options.partitions,
          replicationFactor: options.replicationFactor,
          minInSyncReplicas: options.minIsr,
          isLocal: options.local,
        }),
      );
      say(
        options.json
          ? JSON.stringify(report)
          : `${report.created.length} created, ${report.updated.length} corrected, ${report.unchanged.length} as they were`,
      );
    });
}
