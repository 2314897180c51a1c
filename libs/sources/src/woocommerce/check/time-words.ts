const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const many = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** A length of time in the unit that suits it: `40 seconds`, `3 hours`. */
export function lengthInWords(ms: number): string {
  const size = Math.abs(ms);
  if (size < MINUTE) return many(Math.round(size / 1_000), 'second');
  if (size < HOUR) return many(Math.round(size / MINUTE), 'minute');
  if (size < 2 * DAY) return many(Math.round(size / HOUR), 'hour');
  return many(Math.round(size / DAY), 'day');
}

export const ago = (at: number, now: number): string => `${lengthInWords(Math.max(0, now - at))} ago`;
