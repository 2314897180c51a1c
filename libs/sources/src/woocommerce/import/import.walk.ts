import type { ShopQuery, ShopReply } from '../rest/shop-exchange.js';
import { keysetQuery, startKeyset, takeKeysetPage, type Keyset } from '../poll/keyset-walk.js';
import { readPage, type PollFailure } from '../poll/poll-answer.js';
import { readOrders, type PollContext, type SeenOrder, type UnreadableOrder } from '../poll/poll.step.js';

/** What an import can read. */
export const IMPORT_RESOURCES = ['orders'] as const;
export type ImportResource = (typeof IMPORT_RESOURCES)[number];

/** Which part of a shop's history: created at or after `from` and before `to` (epoch ms, shop's clock, UTC). */
export interface ImportRange {
  readonly from: number;
  readonly to: number;
}

/** Where an import is. Plain JSON: any replica goes on from it, and going on from an older one only reads again. */
export interface ImportState {
  readonly version: 1;
  readonly keyset: Keyset;
  readonly pageRows: number;
  /** Rows that the shop counted when each of the walks so far began. */
  readonly total: number;
  /** Of them read, as far as can be told while orders come and go. */
  readonly read: number;
  /** The walk that `keyset` is in has answered once. */
  readonly isCounted: boolean;
  /** Marks of rows that cannot be read and were reported. */
  readonly unreadable: readonly string[];
}

/** What a page brought. Everything in it is made durable before the state is kept. */
export interface ImportStep {
  /** Null: the import is done. */
  readonly state: ImportState | null;
  readonly failure: PollFailure | null;
  /** Of this page; the last second of a page is read again with the next. */
  readonly rows: number;
  readonly total: number;
  readonly read: number;
  readonly orders: readonly SeenOrder[];
  readonly unreadable: readonly UnreadableOrder[];
}

const SECOND = 1_000;
const MIN_PAGE_ROWS = 10;
/** A smaller page may pass where a large one takes too long. */
const SHRINKING: ReadonlySet<PollFailure['kind']> = new Set(['timeout', 'too-large', 'shop-error']);

/** By creation, because that never changes in the walk: first what the shop lists, then its trash. */
const walkOf = ({ from, to }: ImportRange, of: Keyset['of']): Keyset => startKeyset('created', of, 'whole', from - SECOND, to);

/**
 * The state as it was kept; one that this release does not know begins anew, which publishes nothing twice. `pageRows`: what the poller
 * found that the shop can answer.
 */
export function resumeImport(kept: unknown, range: ImportRange, pageRows: number): ImportState {
  const state = kept as ImportState | null;
  if (state?.version === 1) return state;
  return { version: 1, keyset: walkOf(range, 'live'), pageRows, total: 0, read: 0, isCounted: false, unreadable: [] };
}

export const importQuery = ({ keyset, pageRows }: ImportState): ShopQuery => keysetQuery(keyset, pageRows);

/** Where the shop's answer to {@link importQuery} leads. Nothing is lost by a failure: what was asked is asked again. */
export function takeImportPage(state: ImportState, range: ImportRange, reply: ShopReply, context: PollContext): ImportStep {
  const page = readPage(reply);
  const walk = page.kind === 'failed' ? page : takeKeysetPage(state.keyset, page.value, state.pageRows);
  if (page.kind === 'failed' || walk.kind === 'failed') {
    const failure = page.kind === 'failed' ? page.failure : walk.kind === 'failed' ? walk.failure : null;
    return { state: afterFailure(state, failure), failure, rows: 0, total: state.total, read: state.read, orders: [], unreadable: [] };
  }
  const { rows, total: counted, shopTime } = page.value;
  const { state: after, ...seen } = readOrders(state, rows, shopTime, context);
  const { keyset, isDone } = walk.value;
  const total = state.isCounted ? state.total : state.total + counted;
  // Within a crowded second the shop counts only that.
  const isWholeCount = state.keyset.crowd === null;
  const readNow = isDone ? total : isWholeCount ? Math.min(total, total - counted + rows.length) : state.read;
  const read = Math.max(state.read, readNow);
  const brought = { failure: null, rows: rows.length, total, read, ...seen };
  if (!isDone) return { state: { ...after, keyset, total, read, isCounted: true }, ...brought };
  if (keyset.of === 'trash') return { state: null, ...brought };
  return { state: { ...after, keyset: walkOf(range, 'trash'), total, read, isCounted: false }, ...brought };
}

function afterFailure(state: ImportState, failure: PollFailure | null): ImportState {
  const isShrinking = failure !== null && SHRINKING.has(failure.kind);
  const pageRows = isShrinking ? Math.min(state.pageRows, Math.max(MIN_PAGE_ROWS, Math.floor(state.pageRows / 2))) : state.pageRows;
  // A walk begins its crowded second anew.
  return { ...state, pageRows, keyset: { ...state.keyset, crowd: null } };
}
