import type {
  DeliveryAttempted,
  DeliveryEvent,
  DeliveryPlan,
  DeliveryState,
  IdentityUsed,
  LedgerKeyParts,
  VendorAnswer,
} from './delivery.events.js';
import { assertNever, type SubjectId } from './ids.js';

/** One request that carried this effect, or one look-up of it at the vendor (`absent`, or `delivered` after an unknown one), as people read it. */
export interface AttemptRecord {
  /** Epoch ms. */
  readonly at: number;
  readonly code: string | null;
  readonly message: string | null;
  readonly requestId: string | null;
  /** Which identity, consent and click it used; null where none was. */
  readonly identity: IdentityUsed | null;
  /** What its request said of the person (`email`, `ttclid`, …), sorted. */
  readonly matchKeys: readonly string[];
  /** `pending` until something is known. */
  readonly outcome: 'pending' | 'delivered' | 'rejected' | 'parked' | 'transient' | 'throttled' | 'sent-alone' | 'unknown' | 'absent';
}

/** What the vendor says of an effect since it took it. */
export interface KnownStatus {
  readonly status: string;
  readonly statusName: string | null;
  readonly isFinal: boolean;
  readonly trackingId: string | null;
  /** Epoch ms; null where the vendor did not say. */
  readonly recordedAt: number | null;
  readonly withdrawnAt: number | null;
  /** When the newest of it was read. */
  readonly at: number;
  /** The newest sealed names, with the event that they were sealed for. */
  readonly names: { readonly eventId: string; readonly sealedUnder: SubjectId; /** Base64. */ readonly sealed: string } | null;
  /** Each status when it was first read, oldest first: the newest {@link MAX_STATUSES_KEPT}. */
  readonly history: readonly { readonly at: number; readonly status: string; readonly statusName: string | null }[];
}

/** One effect: a fold of the delivery events of its key. */
export interface LedgerEntry {
  readonly key: LedgerKeyParts;
  readonly version: number;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly observationId: string;
  readonly settingsVersion: number;
  readonly eventTime: number;
  /** Null when it was suppressed. */
  readonly plan: DeliveryPlan | null;
  /** Attempts that count against the limit: throttled ones and ones sent alone to find a fault do not. */
  readonly attemptCount: number;
  /** The newest {@link MAX_ATTEMPTS_KEPT}. */
  readonly attempts: readonly AttemptRecord[];
  readonly sealedUnder: SubjectId | null;
  readonly sealedRequest: Buffer | null;
  /** When a waiting entry may go on. */
  readonly dueAt: number | null;
  /** First attempt whose outcome nobody knows; from it the vendor's window counts. */
  readonly unknownSince: number | null;
  readonly plannedAt: number;
  readonly settledAt: number | null;
  /** Null until the vendor was asked, and for vendors that are not. */
  readonly status: KnownStatus | null;
}

/** What a decision may know of an effect that was decided before. */
export type KnownEffect = Pick<LedgerEntry, 'key' | 'state' | 'plan'>;

const MAX_ATTEMPTS_KEPT = 40;
const MAX_STATUSES_KEPT = 40;

const closeLast = (entry: LedgerEntry, outcome: AttemptRecord['outcome'], answer: VendorAnswer | null): readonly AttemptRecord[] => {
  const last = entry.attempts.at(-1);
  if (last === undefined || last.outcome !== 'pending') return entry.attempts;
  const closed = {
    at: last.at,
    code: answer?.code ?? null,
    message: answer?.message ?? null,
    requestId: answer?.requestId ?? null,
    identity: last.identity,
    matchKeys: last.matchKeys,
    outcome,
  };
  return [...entry.attempts.slice(0, -1), closed];
};

/** What a look-up found out about an attempt whose own outcome nobody knows. */
const lookedUp = (
  entry: LedgerEntry,
  outcome: 'delivered' | 'absent',
  at: number,
  answer: VendorAnswer | null,
): readonly AttemptRecord[] => {
  const { code = null, message = null, requestId = null } = answer ?? {};
  return [...closeLast(entry, 'unknown', null), { at, code, message, requestId, identity: null, matchKeys: [], outcome }].slice(
    -MAX_ATTEMPTS_KEPT,
  );
};

