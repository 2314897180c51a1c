import 'reflect-metadata';
import { Command } from 'commander';
import { processEnvironment } from '@tributary/config';
import { schemasFolder } from '@tributary/postgres';
import { describeError } from '@tributary/telemetry';
import { alertsCommand } from './alerts.command.js';
import { applyCommand } from './apply.command.js';
import { checkCommand } from './check.command.js';
import { connectCommand } from './connect.command.js';
import { deliveriesCommand } from './deliveries.command.js';
import { dumpCommand } from './dump.command.js';
import { explainCommand } from './explain.command.js';
import { identityCommand } from './identity.command.js';
import { importCommand } from './import.command.js';
import { instanceKeysCommand } from './instance-keys.command.js';
import { migrateCommand } from './migrate.command.js';
import { rebuildCommand } from './rebuild.command.js';
import { rejectedCommand } from './rejected.command.js';
import { reportCommand } from './report.command.js';
import { resumeCommand } from './resume.command.js';
import { retryCommand } from './retry.command.js';
import { schemasCommand } from './schemas.command.js';
import { statusCommand } from './status.command.js';
import type { Terminal } from './terminal.js';
import { testCommand } from './test.command.js';
import { topicsCommand } from './topics.command.js';
import { visitCommand } from './visit.command.js';

const terminal: Terminal = {
  environment: processEnvironment(),
  schemasFolder: schemasFolder(),
  isTerminal: process.stdout.isTTY,
  say: (line) => void process.stdout.write(`${line}\n`),
  tell: (line) => void process.stderr.write(`${line}\n`),
};

const program = new Command('tributary')
  .description('Tributary: orders and visits into conversions and courier orders, each exactly once, each explained')
  .showHelpAfterError();
for (const register of [
  migrateCommand,
  topicsCommand,
  schemasCommand,
  applyCommand,
  checkCommand,
  statusCommand,
  connectCommand,
  rebuildCommand,
  dumpCommand,
  explainCommand,
  identityCommand,
  deliveriesCommand,
  visitCommand,
  reportCommand,
  retryCommand,
  resumeCommand,
  testCommand,
  rejectedCommand,
  importCommand,
  instanceKeysCommand,
  alertsCommand,
])
  register(program, terminal);

program.parseAsync().catch((error: unknown) => {
  terminal.tell(describeError(error).replace(/^Error: /, ''));
  process.exitCode = 1;
});
