import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { allSubjects, schemaText, TOPICS } from '@tributary/codecs';
import { createKafka, kafkaConnection, kafkaSettings, Registry, TopicAdmin, type KafkaClient } from '@tributary/kafka';
import { readSettings } from '@tributary/config';
import { migrate, PostgresPool, readMigrations } from '@tributary/postgres';
import { createLog } from '@tributary/telemetry';
import { appArguments } from '../../tools/bootstrap/app-arguments.mts';
import { openRun, type Child, type Run } from '../../tools/bootstrap/children.mts';
import { freePort } from '../../tools/bootstrap/free-port.mts';
import { startInfrastructure } from '../../tools/bootstrap/infrastructure.mts';
import type { Infrastructure } from '../../tools/bootstrap/infrastructure.port.mts';
import { startTiktokSimulator, type TiktokSimulator } from '../simulators/tiktok/tiktok-simulator.ts';
import { startTrackingtechSimulator, type TrackingtechSimulator } from '../simulators/trackingtech/trackingtech-simulator.ts';
import { eventually } from './eventually.js';

const root = join(__dirname, '..', '..');
export const HOME = process.env['TRIBUTARY_HOME'] ?? join(root, '.tributary');
export const MASTER_KEY = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
export const ADMIN_TOKEN = 'admin-token-of-the-tests';

export type AppName = 'ingest' | 'identity' | 'tiktok' | 'fulfillment' | 'control';

/** One app as a process of its own. */
export interface RunningApp {
  readonly name: AppName;
  readonly port: number;
  readonly url: string;
  readonly child: Child;
}

export interface StackOptions {
  /** False: nothing is migrated, registered or created; {@link Stack.deploy} does it later. */
  readonly isDeployed?: boolean;
  readonly apps?: readonly AppName[];
  readonly partitions?: number;
  readonly simulator?: Parameters<typeof startTiktokSimulator>[0];
}

/** A start of our own in any case: faults are not for servers that other suites use. */
export function ownInfrastructure(): NodeJS.ProcessEnv {
  const { KAFKA_BROKERS: _brokers, SCHEMA_REGISTRY_URL: _registry, DATABASE_URL: _database, ...env } = process.env;
  if (env['TEST_BACKEND'] === 'external') delete env['TEST_BACKEND'];
  return env;
}

/** Real Kafka, registry and Postgres, our apps as processes, and the vendors' simulators over HTTP. */
export class Stack {
  readonly apps = new Map<string, RunningApp>();

  private constructor(
    readonly infrastructure: Infrastructure,
    readonly run: Run,
    readonly sql: PostgresPool,
    readonly kafka: KafkaClient,
    readonly tiktok: TiktokSimulator,
    readonly courier: TrackingtechSimulator,
  ) {}

  static async start(options: StackOptions = {}): Promise<Stack> {
    const infrastructure = await startInfrastructure({
      home: HOME,
      persistent: false,
      onProgress: () => undefined,
      env: ownInfrastructure(),
    });
    const run = await openRun({ home: HOME, kind: 'test-apps', isExclusive: false });
    const { addresses } = infrastructure;
    const sql = new PostgresPool({ databaseUrl: addresses.databaseUrl, maxConnections: 5, applicationName: 'test' });
    const log = createLog('test', 'silent');
    const kafka = createKafka(kafkaConnection(readSettings(kafkaSettings, { KAFKA_BROKERS: addresses.kafkaBrokers }), 'test'), log);
    const tiktok = await startTiktokSimulator(options.simulator ?? { pixels: 'any' });
    const courier = await startTrackingtechSimulator();
    const stack = new Stack(infrastructure, run, sql, kafka, tiktok, courier);
    if (options.isDeployed ?? true) await stack.deploy(options.partitions ?? 4);
    await Promise.all((options.apps ?? ['ingest', 'tiktok', 'control']).map((name) => stack.startApp(name)));
    if (options.isDeployed ?? true) await Promise.all([...stack.apps.values()].map((app) => stack.untilReady(app)));
    return stack;
  }

