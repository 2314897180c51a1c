import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import kafkajs, { type Admin } from 'kafkajs';
import pg from 'pg';
import { appArguments } from '../../tools/bootstrap/app-arguments.mts';
import type { Child } from '../../tools/bootstrap/children.mts';
import { freePort } from '../../tools/bootstrap/free-port.mts';
import { lastLines } from '../../tools/bootstrap/last-lines.mts';
import { runCommand } from '../../tools/bootstrap/start/command-line.mts';
import { waitUntil } from '../../tools/bootstrap/wait-until.mts';
import type { LoadJob, LoadReport, VisitJob } from './load/job.mts';
import { FIRST_ORDER_ID, type ShopAddress } from './load/webhook-bytes.mts';
import type { Servers } from './servers.mts';

export type AppName = 'ingest' | 'tiktok' | 'control';
type Tenant = 'fold' | 'plan';

export interface RunningApp {
  readonly port: number;
  readonly child: Child;
}

export interface AppOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cores?: string | undefined;
}

const READY_WITHIN_MS = 40_000;
const TENANTS_FILE = join(import.meta.dirname, 'tenants.yaml');
const MASTER_KEY = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
const ADMIN_TOKEN = 'admin-token-of-the-bench';

const url = (port: number): string => `http://127.0.0.1:${port}`;

/** Topics and tables of its own on the run's servers, the tenants of the bench, and apps as processes. */
export class BenchInstallation {
  readonly servers: Servers;
  readonly sql: pg.Client;
  readonly admin: Admin;
  readonly partitions: number;
  readonly #env: NodeJS.ProcessEnv;
  readonly #apps = new Map<AppName, RunningApp>();
  readonly #ports: Readonly<Record<AppName | 'simulator', number>>;
  #simulator: Child | undefined;
  #nextOrderId = FIRST_ORDER_ID;
  #visitRuns = 0;

  private constructor(
    servers: Servers,
    sql: pg.Client,
    admin: Admin,
    partitions: number,
    env: NodeJS.ProcessEnv,
    ports: Record<AppName | 'simulator', number>,
  ) {
    this.servers = servers;
    this.sql = sql;
    this.admin = admin;
    this.partitions = partitions;
    this.#env = env;
    this.#ports = ports;
  }

