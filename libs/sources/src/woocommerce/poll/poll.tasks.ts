import { REST_SETTLE_MS } from '../woocommerce-order.source.js';
import type { ShopReply } from '../rest/shop-exchange.js';
import { startKeyset, takeKeysetPage } from './keyset-walk.js';
import { readPage, readSingle, type Reading } from './poll-answer.js';
import type { PollSettings } from './poll.settings.js';
import { horizonOf, type ChangesTask, type KnownTask, type PollState, type RereadsTask, type Sweep, type SweepTask } from './poll.state.js';
import { idsOf, readGlimpses, readOrders, stepTo, type PollContext, type PollStep } from './poll.step.js';

/** An answer of the shop to what a task asked. */
export interface TaskAnswer {
  readonly state: PollState;
  readonly reply: ShopReply;
  readonly settings: PollSettings;
  readonly context: PollContext;
}

/** An answer, and when the shop gave it. */
export interface Taken {
  readonly step: PollStep;
  readonly shopTime: number;
}

export type Slot = 'front' | 'back';

/** Whether the shop heeds `modified_after`: nothing may be newer than the far future. */
export function takeProbe({ state, reply }: TaskAnswer): Reading<Taken> {
  const page = readPage(reply);
  if (page.kind === 'failed') return page;
  const { total, shopTime } = page.value;
  const isHeeded = total === 0;
  const step = stepTo({ ...state, front: null, hasModifiedFilter: isHeeded }, { findings: [{ kind: 'modified-filter', isHeeded }] });
  return { kind: 'read', value: { step, shopTime } };
}

/**
 * Both walks are done: the watermark follows the newest change seen, but never into the seconds that may still fill, and follows the
 * clock at a distance where nothing changes.
 */
function endChanges(state: PollState, beganAt: number, newest: number, settings: PollSettings, now: number): PollState {
  const settled = beganAt - REST_SETTLE_MS;
  const watermark = Math.max(state.watermark ?? 0, Math.min(newest, settled), settled - settings.idleMs);
  return { ...state, front: null, watermark, changesEndedAt: now, areRereadsDue: true };
}

export function takeChanges(task: ChangesTask, { state, reply, settings, context }: TaskAnswer): Reading<Taken> {
  const page = readPage(reply);
  if (page.kind === 'failed') return page;
  const { rows, shopTime } = page.value;
  const walk = takeKeysetPage(task.keyset, page.value, state.pageRows);
  if (walk.kind === 'failed') return walk;
  const { keyset, isDone } = walk.value;
  const { state: after, ...seen } = readOrders(state, rows, shopTime, context);
  const beganAt = task.beganAt ?? shopTime;
  const newest = Math.max(task.newest ?? 0, keyset.newest ?? 0);
  const isTrashNext = isDone && keyset.of === 'live';
  const next = isTrashNext ? startKeyset(keyset.by, 'trash', 'whole', task.from) : keyset;
  const ended =
    isDone && !isTrashNext
      ? endChanges(after, beganAt, newest, settings, context.now)
      : { ...after, front: { ...task, keyset: next, beganAt, newest } };
  return { kind: 'read', value: { step: stepTo(ended, seen), shopTime } };
}

export function takeSweep(task: SweepTask, slot: Slot, { state, reply, settings, context }: TaskAnswer): Reading<Taken> {
  const page = readPage(reply);
  if (page.kind === 'failed') return page;
  const { rows, shopTime } = page.value;
  const walk = takeKeysetPage(task.keyset, page.value, state.pageRows);
  if (walk.kind === 'failed') return walk;
  const { keyset, isDone } = walk.value;
  const isWhole = keyset.detail === 'whole';
  const { state: after, ...seen } = readOrders(state, isWhole ? rows : [], shopTime, context);
  const what = isWhole ? seen : { glimpses: readGlimpses(rows) };
  const going = { ...after, areRereadsDue: after.areRereadsDue || !isWhole };
  const step = (task: PollState['back'], more: Partial<PollStep> = {}): Reading<Taken> => ({
    kind: 'read',
    value: { step: stepTo({ ...going, [slot]: task }, { ...what, ...more }), shopTime },
  });
  if (!isDone) return step({ ...task, keyset });
  if (keyset.of === 'live') return step({ ...task, keyset: startKeyset(keyset.by, 'trash', keyset.detail, task.from) });
  if (task.name === 'ids') return step(startKnown('glimpse'));
  if (task.name === 'everything' && horizonOf(state, settings) > 0) return step(startKnown('whole'));
  return step(null, { findings: [{ kind: 'sweep-ended', sweep: task.name }] });
}

