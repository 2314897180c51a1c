import type { DestinationDeclaration } from './destination.js';
import type { DeliveryState } from './delivery.events.js';
import { matchKeysOf, requestsOf, type AttemptRecord, type LedgerEntry } from './delivery.ledger.js';
import type { retryDelivery } from './delivery.decider.js';
import { assertNever } from './ids.js';
import type { OrderState } from './order.projection.js';
import { explainReason, type ReasonCode } from './reasons.js';

const FOR_LATER = 'Nothing for this order, which is decided.';

/** What a person, or time, can do about a reason. */
const WHAT_WOULD_CHANGE_IT: Partial<Record<ReasonCode, string>> = {
  'before-go-live': `${FOR_LATER} With an earlier sendFrom, orders that are not decided yet and qualified after it are sent.`,
  imported: `${FOR_LATER} What qualifies from now on is sent, whatever an import brought of it.`,
  'consent-denied': 'Nothing: a denied consent is never overruled.',
  'consent-missing': `${FOR_LATER} For later ones: let the shop keep the buyer’s answer in the order (meta cdp_consent), or set consent.required of the shop.`,
  'browser-counted': 'Nothing: the vendor has counted the browser’s Purchase.',
  'base-not-sent': 'Nothing: without the Purchase that it adds to it would be half an order.',
  'created-via-excluded': `${FOR_LATER} For later ones: take this way of making orders out of purchase.excludeCreatedVia.`,
  'renewals-off': `${FOR_LATER} For later renewals: set purchase.renewals to purchase or subscribe.`,
  'too-old': 'Nothing: its age only grows. For later ones: maxEventAgeDays, up to what the vendor takes.',
  'in-the-future': `${FOR_LATER} For later ones: put the shop’s clock right.`,
  'test-mode-ended': `${FOR_LATER} For later ones: set mode to live, or connect the test mode anew.`,
  'retries-exhausted': 'A retry, once the vendor works again.',
  'vendor-refused': 'What the vendor’s message names must be corrected; then a retry.',
  'vendor-refused-credential':
    'A valid access token (and pixel) in the connection’s settings, or a resume of the connection when the permission was given back at the vendor.',
  'our-bug': 'A corrected version of Tributary; then a retry.',
  'outcome-unknown': 'Nothing needs to be done: it is asked again under the same event id while the vendor recognises repeats.',
  'window-over':
    'A person looks into the vendor’s own reports. A retry with acceptDuplicate: true sends it once more, perhaps a second time.',
  throttled: 'Time: it goes out when the vendor takes requests again.',
  'vendor-unavailable': 'Time: it goes out when the vendor answers again.',
  'not-found': 'Time: it is looked up once more, or sent once more when it was absent often enough.',
  'local-pickup': FOR_LATER,
  'address-incomplete': 'A complete address in the shop: the order is decided on again when it changes.',
  'person-erased': 'A new reading of the order, if the shop still has the buyer’s data.',
  'country-excluded': `${FOR_LATER} For later ones: the connection’s countries.`,
  'area-excluded': `${FOR_LATER} For later ones: the connection’s regions and comunas.`,
  'shipping-method-excluded': `${FOR_LATER} For later ones: the connection’s shippingMethods.`,
  'sent-alone': 'Time: it goes out next, in a request of its own.',
};

const whatChangesState = (state: DeliveryState): string | null => {
  switch (state) {
    case 'delivered':
      return 'Nothing: it is never sent again.';
    case 'expired':
      return 'Nothing: it is too old to be taken.';
    case 'rejected':
    case 'unconfirmed':
    case 'parked':
      return 'A retry by a person.';
    case 'suppressed':
    case 'withdrawn':
      return FOR_LATER;
    case 'planned':
    case 'attempted':
    case 'transient':
    case 'unknown':
      return null;
    default:
      return assertNever(state);
  }
};

/** What would lead to another end than the entry's present state; null when it is still on its way and nothing holds it. */
export const whatWouldChange = (entry: Pick<LedgerEntry, 'state' | 'reason'>): string | null => {
  const byReason = WHAT_WOULD_CHANGE_IT[(entry.reason ?? '') as ReasonCode];
  return entry.state === 'delivered' || byReason === undefined ? whatChangesState(entry.state) : byReason;
};

export const inUtc = (epochMs: number): string => new Date(epochMs).toISOString();
export const inUtcOrNull = (epochMs: number | null): string | null => (epochMs === null ? null : inUtc(epochMs));

