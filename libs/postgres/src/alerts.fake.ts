import type { Alert, AlertKind, Alerts, AlertToOpen, ConnectionId, TenantId } from '@tributary/domain';

/** Alerts in memory; `clock` gives the moment. */
export class FakeAlerts implements Alerts {
  private readonly rows: Alert[] = [];

  constructor(private readonly clock: () => Date) {}

  private findOpen(tenantId: TenantId, connectionId: ConnectionId | null, kind: AlertKind): number {
    return this.rows.findIndex(
      (row) => row.closedAt === null && row.tenantId === tenantId && row.connectionId === connectionId && row.kind === kind,
    );
  }

  open(alert: AlertToOpen): Promise<void> {
    const now = this.clock();
    const index = this.findOpen(alert.tenantId, alert.connectionId, alert.kind);
    const before = this.rows[index];
    if (before === undefined)
      this.rows.push({ ...alert, id: this.rows.length + 1, since: now, lastSeen: now, occurrences: 1, closedAt: null });
    else this.rows[index] = { ...before, what: alert.what, todo: alert.todo, lastSeen: now, occurrences: before.occurrences + 1 };
    return Promise.resolve();
  }

  close(tenantId: TenantId, connectionId: ConnectionId | null, kind: AlertKind, quietForMs = 0): Promise<void> {
    const index = this.findOpen(tenantId, connectionId, kind);
    const row = this.rows[index];
    const now = this.clock();
    if (row !== undefined && row.lastSeen.getTime() <= now.getTime() - quietForMs) this.rows[index] = { ...row, closedAt: now };
    return Promise.resolve();
  }

  list(tenantId: TenantId | null): Promise<Alert[]> {
    const open = this.rows.filter((row) => row.closedAt === null && (tenantId === null || row.tenantId === tenantId));
    return Promise.resolve(open.toSorted((a, b) => b.since.getTime() - a.since.getTime() || b.id - a.id));
  }
}
