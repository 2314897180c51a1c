import { installationSettings, integer, readSettings, url, type Settings } from '@tributary/config';
import { TRACKINGTECH_BASE_URL } from '@tributary/destinations';
import { kafkaSettings, registrySettings } from '@tributary/kafka';
import { postgresSettings } from '@tributary/postgres';

export const fulfillmentAppSettings = {
  ...installationSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...postgresSettings,
  FULFILLMENT_PORT: integer(0, 65_535, 8084).describe('Port of health and metrics of the app `fulfillment`'),
  TRACKINGTECH_BASE_URL: url()
    .default(TRACKINGTECH_BASE_URL)
    .describe('Where TrackingTech’s API is, unless a connection names another; for a local start: the simulator'),
  TRACKINGTECH_REQUESTS_PER_SECOND: integer(1, 1_000, 5).describe('Requests per second and connection to begin with; throttling lowers it'),
} as const;

export type FulfillmentAppSettings = Settings<typeof fulfillmentAppSettings>;

/** Throws ConfigurationError listing every problem. */
export const readFulfillmentSettings = (environment: NodeJS.ProcessEnv): FulfillmentAppSettings =>
  readSettings(fulfillmentAppSettings, environment);
