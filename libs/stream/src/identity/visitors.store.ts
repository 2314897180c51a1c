import {
  evolveVisitor,
  joinVisitors,
  type Claim,
  type Positioned,
  type Sql,
  type SubjectId,
  type TenantId,
  type VisitEvent,
  type VisitorEvent,
  type VisitorRow,
  visitorRowOf,
} from '@tributary/domain';
import { BulkRows, casPrefix, casValues, plainIdentifier } from '@tributary/postgres';
import { outboxInsert, OUTBOX_ROWS } from './outbox-rows.js';

type Stored<Row> = Row extends { readonly parts: readonly (infer Part)[] }
  ? Omit<Row, 'parts' | 'tenantId' | 'visitor' | 'receivedAt'> & {
      readonly parts: readonly (Omit<Part, 'sealed'> & { readonly sealed: string })[];
    }
  : never;

/** A row's `content`. */
export type StoredVisitor = Stored<VisitorRow>;

export interface VisitorRecord {
  readonly tenant_id: string;
  readonly visitor: string;
  readonly received_at: number;
  readonly content: StoredVisitor;
}

export const visitorFrom = ({ tenant_id, visitor, received_at, content }: VisitorRecord): VisitorRow => ({
  tenantId: tenant_id as TenantId,
  visitor: visitor as SubjectId,
  receivedAt: received_at,
  ...content,
  parts: content.parts.map((part) => ({ ...part, sealed: Buffer.from(part.sealed, 'base64') })),
});

const contentOf = ({ tenantId: _tenant, visitor: _visitor, receivedAt: _received, parts, ...rest }: VisitorRow): StoredVisitor => ({
  ...rest,
  parts: parts.map((part) => ({ ...part, sealed: part.sealed.toString('base64') })),
});

const VISITORS = new BulkRows<VisitorRow>([
  { name: 'tenant_id', type: 'text', of: ({ tenantId }) => tenantId },
  { name: 'visitor', type: 'text', of: ({ visitor }) => visitor },
  { name: 'version', type: 'bigint', of: ({ version }) => version },
  { name: 'received_at', type: 'bigint', of: ({ receivedAt }) => receivedAt },
  { name: 'content', type: 'jsonb', of: (row) => JSON.stringify(contentOf(row)) },
]);
const FIRST = 6;

function applyText(schema: string, effects: 'on' | 'off'): string {
  const outbox = effects === 'off' ? '' : `, ${outboxInsert(OUTBOX_ROWS.unnest(FIRST + VISITORS.width, 'n'))}`;
  return `${casPrefix(schema)},
    put_visitors as (insert into ${schema}.visitors (${VISITORS.names})
      select n.* from ${VISITORS.unnest(FIRST, 'n')} where exists (select 1 from cas)
      on conflict (tenant_id, visitor) do update set ${VISITORS.assignments('excluded', ['tenant_id', 'visitor'])} returning 1)${outbox}
    select count(*)::int as owned from cas`;
}

const keyOf = ({ tenantId, visitor }: Pick<VisitorRow, 'tenantId' | 'visitor'>): string => `${tenantId}:${visitor}`;

/** Reads visitors of one schema. */
async function findVisitors(
  sql: Sql,
  schema: string,
  keys: readonly Pick<VisitorRow, 'tenantId' | 'visitor'>[],
): Promise<Map<string, VisitorRow>> {
  const rows = await sql.query<VisitorRecord>(
    `${schema}-visitors`,
    `select v.tenant_id, v.visitor, v.received_at, v.content
       from unnest($1::text[], $2::text[]) as k(tenant_id, visitor) join ${plainIdentifier(schema)}.visitors v using (tenant_id, visitor)`,
    [keys.map(({ tenantId }) => tenantId), keys.map(({ visitor }) => visitor)],
  );
  return new Map(rows.map((row) => [`${row.tenant_id}:${row.visitor}`, visitorFrom(row)]));
}

