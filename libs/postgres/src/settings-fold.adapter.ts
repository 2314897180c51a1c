import type { ConnectionConfigured } from '@tributary/codecs';
import type { Claim, Positioned, Sql } from '@tributary/domain';
import { casPrefix, casValues, plainIdentifier } from './offsets.adapter.js';

/** Fold of the config topic into an app's own `connections` table: the greatest version wins. */
export async function applySettings(sql: Sql, events: readonly Positioned<ConnectionConfigured>[], claim: Claim): Promise<boolean> {
  const newest = new Map<string, ConnectionConfigured>();
  for (const { event } of events) {
    const key = `${event.tenantId}:${event.connectionId}`;
    const known = newest.get(key);
    if (known === undefined || known.version < event.version) newest.set(key, event);
  }
  const rows = [...newest.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, event]) => event);
  const schema = plainIdentifier(claim.key.schema);
  const [result] = await sql.query<{ owned: number }>(
    `settings-fold-${schema}`,
    `${casPrefix(schema)}, folded as (
       insert into ${schema}.connections as c
         (tenant_id, connection_id, version, kind, state, default_country, activated_at, configured_at, settings, secrets_version, webhook_token_hash,
          address_hashes)
       select n.* from unnest($6::text[], $7::text[], $8::int[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::jsonb[], $15::int[], $16::text[], $17::jsonb[]) as n
       where exists (select 1 from cas)
       on conflict (tenant_id, connection_id) do update set
         version = excluded.version, kind = excluded.kind, state = excluded.state, default_country = excluded.default_country,
         activated_at = excluded.activated_at, configured_at = excluded.configured_at, settings = excluded.settings, secrets_version = excluded.secrets_version,
         webhook_token_hash = excluded.webhook_token_hash, address_hashes = excluded.address_hashes
       where c.version < excluded.version
       returning 1)
     select count(*)::int as owned from cas`,
    [
      ...casValues(claim.key, claim.expected, claim.next),
      rows.map((row) => row.tenantId),
      rows.map((row) => row.connectionId),
      rows.map((row) => row.version),
      rows.map((row) => row.kind),
      rows.map((row) => row.state),
      rows.map((row) => row.defaultCountry),
      rows.map((row) => row.activatedAt),
      rows.map((row) => row.occurredAt),
      rows.map((row) => row.settings),
      rows.map((row) => row.secretsVersion),
      rows.map((row) => row.webhookTokenHash),
      rows.map((row) => JSON.stringify(row.addressHashes)),
    ],
  );
  return result?.owned === 1;
}