const without = (ids: readonly string[], found: readonly string[]): string[] => {
  const here = new Set(found);
  return ids.filter((id) => !here.has(id));
};

const startKnown = (detail: KnownTask['detail']): KnownTask => ({ kind: 'known', after: '', left: null, stage: 'live', detail });

/** Which sweep the look for known orders ends. */
export const knownSweepOf = ({ detail }: KnownTask): Sweep => (detail === 'whole' ? 'everything' : 'ids');

/** A page of orders that we know, or the end of them. */
export function takeKnownIds(state: PollState, task: KnownTask, ids: readonly string[]): PollStep {
  const last = ids.at(-1);
  if (last === undefined) return stepTo({ ...state, back: null }, { findings: [{ kind: 'sweep-ended', sweep: knownSweepOf(task) }] });
  return stepTo({ ...state, back: { ...task, after: last, left: ids, stage: 'live' } });
}

export function takeKnown(task: KnownTask, { state, reply, context }: TaskAnswer): Reading<Taken> {
  const page = readPage(reply);
  if (page.kind === 'failed') return page;
  const { rows, shopTime } = page.value;
  const left = without(task.left ?? [], idsOf(rows));
  const isOver = left.length === 0 || task.stage === 'trash';
  const back: KnownTask = isOver ? { ...task, left: null, stage: 'live' } : { ...task, left, stage: 'trash' };
  const isWhole = task.detail === 'whole';
  const { state: after, ...seen } = readOrders(state, isWhole ? rows : [], shopTime, context);
  const what = isWhole ? seen : { glimpses: readGlimpses(rows) };
  const step = stepTo({ ...after, back, areRereadsDue: true }, { ...what, missing: isOver ? left : [] });
  return { kind: 'read', value: { step, shopTime } };
}

/** Ids that somebody asked to be read again. */
export function takeDueRereads(state: PollState, ids: readonly string[]): PollStep {
  if (ids.length === 0) return stepTo({ ...state, areRereadsDue: false });
  return stepTo({ ...state, front: { kind: 'rereads', ids, left: ids, stage: 'live' } });
}

const NEXT_STAGE = { live: 'trash', trash: 'single', single: 'single' } as const;

export function takeRereads(task: RereadsTask, answer: TaskAnswer): Reading<Taken> {
  if (task.stage === 'single') return takeSingle(task, answer);
  const page = readPage(answer.reply);
  if (page.kind === 'failed') return page;
  const { rows, shopTime } = page.value;
  const { state, ...seen } = readOrders(answer.state, rows, shopTime, answer.context);
  const step = { ...afterReread(state, task, without(task.left, idsOf(rows)), NEXT_STAGE[task.stage]), ...seen };
  return { kind: 'read', value: { step, shopTime } };
}

function takeSingle(task: RereadsTask, answer: TaskAnswer): Reading<Taken> {
  const single = readSingle(answer.reply);
  if (single.kind === 'failed') return single;
  const { row, shopTime } = single.value;
  const [orderId = '', ...left] = task.left;
  const { state, ...seen } = readOrders(answer.state, row === null ? [] : [row], shopTime, answer.context, true);
  const gone = row === null ? [{ orderId, asOf: shopTime - REST_SETTLE_MS }] : [];
  return { kind: 'read', value: { step: { ...afterReread(state, task, left, 'single'), ...seen, gone }, shopTime } };
}

function afterReread(state: PollState, task: RereadsTask, left: readonly string[], stage: RereadsTask['stage']): PollStep {
  if (left.length === 0) return stepTo({ ...state, front: null }, { served: task.ids });
  return stepTo({ ...state, front: { ...task, left, stage } });
}
