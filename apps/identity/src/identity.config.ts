import { installationSettings, integer, readSettings, type Settings } from '@tributary/config';
import { kafkaSettings, registrySettings } from '@tributary/kafka';
import { postgresSettings } from '@tributary/postgres';

export const identityAppSettings = {
  ...installationSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...postgresSettings,
  IDENTITY_PORT: integer(0, 65_535, 8082).describe('Port of health and metrics of the app `identity`'),
} as const;

export type IdentityAppSettings = Settings<typeof identityAppSettings>;

/** Throws ConfigurationError listing every problem. */
export const readIdentitySettings = (environment: NodeJS.ProcessEnv): IdentityAppSettings => readSettings(identityAppSettings, environment);
