import 'reflect-metadata';
import { CONFIG_EVENTS_TOPIC } from '@tributary/codecs';
import { adminToken, ConfigurationError, masterKeyText, printSettingsIfAsked, processEnvironment } from '@tributary/config';
import { VendorClient } from '@tributary/http';
import { createKafka, kafkaConnection, LaneProducer, Registry, registryConnection } from '@tributary/kafka';
import { PostgresAlerts, postgresOptions, PostgresPool, PostgresVaultStore } from '@tributary/postgres';
import { ControlCommands, passStartGate, InstancesStore, SettingsChange, SettingsRelay, SettingsStore } from '@tributary/stream';
import { createLog, describeError, Metrics, type Log } from '@tributary/telemetry';
import { MasterKeys, Vault } from '@tributary/vault';
import { appsNotReady } from './apps-ready.js';
import { createControlApp } from './control.app.js';
import { controlAppSettings, readControlSettings, type ControlAppSettings } from './control.config.js';
import type { ControlPorts } from './control.module.js';
import { countAlerts } from './reading/alerts.metrics.js';

const APPEND_TIMEOUT_MS = 10_000;

interface Control {
  readonly ports: ControlPorts;
  readonly relay: SettingsRelay;
  readonly commands: ControlCommands;
  readonly close: () => Promise<void>;
}

async function connect(settings: ControlAppSettings, log: Log): Promise<Control> {
  const sql = new PostgresPool(postgresOptions(settings, 'tributary-control'));
  const kafka = createKafka(kafkaConnection(settings, 'tributary-control'), log);
  const registry = new Registry(registryConnection(settings));
  const { book, partitions } = await passStartGate(
    { sql, kafka, registry, topics: [CONFIG_EVENTS_TOPIC] },
    { port: settings.CONTROL_PORT, host: settings.LISTEN_HOST, log },
  );
  const producer = new LaneProducer(kafka, { lanes: 1, requestTimeoutMs: APPEND_TIMEOUT_MS }, log);
  const vault = new Vault({ store: new PostgresVaultStore(sql), masterKeys: MasterKeys.parse(masterKeyText(settings).reveal()) });
  const store = new SettingsStore(sql);
  const relay = new SettingsRelay({
    sql,
    append: (records) => producer.appendAll(records),
    partitions: partitions.get(CONFIG_EVENTS_TOPIC) ?? 0,
    log,
  });
  const asking = new VendorClient({ connectionsPerHost: 2 });
  const appUrls = {
    ingest: settings.INGEST_URL,
    identity: settings.IDENTITY_URL,
    tiktok: settings.TIKTOK_URL,
    fulfillment: settings.FULFILLMENT_URL,
  };
  const metrics = new Metrics('control');
  const change = new SettingsChange({ store, vault, book, publish: () => relay.flush() });
  const commands = new ControlCommands(sql, change, vault, log);
  const alerts = new PostgresAlerts(sql);
  const ports: ControlPorts = {
    health: {
      notLive: () => [],
      notReady: () => appsNotReady(appUrls, (request, timeoutMs) => asking.send(request, timeoutMs)),
      metrics,
    },
    tenants: { store, change },
    instances: { store: new InstancesStore(sql), change, vault },
    install: {
      connections: (tenantId) => store.known(sql, tenantId),
      vault,
      collectorUrl: settings.PUBLIC_INGEST_URL ?? settings.INGEST_URL,
    },
    connect: {
      sql,
      connections: (tenantId) => store.known(sql, tenantId),
      publicUrl: settings.PUBLIC_INGEST_URL ?? null,
      allowsPlainHttp: settings.ALLOW_PRIVATE_STORE_HOSTS,
    },
    courier: {
      sql,
      connections: (tenantId) => store.known(sql, tenantId),
      change,
      vault,
      ask: (request, timeoutMs) => asking.send(request, timeoutMs),
      baseUrl: settings.TRACKINGTECH_BASE_URL,
    },
    check: { sql, connections: (tenantId) => store.known(sql, tenantId), alerts, vault },
    reading: { sql, vault, kafka, registry, book, alerts, log, appUrls },
  };
  const stopCounting = countAlerts(sql, metrics, log);
  const close = async (): Promise<void> => {
    stopCounting();
    await producer.close();
    await asking.close();
    await sql.close();
  };
  return { ports, relay, commands, close };
}

async function main(): Promise<void> {
  const settings = readControlSettings(processEnvironment());
  const log = createLog('control', settings.LOG_LEVEL);
  const token = adminToken(settings);
  const { ports, relay, commands, close } = await connect(settings, log);
  const app = await createControlApp(ports, { adminToken: token, log });
  relay.start();
  commands.start();
  await app.listen(settings.CONTROL_PORT, settings.LISTEN_HOST);
  log.info({ port: settings.CONTROL_PORT }, 'listening');

  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await app.close();
    await commands.stop();
    await relay.stop();
    await close();
    process.exit(0);
  };
  const onFatal = (error: unknown): void => {
    log.error({ cause: describeError(error) }, 'did not stop as it should');
    process.exit(1);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop().catch(onFatal));
}

if (!printSettingsIfAsked(controlAppSettings)) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof ConfigurationError ? error.message : `control did not start: ${describeError(error)}`}\n`);
    process.exit(1);
  });
}
