import {
  inUtc,
  inUtcOrNull,
  ledgerKey,
  type AttemptRecord,
  type DeliveryPlan,
  type DeliveryState,
  type KnownStatus,
  type LedgerEntry,
  type Sql,
  type TenantId,
} from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';
import { pageOf, type Page } from './reading-cursor.js';

/** A ledger that control reads: which destination kind it is of, and the schema that holds it. */
export interface LedgerSchema {
  readonly kind: string;
  readonly app: string;
}

export interface DeliveryFilter {
  readonly tenantId: TenantId;
  /** Destination connection. */
  readonly connection: string | null;
  readonly state: DeliveryState | null;
  /** Epoch ms, half-open, on the moment of the decision. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** What the vendor says of an effect since it took it, without who brings it. Times are RFC 3339, UTC. */
export interface TrackedStatus {
  readonly status: string;
  readonly name: string | null;
  readonly trackingId: string | null;
  /** Nothing more is asked. */
  readonly isFinal: boolean;
  /** When the newest of it was read. */
  readonly at: string;
  /** When the vendor made its record. */
  readonly recordedAt: string | null;
  readonly withdrawnAt: string | null;
  readonly history: { readonly at: string; readonly status: string; readonly name: string | null }[];
}

/** One effect as `GET …/deliveries` lists it. Times are RFC 3339, UTC. */
export interface DeliveryItem {
  /** The ledger key as base64url. */
  readonly id: string;
  /** Kind of the destination. */
  readonly destination: string;
  readonly connection: string;
  readonly source: string;
  readonly reference: string;
  readonly eventName: string;
  /** Id under which the vendor deduplicates; null when nothing was planned. */
  readonly eventId: string | null;
  readonly mode: string;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly attempts: readonly {
    readonly at: string;
    readonly code: string | null;
    readonly message: string | null;
    readonly requestId: string | null;
    readonly outcome: string;
  }[];
  readonly plannedAt: string;
  readonly settledAt: string | null;
  /** Null where the vendor has said nothing yet, or is not asked. */
  readonly status: TrackedStatus | null;
}

interface DeliveryRow {
  readonly kind: string;
  readonly ledger_key: string;
  readonly destination_connection_id: string;
  readonly source_connection_id: string;
  readonly reference: string;
  readonly event_name: string;
  readonly mode: string;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly plan: DeliveryPlan | null;
  readonly attempts: readonly AttemptRecord[];
  readonly planned_at: number;
  readonly settled_at: number | null;
  readonly status: KnownStatus | null;
}

const deliveryId = (key: string): string => Buffer.from(key).toString('base64url');
export const ledgerKeyOf = (id: string): string => Buffer.from(id, 'base64url').toString('utf8');

const attemptsInUtc = (attempts: readonly AttemptRecord[]): DeliveryItem['attempts'] =>
  attempts.map(({ at, code, message, requestId, outcome }) => ({ at: inUtc(at), code, message, requestId, outcome }));

export const statusInUtc = (known: KnownStatus | null): TrackedStatus | null =>
  known && {
    status: known.status,
    name: known.statusName,
    trackingId: known.trackingId,
    isFinal: known.isFinal,
    at: inUtc(known.at),
    recordedAt: inUtcOrNull(known.recordedAt),
    withdrawnAt: inUtcOrNull(known.withdrawnAt),
    history: known.history.map(({ at, status, statusName }) => ({ at: inUtc(at), status, name: statusName })),
  };

const toItem = (row: DeliveryRow): DeliveryItem => ({
  id: deliveryId(row.ledger_key),
  destination: row.kind,
  connection: row.destination_connection_id,
  source: row.source_connection_id,
  reference: row.reference,
  eventName: row.event_name,
  eventId: row.plan?.vendorEventId ?? null,
  mode: row.mode,
  state: row.state,
  reason: row.reason,
  attempts: attemptsInUtc(row.attempts),
  plannedAt: inUtc(row.planned_at),
  settledAt: inUtcOrNull(row.settled_at),
  status: statusInUtc(row.status),
});

/** A ledger entry as the list shows it. */
export const deliveryItemOf = (kind: string, entry: LedgerEntry): DeliveryItem => ({
  id: deliveryId(ledgerKey(entry.key)),
  destination: kind,
  connection: entry.key.destinationConnectionId,
  source: entry.key.sourceConnectionId,
  reference: entry.key.reference,
  eventName: entry.key.eventName,
  eventId: entry.plan?.vendorEventId ?? null,
  mode: entry.key.mode,
  state: entry.state,
  reason: entry.reason,
  attempts: attemptsInUtc(entry.attempts),
  plannedAt: inUtc(entry.plannedAt),
  settledAt: inUtcOrNull(entry.settledAt),
  status: statusInUtc(entry.status),
});

const COLUMNS =
  'ledger_key, destination_connection_id, source_connection_id, reference, event_name, mode, state, reason, plan, attempts, planned_at, settled_at, status';

/** The newest decisions first; of equal moments by key. Goes on after `after`. */
export async function listDeliveries(
  sql: Sql,
  ledgers: readonly LedgerSchema[],
  filter: DeliveryFilter,
  after: { readonly plannedAt: number; readonly key: string } | null,
  limit: number,
): Promise<Page<DeliveryItem>> {
  const { tenantId, connection, state, fromMs, toMs } = filter;
  const schemas = ledgers.map(({ app }) => plainIdentifier(app));
  const rows = await sql.query<DeliveryRow>(
    `deliveries-page-${schemas.join('-')}`,
    `select * from (${schemas.map((schema, index) => `select $${index + 9}::text as kind, tenant_id, ${COLUMNS} from ${schema}.ledger_entries`).join(' union all ')}) as all_of_them
      where tenant_id = $1
        and ($2::text is null or destination_connection_id = $2) and ($3::text is null or state = $3)
        and ($4::bigint is null or planned_at >= $4) and ($5::bigint is null or planned_at < $5)
        and ($6::bigint is null or (planned_at <= $6 and (planned_at < $6 or ledger_key > $7)))
      order by planned_at desc, ledger_key limit $8`,
    [
      tenantId,
      connection,
      state,
      fromMs,
      toMs,
      after?.plannedAt ?? null,
      after?.key ?? null,
      limit + 1,
      ...ledgers.map(({ kind }) => kind),
    ],
  );
  return pageOf(rows, limit, (row) => [row.planned_at, row.ledger_key], toItem);
}

/** Keys of everything that was decided about one order in one ledger, oldest first. */
export async function ledgerKeysOfOrder(
  sql: Sql,
  app: string,
  order: { readonly tenantId: string; readonly connectionId: string; readonly orderId: string },
): Promise<string[]> {
  const rows = await sql.query<{ ledger_key: string }>(
    `ledger-keys-of-order-${app}`,
    `select ledger_key from ${plainIdentifier(app)}.ledger_entries
      where tenant_id = $1 and source_connection_id = $2 and reference = $3 order by planned_at, ledger_key`,
    [order.tenantId, order.connectionId, order.orderId],
  );
  return rows.map((row) => row.ledger_key);
}
