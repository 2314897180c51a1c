import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  ASSERTION_EVENTS_TOPIC,
  CATALOG_EVENTS_TOPIC,
  ORDER_EVENTS_TOPIC,
  ORDER_RAW_TOPIC,
  REJECTED_EVENTS_TOPIC,
  VISIT_EVENTS_TOPIC,
} from '@tributary/codecs';
import { ConfigurationError, masterKeyText, printSettingsIfAsked, processEnvironment } from '@tributary/config';
import { ShopClient, VendorClient } from '@tributary/http';
import { createKafka, kafkaConnection, LaneProducer, Registry, registryConnection } from '@tributary/kafka';
import { PostgresAlerts, postgresOptions, PostgresPool, PostgresVaultStore } from '@tributary/postgres';
import {
  BatchTransport,
  CatalogHeads,
  CatalogLookups,
  CatalogPublisher,
  DurableAppend,
  FactAppender,
  FactSealer,
  ManagedWebhooks,
  passStartGate,
  PromptAppend,
  ShopDirectory,
  Sightings,
  SpoolStore,
  VisitDirectory,
  stalledLanes,
} from '@tributary/stream';
import { createLog, describeError, Metrics, type Log } from '@tributary/telemetry';
import { MasterKeys, Vault } from '@tributary/vault';
import { trustedNetworks } from '@tributary/sources';
import { CatalogIntake } from './catalog.intake.js';
import { CollectPipeline } from './collector/collect.pipeline.js';
import { ConnectPipeline } from './connect/connect.pipeline.js';
import { ACCEPT_BACKLOG, httpAdapter } from './http-server.js';
import { ingestAppSettings, readIngestSettings, type IngestAppSettings } from './ingest.config.js';
import { IngestLanes } from './ingest.lanes.js';
import { IngestModule } from './ingest.module.js';
import { WebhookPipeline } from './ingest.pipeline.js';
import { ControlGate } from './instances/control-gate.js';
import { IngestCommands } from './operator/operator-commands.js';
import { Resubmission } from './operator/resubmission.js';
import { PageScript } from './page-script.js';
import { PollerRole } from './polling/poller.role.js';

const REQUIRED_TOPICS = [
  ORDER_EVENTS_TOPIC,
  ORDER_RAW_TOPIC,
  CATALOG_EVENTS_TOPIC,
  VISIT_EVENTS_TOPIC,
  ASSERTION_EVENTS_TOPIC,
  REJECTED_EVENTS_TOPIC,
];
/** After a failure of Kafka visits are refused for so long before the next is tried. */
const VISITS_PAUSE_MS = 500;
const MAX_OUTSTANDING_VISITS = 20_000;
const REFRESH_EVERY_MS = 1_000;
/** Of one request that proves keys: a shop that hands them over waits 60 s for all of them. */
const KEY_PROOF_TIMEOUT_MS = 10_000;
const KEY_PROOF_MAX_BYTES = 2 * 1024 * 1024;
/** Where the build puts the app `page-script`, seen from this app's own file. */
const PAGE_SCRIPT_FILE = join(__dirname, '..', 'page-script', 'main.js');

interface Ingest {
  readonly sql: PostgresPool;
  readonly durable: DurableAppend;
  readonly lanes: IngestLanes;
  readonly shops: ShopDirectory;
  readonly pipeline: WebhookPipeline;
  readonly collector: Collector;
  readonly connecting: ConnectPipeline;
  readonly keyProof: ShopClient;
  readonly poller: PollerRole;
  readonly commands: IngestCommands;
  readonly gate: ControlGate;
  readonly sightings: Sightings;
  readonly metrics: Metrics;
}

interface Collector {
  readonly connections: VisitDirectory;
  readonly kafka: PromptAppend;
  readonly pipeline: CollectPipeline;
}

