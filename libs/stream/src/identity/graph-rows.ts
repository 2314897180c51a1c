import type { IdentityTable, RowRequest, Sql, TenantId } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';

/** Reads the rows of `$1` tenants and `$2` keys, pair by pair; `content` is the row as the fold has it. */
const select = (schema: string, table: string, column: string, content: string): string =>
  `select k.tenant_id, k.key, ${content} as content
     from (select distinct * from unnest($1::text[], $2::text[]) as k(tenant_id, key)) k
     join ${schema}.${table} t on t.tenant_id = k.tenant_id and t.${column} = k.key`;

const statements = (schema: string): Readonly<Record<IdentityTable, string>> => ({
  subjects: select(schema, 'subjects', 'subject_id', 't.content'),
  orders: select(schema, 'orders', 'order_key', 't.content'),
  profiles: select(schema, 'profiles', 'profile_id', 't.content'),
  aliases: select(schema, 'aliases', 'profile_id', `jsonb_build_object('profileId', t.profile_id, 'target', t.target)`),
  contents: select(schema, 'assertions', 'content_key', 'to_jsonb(t.seq)'),
  profileHeads: select(schema, 'profile_heads', 'profile_id', 't.content'),
  visitorHeads: select(schema, 'visitor_heads', 'visitor', 't.content'),
  assertions: `select k.tenant_id, k.key::text as key, t.content
     from (select distinct * from unnest($1::text[], $2::bigint[]) as k(tenant_id, key)) k
     join ${schema}.assertions t on t.tenant_id = k.tenant_id and t.seq = k.key`,
  histories: `select t.tenant_id, t.node as key, jsonb_agg(t.seq order by t.seq) as content
     from (select distinct * from unnest($1::text[], $2::text[]) as k(tenant_id, node)) k
     join ${schema}.assertion_nodes t using (tenant_id, node) group by t.tenant_id, t.node`,
});

export interface TenantRequest extends RowRequest {
  readonly tenantId: TenantId;
}

/** A row that was found; {@link TenantRequest}s without one are absent. */
export interface FoundRow {
  readonly tenant_id: string;
  readonly key: string;
  readonly content: unknown;
}

/** Reads rows of several tenants, one statement per table. */
export async function readGraphRows(
  sql: Sql,
  schema: string,
  requests: readonly TenantRequest[],
): Promise<ReadonlyMap<IdentityTable, readonly FoundRow[]>> {
  const byTable = Map.groupBy(requests, ({ table }) => table);
  const texts = statements(plainIdentifier(schema));
  const found = new Map<IdentityTable, readonly FoundRow[]>();
  for (const [table, ofTable] of byTable) {
    const values = [ofTable.map(({ tenantId }) => tenantId), ofTable.map(({ key }) => key)];
    found.set(table, await sql.query<FoundRow>(`${schema}-read-${table}`, texts[table], values));
  }
  return found;
}
