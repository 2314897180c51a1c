import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { v7 as uuidv7 } from 'uuid';
import {
  ORDER_EVENTS_TOPIC,
  PROFILES_TOPIC,
  TIKTOK_DEAD_LETTER_TOPIC,
  TIKTOK_DELIVERY_TOPIC,
  TIKTOK_VISIT_DELIVERY_TOPIC,
  VISIT_EVENTS_TOPIC,
  VISITORS_TOPIC,
} from '@tributary/codecs';
import { ConfigurationError, masterKeyText, printSettingsIfAsked, processEnvironment } from '@tributary/config';
import { VendorClient } from '@tributary/http';
import { createKafka, kafkaConnection, LaneProducer, Registry, registryConnection } from '@tributary/kafka';
import { PostgresAlerts, postgresOptions, PostgresPool, PostgresVaultStore } from '@tributary/postgres';
import { BatchTransport, passStartGate, stalledLanes, type Lane } from '@tributary/stream';
import { createLog, describeError, Metrics, type Log } from '@tributary/telemetry';
import { MasterKeys, Vault } from '@tributary/vault';
import { tiktokAppSettings, readTiktokSettings, type TiktokAppSettings } from './tiktok.config.js';
import { TiktokModule } from './tiktok.module.js';
import { TiktokPipeline } from './tiktok.pipeline.js';

const REQUIRED_TOPICS = [
  ORDER_EVENTS_TOPIC,
  VISIT_EVENTS_TOPIC,
  VISITORS_TOPIC,
  PROFILES_TOPIC,
  TIKTOK_DELIVERY_TOPIC,
  TIKTOK_VISIT_DELIVERY_TOPIC,
  TIKTOK_DEAD_LETTER_TOPIC,
];

async function connect(
  settings: TiktokAppSettings,
  log: Log,
  onFatal: (error: Error) => void,
): Promise<{ pipeline: TiktokPipeline; metrics: Metrics; close: () => Promise<void> }> {
  const sql = new PostgresPool(postgresOptions(settings, 'tributary-tiktok'));
  const connection = kafkaConnection(settings, 'tributary-tiktok');
  const kafka = createKafka(connection, log);
  const registry = new Registry(registryConnection(settings));
  const { book, partitions } = await passStartGate(
    { sql, kafka, registry, topics: REQUIRED_TOPICS },
    { port: settings.TIKTOK_PORT, host: settings.LISTEN_HOST, log },
  );
  const producer = new LaneProducer(kafka, { lanes: 2, requestTimeoutMs: 10_000 }, log);
  const vendor = new VendorClient({ connectionsPerHost: 64 });
  const metrics = new Metrics('tiktok');
  const pipeline = new TiktokPipeline({
    sql,
    kafka,
    producer,
    registry,
    book,
    vendor,
    log,
    metrics,
    onFatal,
    vault: new Vault({ store: new PostgresVaultStore(sql), masterKeys: MasterKeys.parse(masterKeyText(settings).reveal()) }),
    alerts: new PostgresAlerts(sql),
    owner: uuidv7(),
    baseUrl: settings.TIKTOK_BASE_URL,
    requestsPerSecond: settings.TIKTOK_REQUESTS_PER_SECOND,
    identityGraceMs: settings.TIKTOK_IDENTITY_GRACE_MS,
    sessionTimeoutMs: connection.sessionTimeoutMs,
    partitions: {
      orders: partitions.get(ORDER_EVENTS_TOPIC) ?? 0,
      deliveries: partitions.get(TIKTOK_DELIVERY_TOPIC) ?? 0,
      visitDeliveries: partitions.get(TIKTOK_VISIT_DELIVERY_TOPIC) ?? 0,
      deadLetters: partitions.get(TIKTOK_DEAD_LETTER_TOPIC) ?? 0,
      visits: partitions.get(VISIT_EVENTS_TOPIC) ?? 0,
    },
  });
  const close = async (): Promise<void> => {
    await pipeline.buyers.close();
    await producer.close();
    await vendor.close();
    await sql.close();
  };
  return { pipeline, metrics, close };
}

async function main(): Promise<void> {
  const settings = readTiktokSettings(processEnvironment());
  const log = createLog('tiktok', settings.LOG_LEVEL);
  const onFatal = (error: Error): void => {
    log.error({ cause: describeError(error) }, 'cannot go on; the process ends so that it is started anew');
    process.exit(1);
  };
  const { pipeline, metrics, close } = await connect(settings, log, onFatal);
  const lanes = { ...pipeline.lanes, ...pipeline.buyers.lanes, ...pipeline.visits.lanes };
  const consumers = Object.values(lanes).map(({ consumer }) => consumer);
  // Two transports, because what decides may only start behind the start barrier.
  const deciding: readonly Lane[] = [lanes.orders.consumer, lanes.visits.consumer];
  const app = await NestFactory.create(
    TiktokModule.of(pipeline, {
      notLive: () => stalledLanes(consumers),
      notReady: () => (pipeline.isReady ? [] : ['the start barrier is not passed yet']),
      metrics,
    }),
    new FastifyAdapter(),
    { logger: false },
  );
  const unbarred = consumers.filter((consumer) => !deciding.includes(consumer));
  await app.connectMicroservice({ strategy: new BatchTransport(unbarred) }).listen();
  await app.listen(settings.TIKTOK_PORT, settings.LISTEN_HOST);
  log.info({ port: settings.TIKTOK_PORT }, 'listening');

  const barred = app.connectMicroservice({ strategy: new BatchTransport(deciding) });
  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await pipeline.stop();
    await app.close();
    await close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop().catch(onFatal));
  await pipeline.passBarrier();
  if (!isStopping) await barred.listen();
}

if (!printSettingsIfAsked(tiktokAppSettings))
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof ConfigurationError ? error.message : `tiktok did not start: ${describeError(error)}`}\n`);
    process.exit(1);
  });
