import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { v7 as uuidv7 } from 'uuid';
import { ASSERTION_EVENTS_TOPIC, PROFILES_TOPIC, VISIT_EVENTS_TOPIC, VISITORS_TOPIC } from '@tributary/codecs';
import { ConfigurationError, printSettingsIfAsked, processEnvironment } from '@tributary/config';
import { createKafka, kafkaConnection, LaneProducer, Registry, registryConnection } from '@tributary/kafka';
import { PostgresAlerts, postgresOptions, PostgresPool } from '@tributary/postgres';
import { BatchTransport, passStartGate, stalledLanes } from '@tributary/stream';
import { createLog, describeError, Metrics } from '@tributary/telemetry';
import { identityAppSettings, readIdentitySettings } from './identity.config.js';
import { IdentityModule } from './identity.module.js';
import { IdentityPipeline } from './identity.pipeline.js';

async function main(): Promise<void> {
  const settings = readIdentitySettings(processEnvironment());
  const log = createLog('identity', settings.LOG_LEVEL);
  const onFatal = (error: Error): void => {
    log.error({ cause: describeError(error) }, 'cannot go on; the process ends so that it is started anew');
    process.exit(1);
  };
  const sql = new PostgresPool(postgresOptions(settings, 'tributary-identity'));
  const connection = kafkaConnection(settings, 'tributary-identity');
  const kafka = createKafka(connection, log);
  const registry = new Registry(registryConnection(settings));
  const { book, partitions } = await passStartGate(
    { sql, kafka, registry, topics: [ASSERTION_EVENTS_TOPIC, VISIT_EVENTS_TOPIC, PROFILES_TOPIC, VISITORS_TOPIC] },
    { port: settings.IDENTITY_PORT, host: settings.LISTEN_HOST, log },
  );
  const { sessionTimeoutMs } = connection;
  // One lane: all of a round travels in order.
  const producer = new LaneProducer(kafka, { lanes: 1, requestTimeoutMs: 10_000 }, log);
  const metrics = new Metrics('identity');
  const pipeline = new IdentityPipeline({
    sql,
    kafka,
    producer,
    registry,
    book,
    alerts: new PostgresAlerts(sql),
    log,
    metrics,
    owner: uuidv7(),
    partitions: { profiles: partitions.get(PROFILES_TOPIC) ?? 0, visitors: partitions.get(VISITORS_TOPIC) ?? 0 },
    visitorIdleMs: settings.IDENTITY_VISITOR_IDLE_DAYS * 86_400_000,
    sessionTimeoutMs,
    onFatal,
  });
  const { lanes } = pipeline;
  const app = await NestFactory.create(
    IdentityModule.of(pipeline, {
      notLive: () => stalledLanes(Object.values(lanes).map(({ consumer }) => consumer)),
      notReady: () => (pipeline.isReady ? [] : ['what the log held at start is not folded yet']),
      metrics,
    }),
    new FastifyAdapter(),
    { logger: false },
  );
  await app.connectMicroservice({ strategy: new BatchTransport([lanes.graph.consumer, lanes.visits.consumer]) }).listen();
  await app.listen(settings.IDENTITY_PORT, settings.LISTEN_HOST);
  log.info({ port: settings.IDENTITY_PORT }, 'listening');

  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await app.close();
    await pipeline.stop();
    await producer.close();
    await sql.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop().catch(onFatal));
  await pipeline.catchUp();
}

if (!printSettingsIfAsked(identityAppSettings))
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof ConfigurationError ? error.message : `identity did not start: ${describeError(error)}`}\n`);
    process.exit(1);
  });
