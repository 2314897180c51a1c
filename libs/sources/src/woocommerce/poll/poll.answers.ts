import { restRootOf } from '../rest/shop-access.js';
import type { ShopReply } from '../rest/shop-exchange.js';
import { takeCounts, takeCountsAnswer, withEverythingDue } from './counts.task.js';
import { failed, readPage, type PollFailure, type Reading } from './poll-answer.js';
import { sweptSoThatDueIn } from './poll.moves.js';
import type { PollSettings } from './poll.settings.js';
import type { Introduction, PollState, StatusCounts, Sweep, Task } from './poll.state.js';
import { stepTo, type Finding, type PollContext, type PollStep } from './poll.step.js';
import {
  takeChanges,
  takeDueRereads,
  knownSweepOf,
  takeKnown,
  takeKnownIds,
  takeProbe,
  takeRereads,
  takeSweep,
  type Taken,
  type TaskAnswer,
} from './poll.tasks.js';

const MIN_PAGE_ROWS = 10;
/** A shop's Date may jitter between its servers. */
const CLOCK_TOLERANCE_MS = 60_000;
const CLOCK_DOUBTS = 3;
const SWEEP_FAILURES = 3;
const SWEEP_AGAIN_MS = 3_600_000;
/** A smaller page may pass where a large one takes too long. */
const SHRINKING: ReadonlySet<PollFailure['kind']> = new Set(['timeout', 'too-large', 'shop-error']);

/** Where the shop's answer to `ask-shop` or `ask-front-page` leads. */
export function takeReply(state: PollState, reply: ShopReply, settings: PollSettings, context: PollContext): PollStep {
  const { introduction } = state;
  if (state.access === null && introduction !== null) return takeIntroduction(state, introduction, reply);
  const slot = state.front === null ? 'back' : 'front';
  const task = state[slot];
  if (task === null) return stepTo(state);
  const taken = takeTask(task, slot, { state, reply, settings, context });
  if (taken.kind === 'failed') return withFailure(state, taken.failure, settings, context.now);
  return withClock(state, taken.value, settings, context.now);
}

/** Where the answer of our own tables to `ask-due-rereads` or `ask-known-orders` leads. */
export function takeIds(state: PollState, ids: readonly string[]): PollStep {
  return state.front === null && !state.areRereadsDue && state.back?.kind === 'known'
    ? takeKnownIds(state, state.back, ids)
    : takeDueRereads(state, ids);
}

/** Where the answer of our own tables to `ask-known-counts` leads. */
export const takeKnownCounts = (state: PollState, counts: StatusCounts): PollStep =>
  state.back?.kind === 'counts' ? takeCounts(state, state.back, counts) : stepTo(state);

function takeTask(task: Task, slot: 'front' | 'back', answer: TaskAnswer): Reading<Taken> {
  switch (task.kind) {
    case 'probe':
      return takeProbe(answer);
    case 'changes':
      return takeChanges(task, answer);
    case 'sweep':
      return takeSweep(task, slot, answer);
    case 'known':
      return takeKnown(task, answer);
    case 'rereads':
      return takeRereads(task, answer);
    case 'counts':
      return takeCountsAnswer(task, answer);
  }
}

/** First the list as one would ask any shop; then with the keys in the address; then at the place that the front page names. */
function takeIntroduction(state: PollState, introduction: Introduction, reply: ShopReply): PollStep {
  const retry = (failure: PollFailure): PollStep => stepTo({ ...state, introduction: null }, { failure });
  if (introduction.stage === 'front-page') {
    if (reply.kind === 'not-answered') return retry(failed(reply.cause, reply.detail).failure);
    const restRoot = restRootOf(reply.answer, state.storeUrl);
    if (restRoot === null || restRoot === introduction.access.restRoot)
      return retry(failed('no-rest-api', 'the front page names no wp-json with pretty permalinks').failure);
    const access = { ...introduction.access, restRoot };
    return stepTo({ ...state, introduction: { access, stage: 'list', isFrontPageKnown: true } });
  }
  const page = readPage(reply);
  if (page.kind === 'read') {
    const shopClock = Math.max(state.shopClock ?? 0, page.value.shopTime);
    const connectedAt = state.shopClock === null ? shopClock : state.connectedAt;
    return stepTo({ ...state, access: introduction.access, introduction: null, shopClock, connectedAt });
  }
  const { failure } = page;
  const { access } = introduction;
  if (failure.kind === 'refuses-keys' && access.authentication === 'basic')
    return stepTo({ ...state, introduction: { ...introduction, access: { ...access, authentication: 'query' } } });
  if (failure.kind === 'unusable' && !introduction.isFrontPageKnown && reply.kind === 'answered')
    return stepTo({ ...state, introduction: { ...introduction, stage: 'front-page' } });
  return retry(failure);
}