  /** Takes the place of any earlier one: its topics are deleted, its database is left behind. */
  static async make(servers: Servers, partitions: number): Promise<BenchInstallation> {
    const { addresses } = servers.infrastructure;
    const database = `bench_${partitions}_${performance.now().toFixed(0)}`;
    await withClient(addresses.databaseUrl, (client) => client.query(`create database ${database}`));
    const databaseUrl = new URL(addresses.databaseUrl);
    databaseUrl.pathname = `/${database}`;
    const { Kafka, logLevel } = kafkajs;
    const admin = new Kafka({ brokers: addresses.kafkaBrokers.split(','), clientId: 'bench', logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const old = (await admin.listTopics()).filter((name) => !name.startsWith('_'));
    if (old.length > 0) await admin.deleteTopics({ topics: old });
    const sql = new pg.Client({ connectionString: databaseUrl.href });
    sql.on('error', () => undefined); // the server ends before us when a run is ended: the query in hand says so
    await sql.connect();
    const ports = { ingest: await freePort(), tiktok: await freePort(), control: await freePort(), simulator: await freePort() };
    const env = {
      ...servers.env,
      KAFKA_BROKERS: addresses.kafkaBrokers,
      SCHEMA_REGISTRY_URL: addresses.schemaRegistryUrl,
      DATABASE_URL: databaseUrl.href,
      TRIBUTARY_MASTER_KEY: MASTER_KEY,
      TRIBUTARY_ADMIN_TOKEN: ADMIN_TOKEN,
      INGEST_PORT: String(ports.ingest),
      TIKTOK_PORT: String(ports.tiktok),
      CONTROL_PORT: String(ports.control),
      INGEST_URL: url(ports.ingest),
      TIKTOK_URL: url(ports.tiktok),
      CONTROL_URL: url(ports.control),
      TIKTOK_BASE_URL: url(ports.simulator),
    };
    const installation = new BenchInstallation(servers, sql, admin, partitions, env, ports);
    await installation.#deploy();
    return installation;
  }

  async #deploy(): Promise<void> {
    const command = (...args: string[]): Promise<string> => runCommand(this.servers.root, this.servers.run, args, this.#env);
    await command('migrate');
    await command('topics', 'apply', '--local', '--partitions', String(this.partitions), '--replication-factor', '1', '--min-isr', '1');
    await command('schemas', 'register');
    await this.#applyFile(TENANTS_FILE);
  }

  async #applyFile(file: string): Promise<void> {
    await this.startApp('control');
    await runCommand(this.servers.root, this.servers.run, ['apply', '-f', file], this.#env);
    await this.stopApp('control');
  }

  /** Further tenants, in the shape of tenants.yaml. */
  async apply(tenants: object): Promise<void> {
    const file = join(this.servers.run.folder, 'tenants-of-a-section.yaml');
    writeFileSync(file, JSON.stringify(tenants));
    await this.#applyFile(file);
  }

  /** Runs a command of the CLI and reads the JSON on its last line. */
  cli<Answer>(...args: string[]): Promise<Answer> {
    return this.servers.cli<Answer>(args, this.#env);
  }

  /** One for all sections. */
  async startSimulator(): Promise<string> {
    if (this.#simulator?.isRunning() === true) return url(this.#ports.simulator);
    const args = [
      join(this.servers.root, 'test', 'simulators', 'tiktok', 'main.ts'),
      '--port',
      String(this.#ports.simulator),
      '--no-bodies',
    ];
    const child = this.servers.spawn({ name: 'tiktok-simulator', args });
    this.#simulator = child;
    await this.#untilOk(child, `${url(this.#ports.simulator)}/_control/counts`);
    return url(this.#ports.simulator);
  }

  /** Resolves when it is ready. */
  async startApp(name: AppName, { env, cores }: AppOptions = {}): Promise<RunningApp> {
    const child = this.servers.spawn({ name, args: appArguments(this.servers.root, name), env: { ...this.#env, ...env }, cores });
    const app = { port: this.#ports[name], child };
    this.#apps.set(name, app);
    await this.#untilOk(child, `${url(app.port)}/${name === 'control' ? 'livez' : 'readyz'}`);
    return app;
  }

  async #untilOk(child: Child, address: string): Promise<void> {
    const giveUp = (): void => {
      if (!child.isRunning()) throw new Error(`${child.name} ended. Its last lines:\n${lastLines(child.logFile)}`);
    };
    await waitUntil({ what: `readiness of ${child.name}`, timeoutMs: READY_WITHIN_MS, giveUp }, async () =>
      (await fetch(address, { signal: AbortSignal.timeout(2_000) })).ok ? true : undefined,
    );
  }

  async stopApp(name: AppName): Promise<void> {
    await this.#apps.get(name)?.child.stop(8_000);
    this.#apps.delete(name);
  }

  /** The shop's webhook address of a tenant of tenants.yaml. */
  #shop(tenant: Tenant): ShopAddress {
    return { port: this.#ports.ingest, token: `bench-${tenant}-webhook-address`, webhookSecret: `bench-${tenant}-webhook-secret` };
  }

  /** Lets the load generator send orders with ids that this installation has not had; fails when one was refused. */
  async load(
    tenant: Tenant,
    job: Omit<LoadJob, 'shop' | 'firstOrderId' | 'withMoments'> & { readonly withMoments?: boolean },
    cores?: string,
  ): Promise<LoadReport & { readonly firstOrderId: number }> {
    const firstOrderId = this.#nextOrderId;
    this.#nextOrderId += job.orders;
    const whole: LoadJob = { withMoments: false, ...job, shop: this.#shop(tenant), firstOrderId };
    const report = await this.servers.ask<LoadReport>(join('load', 'main.mts'), whole, cores);
    if (report.refused > 0) throw new Error(`${report.refused} of ${report.refused + report.answered} webhooks were not answered 200`);
    return { ...report, firstOrderId };
  }

  /** Lets the load generator send visits that this installation has not had. More than it can take is refused, not queued. */
  async loadVisits(
    {
      perRequest,
      visitors,
      writeKey = 'bench-fold-write-key',
      ...job
    }: Omit<VisitJob, 'load' | 'runId'> & { readonly perRequest: number; readonly visitors: number; readonly writeKey?: string },
    cores?: string,
  ): Promise<LoadReport> {
    this.#visitRuns += 1;
    const load = { port: this.#ports.ingest, writeKey, perRequest, visitors };
    const whole: VisitJob = { ...job, load, runId: this.#visitRuns };
    return this.servers.ask<LoadReport>(join('load', 'visits.main.mts'), whole, cores);
  }

  /** Puts orders into the log as fast as ingest takes them. */
  async fill(tenant: Tenant, orders: number): Promise<void> {
    await this.load(tenant, {
      orders,
      buyers: { newShare: 0.5, returning: 2_000 },
      connections: 64,
      loop: { kind: 'closed', seconds: 120 },
    });
  }

  async rows<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.sql.query(text, values)).rows as Row[];
  }

  /** Records of a topic. */
  async endOf(topic: string): Promise<number> {
    return (await this.admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);
  }

  /** How far a projection of a schema has come, over all partitions. */
  async foldedTo(schema: 'tiktok' | 'orders', projection: string): Promise<number> {
    const [row] = await this.rows<{ reached: string | null }>(
      `select sum(next_offset) as reached from ${schema}.offsets where projection = $1`,
      [projection],
    );
    return Number(row?.reached ?? 0);
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#apps.keys(), (name) => this.stopApp(name)));
    await this.sql.end();
    await this.admin.disconnect();
  }
}

async function withClient<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