const because = (reason: string | null): string => (reason === null ? '' : ` ${explainReason(reason)}`);
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function attemptInWords({ at, outcome, code, message, requestId }: AttemptRecord, index: number): string {
  const said = message === null || message === '' ? '' : ` «${message}»`;
  const answer = code === null ? 'no answer' : `answer ${code}${said}`;
  return `Attempt ${index + 1} at ${inUtc(at)}: ${outcome}, ${answer}${requestId === null ? '' : `, request ${requestId}`}.`;
}

function stateInWords(entry: LedgerEntry, repeatWindowMs: number | null): string {
  const { attempts, dueAt, reason, settledAt, unknownSince } = entry;
  const settled = settledAt === null ? '' : ` at ${inUtc(settledAt)}`;
  const next = dueAt === null ? '' : ` The next attempt is due at ${inUtc(dueAt)}.`;
  switch (entry.state) {
    case 'planned':
      return `It is planned and leaves when its turn comes.${because(reason)}`;
    case 'attempted':
      return `Attempt ${requestsOf(entry).length} is under way since ${inUtc(attempts.at(-1)?.at ?? entry.plannedAt)}; its outcome is not known yet.`;
    case 'transient':
      return `It waits for another attempt.${because(reason)}${next}`;
    case 'unknown': {
      const until =
        unknownSince === null || repeatWindowMs === null
          ? ''
          : ` Repeats are recognised by the vendor until ${inUtc(unknownSince + repeatWindowMs)}.`;
      return `Nobody knows yet whether it was taken.${because(reason)}${until}${next}`;
    }
    case 'delivered':
      return `It was delivered${settled} with attempt ${requestsOf(entry).length}.`;
    case 'suppressed':
      return `It was not sent and will not be.${because(reason)}`;
    case 'rejected':
      return `It was refused for good${settled} after ${counted(attempts.length, 'attempt')}.${because(reason)}`;
    case 'parked':
      return `It is parked: a person must act.${because(reason)}`;
    case 'unconfirmed':
      return `It was given up${settled} without certainty.${because(reason)}`;
    case 'expired':
      return `It was not sent: it expired${settled}.${because(reason)}`;
    case 'withdrawn':
      return `It was withdrawn${settled}.${because(reason)}`;
    default:
      return assertNever(entry.state);
  }
}

function statusInWords({ status }: LedgerEntry): string[] {
  if (status === null) return [];
  const { trackingId, history, names, isFinal } = status;
  const steps = history.map((step) => `${step.statusName ?? step.status} (read at ${inUtc(step.at)})`).join(', then ');
  const tracking = trackingId === null ? '' : `, tracking id ${trackingId}`;
  const who = names === null ? '' : ' Who brings it is known and kept sealed.';
  return [`The vendor says since: ${steps}${tracking}.${who}${isFinal ? ' It is closed and not asked about any more.' : ''}`];
}

function planInWords(entry: LedgerEntry, matchesPeople: boolean): string[] {
  const { plan, eventTime } = entry;
  if (plan === null) return [];
  const matchKeys = matchKeysOf(entry);
  const value =
    plan.value === null || plan.currency === null
      ? 'without a value, because the vendor does not take the currency'
      : `of ${plan.value} ${plan.currency}`;
  const keys =
    matchKeys.length === 0 ? 'It carries no match key: the vendor can match it to nobody.' : `Match keys: ${matchKeys.join(', ')}.`;
  const planned = `Planned: ${value}, as of ${inUtc(eventTime)}, known to the vendor as ${plan.vendorEventId}.`;
  return matchesPeople ? [planned, keys] : [planned];
}

/** What an explanation of a delivery may use beyond its ledger entry. */
export interface DeliveryBackground {
  readonly destinationKind: string;
  readonly declaration: Pick<DestinationDeclaration, 'repeatWindowMs' | 'matchesPeople'>;
  /** Id of the subscription that the order renews, else null. */
  readonly renewalOf: string | null;
}

/** One effect from decision to end, a sentence each; names nobody. */
export function explainDelivery(entry: LedgerEntry, { destinationKind, declaration, renewalOf }: DeliveryBackground): readonly string[] {
  const { eventName, mode, destinationConnectionId } = entry.key;
  const test = mode === 'test' ? ' as a test event' : '';
  const change = whatWouldChange(entry);
  return [
    `${eventName} for ${destinationConnectionId} (${destinationKind})${test}: decided at ${inUtc(entry.plannedAt)} under version ${entry.settingsVersion} of the settings.`,
    ...(renewalOf === null || !declaration.matchesPeople
      ? []
      : [`The order renews subscription ${renewalOf}: no browser was there, so none of its traces are sent.`]),
    ...planInWords(entry, declaration.matchesPeople),
    ...entry.attempts.map(attemptInWords),
    stateInWords(entry, declaration.repeatWindowMs),
    ...statusInWords(entry),
    ...(change === null ? [] : [`What would change it: ${change}`]),
  ];
}

