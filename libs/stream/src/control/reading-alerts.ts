import type { AlertKind, Sql } from '@tributary/domain';

/** Number of open alerts by kind; kinds without one are absent. */
export async function countOpenAlerts(sql: Sql): Promise<ReadonlyMap<AlertKind, number>> {
  const rows = await sql.query<{ kind: AlertKind; count: number }>(
    'reading-alert-count',
    'select kind, count(*)::int as count from alerts.alerts where closed_at is null group by kind',
  );
  return new Map(rows.map(({ kind, count }) => [kind, count]));
}
