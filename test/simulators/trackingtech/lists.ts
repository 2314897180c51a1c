const SANTIAGO = new Intl.DateTimeFormat('es-CL', {
  timeZone: 'America/Santiago',
  day: '2-digit',
  month: '2-digit',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

const partsOf = (epochMs: number): Readonly<Record<string, string>> =>
  Object.fromEntries(SANTIAGO.formatToParts(epochMs).map(({ type, value }) => [type, value]));

/** `dd/MM/yyyy HH:mm` of Chile's clocks. */
export function chileanTime(epochMs: number): string {
  const { day, month, year, hour, minute } = partsOf(epochMs);
  return `${day}/${month}/${year} ${hour}:${minute}`;
}

/** `2026-11-22` or `20261122`. */
export type DayFormat = 'dashed' | 'plain';

const PATTERNS: Readonly<Record<DayFormat, RegExp>> = { dashed: /^\d{4}-\d{2}-\d{2}$/, plain: /^\d{8}$/ };

const dayOf = (epochMs: number, format: DayFormat): string => {
  const { day, month, year } = partsOf(epochMs);
  return [year, month, day].join(format === 'dashed' ? '-' : '');
};

/** Both days belong to it, as Chile's calendar has them. */
export const isWithinDays = (epochMs: number, from: string, to: string, format: DayFormat): boolean => {
  const day = dayOf(epochMs, format);
  return from <= day && day <= to;
};

type Problems = Record<string, string[]>;

export function daysProblems(query: URLSearchParams, from: string, to: string, format: DayFormat): Problems {
  const wrong = [from, to].filter((name) => !PATTERNS[format].test(query.get(name) ?? ''));
  const problems: Problems = Object.fromEntries(wrong.map((name) => [name, [`is no day (${format})`]]));
  if (wrong.length === 0 && (query.get(from) ?? '') > (query.get(to) ?? '')) problems[to] = [`is before ${from}`];
  return problems;
}

/** Of `page`, `per_page` and whatever else is not named in `known`. */
export function pageProblems(query: URLSearchParams, known: readonly string[]): Problems {
  const problems: Problems = {};
  for (const name of query.keys()) if (![...known, 'page', 'per_page'].includes(name)) problems[name] = ['is not a parameter of this call'];
  const isWithin = (name: string, most: number): boolean => {
    const value = query.get(name);
    return value === null || (/^[1-9]\d{0,5}$/.test(value) && Number(value) <= most);
  };
  if (!isWithin('page', 999_999)) problems['page'] = ['is no page'];
  if (!isWithin('per_page', 100)) problems['per_page'] = ['must be 1–100'];
  return problems;
}
