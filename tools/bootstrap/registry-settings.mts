import { waitUntil, type WaitOptions } from './wait-until.mts';

export interface RegistryDatabase {
  /** `host:port`. */
  readonly address: string;
  readonly name: string;
  readonly user: string;
  readonly password: string;
}

/** Path of the API that speaks Confluent's registry protocol. */
export const compatiblePath = '/apis/ccompat/v7';

/** Settings of Apicurio Registry with storage in Postgres, so that schema ids survive a restart. */
export function registryEnvironment(options: { host: string; port: number; database: RegistryDatabase }): Record<string, string> {
  const { database } = options;
  return {
    QUARKUS_HTTP_HOST: options.host,
    QUARKUS_HTTP_PORT: String(options.port),
    APICURIO_CCOMPAT_USE_CANONICAL_HASH: 'true',
    APICURIO_STORAGE_KIND: 'sql',
    APICURIO_STORAGE_SQL_KIND: 'postgresql',
    APICURIO_DATASOURCE_URL: `jdbc:postgresql://${database.address}/${database.name}`,
    APICURIO_DATASOURCE_USERNAME: database.user,
    APICURIO_DATASOURCE_PASSWORD: database.password,
    APICURIO_DATASOURCE_JDBC_INITIAL_SIZE: '2',
    APICURIO_DATASOURCE_JDBC_MIN_SIZE: '2',
    APICURIO_DATASOURCE_JDBC_MAX_SIZE: '10',
    // Else each pooled connection fails one request after Postgres was restarted.
    QUARKUS_DATASOURCE_POSTGRESQL_JDBC_VALIDATE_ON_BORROW: 'true',
  };
}

/** Resolves when the registry lists its subjects. */
export async function awaitRegistry(origin: string, wait: Pick<WaitOptions, 'timeoutMs' | 'giveUp'>): Promise<void> {
  await waitUntil({ what: `a first answer of the schema registry at ${origin}`, intervalMs: 100, ...wait }, async () => {
    const response = await fetch(`${origin}${compatiblePath}/subjects`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
    return true;
  });
}