/** Time goes forward. An answer from before may come from a cache, so it is doubted twice before the shop's clock is set back with it. */
function withClock(before: PollState, { step, shopTime }: Taken, settings: PollSettings, now: number): PollStep {
  const known = before.shopClock ?? shopTime;
  if (shopTime >= known - CLOCK_TOLERANCE_MS)
    return { ...step, state: { ...step.state, shopClock: Math.max(known, shopTime), clockDoubts: 0 } };
  const clockDoubts = before.clockDoubts + 1;
  if (clockDoubts < CLOCK_DOUBTS) {
    const { failure } = failed('clock-went-back', `by ${Math.round((known - shopTime) / 1_000)} s`);
    return withFailure({ ...before, clockDoubts }, failure, settings, now);
  }
  const watermark = before.watermark === null ? null : Math.min(before.watermark, shopTime);
  const state = withEverythingDue({ ...before, front: null, back: null, shopClock: shopTime, clockDoubts: 0, watermark });
  return stepTo(state, { findings: [{ kind: 'history-changed', why: 'its clock went back' }] });
}

/** A walk begins its crowded second anew. */
function calmed(task: Task | null): Task | null {
  return task?.kind === 'changes' || task?.kind === 'sweep' ? { ...task, keyset: { ...task.keyset, crowd: null } } : task;
}

const sweepOf = (task: Task): Sweep | null =>
  task.kind === 'sweep' ? task.name : task.kind === 'known' ? knownSweepOf(task) : task.kind === 'counts' ? 'counts' : null;

/** Nothing is lost by a failure: what was asked is asked again. A sweep that keeps failing makes room for an hour. */
function withFailure(before: PollState, failure: PollFailure, settings: PollSettings, now: number): PollStep {
  const pageRows = SHRINKING.has(failure.kind)
    ? Math.min(before.pageRows, Math.max(MIN_PAGE_ROWS, Math.floor(before.pageRows / 2)))
    : before.pageRows;
  const state: PollState = { ...before, pageRows, ...(failure.kind === 'refuses-keys' ? { access: null } : {}) };
  const { front, back } = state;
  if (front?.kind === 'rereads')
    return stepTo({ ...state, front: null, areRereadsDue: false }, { failure, putOff: front.stage === 'single' ? front.left : front.ids });
  // What is asked again soon anyway must not stand in the way of changes.
  if (front?.kind === 'sweep') return stepTo({ ...state, front: null }, { failure });
  if (front?.kind === 'probe')
    return stepTo(
      { ...state, front: null, sweptAt: { ...state.sweptAt, probe: sweptSoThatDueIn(settings, 'probe', now, SWEEP_AGAIN_MS) } },
      { failure },
    );
  if (front !== null) return stepTo({ ...state, front: calmed(front) }, { failure });
  const sweep = back === null ? null : sweepOf(back);
  const backFailures = state.backFailures + 1;
  if (sweep === null || backFailures < SWEEP_FAILURES) return stepTo({ ...state, back: calmed(back), backFailures }, { failure });
  const findings: Finding[] = [{ kind: 'sweep-failed', sweep, failure }];
  const sweptAt = { ...state.sweptAt, [sweep]: sweptSoThatDueIn(settings, sweep, now, SWEEP_AGAIN_MS) };
  return stepTo({ ...state, back: null, backFailures: 0, sweptAt }, { failure, findings });
}
