import { inUtc, inUtcOrNull, type DeliveryState, type Sql, type TenantId } from '@tributary/domain';

/** What became of one visit at one destination. Times are RFC 3339, UTC. */
export interface VisitDelivery {
  /** Kind of the destination. */
  readonly destination: string;
  readonly connection: string;
  readonly source: string;
  readonly eventName: string;
  readonly mode: string;
  readonly state: DeliveryState;
  readonly reason: string | null;
  /** Attempts that count against the limit. */
  readonly attempts: number;
  readonly lastAttempt: {
    readonly at: string;
    readonly code: string | null;
    readonly message: string | null;
    readonly requestId: string | null;
  } | null;
  /** What the newest request said of the visitor. */
  readonly matchKeys: readonly string[];
  /** `granted`, `denied`, `none`: what it relied on; null when there was none. */
  readonly consent: string | null;
  /** Whose identifiers it added; null: nobody's. */
  readonly profileId: string | null;
  readonly visitedAt: string;
  readonly settledAt: string | null;
}

interface Row {
  readonly destination_connection_id: string;
  readonly source_connection_id: string;
  readonly event_name: string;
  readonly mode: string;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly attempt_count: number;
  readonly attempted_at: number | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly request_id: string | null;
  readonly match_keys: string;
  readonly consent: string | null;
  readonly profile_id: string | null;
  readonly event_time: number;
  readonly settled_at: number | null;
}

/** Of one visit, by its event id; empty when it was never part of a request. */
export async function findVisitDeliveries(sql: Sql, tenantId: TenantId, eventId: string): Promise<VisitDelivery[]> {
  const rows = await sql.query<Row>(
    'visit-deliveries-of-visit',
    `select destination_connection_id, source_connection_id, event_name, mode, state, reason, attempt_count, attempted_at, code, message,
            request_id, match_keys, consent, profile_id, event_time, settled_at
       from tiktok.visit_deliveries where tenant_id = $1 and reference = $2 order by destination_connection_id, source_connection_id, mode`,
    [tenantId, eventId],
  );
  return rows.map((row) => ({
    destination: 'tiktok',
    connection: row.destination_connection_id,
    source: row.source_connection_id,
    eventName: row.event_name,
    mode: row.mode,
    state: row.state,
    reason: row.reason,
    attempts: row.attempt_count,
    lastAttempt:
      row.attempted_at === null ? null : { at: inUtc(row.attempted_at), code: row.code, message: row.message, requestId: row.request_id },
    matchKeys: row.match_keys === '' ? [] : row.match_keys.split(','),
    consent: row.consent,
    profileId: row.profile_id,
    visitedAt: inUtc(row.event_time),
    settledAt: inUtcOrNull(row.settled_at),
  }));
}
