import {
  adminSettings,
  installationSettings,
  integer,
  publicIngestSettings,
  readSettings,
  trackingtechSettings,
  url,
  type Settings,
} from '@tributary/config';
import { kafkaSettings, registrySettings } from '@tributary/kafka';
import { postgresSettings } from '@tributary/postgres';

export const controlAppSettings = {
  ...installationSettings,
  ...adminSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...postgresSettings,
  CONTROL_PORT: integer(0, 65_535, 8081).describe('Port of the app `control`: the admin API, health, metrics'),
  INGEST_URL: url().default('http://127.0.0.1:8080').describe('Where the app `ingest` is; control asks it whether it is ready'),
  ...publicIngestSettings,
  ...trackingtechSettings,
  IDENTITY_URL: url().default('http://127.0.0.1:8082').describe('Where the app `identity` is; control asks it whether it is ready'),
  FULFILLMENT_URL: url().default('http://127.0.0.1:8084').describe('Where the app `fulfillment` is; control asks it whether it is ready'),
  TIKTOK_URL: url().default('http://127.0.0.1:8083').describe('Where the app `tiktok` is; control asks it whether it is ready'),
} as const;

export type ControlAppSettings = Settings<typeof controlAppSettings>;

/** Throws ConfigurationError listing every problem. */
export const readControlSettings = (environment: NodeJS.ProcessEnv): ControlAppSettings => readSettings(controlAppSettings, environment);
