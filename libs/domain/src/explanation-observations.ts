import { inUtc, inUtcOrNull } from './explanation.js';
import { assertNever } from './ids.js';
import type { OrderEvent, OrderObserved } from './order.events.js';
import { isDeletionUnconfirmed, type OrderState } from './order.projection.js';

/** One record of an order's log as people read it; names nobody. Times are RFC 3339, UTC. */
export interface ObservationView {
  readonly eventId: string;
  readonly type: OrderEvent['type'];
  readonly source: string;
  readonly receivedAt: string;
  /** On the shop's clock; null for a reported deletion, which claims nothing. */
  readonly asOf: string | null;
  readonly modifiedAt: string | null;
  readonly status: string | null;
  readonly total: string | null;
  readonly currency: string | null;
  readonly contentHash: string | null;
  /** Against the observation before it, a sentence each. */
  readonly whatChanged: readonly string[];
  /** The fold keeps this one: it is what the order is now. */
  readonly isKept: boolean;
}

const shown = (value: string | null): string => (value === null || value === '' ? 'none' : value);

type Compared = readonly [what: string, of: (order: OrderObserved) => string | null];

const COMPARED: readonly Compared[] = [
  ['status', (order) => order.status],
  ['total', (order) => `${order.total} ${order.currency}`],
  ['payment date', (order) => inUtcOrNull(order.paidAt)],
  ['completion date', (order) => inUtcOrNull(order.completedAt)],
  ['payment method', (order) => order.paymentMethod],
  ['order number', (order) => order.orderNumber],
  ['consent', (order) => order.consent],
  ['number of lines', (order) => String(order.lines.length)],
  ['number of refunds', (order) => String(order.refunds.length)],
  ['subscription that it renews', (order) => order.renewalOf],
];

const changed = <T>(name: string, before: T, after: T): string[] => (before === after ? [] : [`the buyer’s ${name} changed`]);

function differences(before: OrderObserved, after: OrderObserved): string[] {
  const fields = COMPARED.flatMap(([what, of]) => {
    const [was, is] = [of(before), of(after)];
    return was === is ? [] : [`${what}: ${shown(was)} → ${shown(is)}`];
  });
  const people = [
    ...changed('mail address', before.subjects.email, after.subjects.email),
    ...changed('phone', before.subjects.phone, after.subjects.phone),
    ...changed('visitor', before.subjects.visitor, after.subjects.visitor),
    ...changed('customer account', before.subjects.customer, after.subjects.customer),
  ];
  return [...fields, ...people];
}

/** What an observation says that the one before it (in the log, null: there is none) did not; a sentence each. */
export function changesInWords(before: OrderObserved | null, after: OrderObserved): readonly string[] {
  if (before === null) return [`first seen with status ${after.status}, ${after.total} ${after.currency}`];
  if (before.contentHash === after.contentHash) return ['says the same'];
  const found = differences(before, after);
  return found.length > 0 ? found : ['details that no decision looks at'];
}

function viewOf(event: OrderEvent, before: OrderObserved | null, isKept: boolean): ObservationView {
  const base = { eventId: event.eventId, type: event.type, source: event.source, receivedAt: inUtc(event.receivedAt), isKept };
  const nothing = { modifiedAt: null, status: null, total: null, currency: null, contentHash: null };
  switch (event.type) {
    case 'OrderObserved': {
      const { asOf, modifiedAt, status, total, currency, contentHash } = event;
      return {
        ...base,
        asOf: inUtc(asOf),
        modifiedAt: inUtc(modifiedAt),
        status,
        total,
        currency,
        contentHash,
        whatChanged: changesInWords(before, event),
      };
    }
    case 'OrderVanished':
      return { ...base, ...nothing, asOf: inUtc(event.asOf), whatChanged: ['the shop no longer has the order'] };
    case 'OrderDeletionReported':
      return { ...base, ...nothing, asOf: null, whatChanged: ['a webhook said that it was deleted: a claim that asks for a look'] };
    default:
      return assertNever(event);
  }
}

/** An order's records in log order, each once (the log may hold a record twice). `state` is the fold, for `isKept`. */
export function viewObservations(events: readonly OrderEvent[], state: OrderState | null): readonly ObservationView[] {
  const seen = new Set<string>();
  const views: ObservationView[] = [];
  let before: OrderObserved | null = null;
  for (const event of events) {
    if (seen.has(event.eventId)) continue;
    seen.add(event.eventId);
    views.push(viewOf(event, before, state?.observed?.eventId === event.eventId));
    if (event.type === 'OrderObserved') before = event;
  }
  return views;
}

/** What the fold made of the observations, a sentence each; without their number when the log was not read. */
export function explainFold(state: OrderState, observationCount: number | null): readonly string[] {
  const { observed } = state;
  const records = observationCount === null ? 'the records' : `${observationCount} record${observationCount === 1 ? '' : 's'}`;
  const words =
    observed === null
      ? ['The order itself was never seen; only its deletion was reported.']
      : [
          `Of ${records} in the log counts the one that was true last on the shop’s clock: status ${observed.status}, ${observed.total} ${observed.currency}, as of ${inUtc(observed.asOf)}, received at ${inUtc(observed.receivedAt)} by ${observed.source}.`,
        ];
  if (state.isVanished) words.push('After that the shop answered that it no longer has the order.');
  if (isDeletionUnconfirmed(state)) words.push('A deletion was reported and nobody has looked since.');
  return words;
}
