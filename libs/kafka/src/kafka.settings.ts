import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigurationError, flag, integer, secretText, text, url, type Settings } from '@tributary/config';

export const kafkaSettings = {
  KAFKA_BROKERS: text()
    .transform((value) => value.split(',').map((broker) => broker.trim()))
    .describe('`host:port,…`'),
  KAFKA_TLS: flag(false).describe('Talk TLS to the brokers'),
  KAFKA_CA_FILE: text().optional().describe('PEM file of the authority that signed the brokers’ certificates (TLS is then on)'),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('SASL mechanism; needs KAFKA_USERNAME and KAFKA_PASSWORD'),
  KAFKA_USERNAME: text().optional().describe('SASL user'),
  KAFKA_PASSWORD: secretText().optional().describe('SASL password'),
  KAFKA_SESSION_TIMEOUT_MS: integer(1_000, 120_000, 10_000).describe(
    'After this long without a heartbeat a consumer’s partitions go to another replica',
  ),
} as const;

export const registrySettings = {
  SCHEMA_REGISTRY_URL: url().describe('Confluent-compatible schema registry (for Apicurio: `…/apis/ccompat/v7`)'),
  SCHEMA_REGISTRY_USERNAME: text().optional().describe('User of the registry'),
  SCHEMA_REGISTRY_PASSWORD: secretText().optional().describe('Password of the registry'),
  SCHEMA_REGISTRY_CA_FILE: text()
    .optional()
    .describe('PEM file of the authority that signed the registry’s certificate (the address must then be https)'),
} as const;

export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls: { readonly caPem?: string } | null;
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  } | null;
  readonly sessionTimeoutMs: number;
}

export function kafkaConnection(settings: Settings<typeof kafkaSettings>, clientId: string): KafkaConnection {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = settings;
  const caPem = settings.KAFKA_CA_FILE === undefined ? undefined : readFileSync(settings.KAFKA_CA_FILE, 'utf8');
  return {
    brokers: settings.KAFKA_BROKERS,
    clientId,
    tls: caPem === undefined ? (settings.KAFKA_TLS ? {} : null) : { caPem },
    sasl: mechanism === undefined ? null : { mechanism, username: username ?? '', password: password?.reveal() ?? '' },
    sessionTimeoutMs: settings.KAFKA_SESSION_TIMEOUT_MS,
  };
}

export interface RegistryConnection {
  readonly url: string;
  readonly auth: { readonly username: string; readonly password: string } | null;
  readonly caPem?: string;
}

/** Throws ConfigurationError when an authority is given for an address without TLS. */
export function registryConnection(settings: Settings<typeof registrySettings>): RegistryConnection {
  const { SCHEMA_REGISTRY_URL: address, SCHEMA_REGISTRY_CA_FILE: caFile, SCHEMA_REGISTRY_USERNAME: username } = settings;
  if (caFile !== undefined && !address.startsWith('https:'))
    throw new ConfigurationError('SCHEMA_REGISTRY_CA_FILE is set: SCHEMA_REGISTRY_URL must then begin with https:');
  return {
    url: address.replace(/\/$/, ''),
    auth: username === undefined ? null : { username, password: settings.SCHEMA_REGISTRY_PASSWORD?.reveal() ?? '' },
    ...(caFile === undefined ? {} : { caPem: readFileSync(caFile, 'utf8') }),
  };
}
