import type {
  DeliveryAttempted,
  DeliveryEvent,
  DeliveryEventBase,
  DeliveryMode,
  DeliveryPlan,
  SealedNames,
  VendorAnswer,
} from './delivery.events.js';
import type { StatusNews } from './delivery-status.js';
import type { DestinationDeclaration, HoldBack, PlanDecision } from './destination.js';
import { absencesOf, evolveLedger, requestsOf, type LedgerEntry } from './delivery.ledger.js';
import { assertNever, type ConnectionId, type TenantId } from './ids.js';
import type { DeliveryOutcome } from './outcome.js';
import type { ReasonCode } from './reasons.js';

/** What the shell brings to every decision: the moment (epoch ms), a fresh event id and a random number in [0, 1). */
export interface Moment {
  readonly nowMs: number;
  readonly newEventId: () => string;
  readonly random: number;
}

/** Why a plan may no longer be sent; null while it may. */
export type ExpiryOf = (plan: DeliveryPlan, mode: DeliveryMode) => ReasonCode | null;

/** An event and the entry it leads to. */
export interface LedgerChange {
  readonly event: DeliveryEvent;
  readonly entry: LedgerEntry;
}

export type NextStep =
  | { readonly kind: 'attempt' }
  /** No longer to be sent: record this. */
  | { readonly kind: 'close'; readonly change: LedgerChange }
  /** Nothing to do with it (any more). */
  | { readonly kind: 'none' };

/** No person overrules these. */
const FINAL_REASONS: ReadonlySet<string> = new Set<ReasonCode>(['consent-denied', 'consent-missing', 'browser-counted']);
const RETRY_FIRST_MS = 2_000;
const RETRY_MAX_MS = 10 * 60_000;

/** Exponential, with full jitter above a half: 1–2 s, 2–4 s, … 5–10 min. */
export const retryDelayMs = (attemptCount: number, random: number): number => {
  const ceiling = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.max(0, Math.min(20, attemptCount - 1)));
  return Math.round(ceiling * (0.5 + random / 2));
};

const baseOf = (entry: LedgerEntry, source: string, moment: Moment): DeliveryEventBase => ({
  eventId: moment.newEventId(),
  tenantId: entry.key.tenantId,
  connectionId: entry.key.destinationConnectionId,
  occurredAt: moment.nowMs,
  receivedAt: moment.nowMs,
  source,
  key: entry.key,
  version: entry.version + 1,
});

/** Applies an event that was just decided; it always fits, because it carries the next version. */
function change(entry: LedgerEntry | undefined, event: DeliveryEvent): LedgerChange {
  const after = evolveLedger(entry, event);
  if (after === undefined) throw new Error(`${event.type} cannot begin a ledger entry`);
  return { event, entry: after };
}

/** A destination's decision as the first event of its key. */
export function planDelivery(
  decision: PlanDecision,
  ids: { readonly tenantId: TenantId; readonly destinationConnectionId: ConnectionId; readonly sourceConnectionId: ConnectionId },
  origin: { readonly observationId: string; readonly settingsVersion: number },
  moment: Moment,
): LedgerChange {
  const { reference, eventName, revision, mode } = decision;
  const base: DeliveryEventBase = {
    eventId: moment.newEventId(),
    tenantId: ids.tenantId,
    connectionId: ids.destinationConnectionId,
    occurredAt: moment.nowMs,
    receivedAt: moment.nowMs,
    source: 'planner',
    key: { ...ids, reference, eventName, revision, mode },
    version: 1,
  };
  if (decision.kind === 'plan') return change(undefined, { ...base, type: 'Planned', plan: decision.plan });
  return change(undefined, { ...base, type: 'Suppressed', reason: decision.reason, eventTime: decision.eventTime, ...origin });
}

const isRepeatUnsafe = (entry: LedgerEntry, declaration: DestinationDeclaration, unknownSince: number | null, nowMs: number): boolean =>
  unknownSince !== null &&
  declaration.absencesBeforeRepeat === undefined &&
  (declaration.repeatWindowMs === null || nowMs >= unknownSince + declaration.repeatWindowMs);

/** How long a request may still be on its way, in its own time-outs, before a look-up means anything. */
const TIMEOUTS_BEFORE_LOOK_UP = 2;

/** For how long an attempt is its maker's own: whatever it wrote has arrived or never will. */
export const attemptSettlesWithinMs = ({ absencesBeforeRepeat, requestTimeoutMs }: DestinationDeclaration): number =>
  absencesBeforeRepeat === undefined ? 0 : TIMEOUTS_BEFORE_LOOK_UP * requestTimeoutMs;

