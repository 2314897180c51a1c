import type { AssertionEvent, Sql, TenantId } from '@tributary/domain';
import { IdentityGraph } from '../builders/identity-graph.builder.js';

const TABLES = [
  'subjects',
  'orders',
  'profiles',
  'aliases',
  'assertions',
  'merges',
  'conflicts',
  'profile_heads',
  'visitor_heads',
] as const;

/** Canonical text of every row of a tenant's identity graph, sorted, by table. */
export type IdentityRows = Readonly<Record<string, readonly string[]>>;

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, node: unknown) =>
    typeof node === 'object' && node !== null && !Array.isArray(node)
      ? Object.fromEntries(Object.entries(node).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : node,
  );

/** What Postgres has. */
export async function storedIdentity(sql: Sql, tenantId: TenantId): Promise<IdentityRows> {
  const tables: Record<string, readonly string[]> = {};
  for (const table of TABLES) {
    const content = table === 'aliases' ? `jsonb_build_object('profileId', profile_id, 'target', target)` : 'content';
    const rows = await sql.query<{ content: unknown }>('', `select ${content} as content from identity.${table} where tenant_id = $1`, [
      tenantId,
    ]);
    tables[table] = rows.map((row) => canonical(row.content)).toSorted();
  }
  return tables;
}

/** What the fold of these events gives in memory. */
export function foldedIdentity(tenantId: TenantId, events: readonly AssertionEvent[]): IdentityRows {
  const graph = new IdentityGraph(tenantId).fold(...events);
  const { subjects, orders, profiles, aliases, assertions, profileHeads, visitorHeads } = graph.tables;
  const tables = {
    subjects,
    orders,
    profiles,
    aliases,
    assertions,
    merges: graph.merges,
    conflicts: graph.conflicts,
    profile_heads: profileHeads,
    visitor_heads: visitorHeads,
  };
  return Object.fromEntries(TABLES.map((table) => [table, [...tables[table].values()].map(canonical).toSorted()]));
}
