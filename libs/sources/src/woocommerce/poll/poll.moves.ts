import type { ShopQuery } from '../rest/shop-exchange.js';
import type { ShopAccess } from '../rest/shop-request.js';
import { firstAccess } from '../rest/shop-access.js';
import { keysetQuery, listParameters, naiveUtc, startKeyset, type Keyset } from './keyset-walk.js';
import type { PollSettings } from './poll.settings.js';
import { horizonOf, type ChangesTask, type CountsTask, type PollState, type Sweep, type SweepTask, type Task } from './poll.state.js';

/** What the poller does next. */
export type Move =
  | { readonly kind: 'ask-shop'; readonly query: ShopQuery; readonly access: ShopAccess }
  | { readonly kind: 'ask-front-page' }
  /** Ids of `ingest_ops.rereads` that are due. */
  | { readonly kind: 'ask-due-rereads'; readonly limit: number }
  /** Ids of orders that we know and that have not vanished, in order, after the given one; only of those created before (epoch ms). */
  | { readonly kind: 'ask-known-orders'; readonly after: string; readonly limit: number; readonly createdBefore: number | null }
  /** How many orders we know by status, of those created at or after `createdFrom` (epoch ms, 0: of all). */
  | { readonly kind: 'ask-known-counts'; readonly createdFrom: number }
  /** Nothing is due before `until` (our clock). */
  | { readonly kind: 'wait'; readonly until: number };

const FAR_FUTURE = '2999-01-01T00:00:00';
const SECOND = 1_000;

const intervalOf = (settings: PollSettings, sweep: Sweep): number =>
  ({
    recent: settings.recentEveryMs,
    month: settings.monthEveryMs,
    everything: settings.everythingEveryMs,
    ids: settings.idsEveryMs,
    counts: settings.countsEveryMs,
    probe: settings.probeEveryMs,
  })[sweep];

/** Without `modified_after` an hourly look at all ids stands in for it. */
const SLOW_SHOP_IDS_MS = 3_600_000;

function dueAt(state: PollState, settings: PollSettings, sweep: Sweep): number {
  const every = intervalOf(settings, sweep);
  const interval = sweep === 'ids' && state.hasModifiedFilter === false ? Math.min(every, SLOW_SHOP_IDS_MS) : every;
  return (state.sweptAt[sweep] ?? Number.NEGATIVE_INFINITY) + interval;
}

/** When the sweep was last begun so that it is due after `delayMs`. */
export const sweptSoThatDueIn = (settings: PollSettings, sweep: Sweep, now: number, delayMs: number): number =>
  now - intervalOf(settings, sweep) + delayMs;

function startChanges(state: PollState, settings: PollSettings): ChangesTask {
  const clock = state.shopClock ?? 0;
  const [by, from] =
    state.hasModifiedFilter === true
      ? (['modified', (state.watermark ?? clock) - settings.overlapMs - SECOND] as const)
      : (['created', clock - settings.recentMs] as const);
  return { kind: 'changes', from, keyset: startKeyset(by, 'live', 'whole', from), beganAt: null, newest: null };
}

function startSweep(state: PollState, settings: PollSettings, name: SweepTask['name']): SweepTask {
  const clock = state.shopClock ?? 0;
  const back = { recent: clock - settings.recentMs, month: clock - settings.monthMs, everything: 0, ids: 0 }[name];
  const from = Math.max(back, horizonOf(state, settings) - SECOND);
  return { kind: 'sweep', name, from, keyset: startKeyset('created', 'live', name === 'ids' ? 'glimpse' : 'whole', from) };
}

const started = (state: PollState, now: number, ...sweeps: readonly Sweep[]): PollState => ({
  ...state,
  sweptAt: { ...state.sweptAt, ...Object.fromEntries(sweeps.map((sweep) => [sweep, now])) },
});

/** Puts what is due into the two slots: changes before everything, then today's orders, then what was asked to be read again. */
function fillFront(state: PollState, settings: PollSettings, now: number): PollState {
  const areChangesDue = now >= (state.changesEndedAt ?? Number.NEGATIVE_INFINITY) + settings.changesEveryMs;
  if (state.front !== null && !(areChangesDue && state.front.kind === 'rereads')) return state;
  if (dueAt(state, settings, 'probe') <= now)
    return { ...started(state, now, 'probe'), pageRows: settings.pageRows, front: { kind: 'probe' } };
  if (areChangesDue) return { ...state, front: startChanges(state, settings) };
  // Everything of the shop is being read, or about to be: today's orders with it.
  const isRecentDue = dueAt(state, settings, 'recent') <= now && dueAt(state, settings, 'everything') > now;
  return isRecentDue ? { ...started(state, now, 'recent'), front: startSweep(state, settings, 'recent') } : state;
}