  async deploy(partitions: number): Promise<void> {
    await this.migrate();
    await this.createTopics(partitions);
    await this.registerSchemas();
  }

  async migrate(): Promise<void> {
    await migrate(this.sql, await readMigrations(join(root, 'schemas', 'postgres')), true);
  }

  async createTopics(partitions: number): Promise<void> {
    const admin = await TopicAdmin.connect(this.kafka);
    await admin.apply(TOPICS, { partitions, replicationFactor: 1, minInSyncReplicas: 1, isLocal: true });
    await admin.close();
  }

  async registerSchemas(): Promise<void> {
    const registry = new Registry({ url: this.infrastructure.addresses.schemaRegistryUrl, auth: null });
    await Promise.all(allSubjects().map(({ subject, record }) => registry.register(subject, schemaText(record))));
  }

  environment(): NodeJS.ProcessEnv {
    const { addresses } = this.infrastructure;
    return {
      ...process.env,
      NODE_ENV: 'test',
      KAFKA_BROKERS: addresses.kafkaBrokers,
      KAFKA_SESSION_TIMEOUT_MS: '3000',
      SCHEMA_REGISTRY_URL: addresses.schemaRegistryUrl,
      DATABASE_URL: addresses.databaseUrl,
      TRIBUTARY_MASTER_KEY: MASTER_KEY,
      TRIBUTARY_ADMIN_TOKEN: ADMIN_TOKEN,
      TIKTOK_BASE_URL: this.tiktok.url,
      TRACKINGTECH_BASE_URL: this.courier.url,
      ALLOW_PRIVATE_STORE_HOSTS: 'on',
      LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'info',
    };
  }

  /** Starts an app; `instance` tells replicas apart. */
  async startApp(
    name: AppName,
    options: { readonly instance?: string; readonly env?: NodeJS.ProcessEnv; readonly port?: number } = {},
  ): Promise<RunningApp> {
    const port = options.port ?? (await freePort());
    const id = options.instance ?? name;
    const child = this.run.spawnChild(id, process.execPath, appArguments(root, name), {
      logFile: join(this.run.folder, `${id}.log`),
      cwd: root,
      env: { ...this.environment(), [`${name.toUpperCase()}_PORT`]: String(port), ...this.urls(), ...options.env },
    });
    const app = { name, port, url: `http://127.0.0.1:${port}`, child };
    this.apps.set(id, app);
    return app;
  }

  private urls(): NodeJS.ProcessEnv {
    const of = (name: string): string => this.apps.get(name)?.url ?? 'http://127.0.0.1:1';
    return {
      INGEST_URL: of('ingest'),
      IDENTITY_URL: of('identity'),
      TIKTOK_URL: of('tiktok'),
      FULFILLMENT_URL: of('fulfillment'),
      CONTROL_URL: of('control'),
    };
  }

  app(id: string): RunningApp {
    const app = this.apps.get(id);
    if (app === undefined) throw new Error(`no app ${id}`);
    return app;
  }

  logOf(id: string): string {
    return join(this.run.folder, `${id}.log`);
  }

  async untilReady(app: RunningApp): Promise<void> {
    await eventually(`${app.name} is ready (log: ${app.child.logFile})`, 40_000, async () => {
      if (!app.child.isRunning()) throw new Error(`${app.name} ended; see ${app.child.logFile}`);
      return (await fetch(`${app.url}/livez`)).ok && (app.name === 'control' || (await fetch(`${app.url}/readyz`)).ok);
    });
  }

  async stop(): Promise<void> {
    await this.run.stopChildren(8_000);
    const kept = process.env['TEST_LOGS'];
    if (kept !== undefined) cpSync(this.run.folder, kept, { recursive: true });
    await this.sql.close();
    await this.tiktok.stop();
    await this.courier.stop();
    await this.infrastructure.stop();
    this.run.close();
  }
}
