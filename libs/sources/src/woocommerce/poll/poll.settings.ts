/** How often a shop is asked for what, and how far back. All in ms; the defaults are in docs/polling.md. */
export interface PollSettings {
  /** Between the end of one look for changes and the next. */
  readonly changesEveryMs: number;
  /** How far behind the watermark each look begins: what a slow checkout or a second web node commits late. */
  readonly overlapMs: number;
  /** Where nothing changes, the watermark follows the shop's clock at this distance. */
  readonly idleMs: number;
  /** Rows of a page, 1–100. */
  readonly pageRows: number;
  /** Orders created lately are read again, because deleted refunds and edited lines move no modification date. */
  readonly recentEveryMs: number;
  readonly recentMs: number;
  readonly monthEveryMs: number;
  readonly monthMs: number;
  /** Every order of the shop is read, back to its horizon. */
  readonly everythingEveryMs: number;
  /** How far before the connection the horizon lies: older orders become known when they change, or by an import. Null: no horizon. */
  readonly historyMs: number | null;
  /** Every id of the shop is compared with what we know, and every order we know with the shop. */
  readonly idsEveryMs: number;
  /** Orders are counted by status. */
  readonly countsEveryMs: number;
  /** Whether the shop heeds `modified_after` is looked at again. */
  readonly probeEveryMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Settings for a shop that is asked for changes every so often; null days: its whole history. */
export const pollSettings = (changesEveryMs: number, historyDays: number | null): PollSettings => ({
  changesEveryMs,
  overlapMs: 2 * MINUTE,
  idleMs: 15 * MINUTE,
  pageRows: 100,
  recentEveryMs: 10 * MINUTE,
  recentMs: 2 * DAY,
  monthEveryMs: DAY,
  monthMs: 30 * DAY,
  everythingEveryMs: 30 * DAY,
  historyMs: historyDays === null ? null : historyDays * DAY,
  idsEveryMs: DAY,
  countsEveryMs: DAY,
  probeEveryMs: DAY,
});

const MAX_DELAY = 30 * MINUTE;

/**
 * When a shop that failed is asked again: twice as late after every failure in a row, up to half an hour, never before the shop said.
 * `chance` in [0, 1) spreads shops of one host by a fifth.
 */
export function retryDelayMs(failures: number, intervalMs: number, retryAfterMs: number | null, chance: number): number {
  const delay = Math.min(MAX_DELAY, intervalMs * 2 ** Math.min(failures - 1, 16));
  return Math.max(delay, Math.min(retryAfterMs ?? 0, DAY)) * (1 + chance / 5);
}
