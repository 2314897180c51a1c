import {
  visitorKey,
  type Claim,
  type Positioned,
  type ProfileId,
  type Sql,
  type SubjectId,
  type TenantId,
  type VisitorChanged,
  type VisitorEvent,
} from '@tributary/domain';
import { BulkRows, casPrefix, casValues, plainIdentifier, type Column } from '@tributary/postgres';

interface VisitorRow {
  readonly event: VisitorChanged;
  readonly record: Buffer;
  /** It was forgotten in between: its versions begin anew. */
  readonly isAnew: boolean;
}

const column = (name: string, type: string, of: (row: VisitorRow) => unknown): Column<VisitorRow> => ({ name, type, of });
const VISITOR_ROWS = new BulkRows<VisitorRow>([
  column('tenant_id', 'text', ({ event }) => event.tenantId),
  column('visitor', 'text', ({ event }) => event.visitor),
  column('version', 'bigint', ({ event }) => event.version),
  column('profile_id', 'text', ({ event }) => event.profileId),
  column('is_shared', 'boolean', ({ event }) => event.isShared),
  column('record', 'bytea', ({ record }) => record),
]);
const KEYS = ['tenant_id', 'visitor'];

interface Folded {
  readonly rows: readonly VisitorRow[];
  readonly forgotten: readonly { readonly tenantId: string; readonly visitor: string }[];
  readonly progress: ReadonlyMap<number, number>;
}

/** What is left of a batch: of each visitor its newest version, or that it was forgotten last. */
function newestOf(events: readonly Positioned<VisitorEvent>[]): Folded {
  const rows = new Map<string, VisitorRow>();
  const forgotten = new Map<string, { readonly tenantId: string; readonly visitor: string }>();
  const progress = new Map<number, number>();
  for (const { event, record } of events) {
    if (event.type === 'VisitsApplied') {
      progress.set(event.partition, Math.max(event.nextOffset, progress.get(event.partition) ?? 0));
      continue;
    }
    const key = visitorKey(event);
    if (event.type === 'VisitorForgotten') {
      rows.delete(key);
      forgotten.set(key, event);
      continue;
    }
    const before = rows.get(key);
    if (record.value === null || (before !== undefined && before.event.version >= event.version)) continue;
    rows.set(key, { event, record: record.value, isAnew: forgotten.has(key) });
  }
  const sorted = [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return { rows: sorted, forgotten: [...forgotten].filter(([key]) => !rows.has(key)).map(([, visitor]) => visitor), progress };
}

/** Fold of identity's visitors: the greatest version of each, nothing of those that were forgotten, and how far into the visits it goes. */
export async function applyVisitors(sql: Sql, events: readonly Positioned<VisitorEvent>[], claim: Claim): Promise<boolean> {
  const app = plainIdentifier(claim.key.schema);
  const { rows, forgotten, progress } = newestOf(events);
  const next = 6 + VISITOR_ROWS.width;
  const [row] = await sql.query<{ owned: number }>(
    `visitors-fold-${app}`,
    `${casPrefix(app)}, folded as (
       insert into ${app}.visitors as v (${VISITOR_ROWS.names})
       select n.* from ${VISITOR_ROWS.unnest(6, 'n')} where exists (select 1 from cas)
       on conflict (tenant_id, visitor) do update set ${VISITOR_ROWS.assignments('excluded', KEYS)}
        where v.version < excluded.version or v.visitor = any($${next}::text[])
       returning 1),
     left_over as (
       delete from ${app}.visitors v using unnest($${next + 1}::text[], $${next + 2}::text[]) as f(tenant_id, visitor)
        where v.tenant_id = f.tenant_id and v.visitor = f.visitor and exists (select 1 from cas)
       returning 1),
     progressed as (
       insert into ${app}.visit_progress as p (partition, next_offset)
       select n.* from unnest($${next + 3}::int[], $${next + 4}::bigint[]) as n(partition, next_offset) where exists (select 1 from cas)
       on conflict (partition) do update set next_offset = excluded.next_offset where p.next_offset < excluded.next_offset
       returning 1)
     select count(*)::int as owned from cas`,
    [
      ...casValues(claim.key, claim.expected, claim.next),
      ...VISITOR_ROWS.values(rows),
      rows.filter(({ isAnew }) => isAnew).map(({ event }) => event.visitor),
      forgotten.map(({ tenantId }) => tenantId),
      forgotten.map(({ visitor }) => visitor),
      [...progress.keys()],
      [...progress.values()],
    ],
  );
  return row?.owned === 1;
}

export interface StoredVisitor {
  readonly tenantId: TenantId;
  readonly visitor: SubjectId;
  readonly version: number;
  readonly profileId: ProfileId | null;
  readonly isShared: boolean;
  /** Framed {@link VisitorChanged}, as it stood in the log. */
  readonly record: Buffer;
}

/** Absent visitors are absent. */
export async function findVisitors(
  sql: Sql,
  app: string,
  refs: readonly { readonly tenantId: TenantId; readonly visitor: SubjectId }[],
): Promise<StoredVisitor[]> {
  if (refs.length === 0) return [];
  const schema = plainIdentifier(app);
  const rows = await sql.query<{
    tenant_id: TenantId;
    visitor: SubjectId;
    version: number;
    profile_id: ProfileId | null;
    is_shared: boolean;
    record: Buffer;
  }>(
    `visitors-find-${schema}`,
    `select ${VISITOR_ROWS.names} from ${schema}.visitors
       join (select distinct * from unnest($1::text[], $2::text[]) as k(tenant_id, visitor)) k using (tenant_id, visitor)`,
    [refs.map(({ tenantId }) => tenantId), refs.map(({ visitor }) => visitor)],
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    visitor: row.visitor,
    version: row.version,
    profileId: row.profile_id,
    isShared: row.is_shared,
    record: row.record,
  }));
}

/** How far into each partition of the visits the visitors go. */
export async function visitProgress(sql: Sql, app: string): Promise<ReadonlyMap<number, number>> {
  const schema = plainIdentifier(app);
  const rows = await sql.query<{ partition: number; next_offset: number }>(
    `visit-progress-${schema}`,
    `select partition, next_offset from ${schema}.visit_progress`,
  );
  return new Map(rows.map(({ partition, next_offset }) => [partition, next_offset]));
}
