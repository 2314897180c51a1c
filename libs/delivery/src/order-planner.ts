import {
  evolveOrder,
  ledgerKey,
  orderKey,
  planDelivery,
  type Claim,
  type Destination,
  type KnownEffect,
  type LedgerChange,
  type LedgerEntry,
  type Moment,
  type OrderEvent,
  type OrderObserved,
  type Positioned,
  type Sql,
  type SubjectId,
} from '@tributary/domain';
import { casPrefix, casValues, plainIdentifier } from '@tributary/postgres';
import { failpoint } from '@tributary/telemetry';
import type { ConnectionDirectory, WithSources } from './connection-directory.js';
import type { LedgerStore } from './ledger.store.js';
import { foldedOrders, ORDER_ROWS, type DecidedOrder, type OrdersStore, type StoredOrder } from './orders.store.js';
import type { OutboxRow } from './outbox/outbox.store.js';

/** What was planned, and the visitor that its order names. */
export interface PlannedEntry {
  readonly entry: LedgerEntry;
  readonly visitor: SubjectId | null;
}

export interface OrderPlannerOptions {
  readonly app: string;
  readonly owner: string;
  /** How long planned effects are this process's own before anybody may claim them. */
  readonly leaseMs: number;
}

/** Folds a batch of order events over what the table has; answers the orders that changed. */
export function foldOrders(known: readonly StoredOrder[], events: readonly Positioned<OrderEvent>[], partition: number): StoredOrder[] {
  const orders = new Map(known.map((order) => [orderKey(order.state), order]));
  const changed = new Set<string>();
  const bytes = new Map<OrderObserved, Buffer>();
  for (const { event, record } of events) {
    if (event.type === 'OrderObserved' && record.value !== null) bytes.set(event, record.value);
    const key = orderKey(event);
    const before = orders.get(key);
    const state = evolveOrder(before?.state, event);
    if (state === before?.state) continue;
    const observation = (state.observed === null ? undefined : bytes.get(state.observed)) ?? before?.observation ?? null;
    orders.set(key, { state, partition, observation });
    changed.add(key);
  }
  return [...changed]
    .toSorted()
    .map((key) => orders.get(key))
    .filter((order) => order !== undefined);
}

/** Consumes orders for one destination kind: folds them, decides, and saves state, decisions and offset in one statement. */
export class OrderPlanner<Settings extends WithSources, Secrets> {
  private readonly app: string;

  constructor(
    private readonly sql: Sql,
    private readonly orders: OrdersStore,
    private readonly ledger: LedgerStore,
    private readonly directory: ConnectionDirectory<Settings>,
    private readonly destination: Destination<Settings, Secrets>,
    private readonly moment: () => Moment,
    private readonly options: OrderPlannerOptions,
    /** What was really planned: its events go to the topic, its entries (leased to us) to the dispatcher. */
    private readonly onPlanned: (rows: readonly OutboxRow[], entries: readonly PlannedEntry[]) => void,
  ) {
    this.app = plainIdentifier(options.app);
  }

  /** Applies one batch of order events; false when the partition is no longer ours. */
  async apply(events: readonly Positioned<OrderEvent>[], claim: Claim): Promise<boolean> {
    await this.directory.refresh();
    const known = await this.orders.findDecided(events.map(({ event }) => event));
    const folded = known.map(({ order }) => order).filter((order) => order !== null);
    return this.save(foldOrders(folded, events, claim.key.partition), known, claim);
  }

  /** Decides once more on orders as they are (settings changed); their state and the offset stay. */
  reconsider(known: readonly DecidedOrder[], claim: Claim): Promise<boolean> {
    const orders = known.map(({ order }) => order).filter((order) => order !== null);
    return this.save(orders, known, claim);
  }

  private async save(orders: readonly StoredOrder[], known: readonly DecidedOrder[], claim: Claim): Promise<boolean> {
    const effects = new Map(known.map((decided) => [orderKey(decided.ref), decided.effects]));
    const visitors = new Map(orders.map(({ state }) => [orderKey(state), state.observed?.subjects.visitor ?? null]));
    const changes = orders.flatMap((order) => this.decide(order, effects.get(orderKey(order.state)) ?? []));
    const firstPlanned = 6 + ORDER_ROWS.width;
    const planning = this.ledger.planning(changes, this.options.owner, this.options.leaseMs, firstPlanned);
    const [result] = await this.sql.query<{ owned: number; ids: number[] | null; keys: string[] | null }>(
      `orders-plan-${this.app}`,
      `${casPrefix(this.app)}, ${foldedOrders(this.app, 6)}, ${planning.sql}
       select (select count(*)::int from cas) as owned,
              (select array_agg(id order by id) from published) as ids,
              (select array_agg(ledger_key order by id) from published) as keys`,
      [...casValues(claim.key, claim.expected, claim.next), ...ORDER_ROWS.values(orders), ...planning.values],
    );
    failpoint('plan.after-statement');
    if (result?.owned !== 1) return false;
    this.handOver(changes, result.ids ?? [], result.keys ?? [], planning.framed, visitors);
    return true;
  }

  private handOver(
    changes: readonly LedgerChange[],
    ids: readonly number[],
    keys: readonly string[],
    framed: ReadonlyMap<string, Buffer>,
    visitors: ReadonlyMap<string, SubjectId | null>,
  ): void {
    if (ids.length === 0) return;
    const rows = ids.map((id, index): OutboxRow => {
      const key = keys[index] ?? '';
      return { id, ledgerKey: key, effects: [key], value: framed.get(key) ?? Buffer.alloc(0) };
    });
    const inserted = new Set(keys);
    const entries = changes.map(({ entry }) => entry).filter((entry) => entry.plan !== null && inserted.has(ledgerKey(entry.key)));
    const visitorOf = ({ key }: LedgerEntry): SubjectId | null =>
      visitors.get(orderKey({ tenantId: key.tenantId, connectionId: key.sourceConnectionId, orderId: key.reference })) ?? null;
    this.onPlanned(
      rows,
      entries.map((entry) => ({ entry, visitor: visitorOf(entry) })),
    );
  }

  private decide({ state }: StoredOrder, effects: readonly KnownEffect[]): LedgerChange[] {
    const { tenantId, connectionId, observed } = state;
    const tenant = this.directory.tenant(tenantId);
    const source = this.directory.source(tenantId, connectionId);
    if (observed === null || tenant === undefined || source === undefined) return [];
    return this.directory.taking(tenantId, connectionId).flatMap((destination) => {
      const moment = this.moment();
      const ids = { tenantId, destinationConnectionId: destination.connectionId, sourceConnectionId: connectionId };
      const origin = { observationId: observed.eventId, settingsVersion: destination.version };
      const known = effects.filter(({ key }) => key.destinationConnectionId === destination.connectionId);
      return this.destination
        .plan(state, tenant, source, destination, moment.nowMs, known)
        .map((decision) => planDelivery(decision, ids, origin, moment));
    });
  }
}
