import { installationSettings, integer, readSettings, type Settings } from '@tributary/config';
import { kafkaSettings, registrySettings } from '@tributary/kafka';
import { postgresSettings } from '@tributary/postgres';

export const identityAppSettings = {
  ...installationSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...postgresSettings,
  IDENTITY_PORT: integer(0, 65_535, 8082).describe('Port of health and metrics of the app `identity`'),
  IDENTITY_VISITOR_IDLE_DAYS: integer(36, 3_650, 90).describe(
    'Days after which the evidence of a visitor whom nobody has seen is cleaned away',
  ),
} as const;

export type IdentityAppSettings = Settings<typeof identityAppSettings>;

/** Throws ConfigurationError listing every problem. */
export const readIdentitySettings = (environment: NodeJS.ProcessEnv): IdentityAppSettings => readSettings(identityAppSettings, environment);