/** One live visitor. */
export async function findVisitor(sql: Sql, tenantId: TenantId, visitor: SubjectId): Promise<VisitorRow | null> {
  const found = await findVisitors(sql, 'identity', [{ tenantId, visitor }]);
  return found.get(keyOf({ tenantId, visitor })) ?? null;
}

/** Writes what was folded and moves the offset in one statement; false when the partition is not ours any more. */
async function putVisitors(sql: Sql, changed: readonly VisitorRow[], claim: Claim, effects: 'on' | 'off'): Promise<boolean> {
  const schema = plainIdentifier(claim.key.schema);
  // Sorted by key: two statements never wait for each other in a circle.
  const rows = changed.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const outbox = rows.map(({ tenantId, visitor }) => ({ kind: 'visitor' as const, tenantId, id: visitor }));
  const [result] = await sql.query<{ owned: number }>(`${schema}-put-visitors-${effects}`, applyText(schema, effects), [
    ...casValues(claim.key, claim.expected, claim.next),
    ...VISITORS.values(rows),
    ...(effects === 'off' ? [] : OUTBOX_ROWS.values(outbox)),
  ]);
  return result?.owned === 1;
}

type NamedVisit = VisitEvent & { readonly visitor: SubjectId };
const isNamed = ({ event }: Positioned<VisitEvent>): boolean => event.visitor !== null;

/**
 * Folds visits into the evidence of their visitors and moves the offset in the same statement; false when the partition is not ours
 * any more. What changed goes to the outbox, unless effects are off.
 */
export async function applyVisits(
  sql: Sql,
  visits: readonly Positioned<VisitEvent>[],
  claim: Claim,
  effects: 'on' | 'off' = 'on',
): Promise<boolean> {
  const named = visits.filter((visit): visit is Positioned<NamedVisit> => isNamed(visit));
  const keys = new Map(named.map(({ event: { tenantId, visitor } }) => [keyOf({ tenantId, visitor }), { tenantId, visitor }]));
  const known = keys.size === 0 ? new Map<string, VisitorRow>() : await findVisitors(sql, claim.key.schema, [...keys.values()]);
  const rows = new Map(known);
  for (const { event, record } of named) rows.set(keyOf(event), evolveVisitor(rows.get(keyOf(event)), event, record.offset + 1));
  const changed = [...rows].filter(([key, row]) => known.get(key) !== row).map(([, row]) => row);
  return putVisitors(sql, changed, claim, effects);
}

/**
 * Folds what was published of visitors into a shadow, and moves the offset in the same statement: where visits are gone from their
 * topic it says what they had shown.
 */
export async function applyPublishedVisitors(sql: Sql, events: readonly Positioned<VisitorEvent>[], claim: Claim): Promise<boolean> {
  const told = events.map(({ event }) => event).filter((event) => event.type !== 'VisitsApplied');
  const known = told.length === 0 ? new Map<string, VisitorRow>() : await findVisitors(sql, claim.key.schema, told);
  const rows = new Map<string, VisitorRow | null>(known);
  for (const event of told)
    rows.set(
      keyOf(event),
      event.type === 'VisitorForgotten' ? null : joinVisitors(rows.get(keyOf(event)) ?? undefined, visitorRowOf(event)),
    );
  const changed = [...rows]
    .filter(([key, row]) => row !== null && known.get(key) !== row)
    .flatMap(([, row]) => (row === null ? [] : [row]));
  const gone = [...rows].flatMap(([key, row]) => (row === null ? [known.get(key)] : [])).filter((row) => row !== undefined);
  if (gone.length > 0)
    await sql.query(
      `${claim.key.schema}-drop-visitors`,
      `delete from ${plainIdentifier(claim.key.schema)}.visitors v using unnest($1::text[], $2::text[]) as g(tenant_id, visitor)
        where v.tenant_id = g.tenant_id and v.visitor = g.visitor`,
      [gone.map(({ tenantId }) => tenantId), gone.map(({ visitor }) => visitor)],
    );
  return putVisitors(sql, changed, claim, 'off');
}
