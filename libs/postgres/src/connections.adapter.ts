import type { Sql } from '@tributary/domain';
import { plainIdentifier } from './offsets.adapter.js';

/** One connection as the app's own table has it. */
export interface ConnectionRow {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly version: number;
  readonly kind: string;
  readonly state: string;
  readonly defaultCountry: string | null;
  readonly activatedAt: number;
  /** Epoch ms at which this version was made. */
  readonly configuredAt: number;
  readonly settings: unknown;
  readonly secretsVersion: number;
  readonly webhookTokenHash: string | null;
  readonly addressHashes: readonly string[];
}

/** All connections of the app's own table, and a number that grows with every change of it. */
export async function loadConnections(sql: Sql, schema: string): Promise<ConnectionRow[]> {
  return sql.query<ConnectionRow>(
    `settings-load-${schema}`,
    `select tenant_id as "tenantId", connection_id as "connectionId", version, kind, state, default_country as "defaultCountry",
            activated_at as "activatedAt", configured_at as "configuredAt", settings, secrets_version as "secretsVersion", webhook_token_hash as "webhookTokenHash",
            address_hashes as "addressHashes"
       from ${plainIdentifier(schema)}.connections`,
  );
}

/** Sum of the config offsets that are folded: equal numbers mean equal tables. */
export async function settingsPosition(sql: Sql, schema: string): Promise<number> {
  const [row] = await sql.query<{ position: number }>(
    `settings-position-${schema}`,
    `select coalesce(sum(next_offset), 0)::bigint as position from ${plainIdentifier(schema)}.offsets where projection = 'settings'`,
  );
  return row?.position ?? 0;
}
