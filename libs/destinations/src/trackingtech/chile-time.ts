const DAY_MS = 86_400_000;
const CLOCKS = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'America/Santiago',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

const clocksAt = (epochMs: number): Record<Part, string> =>
  Object.fromEntries(CLOCKS.formatToParts(epochMs).map(({ type, value }) => [type, value])) as Record<Part, string>;

/** What Chile's clocks show is this much ahead of UTC; negative, and another in summer. */
function aheadMs(epochMs: number): number {
  const { year, month, day, hour, minute, second } = clocksAt(epochMs);
  const shown = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return shown - Math.floor(epochMs / 1_000) * 1_000;
}

/** A day of Chile as its parts, two digits each but the year. */
export interface ChileanDay {
  readonly year: string;
  readonly month: string;
  readonly day: string;
}

export const chileanDay = (epochMs: number): ChileanDay => {
  const { year, month, day } = clocksAt(epochMs);
  return { year, month, day };
};

const WRITTEN = [
  /^(?<day>\d{2})\/(?<month>\d{2})\/(?<year>\d{4})(?: (?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2}))?)?$/,
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[ T](?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2}))?)?$/,
];

/**
 * The moment (epoch ms) at which Chile's clocks show `dd/MM/yyyy HH:mm` or `yyyy-MM-dd HH:mm` (seconds, and the time of day, may be
 * missing); null for anything else. An hour that the clocks show twice is the first of them; one that they leave out counts on.
 */
export function chileanMoment(text: unknown): number | null {
  if (typeof text !== 'string') return null;
  const groups = WRITTEN.map((pattern) => pattern.exec(text.trim())?.groups).find((found) => found !== undefined);
  if (groups === undefined) return null;
  const number = (part: Part): number => Number(groups[part] ?? 0);
  const [year, month, day, hour, minute] = [number('year'), number('month'), number('day'), number('hour'), number('minute')];
  const shown = Date.UTC(year, month - 1, day, hour, minute, number('second'));
  const isOnCalendar = new Date(shown).getUTCMonth() === month - 1 && new Date(shown).getUTCDate() === day;
  if (!isOnCalendar || hour > 23 || minute > 59) return null;
  const before = aheadMs(shown - DAY_MS);
  const candidates = [before, aheadMs(shown + DAY_MS)].map((ahead) => shown - ahead);
  const shownThen = candidates.filter((epochMs) => epochMs + aheadMs(epochMs) === shown);
  return shownThen.length === 0 ? shown - before : Math.min(...shownThen);
}
