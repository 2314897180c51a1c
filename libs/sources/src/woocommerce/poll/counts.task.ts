import { idOf, objectOf, textOf } from '../body-reader.js';
import { readPage, readReport, type PollFailure, type Reading } from './poll-answer.js';
import { horizonOf, type CountsTask, type PollState, type StatusCounts } from './poll.state.js';
import { stepTo, type CountGap, type Finding, type PollStep } from './poll.step.js';
import type { Taken, TaskAnswer } from './poll.tasks.js';

/** Drafts are in the shop's report and in none of its lists. */
const NOT_LISTED: ReadonlySet<string> = new Set(['checkout-draft', 'auto-draft', 'draft', 'trash', 'vanished', 'unknown']);

/** WooCommerce's name for all statuses that its lists show. */
const ANY = 'any';

/** Three looks at the shop (newest id and total, trash, report by status), then one at our own table. */
export function takeCountsAnswer(task: CountsTask, { state, reply, settings }: TaskAnswer): Reading<Taken> {
  if (task.stage === 'report' && horizonOf(state, settings) > 0) {
    const page = readPage(reply);
    if (page.kind === 'failed') return page;
    return taken(toOurs(state, task, { [ANY]: page.value.total }), page.value.shopTime);
  }
  if (task.stage === 'report') {
    const report = readReport(reply);
    if (report.kind === 'failed') return isNotForUs(report.failure) ? taken(toOurs(state, task, null), state.shopClock ?? 0) : report;
    const theirs = Object.fromEntries(
      report.value.rows.map(objectOf).map((row) => [textOf(row['slug']).replace(/^wc-/, ''), Number(textOf(row['total']))]),
    );
    return taken(toOurs(state, task, theirs), report.value.shopTime);
  }
  const page = readPage(reply);
  if (page.kind === 'failed') return page;
  const { rows, total, shopTime } = page.value;
  if (task.stage === 'trash') return taken({ ...state, back: { ...task, stage: 'report', trash: total } }, shopTime);
  const newestId = Number(idOf(objectOf(rows[0])['id']) ?? '0');
  return taken({ ...state, back: { ...task, stage: 'trash', newestId, live: total } }, shopTime);
}

const taken = (state: PollState, shopTime: number): Reading<Taken> => ({ kind: 'read', value: { step: stepTo(state), shopTime } });

/** Reports have a permission of their own, and old shops have no such report. */
const isNotForUs = ({ kind }: PollFailure): boolean => kind === 'refuses-keys' || kind === 'unusable';

const toOurs = (state: PollState, task: CountsTask, theirs: StatusCounts | null): PollState => ({
  ...state,
  back: { ...task, stage: 'ours', theirs },
});

const gapsOf = (theirs: StatusCounts, ours: StatusCounts): CountGap[] =>
  [...new Set([...Object.keys(theirs), ...Object.keys(ours)])]
    .filter((status) => !NOT_LISTED.has(status))
    .toSorted()
    .map((status) => ({ status, theirs: theirs[status] ?? 0, ours: ours[status] ?? 0 }))
    .filter(({ theirs, ours }) => theirs !== ours);

const listedIn = (ours: StatusCounts): number =>
  Object.entries(ours).reduce((sum, [status, orders]) => (NOT_LISTED.has(status) ? sum : sum + orders), 0);

const due = (state: PollState, ...sweeps: readonly (keyof PollState['sweptAt'])[]): PollState => ({
  ...state,
  sweptAt: Object.fromEntries(Object.entries(state.sweptAt).filter(([sweep]) => !sweeps.some((name) => name === sweep))),
});

/** Everything of the shop is read again and looked for: it went back to an earlier past. */
export const withEverythingDue = (state: PollState): PollState => due(state, 'everything', 'ids');

/**
 * The comparison. A gap asks for all ids and another count at once; the same gap twice in a row is told to a person. Fewer orders than
 * before: somebody deleted for good, all ids are looked at. A lower newest id: a restored backup, everything is read again.
 */
export function takeCounts(before: PollState, task: CountsTask, ours: StatusCounts): PollStep {
  const gaps = task.theirs === null ? [] : gapsOf(task.theirs, ANY in task.theirs ? { [ANY]: listedIn(ours) } : ours);
  const isFirstGap = gaps.length > 0 && Object.keys(before.countGaps).length === 0;
  const isSame = gaps.filter(({ status, theirs, ours }) => before.countGaps[status] === theirs - ours);
  const orderCount = task.live + task.trash;
  const isShorter = before.orderCount !== null && orderCount < before.orderCount;
  const isOlder = before.newestId !== null && task.newestId < before.newestId;
  let state: PollState = {
    ...before,
    back: null,
    orderCount,
    newestId: task.newestId,
    countGaps: Object.fromEntries(gaps.map(({ status, theirs, ours }) => [status, theirs - ours])),
  };
  const findings: Finding[] = [{ kind: 'sweep-ended', sweep: 'counts' }];
  if (isFirstGap) state = due(state, 'ids', 'counts');
  else findings.push({ kind: 'counts', gaps: isSame });
  if (isShorter) state = due(state, 'ids');
  if (isOlder) {
    state = withEverythingDue(state);
    findings.push({ kind: 'history-changed', why: 'its newest order id went down' });
  }
  return stepTo(state, { findings });
}