/** Visits have a producer and a queue of their own: a flood of them never delays an order. */
function makeCollector(
  {
    settings,
    log,
    sql,
    sealer,
    metrics,
    sightings,
  }: { settings: IngestAppSettings; log: Log; sql: PostgresPool; sealer: FactSealer; metrics: Metrics; sightings: Sightings },
  producer: LaneProducer,
): Collector {
  const connections = new VisitDirectory(sql, 'ingest');
  const deadlineMs = settings.INGEST_ACK_DEADLINE_MS;
  const kafka = new PromptAppend(
    producer,
    { deadlineMs, pauseMs: VISITS_PAUSE_MS, maxOutstandingRecords: MAX_OUTSTANDING_VISITS, now: () => performance.now() },
    log,
  );
  const visits = metrics.counter('tributary_visits_total', 'Visits and identify calls by what became of them', ['outcome']);
  const pipeline = new CollectPipeline({
    connections,
    appender: new FactAppender(sealer, kafka),
    kafka,
    sightings,
    log,
    count: (outcome, events) => visits.inc({ outcome }, events),
    trustedProxies: trustedNetworks(settings.INGEST_TRUSTED_PROXIES),
    eventsPerSecond: settings.INGEST_VISITS_PER_SECOND,
  });
  return { connections, kafka, pipeline };
}

async function connect(settings: IngestAppSettings, log: Log, onFatal: (error: Error) => void): Promise<Ingest> {
  const sql = new PostgresPool(postgresOptions(settings, 'tributary-ingest'));
  const connection = kafkaConnection(settings, 'tributary-ingest');
  const kafka = createKafka(connection, log);
  const registry = new Registry(registryConnection(settings));
  const { book, partitions } = await passStartGate(
    { sql, kafka, registry, topics: REQUIRED_TOPICS },
    { port: settings.INGEST_PORT, host: settings.LISTEN_HOST, log },
  );
  const newProducer = (): LaneProducer =>
    new LaneProducer(kafka, { lanes: settings.INGEST_LANES, requestTimeoutMs: settings.INGEST_ACK_DEADLINE_MS }, log);
  const vault = new Vault({ store: new PostgresVaultStore(sql), masterKeys: MasterKeys.parse(masterKeyText(settings).reveal()) });
  const alerts = new PostgresAlerts(sql);
  const metrics = new Metrics('ingest');
  const durable = new DurableAppend(
    newProducer(),
    new SpoolStore(sql),
    alerts,
    {
      deadlineMs: settings.INGEST_ACK_DEADLINE_MS,
      drainEveryMs: 500,
      drainRecords: 500,
      refusedForMs: 60_000,
    },
    log,
  );
  const sealer = new FactSealer(vault, book, partitions);
  const webhooks = metrics.counter('tributary_webhooks_total', 'Webhooks by what became of them', ['outcome']);
  const shops = new ShopDirectory(sql, 'ingest');
  const appender = new FactAppender(sealer, durable);
  const catalog = new CatalogPublisher(new CatalogHeads(sql), vault, appender);
  const intake = new CatalogIntake(catalog, new CatalogLookups(sql));
  const sightings = new Sightings(sql, (error) => log.warn({ cause: describeError(error) }, 'what was last seen could not be saved'));
  const pipeline = new WebhookPipeline({
    shops,
    webhooks: new ManagedWebhooks(sql),
    sightings,
    vault,
    alerts,
    log,
    appender,
    catalog: intake,
    count: (outcome) => webhooks.inc({ outcome }),
  });
  const collector = makeCollector({ settings, log, sql, sealer, metrics, sightings }, newProducer());
  const lanes = new IngestLanes({ sql, kafka, registry, book, alerts, log, sessionTimeoutMs: connection.sessionTimeoutMs, onFatal });
  const poller = new PollerRole(
    { sql, vault, appender, catalog, alerts, metrics, sightings, log },
    {
      shopsAtOnce: settings.INGEST_SHOPS_AT_ONCE,
      allowPrivateHosts: settings.ALLOW_PRIVATE_STORE_HOSTS,
      publicUrl: settings.PUBLIC_INGEST_URL ?? null,
      importQuota: {
        perMinute: settings.INGEST_IMPORT_ORDERS_PER_MINUTE,
        perMinuteAndShop: settings.INGEST_IMPORT_ORDERS_PER_MINUTE_PER_SHOP,
      },
    },
  );
  const resubmission = new Resubmission({ sql, kafka, registry, book, vault, log, appender, catalog: intake });
  const commands = new IngestCommands(sql, resubmission, appender, alerts, log);
  const gate = new ControlGate(new VendorClient({ connectionsPerHost: 4 }), settings.CONTROL_URL, log);
  const keyProof = new ShopClient({
    allowPrivateHosts: settings.ALLOW_PRIVATE_STORE_HOSTS,
    timeoutMs: KEY_PROOF_TIMEOUT_MS,
    maxBodyBytes: KEY_PROOF_MAX_BYTES,
  });
  const connecting = new ConnectPipeline({ sql, vault, client: keyProof, log });
  return { sql, durable, lanes, shops, pipeline, collector, connecting, keyProof, poller, commands, gate, sightings, metrics };
}

