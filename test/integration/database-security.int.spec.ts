import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '@tributary/config';
import { DatabaseUnavailable, postgresOptions, PostgresPool, postgresSettings } from '@tributary/postgres';
import { newAuthority, type ServerCertificate } from '../../tools/bootstrap/certificates.mts';
import { startInfrastructure } from '../../tools/bootstrap/infrastructure.mts';
import type { Infrastructure } from '../../tools/bootstrap/infrastructure.port.mts';
import { eventually } from '../stack/eventually.js';
import { HOME, ownInfrastructure } from '../stack/stack.js';

/** The server lets nobody into this database without TLS. */
const SECURED = 'secured';

const authority = newAuthority();
const stranger = newAuthority('Somebody else');

let infrastructure: Infrastructure;
let plain: PostgresPool;
let folder: string;

/** Writes a file beside the server's data, wherever the server runs: its superuser may. The text must not hold a backslash. */
const writeServerFile = (name: string, text: string): Promise<object[]> =>
  plain.query('', `copy (select regexp_split_to_table('${text.trimEnd()}', E'\\n')) to program 'umask 077; cat > ${name}'`);

/** On a connection of its own: an old one may not have read the settings yet. */
const configurationReadAt = async (): Promise<unknown> => {
  const pool = new PostgresPool({ databaseUrl: infrastructure.addresses.databaseUrl, maxConnections: 1, applicationName: 'test' });
  try {
    return (await pool.query<{ at: Date }>('', 'select pg_conf_load_time() as at'))[0]?.at.getTime();
  } finally {
    await pool.close();
  }
};

async function serve({ certificatePem, keyPem }: ServerCertificate): Promise<void> {
  const before = await configurationReadAt();
  await writeServerFile('server.crt', certificatePem);
  await writeServerFile('server.key', keyPem);
  await plain.query('', `alter system set ssl = on`);
  await plain.query('', 'select pg_reload_conf()');
  await eventually('the server has read its certificate', 10_000, async () => (await configurationReadAt()) !== before);
}

/** What an app with these settings hears of the server: whether its connection is encrypted. */
async function ask(environment: NodeJS.ProcessEnv, parameters: Record<string, string> = {}): Promise<boolean | undefined> {
  const url = new URL(infrastructure.addresses.databaseUrl);
  url.pathname = `/${SECURED}`;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const pool = new PostgresPool(postgresOptions(readSettings(postgresSettings, { DATABASE_URL: url.href, ...environment }), 'test'));
  try {
    return (await pool.query<{ ssl: boolean }>('', 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'))[0]?.ssl;
  } finally {
    await pool.close();
  }
}
const withFile = (name: string): NodeJS.ProcessEnv => ({ DATABASE_CA_FILE: join(folder, name) });
const host = (): string => new URL(infrastructure.addresses.databaseUrl).hostname;

beforeAll(async () => {
  infrastructure = await startInfrastructure({ home: HOME, persistent: false, env: ownInfrastructure(), onProgress: () => undefined });
  plain = new PostgresPool({ databaseUrl: infrastructure.addresses.databaseUrl, maxConnections: 2, applicationName: 'test' });
  folder = mkdtempSync(join(tmpdir(), 'tributary-database-ca-'));
  writeFileSync(join(folder, 'ca.pem'), authority.caPem);
  writeFileSync(join(folder, 'stranger.pem'), stranger.caPem);
  await plain.query('', `create database ${SECURED}`);
  const [rules] = await plain.query<{ text: string }>('', `select pg_read_file(current_setting('hba_file')) as text`);
  await writeServerFile(
    'pg_hba.conf',
    `hostnossl ${SECURED} all all reject\n${(rules?.text ?? '').replaceAll(/^#.*\n/gm, '').replaceAll(/[\\']/g, '')}`,
  );
}, 180_000);
afterAll(async () => {
  await plain?.close();
  await infrastructure?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

describe('a database that demands TLS, from the environment', () => {
  beforeAll(() => serve(authority.issue(host(), 'localhost')), 30_000);

  it('lets an app in that knows the authority of its certificate', async () => {
    expect(await ask(withFile('ca.pem'))).toBe(true);
  });

  it('refuses an app that speaks plain text, as a database that may be asked again', async () => {
    await expect(ask({})).rejects.toThrow(DatabaseUnavailable);
    await expect(ask({})).rejects.toMatchObject({ message: expect.stringContaining('28000') });
  });

  it('is refused by an app that knows another authority, with what to look at', async () => {
    await expect(ask(withFile('stranger.pem'))).rejects.toThrow(DatabaseUnavailable);
    await expect(ask(withFile('stranger.pem'))).rejects.toThrow(/certificate is not accepted \(.+\): is DATABASE_CA_FILE/);
  });

  it.each(['disable', 'no-verify', 'require'])('is verified although the address says sslmode=%s', async (sslmode) => {
    expect(await ask(withFile('ca.pem'), { sslmode })).toBe(true);
    await expect(ask(withFile('stranger.pem'), { sslmode })).rejects.toThrow('certificate is not accepted');
  });
});

describe('a database whose certificate is for another name', () => {
  beforeAll(() => serve(authority.issue('database.example', isIP(host()) ? 'localhost' : '127.0.0.1')), 30_000);

  it('is refused although the authority is the right one', async () => {
    await expect(ask(withFile('ca.pem'))).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
  });
});

describe('a database without TLS', () => {
  beforeAll(async () => {
    await plain.query('', 'alter system set ssl = off');
    await plain.query('', 'select pg_reload_conf()');
  });

  it('is refused by an app that was given an authority', async () => {
    await eventually(
      'the server has read its settings',
      10_000,
      async () => (await plain.query<{ ssl: string }>('', 'show ssl'))[0]?.ssl === 'off',
    );
    await expect(ask(withFile('ca.pem'))).rejects.toThrow('does not support SSL');
  });
});
