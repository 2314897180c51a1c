import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs, { type Kafka, type logCreator } from 'kafkajs';

/** The client library's own client; other libs only pass it on. */
export type KafkaClient = Kafka;
import type { Log } from '@tributary/telemetry';
import type { KafkaConnection } from './kafka.settings.js';

const { CompressionCodecs, CompressionTypes, Kafka: KafkaClient, logLevel } = kafkajs;

// A consumer without the codec crashes on such a topic, so it is registered for every client.
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: (encoder: { readonly buffer: Buffer }) => Promise.resolve(zstdCompressSync(encoder.buffer)),
  decompress: (buffer: Buffer) => Promise.resolve(zstdDecompressSync(buffer)),
});

/** The brokers cannot be reached or did not acknowledge in time: what was asked may be asked again later. */
export class BrokerUnavailable extends Error {
  override readonly name = 'BrokerUnavailable';
}

/** The broker is there and will never take this record (too large, not valid): asking again cannot help. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused';
}

/** kafkajs' own log lines name brokers, groups and errors only; what it retries by itself is a warning here. */
const logTo =
  (log: Log): logCreator =>
  () =>
  ({ namespace, level, log: entry }) => {
    const fields = {
      namespace,
      error: typeof entry['error'] === 'string' ? entry['error'] : undefined,
      groupId: typeof entry['groupId'] === 'string' ? entry['groupId'] : undefined,
    };
    if (level <= logLevel.WARN) log.warn(fields, `kafka: ${entry.message}`);
    else log.debug(fields, `kafka: ${entry.message}`);
  };

/** One client of the cluster; producers, consumers and admins are made from it. */
export function createKafka(connection: KafkaConnection, log: Log): Kafka {
  return new KafkaClient({
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    logCreator: logTo(log),
    logLevel: logLevel.WARN,
    ...(connection.tls === null ? {} : { ssl: connection.tls.caPem === undefined ? true : { ca: [connection.tls.caPem] } }),
    ...(connection.sasl === null ? {} : { sasl: connection.sasl as { mechanism: 'plain'; username: string; password: string } }),
  });
}
