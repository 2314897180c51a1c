import { decodeOrderEvent, type SchemaBook } from '@tributary/codecs';
import {
  asConnectionId,
  asTenantId,
  type Claim,
  type DeliveryMode,
  type DeliveryPlan,
  type DeliveryState,
  type KnownEffect,
  type OrderKeyParts,
  type OrderObserved,
  type OrderState,
  type Sql,
} from '@tributary/domain';
import { BulkRows, casPrefix, casValues, plainIdentifier, type Column } from '@tributary/postgres';

/** A folded order and the framed bytes of the observation that carries it, as they stood in the log. */
export interface StoredOrder {
  readonly state: OrderState;
  readonly partition: number;
  readonly observation: Buffer | null;
}

/** An order, and what the ledger says was decided about it; null while the order itself is not folded. */
export interface DecidedOrder {
  readonly ref: OrderKeyParts;
  readonly order: StoredOrder | null;
  readonly effects: readonly KnownEffect[];
}

const column = (name: string, type: string, of: (order: StoredOrder) => unknown): Column<StoredOrder> => ({ name, type, of });

export const ORDER_ROWS = new BulkRows<StoredOrder>([
  column('tenant_id', 'text', ({ state }) => state.tenantId),
  column('connection_id', 'text', ({ state }) => state.connectionId),
  column('order_id', 'text', ({ state }) => state.orderId),
  column('partition', 'int', ({ partition }) => partition),
  column('as_of', 'bigint', ({ state }) => state.head?.asOf ?? null),
  column('modified_at', 'bigint', ({ state }) => state.head?.modifiedAt ?? null),
  column('observed_at', 'bigint', ({ state }) => state.head?.observedAt ?? null),
  column('content_hash', 'text', ({ state }) => state.head?.contentHash ?? null),
  column('is_vanished', 'boolean', ({ state }) => state.isVanished),
  column('deletion_reported_at', 'bigint', ({ state }) => state.deletionReportedAt),
  column('observation', 'bytea', ({ observation }) => observation),
]);

const ORDER_KEYS = ['tenant_id', 'connection_id', 'order_id'] as const;

/** CTE `folded`: upserts orders while CTE `cas` holds. */
export const foldedOrders = (app: string, firstParameter: number): string =>
  `folded as (
     insert into ${plainIdentifier(app)}.orders (${ORDER_ROWS.names})
     select n.* from ${ORDER_ROWS.unnest(firstParameter, 'n')} where exists (select 1 from cas)
     on conflict (${ORDER_KEYS.join(', ')}) do update set ${ORDER_ROWS.assignments('excluded', ORDER_KEYS)}
     returning 1)`;

interface OrderRow {
  readonly tenant_id: string;
  readonly connection_id: string;
  readonly order_id: string;
  readonly partition: number;
  readonly as_of: number | null;
  readonly modified_at: number | null;
  readonly observed_at: number | null;
  readonly content_hash: string | null;
  readonly is_vanished: boolean;
  readonly deletion_reported_at: number | null;
  readonly observation: Buffer | null;
}

interface EffectJson {
  readonly destination: string;
  readonly eventName: string;
  readonly revision: string;
  readonly mode: DeliveryMode;
  readonly state: DeliveryState;
  readonly plan: DeliveryPlan | null;
}

interface DecidedRow extends Omit<OrderRow, 'partition'> {
  readonly partition: number | null;
  readonly effects: readonly EffectJson[] | null;
}

/** The ledger's entries of each row's order, `effects`; needs columns tenant_id, connection_id, order_id of `k`. */
const effectsOf = (app: string): string => `
  left join lateral (
    select jsonb_agg(jsonb_build_object('destination', l.destination_connection_id, 'eventName', l.event_name, 'revision', l.revision,
                                        'mode', l.mode, 'state', l.state, 'plan', l.plan) order by l.ledger_key) as effects
      from ${app}.ledger_entries l
     where l.tenant_id = k.tenant_id and l.source_connection_id = k.connection_id and l.reference = k.order_id) e on true`;

const toEffect = (
  { tenantId, connectionId, orderId }: OrderKeyParts,
  { destination, eventName, revision, mode, state, plan }: EffectJson,
): KnownEffect => ({
  key: {
    tenantId,
    destinationConnectionId: asConnectionId(destination),
    sourceConnectionId: connectionId,
    reference: orderId,
    eventName,
    revision,
    mode,
  },
  state,
  plan,
});