const lookUpFrom = (entry: LedgerEntry, declaration: DestinationDeclaration, nowMs: number): number =>
  (requestsOf(entry).at(-1)?.at ?? nowMs) + attemptSettlesWithinMs(declaration);

/** Whether the vendor must be asked for it before anything of it is sent: a request of it may have been taken. */
export const mustBeLookedUp = (entry: LedgerEntry, { absencesBeforeRepeat }: DestinationDeclaration): boolean =>
  absencesBeforeRepeat !== undefined && (absencesOf(entry) ?? absencesBeforeRepeat) < absencesBeforeRepeat;

/** The vendor has an effect whose outcome nobody knew. */
export const foundDelivery = (entry: LedgerEntry, answer: VendorAnswer, moment: Moment): LedgerChange =>
  change(entry, { ...baseOf(entry, 'dispatcher', moment), type: 'Delivered', answer });

/** The vendor does not have it: asked again after one more time-out, or sent once more when that was often enough. */
export function absentDelivery(
  entry: LedgerEntry,
  answer: VendorAnswer,
  declaration: DestinationDeclaration,
  moment: Moment,
): LedgerChange {
  const isLast = (absencesOf(entry) ?? 0) + 1 >= (declaration.absencesBeforeRepeat ?? 0);
  const dueAt = moment.nowMs + (isLast ? 0 : declaration.requestTimeoutMs);
  return change(entry, { ...baseOf(entry, 'dispatcher', moment), type: 'Requeued', to: 'unknown', reason: 'not-found', dueAt, answer });
}

/** A request for it left, or was about to, and nobody knows what became of it. */
export const isPerhapsTaken = (entry: LedgerEntry): boolean => entry.unknownSince !== null || entry.attempts.at(-1)?.outcome === 'pending';

/**
 * What the order as it is now has against an effect that was planned. With `mayBeTaken` it is given up instead: of what the vendor may
 * have, nobody says that it was not sent.
 */
export function holdDelivery(entry: LedgerEntry, { kind, reason }: HoldBack, mayBeTaken: boolean, moment: Moment): LedgerChange {
  const base = baseOf(entry, 'dispatcher', moment);
  if (mayBeTaken) return change(entry, { ...base, type: 'Unconfirmed', reason });
  if (kind === 'withdraw') return change(entry, { ...base, type: 'Withdrawn', reason });
  const { observationId, settingsVersion, eventTime } = entry;
  return change(entry, { ...base, type: 'Suppressed', reason, observationId, settingsVersion, eventTime });
}

/** An effect that was suppressed and is planned after all, because the order was put right. */
export const replanDelivery = (entry: LedgerEntry, plan: DeliveryPlan, moment: Moment): LedgerChange =>
  change(entry, { ...baseOf(entry, 'planner', moment), type: 'Planned', plan });

/** What to do with an entry whose turn has come. An entry that was attempted and has no outcome counts as unknown. */
export function nextStep(entry: LedgerEntry, declaration: DestinationDeclaration, expiryOf: ExpiryOf, moment: Moment): NextStep {
  const { plan } = entry;
  if (plan === null || entry.settledAt !== null || entry.state === 'parked') return { kind: 'none' };
  const isOpen = entry.attempts.at(-1)?.outcome === 'pending';
  const unknownSince = entry.unknownSince ?? (isOpen ? (entry.attempts.at(-1)?.at ?? null) : null);
  const base = baseOf(entry, 'dispatcher', moment);
  if (isRepeatUnsafe(entry, declaration, unknownSince, moment.nowMs)) {
    return { kind: 'close', change: change(entry, { ...base, type: 'Unconfirmed', reason: 'window-over' }) };
  }
  const expiry = unknownSince === null ? expiryOf(plan, entry.key.mode) : null;
  if (expiry !== null) return { kind: 'close', change: change(entry, { ...base, type: 'Expired', reason: expiry }) };
  return { kind: 'attempt' };
}

/** The intent of one request, to be made durable before the request leaves. */
export function attemptDelivery(
  entry: LedgerEntry,
  intent: Pick<DeliveryAttempted, 'dueAt' | 'settingsVersion' | 'matchKeys' | 'sealedUnder' | 'sealedRequest' | 'identity'>,
  moment: Moment,
): LedgerChange {
  return change(entry, { ...baseOf(entry, 'dispatcher', moment), type: 'Attempted', attempt: requestsOf(entry).length + 1, ...intent });
}

