import { readFileSync } from 'node:fs';
import { integer, secretText, text, type Settings } from '@tributary/config';
import type { PostgresOptions } from './pool.adapter.js';

export const postgresSettings = {
  DATABASE_URL: secretText().describe('`postgres://user:password@host:port/database`'),
  DATABASE_CA_FILE: text()
    .optional()
    .describe(
      'PEM file of the authority that signed the server’s certificate; set: TLS is required and verified, whatever the URL says of `ssl…`',
    ),
  DATABASE_POOL: integer(2, 200, 10).describe('Connections that one process may hold'),
} as const;

export const postgresOptions = (settings: Settings<typeof postgresSettings>, applicationName: string): PostgresOptions => ({
  databaseUrl: settings.DATABASE_URL.reveal(),
  maxConnections: settings.DATABASE_POOL,
  applicationName,
  ...(settings.DATABASE_CA_FILE === undefined ? {} : { caPem: readFileSync(settings.DATABASE_CA_FILE, 'utf8') }),
});
