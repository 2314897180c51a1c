import { adminSettings, installationSettings, readSettings, url, type Settings, type SettingShape } from '@tributary/config';
import {
  createKafka,
  kafkaConnection,
  kafkaSettings,
  Registry,
  registryConnection,
  registrySettings,
  type KafkaClient,
} from '@tributary/kafka';
import { postgresOptions, PostgresPool, postgresSettings } from '@tributary/postgres';
import { createLog, type Log } from '@tributary/telemetry';

export const cliSettings = {
  ...installationSettings,
  ...adminSettings,
  CONTROL_URL: url().default('http://127.0.0.1:8081').describe('Where the control API is, for the commands that ask it'),
} as const;

/** Settings are read per command, so that a command needs only what it uses. */
export const settingsFor = <Shape extends SettingShape>(shape: Shape, environment: NodeJS.ProcessEnv): Settings<Shape> =>
  readSettings(shape, environment);

const APPLICATION = 'tributary-cli';

export const cliLog = (environment: NodeJS.ProcessEnv): Log => createLog('cli', environment['LOG_LEVEL'] ?? 'warn');

/** Opens the database, runs `work`, closes it. Statements of the deploy step and of rebuilds may take long. */
export async function withDatabase<T>(environment: NodeJS.ProcessEnv, work: (sql: PostgresPool) => Promise<T>): Promise<T> {
  const sql = new PostgresPool({ ...postgresOptions(settingsFor(postgresSettings, environment), APPLICATION), statementTimeoutMs: 0 });
  try {
    return await work(sql);
  } finally {
    await sql.close();
  }
}

export const kafkaOf = (environment: NodeJS.ProcessEnv): KafkaClient =>
  createKafka(kafkaConnection(settingsFor(kafkaSettings, environment), APPLICATION), cliLog(environment));

export const registryOf = (environment: NodeJS.ProcessEnv): Registry =>
  new Registry(registryConnection(settingsFor(registrySettings, environment)));