/** What the vendor's reply makes of an attempted entry. */
export function settleDelivery(
  entry: LedgerEntry,
  outcome: DeliveryOutcome,
  declaration: DestinationDeclaration,
  moment: Moment,
): LedgerChange {
  const base = baseOf(entry, 'dispatcher', moment);
  const { answer } = outcome;
  const retryAt = moment.nowMs + retryDelayMs(entry.attemptCount, moment.random);
  const dueAt = outcome.kind === 'unknown' ? Math.max(retryAt, lookUpFrom(entry, declaration, moment.nowMs)) : retryAt;
  switch (outcome.kind) {
    case 'delivered':
      return change(entry, { ...base, type: 'Delivered', answer });
    case 'rejected':
      return change(entry, { ...base, type: 'Rejected', reason: outcome.reason, answer });
    case 'bug':
      return change(entry, { ...base, type: 'Rejected', reason: 'our-bug', answer });
    case 'misconfigured':
      return change(entry, { ...base, type: 'Parked', reason: 'vendor-refused-credential', answer });
    case 'isolate':
    case 'resend-alone':
      return change(entry, { ...base, type: 'Requeued', to: 'transient', reason: 'sent-alone', dueAt: moment.nowMs, answer });
    case 'unknown':
      return change(entry, { ...base, type: 'Requeued', to: 'unknown', reason: 'outcome-unknown', dueAt, answer });
    case 'transient':
      if (!outcome.isThrottled && entry.attemptCount >= declaration.maxAttempts) {
        return change(entry, { ...base, type: 'Rejected', reason: 'retries-exhausted', answer });
      }
      return change(entry, {
        ...base,
        type: 'Requeued',
        to: 'transient',
        reason: outcome.isThrottled ? 'throttled' : 'vendor-unavailable',
        dueAt: Math.max(dueAt, moment.nowMs + (outcome.retryAfterMs ?? 0)),
        answer,
      });
    default:
      return assertNever(outcome);
  }
}

/** What is new of an effect that the vendor took. */
export const observeStatus = (entry: LedgerEntry, { seen }: StatusNews, names: SealedNames | null, moment: Moment): LedgerChange => {
  const { status, statusName, isFinal, trackingId, recordedAt, withdrawnAt } = seen;
  const said = { status, statusName, isFinal, trackingId, recordedAt, withdrawnAt, names };
  return change(entry, { ...baseOf(entry, 'status-reader', moment), type: 'StatusObserved', ...said });
};

/** A parked entry whose credential works again: planned, or expired when it is too old by now. */
export function resumeDelivery(entry: LedgerEntry, expiryOf: ExpiryOf, moment: Moment): LedgerChange | undefined {
  if (entry.state !== 'parked' || entry.plan === null) return undefined;
  const base = { ...baseOf(entry, 'operator', moment) };
  const expiry = expiryOf(entry.plan, entry.key.mode);
  if (expiry !== null) return change(entry, { ...base, type: 'Expired', reason: expiry });
  return change(entry, { ...base, type: 'Requeued', to: 'planned', reason: 'resumed', dueAt: moment.nowMs, answer: null });
}

/** A person asks for another try; refused where it could send twice without their word, or where there is nothing to send. */
export function retryDelivery(
  entry: LedgerEntry,
  request: { readonly acceptDuplicate: boolean; readonly operator: string },
  moment: Moment,
):
  | { readonly kind: 'changed'; readonly change: LedgerChange }
  | { readonly kind: 'refused'; readonly because: 'may-duplicate' | 'nothing-to-send' | 'already-delivered' | 'under-way' } {
  if (entry.plan === null || (entry.state === 'suppressed' && FINAL_REASONS.has(entry.reason ?? '')))
    return { kind: 'refused', because: 'nothing-to-send' };
  if (entry.state === 'delivered') return { kind: 'refused', because: 'already-delivered' };
  if (entry.settledAt === null && entry.state !== 'parked') return { kind: 'refused', because: 'under-way' };
  if (entry.unknownSince !== null && !request.acceptDuplicate) return { kind: 'refused', because: 'may-duplicate' };
  const base = baseOf(entry, 'operator', moment);
  return { kind: 'changed', change: change(entry, { ...base, type: 'ResolvedByOperator', resolution: 'retry', ...request }) };
}
