import { inUtc, inUtcOrNull, type Sql, type TenantId } from '@tributary/domain';
import { pageOf, type Page } from './reading-cursor.js';

/** An import as people see it. Times are RFC 3339, UTC. */
export interface ImportView {
  readonly id: string;
  readonly connection: string;
  readonly resources: readonly string[];
  /** Created at or after, and before: on the shop's clock. */
  readonly from: string;
  readonly to: string;
  readonly status: 'running' | 'stopped' | 'done';
  /** As the shop counted them when it began; null until it has answered, and smaller than the whole while its trash is not counted. */
  readonly total: number | null;
  readonly read: number;
  /** Of those read: news, put into the log. */
  readonly published: number;
  /** Of those read: kept as rejected. */
  readonly unreadable: number;
  /** Since it last began or went on; null before the first page. */
  readonly ordersPerMinute: number | null;
  /** Why the last page failed; null when it did not. */
  readonly failure: string | null;
  readonly askedAt: string;
  readonly endedAt: string | null;
}

interface ImportRow {
  readonly id: number;
  readonly connection_id: string;
  readonly resources: readonly string[];
  readonly from_ms: number;
  readonly to_ms: number;
  readonly status: ImportView['status'];
  readonly total: number | null;
  readonly read_rows: number;
  readonly published_rows: number;
  readonly unreadable_rows: number;
  readonly rate: number | null;
  readonly failure: string | null;
  readonly asked_at: number;
  readonly ended_at: number | null;
}

const COLUMNS = `id, connection_id, resources, from_ms, to_ms, status, total, read_rows, published_rows, unreadable_rows, failure,
  case when read_rows > rows_at_resume
    then round((read_rows - rows_at_resume) * 60 / greatest(1, extract(epoch from coalesce(ended_at, now()) - resumed_at)))::int end as rate,
  (extract(epoch from asked_at) * 1000)::bigint as asked_at, (extract(epoch from ended_at) * 1000)::bigint as ended_at`;

const toView = (row: ImportRow): ImportView => ({
  id: String(row.id),
  connection: row.connection_id,
  resources: row.resources,
  from: inUtc(row.from_ms),
  to: inUtc(row.to_ms),
  status: row.status,
  total: row.total,
  read: row.read_rows,
  published: row.published_rows,
  unreadable: row.unreadable_rows,
  ordersPerMinute: row.rate,
  failure: row.failure,
  askedAt: inUtc(row.asked_at),
  endedAt: inUtcOrNull(row.ended_at),
});

/** Newest first; goes on after the import of number `after`. */
export async function listImports(sql: Sql, tenantId: TenantId, after: number | null, limit: number): Promise<Page<ImportView>> {
  const rows = await sql.query<ImportRow>(
    'reading-imports',
    `select ${COLUMNS} from ingest_ops.imports where tenant_id = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
    [tenantId, after, limit + 1],
  );
  return pageOf(rows, limit, (row) => [row.id], toView);
}

export async function findImport(sql: Sql, tenantId: TenantId, id: number): Promise<ImportView | undefined> {
  const [row] = await sql.query<ImportRow>('reading-import', `select ${COLUMNS} from ingest_ops.imports where tenant_id = $1 and id = $2`, [
    tenantId,
    id,
  ]);
  return row && toView(row);
}
