import { createHash } from 'node:crypto';
import { Complaints, idOf, objectOf, readDate, textOf } from '../body-reader.js';
import type { RefusedBody } from '../refused-body.js';
import { readOrderJson, REST_SETTLE_MS, type OrderFact } from '../woocommerce-order.source.js';
import type { PollFailure } from './poll-answer.js';
import type { PollState, Sweep } from './poll.state.js';

/** An order as a REST read showed it. */
export interface SeenOrder {
  readonly fact: OrderFact;
  /** As the shop sent it. */
  readonly row: unknown;
  /** Shown by its id only, not in any list: a draft, or something else in the shape of an order (a subscription). */
  readonly isUnlisted: boolean;
}

/** A row that cannot be read as an order; reported once per content. */
export interface UnreadableOrder {
  readonly refusal: RefusedBody;
  readonly row: unknown;
}

/** The few fields by which an order is compared with what we know. */
export interface Glimpse {
  readonly orderId: string;
  readonly status: string;
  readonly modifiedAt: number | null;
  readonly total: string;
}

/** The shop says that there is no such order, as of a moment on its own clock. */
export interface GoneOrder {
  readonly orderId: string;
  readonly asOf: number;
}

export interface CountGap {
  readonly status: string;
  readonly theirs: number;
  readonly ours: number;
}

/** What a person may have to know. */
export type Finding =
  | { readonly kind: 'modified-filter'; readonly isHeeded: boolean }
  | { readonly kind: 'counts'; readonly gaps: readonly CountGap[] }
  | { readonly kind: 'sweep-ended'; readonly sweep: Sweep }
  | { readonly kind: 'sweep-failed'; readonly sweep: Sweep; readonly failure: PollFailure }
  /** The shop went back to an earlier past (its clock, a restored backup): everything is read again. */
  | { readonly kind: 'history-changed'; readonly why: string };

/** What an answer brought. Everything in it is made durable before the state is kept. */
export interface PollStep {
  readonly state: PollState;
  readonly failure: PollFailure | null;
  readonly orders: readonly SeenOrder[];
  readonly unreadable: readonly UnreadableOrder[];
  readonly glimpses: readonly Glimpse[];
  readonly gone: readonly GoneOrder[];
  /** In no list although we know them: to be read one by one. */
  readonly missing: readonly string[];
  /** Asked to be read again, and read. */
  readonly served: readonly string[];
  /** Asked to be read again, and not to be read now. */
  readonly putOff: readonly string[];
  readonly findings: readonly Finding[];
}

export interface PollContext {
  /** Our clock, epoch ms. */
  readonly now: number;
  /** The tenant's, ISO alpha-2: for phones of orders without a billing country. */
  readonly defaultCountry: string | null;
}

export const stepTo = (state: PollState, what: Partial<Omit<PollStep, 'state'>> = {}): PollStep => ({
  state,
  failure: null,
  orders: [],
  unreadable: [],
  glimpses: [],
  gone: [],
  missing: [],
  served: [],
  putOff: [],
  findings: [],
  ...what,
});

const MAX_UNREADABLE = 200;

const contentMark = (row: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(row) ?? '')
    .digest('hex')
    .slice(0, 16);

/** Reads rows as orders; what cannot be read is reported once for as long as it stays so. */
export function readOrders<State extends Pick<PollState, 'unreadable'>>(
  state: State,
  rows: readonly unknown[],
  shopTime: number,
  { defaultCountry }: PollContext,
  isUnlisted = false,
): Pick<PollStep, 'orders' | 'unreadable'> & { readonly state: State } {
  const orders: SeenOrder[] = [];
  const unreadable: UnreadableOrder[] = [];
  const marks: string[] = [];
  for (const row of rows) {
    const fact = readOrderJson(row, { readAt: shopTime - REST_SETTLE_MS, defaultCountry });
    if (fact.kind === 'order') {
      orders.push({ fact, row, isUnlisted });
      continue;
    }
    const mark = contentMark(row);
    if (state.unreadable.includes(mark)) continue;
    unreadable.push({ refusal: fact, row });
    marks.push(mark);
  }
  if (marks.length === 0) return { state, orders, unreadable };
  return { state: { ...state, unreadable: [...state.unreadable, ...marks].slice(-MAX_UNREADABLE) }, orders, unreadable };
}

export const idsOf = (rows: readonly unknown[]): string[] => rows.map((row) => idOf(objectOf(row)['id'])).filter((id) => id !== null);

export const readGlimpses = (rows: readonly unknown[]): Glimpse[] =>
  rows.flatMap((row) => {
    const order = objectOf(row);
    const orderId = idOf(order['id']);
    if (orderId === null || orderId === '0') return [];
    return [
      {
        orderId,
        status: textOf(order['status']).replace(/^wc-/, ''),
        modifiedAt: readDate(order, 'date_modified_gmt', new Complaints()),
        total: textOf(order['total']),
      },
    ];
  });
