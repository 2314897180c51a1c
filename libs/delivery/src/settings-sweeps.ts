import type { Claim, PartitionTurns, Sql } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';
import type { OrderPlanner } from './order-planner.js';
import type { OrdersStore } from './orders.store.js';
import type { WithSources } from './connection-directory.js';

interface Sweep {
  readonly partition: number;
  readonly tenant_id: string;
  readonly connection_id: string;
  readonly version: number;
}

interface Position {
  readonly connectionId: string;
  readonly orderId: string;
}

const PAGE = 500;

/**
 * After a change of settings every order of the tenant is decided on once more, by the owner of its partition, between batches:
 * what already has a ledger entry stays as it is. So an order that was read before its destination was known is not missed.
 */
export class SettingsSweeps<Settings extends WithSources, Secrets> {
  private readonly ops: string;

  constructor(
    private readonly sql: Sql,
    app: string,
    private readonly orders: OrdersStore,
    private readonly planner: OrderPlanner<Settings, Secrets>,
    private readonly turns: PartitionTurns,
  ) {
    this.ops = `${plainIdentifier(app)}_ops`;
  }

  /** Asks for a sweep of every partition; a newer version takes the place of an older one that waits. */
  async request(
    changed: readonly { readonly tenantId: string; readonly connectionId: string; readonly version: number }[],
    partitions: number,
  ): Promise<void> {
    await this.sql.query(
      `sweeps-request-${this.ops}`,
      `insert into ${this.ops}.sweeps as s (tenant_id, connection_id, version, partition)
       select c.tenant_id, c.connection_id, c.version, p
         from unnest($1::text[], $2::text[], $3::int[]) as c(tenant_id, connection_id, version), generate_series(0, $4::int - 1) as p
        order by p, c.tenant_id, c.connection_id
       on conflict (partition, tenant_id, connection_id) do update set version = excluded.version where s.version < excluded.version`,
      [
        changed.map(({ tenantId }) => tenantId),
        changed.map(({ connectionId }) => connectionId),
        changed.map(({ version }) => version),
        partitions,
      ],
    );
  }

  /** Does what waits for the partitions that this process holds; answers how many sweeps were done. */
  async runWaiting(): Promise<number> {
    const held = this.turns.heldPartitions();
    if (held.length === 0) return 0;
    const sweeps = await this.sql.query<Sweep>(
      `sweeps-waiting-${this.ops}`,
      `select partition, tenant_id, connection_id, version from ${this.ops}.sweeps where partition = any($1::int[]) order by partition, tenant_id limit 1000`,
      [held],
    );
    let done = 0;
    for (const sweep of sweeps) if (await this.run(sweep)) done += 1;
    return done;
  }

  private async run(sweep: Sweep): Promise<boolean> {
    let after: 'lost' | 'end' | Position | undefined = { connectionId: '', orderId: '' };
    while (typeof after === 'object') after = await this.decideFrom(sweep, after);
    if (after !== 'end') return false;
    await this.sql.query(
      `sweeps-done-${this.ops}`,
      `delete from ${this.ops}.sweeps where partition = $1 and tenant_id = $2 and connection_id = $3 and version = $4`,
      [sweep.partition, sweep.tenant_id, sweep.connection_id, sweep.version],
    );
    return true;
  }

  private decideFrom(sweep: Sweep, after: Position): Promise<'lost' | 'end' | Position | undefined> {
    return this.turns.exclusively(sweep.partition, (claim) => this.decidePage(sweep, after, claim));
  }

  private async decidePage({ tenant_id: tenantId, partition }: Sweep, after: Position, claim: Claim): Promise<'lost' | 'end' | Position> {
    const orders = await this.orders.page(tenantId, partition, after, PAGE);
    const last = orders.at(-1);
    if (last === undefined) return 'end';
    if (!(await this.planner.reconsider(orders, claim))) return 'lost';
    return { connectionId: last.ref.connectionId, orderId: last.ref.orderId };
  }
}
