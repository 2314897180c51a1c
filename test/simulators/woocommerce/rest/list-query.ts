import type { JsonObject } from '../json/json.ts';
import { invalidParameters, ok, type Reply } from './answer.ts';

/** The time column a bound is compared with, as seconds of the wall clock that the column shows. */
export interface Bounds {
  readonly after: number | null;
  readonly before: number | null;
}

export interface ListQuery {
  readonly parameters: URLSearchParams;
  readonly page: number;
  readonly perPage: number;
  readonly offset: number | null;
  readonly isAscending: boolean;
  readonly orderBy: string;
  readonly include: readonly number[];
  readonly exclude: ReadonlySet<number>;
  readonly fields: readonly string[] | null;
}

const DATE = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * The wall-clock seconds that WordPress compares a column with. A date without zone is taken as it is; one with a zone is first turned into
 * the site's own time, also when the column it is then compared with is UTC: that is why `Z` together with `dates_are_gmt` is wrong by the
 * site's offset. Null: no date at all.
 */
function wallSeconds(text: string, utcOffsetMinutes: number): number | null {
  const match = DATE.exec(text);
  if (match === null) return null;
  const [, day, time, zone] = match;
  if (zone === undefined) return secondsOf(`${day}T${time}Z`);
  const shifted = zone.toUpperCase() === 'Z' ? 'Z' : zone.length === 3 ? `${zone}:00` : zone;
  const instant = secondsOf(`${day}T${time}${shifted}`);
  return instant === null ? null : instant + utcOffsetMinutes * 60;
}

function secondsOf(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : Math.floor(ms / 1_000);
}

const isNamed = (key: string, name: string): boolean => key === name || (key.startsWith(`${name}[`) && key.endsWith(']'));

/** Values of a list parameter, however it was written: `a,b`, `name[]=a&name[]=b`, `name[0]=a`. */
export const listParameter = (parameters: URLSearchParams, name: string): readonly string[] =>
  [...parameters.entries()]
    .filter(([key]) => isNamed(key, name))
    .flatMap(([, value]) => value.split(/[\s,]+/))
    .filter((value) => value !== '');

const flagOf = (value: string | null): boolean | null => {
  if (value === null) return false;
  if (['true', '1', 'TRUE', 'True'].includes(value)) return true;
  return ['false', '0', '', 'FALSE', 'False'].includes(value) ? false : null;
};

function wholeNumber(
  parameters: URLSearchParams,
  name: string,
  problems: Record<string, string>,
  limits: { min: number; max?: number },
): number | null {
  const text = parameters.get(name);
  if (text === null) return null;
  const value = Number(text);
  if (!/^-?\d+$/.test(text.trim())) problems[name] = `${name} is not of type integer.`;
  else if (limits.max !== undefined && (value < limits.min || value > limits.max))
    problems[name] = `${name} must be between ${limits.min} (inclusive) and ${limits.max} (inclusive)`;
  else if (value < limits.min) problems[name] = `${name} must be greater than or equal to ${limits.min}`;
  return value;
}

export interface ListRules {
  readonly orderBy: readonly string[];
  readonly defaultOrderBy: string;
  readonly defaultOrder?: 'asc' | 'desc';
}

/** Reads what every list takes; a Reply says what is wrong. Unknown parameters are ignored, as WordPress does. */
export function readListQuery(
  parameters: URLSearchParams,
  { orderBy, defaultOrderBy, defaultOrder = 'desc' }: ListRules,
): ListQuery | Reply {
  const problems: Record<string, string> = {};
  const page = wholeNumber(parameters, 'page', problems, { min: 1 }) ?? 1;
  const perPage = wholeNumber(parameters, 'per_page', problems, { min: 1, max: 100 }) ?? 10;
  const offset = wholeNumber(parameters, 'offset', problems, { min: 0 });
  const order = parameters.get('order') ?? defaultOrder;
  if (order !== 'asc' && order !== 'desc') problems['order'] = 'order is not one of asc and desc.';
  const wantedOrderBy = parameters.get('orderby') ?? defaultOrderBy;
  if (!orderBy.includes(wantedOrderBy)) problems['orderby'] = `orderby is not one of ${orderBy.join(', ')}.`;
  for (const name of ['after', 'before', 'modified_after', 'modified_before']) {
    const text = parameters.get(name);
    if (text !== null && wallSeconds(text, 0) === null) problems[name] = 'Invalid date.';
  }
  if (flagOf(parameters.get('dates_are_gmt')) === null) problems['dates_are_gmt'] = 'dates_are_gmt is not of type boolean.';
  if (Object.keys(problems).length > 0) return invalidParameters(problems);
  const fields = listParameter(parameters, '_fields');
  return {
    parameters,
    page,
    perPage,
    offset,
    isAscending: order === 'asc',
    orderBy: wantedOrderBy,
    include: listParameter(parameters, 'include').map(Number),
    exclude: new Set(listParameter(parameters, 'exclude').map(Number)),
    fields: fields.length === 0 ? null : fields,
  };
}