/** Why a destination has decided nothing about an order. */
export type Undecided =
  | { readonly kind: 'not-active'; readonly state: string }
  | { readonly kind: 'other-sources'; readonly sources: readonly string[] }
  | { readonly kind: 'never-seen' }
  | { readonly kind: 'vanished' }
  | { readonly kind: 'not-qualified'; readonly rule: string | null; readonly status: string; readonly isPaid: boolean }
  /** Its own rule would decide; the app has not got there yet. */
  | { readonly kind: 'due' };

/** What {@link whyUndecided} looks at. */
export interface UndecidedFacts {
  /** State of the destination connection: `active`, `suspended`, `disabled`. */
  readonly connectionState: string;
  /** Null: it takes from all sources. */
  readonly sources: readonly string[] | null;
  readonly settings: unknown;
  /** Null when the app has not folded it. */
  readonly order: OrderState | null;
  /** The destination's own rule would decide something now. */
  readonly wouldDecide: boolean;
}

/** Why nothing stands in the ledger of one destination about an order; the first thing in the way. */
export function whyUndecided({ connectionState, sources, settings, order, wouldDecide }: UndecidedFacts): Undecided {
  if (connectionState !== 'active') return { kind: 'not-active', state: connectionState };
  if (order === null || wouldDecide) return { kind: 'due' };
  if (sources !== null && !sources.includes(order.connectionId)) return { kind: 'other-sources', sources };
  if (order.isVanished) return { kind: 'vanished' };
  if (order.observed === null) return { kind: 'never-seen' };
  const { status, paidAt, paymentMethod } = order.observed;
  return { kind: 'not-qualified', rule: ruleInWords(settings, paymentMethod), status, isPaid: paidAt !== null };
}

/** {@link Undecided} in a sentence. */
export function explainUndecided(undecided: Undecided): string {
  switch (undecided.kind) {
    case 'not-active':
      return `decides nothing: the connection is ${undecided.state}`;
    case 'other-sources':
      return `takes nothing from this shop: its sources are ${undecided.sources.join(', ')}`;
    case 'never-seen':
      return 'waits: only a deletion was reported of this order, the order itself was never seen';
    case 'vanished':
      return 'sends nothing: the order is gone from the shop and had not qualified before';
    case 'not-qualified': {
      const rule = undecided.rule === null ? '' : ` under ${undecided.rule}`;
      return `does not qualify yet${rule}: the order’s status is ${undecided.status}, ${undecided.isPaid ? 'with' : 'without'} a payment date`;
    }
    case 'due':
      return 'qualifies; the decision follows as soon as the app has folded the order';
    default:
      return assertNever(undecided);
  }
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;

/**
 * Under which rule of the settings an order qualifies, as a person wrote it: `when: paid`, `byPaymentMethod.cod: placed`,
 * `statuses: processing`. Null when the settings have no such field.
 */
export function ruleInWords(settings: unknown, paymentMethod: string): string | null {
  const purchase = fieldOf(settings, 'purchase');
  const own = fieldOf(fieldOf(purchase, 'byPaymentMethod'), paymentMethod);
  if (typeof own === 'string') return `byPaymentMethod.${paymentMethod}: ${own}`;
  const when = fieldOf(purchase, 'when');
  if (typeof when === 'string') return `when: ${when}`;
  const statuses = fieldOf(settings, 'statuses');
  return Array.isArray(statuses) ? `statuses: ${statuses.join(', ')}` : null;
}

type RetryRefusal = Extract<ReturnType<typeof retryDelivery>, { kind: 'refused' }>['because'];

const RETRY_REFUSALS: Readonly<Record<RetryRefusal, string>> = {
  'may-duplicate':
    'Nobody knows whether the vendor took it, and it may not recognise a repeat any more: it could count twice. Ask with acceptDuplicate: true to take that risk.',
  'nothing-to-send': 'It was suppressed, so there is nothing to send.',
  'already-delivered': 'It was delivered.',
  'under-way': 'It is on its way: there is nothing to retry until it has come to an end.',
};

/** Why a retry is refused, in words. */
export const explainRetryRefusal = (because: RetryRefusal): string => RETRY_REFUSALS[because];
