import { movedWithin, nextRound, NO_ROUNDS, restMs, roundsAfter, type StatusRounds } from './status-rounds.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const EVERY_MS = 5 * MINUTE_MS;
const NOW = 100 * DAY_MS;

function readAll(rounds: StatusRounds, nowMs: number): StatusRounds {
  const round = nextRound(rounds, EVERY_MS, nowMs);
  return round === null ? rounds : roundsAfter(rounds, round, null);
}

it('begins with everything that moved within ninety days', () => {
  const round = nextRound(NO_ROUNDS, EVERY_MS, NOW);
  expect(round?.bands).toEqual([0, 1, 2, 3]);
  const within = round === null ? [] : movedWithin(round);
  expect(Math.min(...within.map(({ fromMs }) => fromMs))).toBe(NOW - 90 * DAY_MS);
  expect(within[0]).toEqual({ fromMs: NOW - DAY_MS, toMs: Number.MAX_SAFE_INTEGER });
  expect(within[1]).toEqual({ fromMs: NOW - 7 * DAY_MS, toMs: NOW - DAY_MS });
});

it('asks about the young ones often and about the old ones seldom', () => {
  let rounds = readAll(NO_ROUNDS, NOW);
  const asked = [0, 0, 0, 0];
  for (let nowMs = NOW + EVERY_MS; nowMs <= NOW + DAY_MS; nowMs += EVERY_MS) {
    for (const band of nextRound(rounds, EVERY_MS, nowMs)?.bands ?? []) asked[band] = (asked[band] ?? 0) + 1;
    rounds = readAll(rounds, nowMs);
  }
  expect(asked).toEqual([288, 48, 4, 1]);
});

it('rests until the next is due', () => {
  const rounds = readAll(NO_ROUNDS, NOW);
  expect(nextRound(rounds, EVERY_MS, NOW + EVERY_MS - 1)).toBeNull();
  expect(restMs(rounds, EVERY_MS, NOW + MINUTE_MS)).toBe(4 * MINUTE_MS);
  expect(restMs(rounds, EVERY_MS, NOW + DAY_MS)).toBe(0);
});

it('goes on where a round was left, whatever is due meanwhile', () => {
  const round = nextRound(NO_ROUNDS, EVERY_MS, NOW);
  if (round === null) throw new Error('everything is due at first');
  const left = roundsAfter(NO_ROUNDS, round, 'acme:courier:7');
  expect(restMs(left, EVERY_MS, NOW)).toBe(0);
  expect(nextRound(left, EVERY_MS, NOW + DAY_MS)).toEqual({ ...round, after: 'acme:courier:7' });
});
