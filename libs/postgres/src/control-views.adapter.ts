import type { Sql } from '@tributary/domain';
import { plainIdentifier } from './offsets.adapter.js';

/** The newest head of an order, as schema `orders` has it. */
export interface OrderHeadRow {
  readonly status: string;
  readonly total: string | null;
  readonly currency: string | null;
  readonly asOf: number | null;
  readonly modifiedAt: number | null;
  readonly observedAt: number | null;
  readonly contentHash: string | null;
  readonly isVanished: boolean;
  readonly deletionReportedAt: number | null;
}

export interface RejectionRow {
  readonly eventId: string;
  readonly connection: string;
  readonly receivedAt: number;
  readonly reference: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly topic: string;
  readonly sizeBytes: number;
}

export interface DeliveryFilter {
  readonly tenantId: string;
  readonly destinationConnectionId: string | null;
  readonly state: string | null;
  /** Epoch ms, on `planned_at`: from, and before. */
  readonly from: number | null;
  readonly until: number | null;
  readonly after: { readonly plannedAt: number; readonly ledgerKey: string } | null;
  readonly limit: number;
}

export interface OperatorCommand {
  readonly kind: 'retry' | 'resume';
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What control reads of the other apps' tables, and the one table of theirs that it writes: their commands. */
export class ControlViews {
  constructor(private readonly sql: Sql) {}

  async orderHead(tenantId: string, connectionId: string, orderId: string): Promise<OrderHeadRow | undefined> {
    const [row] = await this.sql.query<OrderHeadRow>(
      'view-order-head',
      `select status, total, currency, as_of as "asOf", modified_at as "modifiedAt", observed_at as "observedAt", content_hash as "contentHash",
              is_vanished as "isVanished", deletion_reported_at as "deletionReportedAt"
         from orders.heads where tenant_id = $1 and connection_id = $2 and order_id = $3`,
      [tenantId, connectionId, orderId],
    );
    return row;
  }

  /** Newest first. */
  rejections(tenantId: string, after: { readonly receivedAt: number; readonly eventId: string } | null, limit: number): Promise<RejectionRow[]> {
    return this.sql.query<RejectionRow>(
      'view-rejections',
      `select event_id as "eventId", connection_id as connection, received_at as "receivedAt", reference, reason, detail, topic, size_bytes as "sizeBytes"
         from orders.rejections
        where tenant_id = $1 and ($2::bigint is null or (received_at, event_id) < ($2, $3))
        order by received_at desc, event_id desc limit $4`,
      [tenantId, after?.receivedAt ?? null, after?.eventId ?? null, limit],
    );
  }

  /** Ledger rows of an app (`Row` names all columns), newest first. */
  deliveries<Row extends object>(app: string, filter: DeliveryFilter): Promise<Row[]> {
    return this.sql.query<Row>(
      `view-deliveries-${app}`,
      `select * from ${plainIdentifier(app)}.ledger_entries
        where tenant_id = $1 and ($2::text is null or destination_connection_id = $2) and ($3::text is null or state = $3)
          and ($4::bigint is null or planned_at >= $4) and ($5::bigint is null or planned_at < $5)
          and ($6::bigint is null or planned_at < $6 or (planned_at = $6 and ledger_key > $7))
        order by planned_at desc, ledger_key limit $8`,
      [
        filter.tenantId,
        filter.destinationConnectionId,
        filter.state,
        filter.from,
        filter.until,
        filter.after?.plannedAt ?? null,
        filter.after?.ledgerKey ?? null,
        filter.limit,
      ],
    );
  }

  /** An order's ledger rows in an app. */
  deliveriesOf<Row extends object>(app: string, tenantId: string, sourceConnectionId: string, reference: string): Promise<Row[]> {
    return this.sql.query<Row>(
      `view-deliveries-of-${app}`,
      `select * from ${plainIdentifier(app)}.ledger_entries where tenant_id = $1 and source_connection_id = $2 and reference = $3
        order by planned_at, ledger_key`,
      [tenantId, sourceConnectionId, reference],
    );
  }

  async delivery<Row extends object>(app: string, ledgerKey: string): Promise<Row | undefined> {
    const [row] = await this.sql.query<Row>(`view-delivery-${app}`, `select * from ${plainIdentifier(app)}.ledger_entries where ledger_key = $1`, [ledgerKey]);
    return row;
  }

  /** Asks an app to do something; answers the command's id. */
  async command(app: string, tenantId: string, { kind, payload }: OperatorCommand): Promise<number> {
    const [row] = await this.sql.query<{ id: number }>(
      `command-add-${app}`,
      `insert into ${plainIdentifier(app)}_ops.commands (tenant_id, kind, payload) values ($1, $2, $3::jsonb) returning id`,
      [tenantId, kind, JSON.stringify(payload)],
    );
    return row?.id ?? 0;
  }

  /** What became of a command; null while it waits. */
  async commandResult<Result extends object>(app: string, id: number): Promise<Result | null> {
    const [row] = await this.sql.query<{ result: Result | null }>(
      `command-result-${app}`,
      `select result from ${plainIdentifier(app)}_ops.commands where id = $1 and applied_at is not null`,
      [id],
    );
    return row?.result ?? null;
  }
}
