import pg from 'pg';
import { waitUntil, type WaitOptions } from './wait-until.mts';

export const superuser = 'postgres';
const mainDatabase = 'tributary';
export const registryDatabase = 'registry';

/** Server settings beyond where it listens; durability stays on, as in production. */
export const serverSettings = {
  max_connections: '300',
  shared_buffers: '256MB',
  fsync: 'on',
} as const;

/** The same collation everywhere: byte order, whatever locales the machine has. */
export const initdbFlags = [
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--auth=scram-sha-256',
] as const;

export interface PostgresAccess {
  readonly port: number;
  readonly password: string;
  /** 127.0.0.1 unless the engine runs elsewhere. */
  readonly host?: string;
}

/** A superuser's URL. */
export function databaseUrl({ host = '127.0.0.1', password, port }: PostgresAccess, database = mainDatabase): string {
  return `postgres://${superuser}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
}

/** Resolves when the server accepts a statement. */
export async function awaitPostgres(access: PostgresAccess, wait: Pick<WaitOptions, 'timeoutMs' | 'giveUp'>): Promise<void> {
  await waitUntil({ what: `a first answer of Postgres on port ${access.port}`, ...wait }, async () => {
    await withClient(databaseUrl(access, 'postgres'), (client) => client.query('select 1'));
    return true;
  });
}

/** Creates the databases that are not there yet. */
export async function ensureDatabases(access: PostgresAccess): Promise<void> {
  await withClient(databaseUrl(access, 'postgres'), async (client) => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    const existing = new Set(rows.map((row) => row.datname));
    for (const name of [mainDatabase, registryDatabase]) {
      if (!existing.has(name)) await client.query(`create database ${client.escapeIdentifier(name)}`);
    }
  });
}

async function withClient<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // a connection that breaks fails the query as well
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
