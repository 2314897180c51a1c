const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How often an open effect is asked about, by how long nothing has moved: often at first, seldom later, and no more after the last
 * band's age. In multiples of the connection's own interval.
 */
const BANDS = [
  { untilAgeMs: DAY_MS, intervals: 1 },
  { untilAgeMs: 7 * DAY_MS, intervals: 6 },
  { untilAgeMs: 30 * DAY_MS, intervals: 72 },
  { untilAgeMs: 90 * DAY_MS, intervals: 288 },
] as const;

/** How far one connection's reading is; kept between turns. */
export interface StatusRounds {
  /** Epoch ms of each band's last whole round; 0: never. */
  readonly readAt: readonly number[];
  /** The round that is under way; null between rounds. */
  readonly round: StatusRound | null;
}

export interface StatusRound {
  readonly bands: readonly number[];
  readonly beganAt: number;
  /** The last ledger key that was read; empty before the first. */
  readonly after: string;
}

/** Half-open, epoch ms: effects that last moved within it. */
export interface MovedWithin {
  readonly fromMs: number;
  readonly toMs: number;
}

export const NO_ROUNDS: StatusRounds = { readAt: BANDS.map(() => 0), round: null };

const dueAt = ({ readAt }: StatusRounds, band: number, everyMs: number): number =>
  (readAt[band] ?? 0) + (BANDS[band]?.intervals ?? 1) * everyMs;

/** The round to go on with, or the next one; null while none is due. */
export function nextRound(rounds: StatusRounds, everyMs: number, nowMs: number): StatusRound | null {
  if (rounds.round !== null) return rounds.round;
  const bands = BANDS.flatMap((_, band) => (dueAt(rounds, band, everyMs) <= nowMs ? [band] : []));
  return bands.length === 0 ? null : { bands, beganAt: nowMs, after: '' };
}

/** When effects of the round's bands last moved. */
export const movedWithin = ({ bands, beganAt }: StatusRound): readonly MovedWithin[] =>
  bands.map((band) => ({
    fromMs: beganAt - (BANDS[band]?.untilAgeMs ?? 0),
    // What moves while the round goes on is of the youngest band.
    toMs: band === 0 ? Number.MAX_SAFE_INTEGER : beganAt - (BANDS[band - 1]?.untilAgeMs ?? 0),
  }));

/** After some of the round was read up to `after`; null: all of it was. */
export function roundsAfter(rounds: StatusRounds, round: StatusRound, after: string | null): StatusRounds {
  if (after !== null) return { ...rounds, round: { ...round, after } };
  return { readAt: BANDS.map((_, band) => (round.bands.includes(band) ? round.beganAt : (rounds.readAt[band] ?? 0))), round: null };
}

/** How long from now on nothing is due. */
export const restMs = (rounds: StatusRounds, everyMs: number, nowMs: number): number =>
  rounds.round !== null ? 0 : Math.max(0, Math.min(...BANDS.map((_, band) => dueAt(rounds, band, everyMs))) - nowMs);
