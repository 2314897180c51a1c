import { z } from 'zod';
import { installationSettings, integer, publicIngestSettings, readSettings, text, url, type Settings } from '@tributary/config';
import { isNetwork } from '@tributary/sources';
import { kafkaSettings, registrySettings } from '@tributary/kafka';
import { postgresSettings } from '@tributary/postgres';

const ROLES = ['http', 'orders', 'poller'] as const;
export type IngestRole = (typeof ROLES)[number];

export const ingestAppSettings = {
  ...installationSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...postgresSettings,
  INGEST_PORT: integer(0, 65_535, 8080).describe('Port of the app `ingest`: webhooks, health, metrics'),
  ...publicIngestSettings,
  INGEST_ROLES: text()
    .default(ROLES.join(','))
    .transform((value) => value.split(',').map((role) => role.trim()))
    .refine((roles) => roles.every((role) => (ROLES as readonly string[]).includes(role)), { error: `may name ${ROLES.join(', ')}` })
    .transform((roles) => roles as IngestRole[])
    .describe('What this process does: `http` takes webhooks, `orders` keeps the newest head of every order, `poller` reads shops'),
  CONTROL_URL: url()
    .transform((address) => address.replace(/\/+$/, ''))
    .default('http://127.0.0.1:8081')
    .describe('Where the app `control` is: `POST /instances` is handed on to it'),
  INGEST_SHOPS_AT_ONCE: integer(1, 64, 8).describe('Shops that this process polls at once, one request outstanding each'),
  INGEST_IMPORT_ORDERS_PER_MINUTE: integer(1, 10_000_000, 6_000).describe(
    'Orders that all imports of the installation together read each minute, whatever the number of processes',
  ),
  INGEST_IMPORT_ORDERS_PER_MINUTE_PER_SHOP: integer(1, 1_000_000, 1_500).describe('Orders that an import reads of one shop each minute'),
  INGEST_LANES: integer(1, 64, 1).describe(
    'Groups of partitions with one append outstanding each; more of them cost CPU and help only where brokers answer very unevenly',
  ),
  INGEST_ACK_DEADLINE_MS: integer(100, 60_000, 1_500).describe(
    'Without an acknowledgement of Kafka within this time a webhook goes to the spool, and visits are answered 503',
  ),
  INGEST_MAX_CONNECTIONS: integer(10, 100_000, 4_000).describe(
    'Connections open at once; one more costs idle ones their place and is answered 503',
  ),
  INGEST_REQUEST_TIMEOUT_MS: integer(1_000, 300_000, 30_000).describe(
    'How long a request may take to arrive, its headers half of it; then it is answered 408',
  ),
  INGEST_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((value) =>
      value
        .split(',')
        .map((network) => network.trim())
        .filter((network) => network !== ''),
    )
    .refine((networks) => networks.every(isNetwork), { error: 'must be addresses and networks such as 10.0.0.0/8, separated by commas' })
    .describe('Proxies in front of `ingest` whose `X-Forwarded-For` is believed: addresses and networks, separated by commas'),
  INGEST_VISITS_PER_SECOND: integer(1, 1_000_000, 2_000).describe(
    'Events that this process takes each second of a visits connection that sets no eventsPerSecond; more are answered 429',
  ),
} as const;

export type IngestAppSettings = Settings<typeof ingestAppSettings>;

/** Throws ConfigurationError listing every problem. */
export const readIngestSettings = (environment: NodeJS.ProcessEnv): IngestAppSettings => readSettings(ingestAppSettings, environment);
