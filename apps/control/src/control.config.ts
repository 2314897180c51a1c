import { adminSettings, installationSettings, integer, readSettings, url, type Settings } from '@tributary/config';
import { kafkaSettings, registrySettings } from '@tributary/kafka';
import { postgresSettings } from '@tributary/postgres';

export const controlAppSettings = {
  ...installationSettings,
  ...adminSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...postgresSettings,
  CONTROL_PORT: integer(0, 65_535, 8081).describe('Port of the app `control`: admin API, health, metrics'),
  INGEST_URL: url().default('http://127.0.0.1:8080').describe('Where control asks the app `ingest` whether it is ready'),
  TIKTOK_URL: url().default('http://127.0.0.1:8083').describe('Where control asks the app `tiktok` whether it is ready'),
  INGEST_PUBLIC_URL: url().optional().describe('Address under which shops reach `ingest`, for webhook addresses (default: INGEST_URL)'),
} as const;

export type ControlAppSettings = Settings<typeof controlAppSettings>;

/** Throws ConfigurationError listing every problem. */
export const readControlSettings = (environment: NodeJS.ProcessEnv): ControlAppSettings => readSettings(controlAppSettings, environment);
