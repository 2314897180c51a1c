import type { Sql, StatusRounds } from '@tributary/domain';
import { ConnectionLeases, plainIdentifier, type ConnectionLease, type LeaseOptions, type TurnEnd } from '@tributary/postgres';

/** A connection whose effects this process asks about until the lease ends. */
export interface StatusLease extends ConnectionLease {
  /** Null: never read. */
  readonly rounds: StatusRounds | null;
  /** Turns in a row that ended in a failure. */
  readonly failures: number;
}

/** `<app>_ops.status_readers`: who reads which account, and how far it is. */
export class StatusReaders {
  private readonly table: string;
  private readonly leases: ConnectionLeases<{ readonly state: StatusRounds | null; readonly failures: number }>;

  constructor(
    private readonly sql: Sql,
    app: string,
    kind: string,
    options: LeaseOptions,
  ) {
    this.table = `${plainIdentifier(app)}_ops.status_readers`;
    this.leases = new ConnectionLeases(
      sql,
      {
        table: this.table,
        connections: `${plainIdentifier(app)}.connections`,
        isWorkedOn: `c.kind = '${plainIdentifier(kind)}' and c.state = 'active'`,
        columns: { ofLease: ['state', 'failures'], ofConnection: [] },
      },
      options,
    );
  }

  follow(): Promise<void> {
    return this.leases.follow();
  }

  async claim(limit: number): Promise<StatusLease[]> {
    const rows = await this.leases.claim(limit);
    return rows.map(({ tenantId, connectionId, fence, state, failures }) => ({ tenantId, connectionId, fence, rounds: state, failures }));
  }

  renew(leases: readonly StatusLease[]): Promise<void> {
    return this.leases.renewAll(leases);
  }

  /** Keeps how far the reading is and renews the lease; throws LeaseLost when it is not ours any more. */
  async keep(lease: StatusLease, rounds: StatusRounds): Promise<void> {
    await this.sql.transaction(async (tx) => {
      await this.leases.renew(tx, lease);
      await tx.query(
        `status-readers-keep-${this.table}`,
        `update ${this.table} set state = $3::jsonb where tenant_id = $1 and connection_id = $2`,
        [lease.tenantId, lease.connectionId, JSON.stringify(rounds)],
      );
    });
  }

  release(lease: ConnectionLease, end: TurnEnd): Promise<void> {
    return this.leases.release(lease, end);
  }
}
