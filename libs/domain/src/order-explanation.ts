import type { AttemptRecord, LedgerEntry } from './delivery.ledger.js';
import type { PlanDecision } from './destination.js';
import { assertNever } from './ids.js';
import type { OrderObserved } from './order.events.js';
import { isDeletionUnconfirmed, statusOf, type OrderState } from './order.projection.js';
import { explainReason, type ReasonCode } from './reasons.js';

/** What became of something, and what would change it; null when nothing can or need be done. */
export interface Conclusion {
  readonly conclusion: string;
  readonly whatWouldChangeIt: string | null;
}

const instant = (epochMs: number): string => new Date(epochMs).toISOString();

const LATER_ORDERS_ONLY = 'Nothing for this order: what is decided once stays. Other settings hold for orders that are not decided yet.';

/** What somebody could do about a reason. */
const REMEDIES: Partial<Record<ReasonCode, string>> = {
  'before-go-live': `An earlier sendFrom. ${LATER_ORDERS_ONLY}`,
  'consent-denied': 'Nothing: the buyer’s no stands.',
  'consent-missing': `The shop must write the buyer’s answer into the order (meta cdp_consent), or consent.required must say false where the law allows. ${LATER_ORDERS_ONLY}`,
  'created-via-excluded': `Another purchase.excludeCreatedVia. ${LATER_ORDERS_ONLY}`,
  'renewals-off': `Another purchase.renewals. ${LATER_ORDERS_ONLY}`,
  'too-old': 'Nothing: the vendor does not take orders this old.',
  'in-the-future': 'The shop’s clock must be set right.',
  'test-mode-ended': 'Setting mode to live; test mode is for a day.',
  'vendor-refused': 'Correct what the vendor’s message names; then retry the delivery.',
  'vendor-refused-credential': 'A valid access token (and pixel code) in the connection’s settings sets it going again; so does «resume» when the permission was given back.',
  'retries-exhausted': 'Retry the delivery when the vendor works again.',
  'our-bug': 'Report it; retry the delivery after an update.',
  'window-over': 'Look into the vendor’s own reports; if it is not there, retry with acceptDuplicate: true.',
};

const remedyOf = (reason: string | null): string | null => (reason === null ? null : (REMEDIES[reason as ReasonCode] ?? null));

const because = (reason: string | null): string => (reason === null ? '' : `: ${explainReason(reason)}`);

/** The newest answer of the vendor, as it stands behind a conclusion. */
function lastAnswer({ attempts }: LedgerEntry): string {
  const answered = attempts.findLast(({ code }) => code !== null);
  if (answered === undefined) return '';
  const request = answered.requestId === null ? '' : `, request ${answered.requestId}`;
  return ` (code ${answered.code}${answered.message === null || answered.message === '' ? '' : `: ${answered.message}`}${request})`;
}

/** One effect in words. */
export function explainDelivery(entry: LedgerEntry): Conclusion {
  const { state, reason, key, dueAt } = entry;
  const what = key.eventName;
  const due = dueAt === null ? 'soon' : `not before ${instant(dueAt)}`;
  const told = (conclusion: string, whatWouldChangeIt: string | null = remedyOf(reason)): Conclusion => ({ conclusion, whatWouldChangeIt });
  switch (state) {
    case 'planned':
      return told(`${what} is planned and leaves with the next free request${because(reason)}`, null);
    case 'suppressed':
      return told(`${what} is not sent${because(reason)}`, remedyOf(reason) ?? LATER_ORDERS_ONLY);
    case 'attempted':
      return told(`A request with ${what} is under way; without an answer it counts as unknown from ${dueAt === null ? 'its deadline' : instant(dueAt)} on.`, null);
    case 'transient':
      return told(`${what} waits for another attempt, ${due}${because(reason)}${lastAnswer(entry)}`, 'Nothing needs to be done: it is tried again by itself.');
    case 'unknown':
      return told(`Nobody knows yet whether ${what} was taken${lastAnswer(entry)}; it is asked again, ${due}, under the same event id.`, 'Nothing needs to be done: the vendor recognises the repeat.');
    case 'delivered':
      return told(`${what} was delivered${lastAnswer(entry)}.`, null);
    case 'rejected':
      return told(`${what} was refused for good${because(reason)}${lastAnswer(entry)}`);
    case 'parked':
      return told(`${what} is parked${because(reason)}${lastAnswer(entry)}`);
    case 'unconfirmed':
      return told(`Nobody knows whether ${what} was taken${because(reason)}${lastAnswer(entry)}`);
    case 'expired':
      return told(`${what} was not sent in time${because(reason)}`);
    case 'withdrawn':
      return told(`${what} was withdrawn${because(reason)}`, null);
    default:
      return assertNever(state);
  }
}

