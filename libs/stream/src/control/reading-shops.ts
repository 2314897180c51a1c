import type { Sql } from '@tributary/domain';
import type { ShopReport, ShopScene, Sighting } from '@tributary/sources';

/** What ingest knows of a tenant's connections besides orders, by connection. */
export interface ShopKnowledge {
  readonly polls: ReadonlyMap<string, NonNullable<ShopScene['poll']> & { readonly report: ShopReport | null }>;
  readonly seen: ReadonlyMap<string, Readonly<Partial<Record<Sighting, number>>>>;
}

interface PollRow {
  readonly id: string;
  readonly polledAt: number | null;
  readonly failures: number;
  readonly failure: string | null;
  readonly report: ShopReport | null;
}

interface SeenRow {
  readonly id: string;
  readonly seen: Partial<Record<Sighting, number>>;
}

export async function knowledgeOfShops(sql: Sql, tenantId: string): Promise<ShopKnowledge> {
  const polls = await sql.query<PollRow>(
    'shops-polls',
    `select connection_id as id, (extract(epoch from polled_at) * 1000)::bigint as "polledAt", failures, failure, report
       from ingest_ops.pollers where tenant_id = $1`,
    [tenantId],
  );
  const seen = await sql.query<SeenRow>(
    'shops-seen',
    `select connection_id as id, jsonb_object_agg(kind, (extract(epoch from last_at) * 1000)::bigint) as seen
       from ingest_ops.sightings where tenant_id = $1 group by connection_id`,
    [tenantId],
  );
  return {
    polls: new Map(polls.map(({ id, ...poll }) => [id, poll])),
    seen: new Map(seen.map((row) => [row.id, row.seen])),
  };
}
