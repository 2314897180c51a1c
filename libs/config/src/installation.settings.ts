import { TRACKINGTECH_BASE_URL } from '@tributary/destinations';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Secret } from './secret.js';
import { ConfigurationError, flag, secretText, text, url } from './settings.js';

/** What every app reads: where it listens, who may ask it, which keys wrap the keys. */
export const installationSettings = {
  NODE_ENV: z.enum(['production', 'development', 'test']).default('development').describe('`production` refuses generated keys and tokens'),
  TRIBUTARY_HOME: text()
    .default('.tributary')
    .describe('Data folder; holds the generated master key and admin token (mode 0600) of a local installation'),
  TRIBUTARY_MASTER_KEY: secretText()
    .optional()
    .describe('Master keys as `id:base64,…` (32 bytes each; the first wraps, the others only unwrap). Required in production'),
  LISTEN_HOST: text().default('127.0.0.1').describe('Address that the app listens on'),
  ALLOW_PRIVATE_STORE_HOSTS: flag(false).describe(
    'Shops may be at private, loopback and link-local addresses; on for a local start. Off: whoever may name a shop could make this installation ask hosts of its own network',
  ),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info').describe('Least level that is logged'),
} as const;

/** Shared by the apps that tell shops where to send. */
export const publicIngestSettings = {
  PUBLIC_INGEST_URL: url()
    .transform((address) => address.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Where shops and their visitors’ browsers reach the app `ingest`, such as `https://in.example`: stands in the files that a shop installs and in the webhooks that are made in shops. Without it no webhooks are made, and files name `INGEST_URL`',
    ),
} as const;

/** Shared by the app that sends courier orders and the one that connects accounts. */
export const trackingtechSettings = {
  TRACKINGTECH_BASE_URL: url()
    .default(TRACKINGTECH_BASE_URL)
    .describe('Where TrackingTech’s API is, unless a connection names another; for a local start: the simulator'),
} as const;

export const adminSettings = {
  TRIBUTARY_ADMIN_TOKEN: secretText()
    .optional()
    .describe('Bearer token of the control API. Required in production; generated and kept otherwise'),
} as const;

function readOrMake(home: string, file: string, make: () => string): string {
  const path = join(home, file);
  if (existsSync(path)) return readFileSync(path, 'utf8').trim();
  mkdirSync(home, { recursive: true });
  try {
    writeFileSync(path, `${make()}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(path, 0o600);
  } catch (error) {
    // Another process of this installation was first: its key is the one.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(path, 'utf8').trim();
}

interface InstallationSettings {
  readonly NODE_ENV: string;
  readonly TRIBUTARY_HOME: string;
}

/** The given master keys, else (never in production) one that is generated and kept with mode 0600. */
export function masterKeyText(settings: InstallationSettings & { readonly TRIBUTARY_MASTER_KEY?: Secret | undefined }): Secret {
  if (settings.TRIBUTARY_MASTER_KEY !== undefined) return settings.TRIBUTARY_MASTER_KEY;
  if (settings.NODE_ENV === 'production') {
    throw new ConfigurationError(
      'TRIBUTARY_MASTER_KEY is missing: production keeps no generated key. Make one with `openssl rand -base64 32`.',
    );
  }
  return new Secret(readOrMake(settings.TRIBUTARY_HOME, 'master.key', () => `k1:${randomBytes(32).toString('base64')}`));
}

/** The given admin token, else (never in production) one that is generated and kept with mode 0600. */
export function adminToken(settings: InstallationSettings & { readonly TRIBUTARY_ADMIN_TOKEN?: Secret | undefined }): Secret {
  if (settings.TRIBUTARY_ADMIN_TOKEN !== undefined) return settings.TRIBUTARY_ADMIN_TOKEN;
  if (settings.NODE_ENV === 'production')
    throw new ConfigurationError('TRIBUTARY_ADMIN_TOKEN is missing: production keeps no generated token.');
  return new Secret(readOrMake(settings.TRIBUTARY_HOME, 'admin.token', () => randomBytes(24).toString('base64url')));
}
