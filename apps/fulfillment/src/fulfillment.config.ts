import { installationSettings, integer, readSettings, trackingtechSettings, type Settings } from '@tributary/config';
import { kafkaSettings, registrySettings } from '@tributary/kafka';
import { postgresSettings } from '@tributary/postgres';

export const fulfillmentAppSettings = {
  ...installationSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...postgresSettings,
  FULFILLMENT_PORT: integer(0, 65_535, 8084).describe('Port of health and metrics of the app `fulfillment`'),
  ...trackingtechSettings,
  TRACKINGTECH_REQUESTS_PER_SECOND: integer(1, 1_000, 5).describe('Requests per second and connection to begin with; throttling lowers it'),
} as const;

export type FulfillmentAppSettings = Settings<typeof fulfillmentAppSettings>;

/** Throws ConfigurationError listing every problem. */
export const readFulfillmentSettings = (environment: NodeJS.ProcessEnv): FulfillmentAppSettings =>
  readSettings(fulfillmentAppSettings, environment);
