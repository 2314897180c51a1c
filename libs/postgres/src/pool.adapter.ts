import pg from 'pg';
import type { Sql } from '@tributary/domain';

/** `host`, `port`, `user`, `password` and `database` come from the URL, and without `caPem` TLS as well (`sslmode`, `sslrootcert`, …). */
export interface PostgresOptions {
  readonly databaseUrl: string;
  readonly maxConnections: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** A statement that runs longer is cancelled. */
  readonly statementTimeoutMs?: number;
  /** PEM of the authority that signed the server's certificate; set: TLS is required and verified, whatever the URL says of it. */
  readonly caPem?: string;
}

/** The database cannot be reached or is shutting down: what was asked may be asked again later. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** The database refused a statement for its data: asking again cannot help. */
export class StatementRefused extends Error {
  override readonly name = 'StatementRefused';
  constructor(
    readonly sqlState: string,
    message: string,
  ) {
    super(message);
  }
}

const BIGINT = 20;
const parseSafeInteger = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`bigint ${text} does not fit a number`);
  return value;
};

const PARSERS = new pg.TypeOverrides();
PARSERS.setTypeParser(BIGINT, parseSafeInteger);

/** SQLSTATE classes of data faults: 22 data exception, 23 integrity constraint, 54 program limit exceeded. */
const isDataFault = (sqlState: string): boolean => /^(22|23|54)/.test(sqlState);
/** 08 connection, 28 not let in, 53 resources, 57 operator intervention (shutdown), 40 rollback, 55P03 lock not available, 25006 read only (failover). */
const isUnavailable = (sqlState: string): boolean => /^(08|28|53|57|40)/.test(sqlState) || sqlState === '55P03' || sqlState === '25006';

/** What Node's TLS calls a certificate that it does not accept. @see https://nodejs.org/api/tls.html#x509-certificate-error-codes (read 2026-11-21) */
const isAboutCertificate = (code: string): boolean =>
  /^(ERR_TLS_|ERR_SSL_|UNABLE_TO_|CERT_|.*SELF_SIGNED_CERT|HOSTNAME_MISMATCH)/.test(code);

/**
 * Turns pg's errors into the two that callers can act on. Messages of data faults may quote a value, so only the code is kept.
 * A socket's error may be of another realm than ours (worker, test runner), where `instanceof Error` does not hold.
 */
function translate(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === 'string') {
    if (isDataFault(code)) return new StatementRefused(code, `the database refused the data (SQLSTATE ${code})`);
    if (isAboutCertificate(code))
      return new DatabaseUnavailable(
        `the database’s certificate is not accepted (${code}): is DATABASE_CA_FILE the authority that signed it, and the host of DATABASE_URL a name that stands in it?`,
        { cause: error },
      );
    if (isUnavailable(code) || /^E[A-Z]+$/.test(code))
      return new DatabaseUnavailable(`the database is not available (${code})`, { cause: error });
    return error;
  }
  if (typeof message === 'string' && /connection|terminat|timeout|not queryable/i.test(message))
    return new DatabaseUnavailable(message, { cause: error });
  return error;
}

type Runner = Pick<pg.Pool | pg.PoolClient, 'query'>;

async function run<Row extends object>(runner: Runner, name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
  try {
    const result = await runner.query<Row & pg.QueryResultRow>({ name, text, values: [...values] });
    return result.rows;
  } catch (error) {
    throw translate(error);
  }
}

class Transaction implements Sql {
  constructor(private readonly client: pg.PoolClient) {}

  query<Row extends object>(name: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return run<Row>(this.client, name, text, values);
  }

  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return work(this);
  }
}

/** pg lets the URL overrule what it is told beside it: with an authority of our own nothing in the URL may weaken or switch off TLS. */
function withoutTls(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const kept = [...url.searchParams].filter(([name]) => !/^(ssl|uselibpqcompat$)/.test(name));
  url.search = new URLSearchParams(kept).toString();
  return url.href;
}

const serverOf = ({ databaseUrl, caPem }: PostgresOptions): pg.PoolConfig =>
  caPem === undefined
    ? { connectionString: databaseUrl }
    : { connectionString: withoutTls(databaseUrl), ssl: { ca: caPem, rejectUnauthorized: true } };

/** A pool of connections; `Sql` of everything above. */
export class PostgresPool implements Sql {
  private readonly pool: pg.Pool;

  constructor(options: PostgresOptions) {
    this.pool = new pg.Pool({
      ...serverOf(options),
      max: options.maxConnections,
      application_name: options.applicationName,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 30_000,
      statement_timeout: options.statementTimeoutMs ?? 60_000,
      types: PARSERS,
    });
    // An idle connection that dies is replaced on the next query; without a listener it would end the process.
    this.pool.on('error', () => undefined);
  }

  query<Row extends object>(name: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return run<Row>(this.pool, name, text, values);
  }

  async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw translate(error);
    });
    let broken: Error | undefined;
    // A connection that dies between two statements has no query to fail: without a listener that would end the process.
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on('error', onError);
    try {
      await client.query('begin');
      const result = await work(new Transaction(client));
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((rollbackError: unknown) => {
        broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
      });
      throw translate(error);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