async function main(): Promise<void> {
  const settings = readIngestSettings(processEnvironment());
  const log = createLog('ingest', settings.LOG_LEVEL);
  const onFatal = (error: Error): void => {
    log.error({ cause: describeError(error) }, 'cannot go on; the process ends so that it is started anew');
    process.exit(1);
  };
  const ingest = await connect(settings, log, onFatal);
  const { sql, durable, lanes, shops, pipeline, collector, connecting, keyProof, poller, commands, gate, sightings, metrics } = ingest;
  const running = [
    lanes.settings.consumer,
    ...(settings.INGEST_ROLES.includes('orders') ? [lanes.heads.consumer, lanes.rejections.consumer, lanes.catalog.consumer] : []),
  ];
  let isReady = false;
  const health = {
    notLive: () => stalledLanes(running),
    notReady: async () => {
      if (!isReady) return ['settings are not folded yet'];
      if (!durable.isKafkaAway) return [];
      return sql.query('ready', 'select 1').then(
        () => [],
        () => ['neither Kafka nor the spool is there'],
      );
    },
    metrics,
  };
  const refusedConnections = metrics.counter('tributary_connections_refused_total', 'Connections over INGEST_MAX_CONNECTIONS', []);
  const app = await NestFactory.create<NestFastifyApplication>(
    IngestModule.of(pipeline, collector.pipeline, connecting, new PageScript(readFileSync(PAGE_SCRIPT_FILE)), lanes, gate, health),
    httpAdapter({
      maxConnections: settings.INGEST_MAX_CONNECTIONS,
      requestTimeoutMs: settings.INGEST_REQUEST_TIMEOUT_MS,
      onRefusedConnection: () => refusedConnections.inc(),
    }),
    {
      logger: false,
      bodyParser: false,
    },
  );
  await app.connectMicroservice({ strategy: new BatchTransport(running) }).listen();
  durable.start();
  sightings.start();
  const refreshing = setInterval(
    () =>
      void Promise.all([shops.refresh(), collector.connections.refresh(), lanes.watch.look()]).catch((error: unknown) =>
        log.warn({ cause: describeError(error) }, 'settings stay as they are'),
      ),
    REFRESH_EVERY_MS,
  );
  await app.listen({ port: settings.INGEST_PORT, host: settings.LISTEN_HOST, backlog: ACCEPT_BACKLOG });
  log.info({ port: settings.INGEST_PORT }, 'listening');

  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    isReady = false;
    clearInterval(refreshing);
    await Promise.all([app.close(), poller.stop(), commands.stop()]);
    await keyProof.close();
    await durable.stop();
    await Promise.all([collector.kafka.close(), gate.close()]);
    await sightings.stop();
    await sql.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop().catch(onFatal));
  await lanes.foldedSettings(() => isStopping);
  await Promise.all([shops.refresh(), collector.connections.refresh()]);
  isReady = true;
  if (settings.INGEST_ROLES.includes('poller')) poller.start();
  if (settings.INGEST_ROLES.includes('orders')) commands.start();
}

if (!printSettingsIfAsked(ingestAppSettings))
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof ConfigurationError ? error.message : `ingest did not start: ${describeError(error)}`}\n`);
    process.exit(1);
  });