function toStored(row: OrderRow, book: SchemaBook): StoredOrder {
  const event = row.observation === null ? null : decodeOrderEvent(book, row.observation);
  const { as_of: asOf, modified_at: modifiedAt, observed_at: observedAt, content_hash: contentHash } = row;
  const state: OrderState = {
    tenantId: asTenantId(row.tenant_id),
    connectionId: asConnectionId(row.connection_id),
    orderId: row.order_id,
    head:
      asOf === null || modifiedAt === null || observedAt === null || contentHash === null
        ? null
        : { asOf, modifiedAt, observedAt, contentHash },
    isVanished: row.is_vanished,
    observed: event as OrderObserved | null,
    deletionReportedAt: row.deletion_reported_at,
  };
  return { state, partition: row.partition, observation: row.observation };
}

export interface OrderRef {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly orderId: string;
}

/** Reads an app's fold of the order topic. */
export class OrdersStore {
  constructor(
    private readonly sql: Sql,
    private readonly app: string,
    private readonly book: SchemaBook,
    /** Makes the schema ids of stored observations known before they are read. */
    private readonly learn: (observation: Buffer) => Promise<void>,
  ) {
    plainIdentifier(app);
  }

  /** Absent orders are absent. */
  async find(refs: readonly OrderRef[]): Promise<StoredOrder[]> {
    const rows = await this.sql.query<OrderRow>(
      `orders-find-${this.app}`,
      `select ${ORDER_ROWS.names} from ${this.app}.orders
         join (select distinct * from unnest($1::text[], $2::text[], $3::text[]) as k(tenant_id, connection_id, order_id)) k
        using (tenant_id, connection_id, order_id)`,
      [refs.map(({ tenantId }) => tenantId), refs.map(({ connectionId }) => connectionId), refs.map(({ orderId }) => orderId)],
    );
    return this.toStoredAll(rows);
  }

  /** Each order with what was decided about it, in one read; an order that is not folded yet may still have been decided on (a fold made anew). */
  async findDecided(refs: readonly OrderRef[]): Promise<DecidedOrder[]> {
    const rows = await this.sql.query<DecidedRow>(
      `orders-decided-${this.app}`,
      `select ${ORDER_ROWS.names}, e.effects
         from (select distinct * from unnest($1::text[], $2::text[], $3::text[]) as k(tenant_id, connection_id, order_id)) k
         left join ${this.app}.orders using (tenant_id, connection_id, order_id) ${effectsOf(this.app)}`,
      [refs.map(({ tenantId }) => tenantId), refs.map(({ connectionId }) => connectionId), refs.map(({ orderId }) => orderId)],
    );
    return this.toDecidedAll(rows);
  }

  /** One tenant's orders of one partition, by key from after `after` on, with what was decided about each. */
  async page(
    tenantId: string,
    partition: number,
    after: { readonly connectionId: string; readonly orderId: string },
    limit: number,
  ): Promise<DecidedOrder[]> {
    const rows = await this.sql.query<DecidedRow>(
      `orders-page-${this.app}`,
      `select ${ORDER_ROWS.names}, e.effects
         from (select * from ${this.app}.orders
                where tenant_id = $1 and partition = $2 and (connection_id, order_id) > ($3, $4)
                order by connection_id, order_id limit $5) k ${effectsOf(this.app)}
        order by connection_id, order_id`,
      [tenantId, partition, after.connectionId, after.orderId, limit],
    );
    return this.toDecidedAll(rows);
  }

  /** Saves folded orders and moves the offset; false when the partition is no longer ours. */
  async applyFolded(orders: readonly StoredOrder[], claim: Claim): Promise<boolean> {
    const [row] = await this.sql.query<{ owned: number }>(
      `orders-fold-${this.app}`,
      `${casPrefix(this.app)}, ${foldedOrders(this.app, 6)} select count(*)::int as owned from cas`,
      [...casValues(claim.key, claim.expected, claim.next), ...ORDER_ROWS.values(orders)],
    );
    return row?.owned === 1;
  }

  private async toDecidedAll(rows: readonly DecidedRow[]): Promise<DecidedOrder[]> {
    for (const row of rows) if (row.observation !== null) await this.learn(row.observation);
    return rows.map((row) => {
      const { partition } = row;
      const ref = { tenantId: asTenantId(row.tenant_id), connectionId: asConnectionId(row.connection_id), orderId: row.order_id };
      return {
        ref,
        order: partition === null ? null : toStored({ ...row, partition }, this.book),
        effects: (row.effects ?? []).map((effect) => toEffect(ref, effect)),
      };
    });
  }

  private async toStoredAll(rows: readonly OrderRow[]): Promise<StoredOrder[]> {
    for (const row of rows) if (row.observation !== null) await this.learn(row.observation);
    return rows.map((row) => toStored(row, this.book));
  }
}
