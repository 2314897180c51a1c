import type { ShopAccess } from '../rest/shop-request.js';
import type { Keyset } from './keyset-walk.js';
import type { PollSettings } from './poll.settings.js';

/** Sweeps see what moves no modification date: each begins again after its interval. */
export type Sweep = 'recent' | 'month' | 'everything' | 'ids' | 'counts' | 'probe';

/** Orders by status, as one side counts them. */
export type StatusCounts = Readonly<Record<string, number>>;

export interface ChangesTask {
  readonly kind: 'changes';
  /** Shop's clock: where both walks (orders, then trash) begin. */
  readonly from: number;
  readonly keyset: Keyset;
  /** Shop's clock at the first answer. */
  readonly beganAt: number | null;
  readonly newest: number | null;
}

export interface SweepTask {
  readonly kind: 'sweep';
  readonly name: 'recent' | 'month' | 'everything' | 'ids';
  /** Shop's clock: where both walks (orders, then trash) begin. */
  readonly from: number;
  readonly keyset: Keyset;
}

/**
 * Orders that we know are looked for in the shop's lists, a page at a time: a glimpse of all of them, or whole those from before the
 * horizon, which no walk by date reads.
 */
export interface KnownTask {
  readonly kind: 'known';
  /** Order id; the next page begins after it. */
  readonly after: string;
  /** Not found yet; null: the next page is still to be asked of our own table. */
  readonly left: readonly string[] | null;
  readonly stage: 'live' | 'trash';
  readonly detail: Keyset['detail'];
}

/** Orders that somebody asked to be read again: in the list, then in the trash, then one by one. */
export interface RereadsTask {
  readonly kind: 'rereads';
  readonly ids: readonly string[];
  readonly left: readonly string[];
  readonly stage: 'live' | 'trash' | 'single';
}

export interface CountsTask {
  readonly kind: 'counts';
  readonly stage: 'newest' | 'trash' | 'report' | 'ours';
  readonly newestId: number;
  readonly live: number;
  readonly trash: number;
  /** Null: the shop does not tell. Before a horizon nothing is counted, and all statuses together are `any`. */
  readonly theirs: StatusCounts | null;
}

export interface ProbeTask {
  readonly kind: 'probe';
}

export type Task = ChangesTask | SweepTask | KnownTask | RereadsTask | CountsTask | ProbeTask;

/** Learning how a shop wants to be asked. */
export interface Introduction {
  readonly access: ShopAccess;
  readonly stage: 'list' | 'front-page';
  readonly isFrontPageKnown: boolean;
}

/**
 * What a poller knows of its shop between two requests. Plain JSON: any replica goes on from it, and going on from an older one
 * only reads again.
 */
export interface PollState {
  readonly version: 1;
  readonly storeUrl: string;
  readonly access: ShopAccess | null;
  readonly introduction: Introduction | null;
  /** Shops before WooCommerce 5.8 ignore `modified_after`; null: not known yet. */
  readonly hasModifiedFilter: boolean | null;
  readonly pageRows: number;
  /** The shop's clock when it was met; null: then every order of it was to be read. */
  readonly connectedAt: number | null;
  /** The shop's newest Date, epoch ms. */
  readonly shopClock: number | null;
  /** Answers in a row whose Date lay before it. */
  readonly clockDoubts: number;
  /** Shop's clock: every change up to it was seen. */
  readonly watermark: number | null;
  /** Our clock. */
  readonly changesEndedAt: number | null;
  readonly areRereadsDue: boolean;
  /** What comes before everything else, and what fills the time between. */
  readonly front: Task | null;
  readonly back: Task | null;
  readonly backFailures: number;
  /** Our clock: when each sweep last began. */
  readonly sweptAt: Readonly<Partial<Record<Sweep, number>>>;
  readonly newestId: number | null;
  readonly orderCount: number | null;
  /** By status: theirs less ours at the last count. */
  readonly countGaps: StatusCounts;
  /** Marks of rows that cannot be read and were reported. */
  readonly unreadable: readonly string[];
}

/** Nothing is known of the shop yet. */
const newPollState = (storeUrl: string, pageRows: number): PollState => ({
  version: 1,
  storeUrl,
  access: null,
  introduction: null,
  hasModifiedFilter: null,
  pageRows,
  connectedAt: null,
  shopClock: null,
  clockDoubts: 0,
  watermark: null,
  changesEndedAt: null,
  areRereadsDue: false,
  front: null,
  back: null,
  backFailures: 0,
  sweptAt: {},
  newestId: null,
  orderCount: null,
  countGaps: {},
  unreadable: [],
});

/** Changes are looked for before anything else, whenever they were last. */
export const withChangesDue = (state: PollState): PollState => ({ ...state, changesEndedAt: null });

/**
 * The state as it was kept. Null (never polled) and a version that this release does not know begin anew; another address is asked
 * again how it wants to be asked.
 */
export function resumePoll(kept: unknown, storeUrl: string, pageRows: number): PollState {
  const state = kept as PollState | null;
  if (state?.version !== 1) return newPollState(storeUrl, pageRows);
  // What is to be read again is kept in a table, which is simply asked again.
  const front = state.front?.kind === 'rereads' ? null : state.front;
  const resumed = { ...state, front, areRereadsDue: true, connectedAt: state.connectedAt ?? null };
  return state.storeUrl === storeUrl ? resumed : { ...resumed, storeUrl, access: null, introduction: null, hasModifiedFilter: null };
}

/** Shop's clock, epoch ms of a whole second: orders created before are not looked for. 0: none is too old. */
export const horizonOf = ({ connectedAt }: PollState, { historyMs }: PollSettings): number =>
  connectedAt === null || historyMs === null ? 0 : Math.max(0, Math.floor((connectedAt - historyMs) / 1_000) * 1_000);