export interface Dated {
  readonly id: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

const isWithin = (column: number, { after, before }: Bounds): boolean =>
  (after === null || column > after) && (before === null || column < before);

/** Whether a row is inside the bounds of `after`, `before`, `modified_after`, `modified_before`: strict, by the second. */
export function dateFilter(parameters: URLSearchParams, utcOffsetMinutes: number, knowsModified: boolean): (row: Dated) => boolean {
  const bound = (name: string): number | null => {
    const text = parameters.get(name);
    return text === null ? null : wallSeconds(text, utcOffsetMinutes);
  };
  const isGmt = knowsModified && flagOf(parameters.get('dates_are_gmt')) === true;
  const shift = isGmt ? 0 : utcOffsetMinutes * 60;
  const created = { after: bound('after'), before: bound('before') };
  const modified = knowsModified ? { after: bound('modified_after'), before: bound('modified_before') } : { after: null, before: null };
  return (row) => isWithin(row.createdAt + shift, created) && isWithin(row.modifiedAt + shift, modified);
}

export const chosenOnly =
  ({ include, exclude }: ListQuery): ((row: { readonly id: number }) => boolean) =>
  ({ id }) =>
    (include.length === 0 || include.includes(id)) && !exclude.has(id);

/** By date with the id as tie-break, by id, or as asked for in `include`. */
export function inOrder<Row extends Dated>(rows: readonly Row[], { orderBy, isAscending, include }: ListQuery): Row[] {
  if (orderBy === 'include') return include.flatMap((id) => rows.filter((row) => row.id === id));
  const sign = isAscending ? 1 : -1;
  const column = (row: Row): number => (orderBy === 'modified' ? row.modifiedAt : orderBy === 'id' ? row.id : row.createdAt);
  return rows.toSorted((left, right) => sign * (column(left) - column(right) || left.id - right.id));
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
}

/** The page asked for, as the rows stand now. Past the end some storages forget how many there are. */
export function pageOf<Row>(rows: readonly Row[], { page, perPage, offset }: ListQuery, countsPastTheEnd: boolean): Page<Row> {
  const start = offset ?? (page - 1) * perPage;
  const shown = rows.slice(start, start + perPage);
  return { rows: shown, total: shown.length === 0 && start > 0 && !countsPastTheEnd ? 0 : rows.length };
}

const pair = ([name, value]: readonly [string, string]): string => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;

/** A list's headers: the totals, and links to the pages before and after that keep the filters. */
export function listReply(
  json: readonly JsonObject[],
  total: number,
  { page, perPage }: ListQuery,
  base: string,
  linkParameters: readonly (readonly [string, string])[],
): Reply {
  const pages = Math.ceil(total / perPage);
  const link = (wanted: number, relation: string): string => {
    const isKnown = linkParameters.some(([name]) => name === 'page');
    const given = linkParameters.map(([name, value]) => [name, name === 'page' ? String(wanted) : value] as const);
    const query = (isKnown ? given : [...given, ['page', String(wanted)] as const]).map(pair).join('&');
    return `<${base}?${query}>; rel="${relation}"`;
  };
  const links = [...(page > 1 ? [link(Math.min(page - 1, pages), 'prev')] : []), ...(pages > page ? [link(page + 1, 'next')] : [])];
  return ok(json, {
    'x-wp-total': String(total),
    'x-wp-totalpages': String(pages),
    ...(links.length === 0 ? {} : { link: links.join(', ') }),
  });
}
