import {
  asConnectionId,
  asTenantId,
  ledgerKey,
  visitEntryOf,
  type DeliveryMode,
  type DeliveryState,
  type IdentityUsed,
  type LedgerEntry,
  type LedgerKeyParts,
  type VisitDeliveryEvent,
} from '@tributary/domain';
import { BulkRows, type Column } from '@tributary/postgres';

/** A visit's ledger entry as an event of the log made it, and the log's time of that. */
export interface LoggedVisit {
  readonly entry: LedgerEntry;
  readonly loggedAt: number;
  readonly partition: number;
}

const column = (name: string, type: string, of: (visit: LoggedVisit) => unknown): Column<LoggedVisit> => ({ name, type, of });
const lastAttempt = ({ entry }: LoggedVisit): LedgerEntry['attempts'][number] | undefined => entry.attempts.at(-1);

export const VISIT_KEYS = ['tenant_id', 'reference', 'destination_connection_id', 'source_connection_id', 'mode'] as const;

export const VISIT_ROWS = new BulkRows<LoggedVisit>([
  column('tenant_id', 'text', ({ entry }) => entry.key.tenantId),
  column('reference', 'text', ({ entry }) => entry.key.reference),
  column('destination_connection_id', 'text', ({ entry }) => entry.key.destinationConnectionId),
  column('source_connection_id', 'text', ({ entry }) => entry.key.sourceConnectionId),
  column('mode', 'text', ({ entry }) => entry.key.mode),
  column('event_name', 'text', ({ entry }) => entry.key.eventName),
  column('partition', 'int', ({ partition }) => partition),
  column('version', 'int', ({ entry }) => entry.version),
  column('state', 'text', ({ entry }) => entry.state),
  column('reason', 'text', ({ entry }) => entry.reason),
  column('event_time', 'bigint', ({ entry }) => entry.eventTime),
  column('settings_version', 'int', ({ entry }) => entry.settingsVersion),
  column('attempt_count', 'int', ({ entry }) => entry.attemptCount),
  column('attempted_at', 'bigint', (visit) => lastAttempt(visit)?.at ?? null),
  column('unknown_since', 'bigint', ({ entry }) => entry.unknownSince),
  column('due_at', 'bigint', ({ entry }) => entry.dueAt),
  column('code', 'text', (visit) => lastAttempt(visit)?.code ?? null),
  column('message', 'text', (visit) => lastAttempt(visit)?.message ?? null),
  column('request_id', 'text', (visit) => lastAttempt(visit)?.requestId ?? null),
  column('match_keys', 'text', (visit) => lastAttempt(visit)?.matchKeys.join(',') ?? ''),
  column('consent', 'text', (visit) => lastAttempt(visit)?.identity?.consent ?? null),
  column('consent_from', 'text', (visit) => lastAttempt(visit)?.identity?.consentFrom ?? null),
  column('visitor_version', 'bigint', (visit) => lastAttempt(visit)?.identity?.visitorVersion ?? null),
  column('profile_id', 'text', (visit) => lastAttempt(visit)?.identity?.profileId ?? null),
  column('profile_version', 'bigint', (visit) => lastAttempt(visit)?.identity?.profileVersion ?? null),
  column('logged_at', 'bigint', ({ loggedAt }) => loggedAt),
  column('settled_at', 'bigint', ({ entry }) => entry.settledAt),
]);

/** What an event says of its visits, as rows; `partition`: where the event is, or will be, in the log. */
export const loggedVisits = (event: VisitDeliveryEvent, partition: number): LoggedVisit[] =>
  event.visits.map((visit) => {
    const { loggedAt, ...entry } = visitEntryOf(event, visit);
    return { entry, loggedAt, partition };
  });

/** The greatest version of each visit, in the order of their keys. */
export function newestVisits(visits: readonly LoggedVisit[]): LoggedVisit[] {
  const newest = new Map<string, LoggedVisit>();
  for (const visit of visits) {
    const { tenantId, reference, destinationConnectionId, sourceConnectionId, mode } = visit.entry.key;
    const key = `${tenantId} ${reference} ${destinationConnectionId} ${sourceConnectionId} ${mode}`;
    if ((newest.get(key)?.entry.version ?? 0) < visit.entry.version) newest.set(key, visit);
  }
  return [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, visit]) => visit);
}

/** As the database gives it. */
export interface VisitDeliveryRow {
  readonly tenant_id: string;
  readonly reference: string;
  readonly destination_connection_id: string;
  readonly source_connection_id: string;
  readonly mode: DeliveryMode;
  readonly event_name: string;
  readonly version: number;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly event_time: number;
  readonly settings_version: number;
  readonly attempt_count: number;
  readonly attempted_at: number | null;
  readonly unknown_since: number | null;
  readonly due_at: number | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly request_id: string | null;
  /** Comma between them. */
  readonly match_keys: string;
  readonly consent: string | null;
  readonly consent_from: string | null;
  readonly visitor_version: number | null;
  readonly profile_id: string | null;
  readonly profile_version: number | null;
  readonly logged_at: number;
}

const identityOf = (row: VisitDeliveryRow): IdentityUsed | null =>
  row.consent === null
    ? null
    : {
        consent: row.consent,
        consentFrom: row.consent_from ?? '',
        visitorVersion: row.visitor_version,
        profileId: row.profile_id,
        profileVersion: row.profile_version,
        clickFrom: null,
      };

export function toVisitEntry(row: VisitDeliveryRow): LedgerEntry {
  const { loggedAt: _loggedAt, ...entry } = visitEntryOf(
    {
      type: 'VisitsSettled',
      eventId: '',
      tenantId: asTenantId(row.tenant_id),
      connectionId: asConnectionId(row.destination_connection_id),
      occurredAt: row.logged_at,
      receivedAt: row.logged_at,
      source: 'dispatcher',
      mode: row.mode,
      answer: row.code === null ? null : { code: row.code, message: row.message ?? '', requestId: row.request_id },
      visits: [],
    },
    {
      sourceConnectionId: asConnectionId(row.source_connection_id),
      reference: row.reference,
      eventName: row.event_name,
      eventTime: row.event_time,
      settingsVersion: row.settings_version,
      version: row.version,
      state: row.state,
      reason: row.reason,
      attemptCount: row.attempt_count,
      attemptedAt: row.attempted_at,
      unknownSince: row.unknown_since,
      dueAt: row.due_at,
      matchKeys: row.match_keys === '' ? [] : row.match_keys.split(','),
      identity: identityOf(row),
    },
  );
  return entry;
}

/** Keys as arrays for `unnest`, in the order of {@link VISIT_KEYS}. */
export const keyArrays = (keys: readonly LedgerKeyParts[]): string[][] => [
  keys.map((key) => key.tenantId),
  keys.map((key) => key.reference),
  keys.map((key) => key.destinationConnectionId),
  keys.map((key) => key.sourceConnectionId),
  keys.map((key) => key.mode),
];

/** Entries by their ledger key. */
export const byLedgerKey = (entries: readonly LedgerEntry[]): ReadonlyMap<string, LedgerEntry> =>
  new Map(entries.map((entry) => [ledgerKey(entry.key), entry]));
