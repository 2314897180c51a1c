import {
  asConnectionId,
  asTenantId,
  type Alert,
  type AlertKind,
  type Alerts,
  type AlertToOpen,
  type ConnectionId,
  type Sql,
  type TenantId,
} from '@tributary/domain';

interface AlertRow {
  readonly id: number;
  readonly tenant_id: string;
  readonly connection_id: string;
  readonly kind: AlertKind;
  readonly since: Date;
  readonly last_seen: Date;
  readonly occurrences: number;
  readonly what: string;
  readonly todo: string;
  readonly closed_at: Date | null;
}

const toAlert = (row: AlertRow): Alert => ({
  id: row.id,
  tenantId: asTenantId(row.tenant_id),
  connectionId: row.connection_id === '' ? null : asConnectionId(row.connection_id),
  kind: row.kind,
  since: row.since,
  lastSeen: row.last_seen,
  occurrences: row.occurrences,
  what: row.what,
  todo: row.todo,
  closedAt: row.closed_at,
});

/** Alerts as rows of `alerts.alerts`. */
export class PostgresAlerts implements Alerts {
  constructor(private readonly sql: Sql) {}

  async open({ tenantId, connectionId, kind, what, todo }: AlertToOpen): Promise<void> {
    await this.sql.query(
      'alert-open',
      `insert into alerts.alerts as a (tenant_id, connection_id, kind, what, todo) values ($1, $2, $3, $4, $5)
       on conflict (tenant_id, connection_id, kind) where closed_at is null
       do update set last_seen = now(), occurrences = a.occurrences + 1, what = excluded.what, todo = excluded.todo`,
      [tenantId, connectionId ?? '', kind, what, todo],
    );
  }

  async close(tenantId: TenantId, connectionId: ConnectionId | null, kind: AlertKind, quietForMs = 0): Promise<void> {
    await this.sql.query(
      'alert-close',
      `update alerts.alerts set closed_at = now()
        where tenant_id = $1 and connection_id = $2 and kind = $3 and closed_at is null and last_seen <= now() - make_interval(secs => $4)`,
      [tenantId, connectionId ?? '', kind, quietForMs / 1_000],
    );
  }

  async list(tenantId: TenantId | null): Promise<Alert[]> {
    const rows = await this.sql.query<AlertRow>(
      'alert-list',
      'select * from alerts.alerts where closed_at is null and ($1::text is null or tenant_id = $1) order by since desc, id desc limit 1000',
      [tenantId],
    );
    return rows.map(toAlert);
  }
}