const OUTCOMES: Readonly<Record<AttemptRecord['outcome'], string>> = {
  pending: 'no answer is recorded yet',
  delivered: 'the vendor took it',
  rejected: 'the vendor refused it',
  parked: 'the vendor refused the credential',
  transient: 'the vendor could not take it then',
  throttled: 'the vendor asked for fewer requests',
  'sent-alone': 'the vendor refused the request as a whole; it was sent once more on its own',
  unknown: 'no answer came, so nobody knew',
};

/** One request in words. */
export const explainAttempt = ({ at, outcome, code, message }: AttemptRecord): string =>
  `${instant(at)}: ${OUTCOMES[outcome]}${code === null ? '' : ` (code ${code}${message === null || message === '' ? '' : `: ${message}`})`}`;

/** How the order stands after all that was observed of it. */
export function explainFold(order: OrderState, observationCount: number | null): string {
  const read = observationCount === null ? '' : `${observationCount} observation(s); the one that is newest on the shop’s clock counts. `;
  if (order.isVanished) return `${read}The shop answered that the order does not exist (any more).`;
  if (order.observed === null || order.head === null) return `${read}Only its deletion was reported; the order itself was never seen.`;
  const { status, total, currency, asOf, source } = order.observed;
  const doubt = isDeletionUnconfirmed(order) ? ' A deletion was reported since and is not confirmed.' : '';
  return `${read}Status ${statusOf(order) || status}, ${total} ${currency}, as of ${instant(asOf)} (read by ${source}).${doubt}`;
}

/** What is known of a destination that has no delivery for an order. */
export interface UndecidedDestination {
  readonly state: 'active' | 'suspended' | 'disabled';
  /** Whether its `sources` take the order's connection. */
  readonly isTaking: boolean;
  readonly settingsVersion: number;
  /** What it would decide about the order as it is. */
  readonly decides: (order: OrderState) => readonly PlanDecision[];
}

const STATUSES = ['on-hold', 'processing', 'completed'] as const;

/** Statuses in which the destination would decide something, as people read them. */
function qualifyingStatuses(observed: OrderObserved, order: OrderState, decides: UndecidedDestination['decides']): string[] {
  const decidesAs = (status: string, paidAt: number | null): boolean => decides({ ...order, isVanished: false, observed: { ...observed, status, paidAt } }).length > 0;
  return STATUSES.flatMap((status) => {
    if (decidesAs(status, null)) return [status];
    return decidesAs(status, observed.paidAt ?? observed.modifiedAt) ? [`${status} with a payment date`] : [];
  });
}

/** Why a destination has decided nothing about an order, and what would make it. */
export function explainUndecided(order: OrderState, { state, isTaking, settingsVersion, decides }: UndecidedDestination): Conclusion {
  if (state === 'disabled') return { conclusion: 'The connection is no longer in the tenant’s settings.', whatWouldChangeIt: 'Putting it back.' };
  if (!isTaking) return { conclusion: 'Its sources do not name this shop.', whatWouldChangeIt: 'Naming the shop in sources.' };
  if (state === 'suspended') return { conclusion: 'The tenant is suspended.', whatWouldChangeIt: 'Setting the tenant’s state to active.' };
  const { observed } = order;
  if (observed === null) return { conclusion: 'The order itself was never seen.', whatWouldChangeIt: 'An order webhook or a poll that brings it.' };
  const [decision] = decides(order);
  if (decision !== undefined) return { conclusion: 'The order qualifies; its decision is on the way.', whatWouldChangeIt: null };
  const statuses = qualifyingStatuses(observed, order, decides);
  const now = `status ${observed.status}${observed.paidAt === null ? ', no payment date' : ''}`;
  return {
    conclusion: `The order does not qualify (${now}) under settings version ${settingsVersion}.`,
    whatWouldChangeIt: statuses.length === 0 ? 'Other settings (purchase.when, purchase.byPaymentMethod).' : `The status ${statuses.join(', or ')}.`,
  };
}
