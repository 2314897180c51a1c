import {
  asConnectionId,
  asSubjectId,
  asTenantId,
  ledgerKey,
  type AttemptRecord,
  type DeliveryMode,
  type DeliveryPlan,
  type DeliveryState,
  type KnownStatus,
  type LedgerEntry,
} from '@tributary/domain';
import { BulkRows, type Column } from '@tributary/postgres';

const column = (name: string, type: string, of: (entry: LedgerEntry) => unknown): Column<LedgerEntry> => ({ name, type, of });

/** How an entry is written; JSON columns hold their keys in a fixed order, so that equal entries are equal bytes. */
export const LEDGER_ROWS = new BulkRows<LedgerEntry>([
  column('ledger_key', 'text', (entry) => ledgerKey(entry.key)),
  column('tenant_id', 'text', (entry) => entry.key.tenantId),
  column('destination_connection_id', 'text', (entry) => entry.key.destinationConnectionId),
  column('source_connection_id', 'text', (entry) => entry.key.sourceConnectionId),
  column('reference', 'text', (entry) => entry.key.reference),
  column('event_name', 'text', (entry) => entry.key.eventName),
  column('revision', 'text', (entry) => entry.key.revision),
  column('mode', 'text', (entry) => entry.key.mode),
  column('version', 'int', (entry) => entry.version),
  column('state', 'text', (entry) => entry.state),
  column('reason', 'text', (entry) => entry.reason),
  column('observation_id', 'text', (entry) => entry.observationId),
  column('settings_version', 'int', (entry) => entry.settingsVersion),
  column('event_time', 'bigint', (entry) => entry.eventTime),
  column('plan', 'jsonb', (entry) => (entry.plan === null ? null : JSON.stringify(entry.plan))),
  column('attempt_count', 'int', (entry) => entry.attemptCount),
  column('attempts', 'jsonb', (entry) => JSON.stringify(entry.attempts)),
  column('sealed_under', 'text', (entry) => entry.sealedUnder),
  column('sealed_request', 'bytea', (entry) => entry.sealedRequest),
  column('due_at', 'bigint', (entry) => entry.dueAt),
  column('unknown_since', 'bigint', (entry) => entry.unknownSince),
  column('planned_at', 'bigint', (entry) => entry.plannedAt),
  column('settled_at', 'bigint', (entry) => entry.settledAt),
  column('status', 'jsonb', (entry) => (entry.status === null ? null : JSON.stringify(entry.status))),
]);

/** An entry as the database gives it. */
export interface LedgerRow {
  readonly ledger_key: string;
  readonly tenant_id: string;
  readonly destination_connection_id: string;
  readonly source_connection_id: string;
  readonly reference: string;
  readonly event_name: string;
  readonly revision: string;
  readonly mode: DeliveryMode;
  readonly version: number;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly observation_id: string;
  readonly settings_version: number;
  readonly event_time: number;
  readonly plan: DeliveryPlan | null;
  readonly attempt_count: number;
  readonly attempts: readonly AttemptRecord[];
  readonly sealed_under: string | null;
  readonly sealed_request: Buffer | null;
  readonly due_at: number | null;
  readonly unknown_since: number | null;
  readonly planned_at: number;
  readonly settled_at: number | null;
  readonly status: KnownStatus | null;
}

export const toEntry = (row: LedgerRow): LedgerEntry => ({
  key: {
    tenantId: asTenantId(row.tenant_id),
    destinationConnectionId: asConnectionId(row.destination_connection_id),
    sourceConnectionId: asConnectionId(row.source_connection_id),
    reference: row.reference,
    eventName: row.event_name,
    revision: row.revision,
    mode: row.mode,
  },
  version: row.version,
  state: row.state,
  reason: row.reason,
  observationId: row.observation_id,
  settingsVersion: row.settings_version,
  eventTime: row.event_time,
  plan: row.plan,
  attemptCount: row.attempt_count,
  attempts: row.attempts,
  sealedUnder: row.sealed_under === null ? null : asSubjectId(row.sealed_under),
  sealedRequest: row.sealed_request,
  dueAt: row.due_at,
  unknownSince: row.unknown_since,
  plannedAt: row.planned_at,
  settledAt: row.settled_at,
  status: row.status,
});