const lastAttemptAt = (entry: LedgerEntry): number | null => entry.attempts.at(-1)?.at ?? null;

const earliest = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b));

function attempted(entry: LedgerEntry, event: DeliveryAttempted): LedgerEntry {
  const wasOpen = entry.attempts.at(-1)?.outcome === 'pending';
  const before = closeLast(entry, 'unknown', null);
  const record: AttemptRecord = {
    at: event.occurredAt,
    code: null,
    message: null,
    requestId: null,
    identity: event.identity,
    matchKeys: event.matchKeys,
    outcome: 'pending',
  };
  return {
    ...entry,
    version: event.version,
    state: 'attempted',
    reason: null,
    attemptCount: entry.attemptCount + 1,
    attempts: [...before, record].slice(-MAX_ATTEMPTS_KEPT),
    sealedUnder: event.sealedUnder,
    sealedRequest: event.sealedRequest,
    dueAt: event.dueAt,
    unknownSince: wasOpen ? earliest(entry.unknownSince, lastAttemptAt(entry)) : entry.unknownSince,
  };
}

function requeued(entry: LedgerEntry, event: Extract<DeliveryEvent, { type: 'Requeued' }>): LedgerEntry {
  if (event.reason === 'not-found') {
    const attempts = lookedUp(entry, 'absent', event.occurredAt, event.answer);
    const unknownSince = earliest(entry.unknownSince, lastAttemptAt(entry));
    return { ...entry, version: event.version, state: event.to, reason: event.reason, attempts, dueAt: event.dueAt, unknownSince };
  }
  const isFree = event.reason === 'throttled' || event.reason === 'sent-alone';
  const outcome =
    event.to === 'unknown'
      ? 'unknown'
      : event.reason === 'throttled'
        ? 'throttled'
        : event.reason === 'sent-alone'
          ? 'sent-alone'
          : 'transient';
  return {
    ...entry,
    version: event.version,
    state: event.to,
    reason: event.reason,
    attemptCount: isFree ? Math.max(0, entry.attemptCount - 1) : entry.attemptCount,
    attempts: closeLast(entry, outcome, event.answer),
    dueAt: event.dueAt,
    unknownSince: event.to === 'unknown' ? earliest(entry.unknownSince, lastAttemptAt(entry)) : entry.unknownSince,
  };
}

function observed(known: KnownStatus | null, event: Extract<DeliveryEvent, { type: 'StatusObserved' }>): KnownStatus {
  const { status, statusName, isFinal, trackingId, recordedAt, withdrawnAt, occurredAt, eventId, names } = event;
  const before = known?.history ?? [];
  const history = before.at(-1)?.status === status ? before : [...before, { at: occurredAt, status, statusName }];
  return {
    status,
    statusName,
    isFinal,
    trackingId,
    recordedAt,
    withdrawnAt,
    at: occurredAt,
    names: names === null ? (known?.names ?? null) : { eventId, sealedUnder: names.sealedUnder, sealed: names.sealed.toString('base64') },
    history: history.slice(-MAX_STATUSES_KEPT),
  };
}

/** A first event makes the entry; anything else before it is ignored until it comes again in order. */
function begin(event: DeliveryEvent): LedgerEntry | undefined {
  const base = {
    key: event.key,
    version: event.version,
    attemptCount: 0,
    attempts: [],
    sealedUnder: null,
    sealedRequest: null,
    unknownSince: null,
    plannedAt: event.occurredAt,
    status: null,
  };
  if (event.type === 'Planned') {
    const { plan } = event;
    return {
      ...base,
      state: 'planned',
      reason: null,
      observationId: plan.observationId,
      settingsVersion: plan.settingsVersion,
      eventTime: plan.eventTime,
      plan,
      dueAt: event.occurredAt,
      settledAt: null,
    };
  }
  if (event.type === 'Suppressed') {
    const { reason, observationId, settingsVersion, eventTime } = event;
    return {
      ...base,
      state: 'suppressed',
      reason,
      observationId,
      settingsVersion,
      eventTime,
      plan: null,
      dueAt: null,
      settledAt: event.occurredAt,
    };
  }
  return undefined;
}