function fillBack(state: PollState, settings: PollSettings, now: number): PollState {
  const isDue = (sweep: Sweep): boolean => dueAt(state, settings, sweep) <= now;
  const begin = (back: Task, ...sweeps: readonly Sweep[]): PollState => ({ ...started(state, now, ...sweeps), back, backFailures: 0 });
  if (isDue('everything')) return begin(startSweep(state, settings, 'everything'), 'everything', 'month', 'recent');
  if (isDue('month')) return begin(startSweep(state, settings, 'month'), 'month');
  if (isDue('ids')) return begin(startSweep(state, settings, 'ids'), 'ids');
  return isDue('counts') ? begin({ kind: 'counts', stage: 'newest', newestId: 0, live: 0, trash: 0, theirs: null }, 'counts') : state;
}

const inIds = (ids: readonly string[], of: Keyset['of'], detail: Keyset['detail']): ShopQuery => ({
  path: '/orders',
  parameters: {
    ...listParameters(of, detail),
    include: ids.join(','),
    per_page: String(ids.length),
    orderby: 'id',
    order: 'asc',
    page: '1',
  },
});

const one = (of: Keyset['of']): ShopQuery => ({
  path: '/orders',
  parameters: { ...listParameters(of, 'whole'), _fields: 'id', per_page: '1', orderby: 'id', order: 'desc', page: '1' },
});

/** The query of a task, or the question to our own tables. */
function moveOf(task: Task, state: PollState, settings: PollSettings, access: ShopAccess): Move {
  const ask = (query: ShopQuery): Move => ({ kind: 'ask-shop', query, access });
  switch (task.kind) {
    case 'probe':
      return ask({ path: '/orders', parameters: { ...one('live').parameters, modified_after: FAR_FUTURE } });
    case 'changes':
    case 'sweep':
      return ask(keysetQuery(task.keyset, state.pageRows));
    case 'known':
      return task.left === null
        ? {
            kind: 'ask-known-orders',
            after: task.after,
            limit: state.pageRows,
            createdBefore: task.detail === 'whole' ? horizonOf(state, settings) : null,
          }
        : ask(inIds(task.left, task.stage, task.detail));
    case 'rereads':
      return task.stage === 'single'
        ? ask({ path: `/orders/${task.left[0] ?? ''}`, parameters: { _skip_cache: '1' } })
        : ask(inIds(task.left, task.stage, 'whole'));
    case 'counts':
      return countsMove(task, horizonOf(state, settings), ask);
  }
}

/** A report counts all orders there ever were; of a shop that is known from a horizon on, those since then are counted by a list. */
function countsMove({ stage }: CountsTask, horizon: number, ask: (query: ShopQuery) => Move): Move {
  if (stage === 'ours') return { kind: 'ask-known-counts', createdFrom: horizon };
  if (stage !== 'report') return ask(one(stage === 'newest' ? 'live' : 'trash'));
  if (horizon === 0) return ask({ path: '/reports/orders/totals', parameters: { _skip_cache: '1' } });
  return ask({ path: '/orders', parameters: { ...one('live').parameters, after: naiveUtc(horizon - SECOND) } });
}

function introduce(state: PollState): { readonly state: PollState; readonly move: Move } {
  const introduction = state.introduction ?? { access: firstAccess(state.storeUrl), stage: 'list', isFrontPageKnown: false };
  const next = { ...state, introduction };
  if (introduction.stage === 'front-page') return { state: next, move: { kind: 'ask-front-page' } };
  return { state: next, move: { kind: 'ask-shop', query: one('live'), access: introduction.access } };
}

/**
 * What to do next, and the state in which it is under way. `now`: epoch ms, our clock.
 * Every move but `wait` is answered to `takeAnswer`, `takeIds` or `takeCounts`, or to `takeFailure`.
 */
export function nextMove(before: PollState, settings: PollSettings, now: number): { readonly state: PollState; readonly move: Move } {
  if (before.access === null) return introduce(before);
  let state = fillFront(before, settings, now);
  if (state.front !== null) return { state, move: moveOf(state.front, state, settings, before.access) };
  if (state.areRereadsDue) return { state, move: { kind: 'ask-due-rereads', limit: state.pageRows } };
  if (state.back === null) state = fillBack(state, settings, now);
  if (state.back !== null) return { state, move: moveOf(state.back, state, settings, before.access) };
  const sweeps: readonly Sweep[] = ['recent', 'month', 'everything', 'ids', 'counts', 'probe'];
  const until = Math.min((state.changesEndedAt ?? now) + settings.changesEveryMs, ...sweeps.map((sweep) => dueAt(state, settings, sweep)));
  return { state, move: { kind: 'wait', until } };
}
