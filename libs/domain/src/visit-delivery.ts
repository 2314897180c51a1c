import type { DeliveryMode, DeliveryState, IdentityUsed, LedgerKeyParts, VendorAnswer } from './delivery.events.js';
import type { AttemptRecord, LedgerEntry } from './delivery.ledger.js';
import type { Envelope } from './envelope.js';
import type { ConnectionId, TenantId } from './ids.js';

/** One visit as an event of a vendor request says what became of it. The greatest version of a ledger key is its state. */
export interface VisitOutcome {
  readonly sourceConnectionId: ConnectionId;
  /** The visit's event id. */
  readonly reference: string;
  readonly eventName: string;
  readonly eventTime: number;
  readonly settingsVersion: number;
  readonly version: number;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly attemptCount: number;
  /** Epoch ms of the newest attempt. */
  readonly attemptedAt: number | null;
  readonly unknownSince: number | null;
  readonly dueAt: number | null;
  /** What the newest request said of the person, sorted. */
  readonly matchKeys: readonly string[];
  /** What the newest request used; null: there was none, or it is from before that was kept. */
  readonly identity: IdentityUsed | null;
}

/** One vendor request with visits before it leaves, or what came of it; `connectionId` is the destination. */
export interface VisitDeliveryEvent extends Envelope {
  readonly type: 'VisitsAttempted' | 'VisitsSettled';
  readonly mode: DeliveryMode;
  /** Null before it was answered, and when nothing was asked. */
  readonly answer: VendorAnswer | null;
  readonly visits: readonly VisitOutcome[];
}

const SETTLED: ReadonlySet<DeliveryState> = new Set(['delivered', 'rejected', 'unconfirmed', 'expired', 'withdrawn', 'suppressed']);

const attemptOutcome = ({ state, reason }: Pick<VisitOutcome, 'state' | 'reason'>): AttemptRecord['outcome'] => {
  switch (state) {
    case 'attempted':
      return 'pending';
    case 'delivered':
    case 'rejected':
    case 'parked':
      return state;
    // Closed before another request: what nobody knows the outcome of is never closed so.
    case 'suppressed':
    case 'expired':
      return 'transient';
    case 'transient':
      return reason === 'throttled' || reason === 'sent-alone' ? reason : 'transient';
    default:
      return 'unknown';
  }
};

/** The ledger entry that an event of the log makes of one of its visits. Only its newest attempt is remembered. */
export function visitEntryOf(
  { tenantId, connectionId, occurredAt, mode, answer }: VisitDeliveryEvent,
  visit: VisitOutcome,
): LedgerEntry & { readonly loggedAt: number } {
  return {
    ...plannedVisit({
      tenantId,
      destinationConnectionId: connectionId,
      sourceConnectionId: visit.sourceConnectionId,
      reference: visit.reference,
      eventName: visit.eventName,
      mode,
      eventTime: visit.eventTime,
      settingsVersion: visit.settingsVersion,
      plannedAt: visit.eventTime,
    }),
    version: visit.version,
    state: visit.state,
    reason: visit.reason,
    attemptCount: visit.attemptCount,
    attempts:
      visit.attemptedAt === null
        ? []
        : [
            {
              at: visit.attemptedAt,
              code: answer?.code ?? null,
              message: answer?.message ?? null,
              requestId: answer?.requestId ?? null,
              identity: visit.identity,
              matchKeys: visit.matchKeys,
              outcome: attemptOutcome(visit),
            },
          ],
    unknownSince: visit.unknownSince,
    dueAt: visit.dueAt,
    settledAt: SETTLED.has(visit.state) ? occurredAt : null,
    loggedAt: occurredAt,
  };
}

/** What an entry says of itself in an event of the log; {@link visitEntryOf} reads it again. */
export const visitOutcomeOf = (entry: LedgerEntry): VisitOutcome => ({
  sourceConnectionId: entry.key.sourceConnectionId,
  reference: entry.key.reference,
  eventName: entry.key.eventName,
  eventTime: entry.eventTime,
  settingsVersion: entry.settingsVersion,
  version: entry.version,
  state: entry.state,
  reason: entry.reason,
  attemptCount: entry.attemptCount,
  attemptedAt: entry.attempts.at(-1)?.at ?? null,
  unknownSince: entry.unknownSince,
  dueAt: entry.dueAt,
  matchKeys: entry.attempts.at(-1)?.matchKeys ?? [],
  identity: entry.attempts.at(-1)?.identity ?? null,
});

/** A visit that is to be sent and was never part of a request: version 1, which only the queue has. */
export function plannedVisit(visit: {
  readonly tenantId: TenantId;
  readonly destinationConnectionId: ConnectionId;
  readonly sourceConnectionId: ConnectionId;
  readonly reference: string;
  readonly eventName: string;
  readonly mode: DeliveryMode;
  readonly eventTime: number;
  readonly settingsVersion: number;
  readonly plannedAt: number;
}): LedgerEntry {
  const { reference, eventTime, settingsVersion, plannedAt } = visit;
  const { tenantId, destinationConnectionId, sourceConnectionId, eventName, mode } = visit;
  const key: LedgerKeyParts = { tenantId, destinationConnectionId, sourceConnectionId, reference, eventName, revision: '0', mode };
  const plan = { vendorEventId: reference, eventTime, observationId: reference, settingsVersion, value: null, currency: null };
  return {
    key,
    version: 1,
    state: 'planned',
    reason: null,
    observationId: reference,
    settingsVersion,
    eventTime,
    plan: { ...plan, rate: null, rateDate: null, contentType: 'product', lines: [], matchKeys: [] },
    attemptCount: 0,
    attempts: [],
    sealedUnder: null,
    sealedRequest: null,
    dueAt: plannedAt,
    unknownSince: null,
    plannedAt,
    settledAt: null,
    status: null,
  };
}
