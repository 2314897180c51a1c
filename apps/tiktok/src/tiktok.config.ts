import { installationSettings, integer, readSettings, url, type Settings } from '@tributary/config';
import { kafkaSettings, registrySettings } from '@tributary/kafka';
import { postgresSettings } from '@tributary/postgres';

export const tiktokAppSettings = {
  ...installationSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...postgresSettings,
  TIKTOK_PORT: integer(0, 65_535, 8083).describe('Port of health and metrics of the app `tiktok`'),
  TIKTOK_BASE_URL: url()
    .default('https://business-api.tiktok.com')
    .describe('Where TikTok’s Business API is; for a local start: the simulator'),
  TIKTOK_REQUESTS_PER_SECOND: integer(1, 10_000, 16).describe('Requests per second and access token to begin with; throttling lowers it'),
  TIKTOK_IDENTITY_GRACE_MS: integer(0, 5_000, 5_000).describe(
    'Milliseconds that an order with a visitor waits at most for identity to have read its visits',
  ),
} as const;

export type TiktokAppSettings = Settings<typeof tiktokAppSettings>;

/** Throws ConfigurationError listing every problem. */
export const readTiktokSettings = (environment: NodeJS.ProcessEnv): TiktokAppSettings => readSettings(tiktokAppSettings, environment);