/**
 * The ledger fold: exactly the next version of a key changes it; what it has already, and what comes before its turn,
 * is ignored (publishers repeat in order after every failure, so nothing that was skipped stays missing).
 */
export function evolveLedger(entry: LedgerEntry | undefined, event: DeliveryEvent): LedgerEntry | undefined {
  if (entry === undefined) return event.version === 1 ? begin(event) : undefined;
  if (event.version !== entry.version + 1) return entry;
  const { version, occurredAt } = event;
  const settled = { ...entry, version, dueAt: null, settledAt: occurredAt };
  switch (event.type) {
    case 'Planned':
      return { ...entry, version, state: 'planned', reason: null, plan: event.plan, dueAt: occurredAt, settledAt: null };
    case 'Suppressed':
      return { ...settled, state: 'suppressed', reason: event.reason };
    case 'Attempted':
      return attempted(entry, event);
    case 'Delivered':
      return { ...settled, state: 'delivered', reason: null, attempts: deliveredAttempts(entry, event) };
    case 'Rejected':
      return { ...settled, state: 'rejected', reason: event.reason, attempts: closeLast(entry, 'rejected', event.answer) };
    case 'Parked':
      return { ...entry, version, state: 'parked', reason: event.reason, dueAt: null, attempts: closeLast(entry, 'parked', event.answer) };
    case 'Requeued':
      return requeued(entry, event);
    case 'Unconfirmed':
      return { ...settled, state: 'unconfirmed', reason: event.reason, attempts: closeLast(entry, 'unknown', null) };
    case 'Expired':
      return { ...settled, state: 'expired', reason: event.reason };
    case 'Withdrawn':
      return { ...settled, state: 'withdrawn', reason: event.reason };
    case 'StatusObserved':
      return { ...entry, version, status: observed(entry.status, event) };
    case 'ResolvedByOperator':
      return resolved(entry, settled, event);
    default:
      return assertNever(event);
  }
}

/** An effect that was found at the vendor is delivered without an attempt of its own. */
const deliveredAttempts = (entry: LedgerEntry, { occurredAt, answer }: Extract<DeliveryEvent, { type: 'Delivered' }>) =>
  entry.attempts.at(-1)?.outcome === 'pending' ? closeLast(entry, 'delivered', answer) : lookedUp(entry, 'delivered', occurredAt, answer);

function resolved(entry: LedgerEntry, settled: LedgerEntry, event: Extract<DeliveryEvent, { type: 'ResolvedByOperator' }>): LedgerEntry {
  if (event.resolution === 'delivered') return { ...settled, state: 'delivered', reason: 'retried-by-operator' };
  if (event.resolution === 'abandoned') return { ...settled, state: 'withdrawn', reason: 'retried-by-operator' };
  // A person has taken the risk of a double, so the vendor's window begins anew with the next attempt.
  return {
    ...entry,
    version: event.version,
    state: 'planned',
    reason: 'retried-by-operator',
    attemptCount: 0,
    dueAt: event.occurredAt,
    unknownSince: null,
    settledAt: null,
  };
}

export const isSettled = (entry: LedgerEntry): boolean => entry.settledAt !== null;

/** Requests that were sent, without the look-ups between them. */
export const requestsOf = ({ attempts }: Pick<LedgerEntry, 'attempts'>): readonly AttemptRecord[] =>
  attempts.filter(({ outcome }) => outcome !== 'absent');

/** What its newest request said of the person; before the first what the order alone gives it. */
export const matchKeysOf = (entry: Pick<LedgerEntry, 'attempts' | 'plan'>): readonly string[] =>
  requestsOf(entry).at(-1)?.matchKeys ?? entry.plan?.matchKeys ?? [];

/** How often it was looked up and absent since the last request whose outcome nobody knows; null when there is no such request. */
export function absencesOf({ attempts }: Pick<LedgerEntry, 'attempts'>): number | null {
  const last = attempts.findLastIndex(({ outcome }) => outcome === 'unknown' || outcome === 'pending');
  return last === -1 ? null : attempts.slice(last).filter(({ outcome }) => outcome === 'absent').length;
}
