import { Complaints, idOf, objectOf, readDate } from '../body-reader.js';
import type { ShopQuery } from '../rest/shop-exchange.js';
import { failed, type Reading, type ShopPage } from './poll-answer.js';

const SECOND = 1_000;
const MAX_PASSES = 5;
const GLIMPSE_FIELDS = 'id,status,date_created_gmt,date_modified_gmt,total';

/** More orders than a page within one second: a closed window, walked from its last page to its first. */
interface Crowd {
  /** Epoch ms of the second. */
  readonly second: number;
  /** The page that is asked next; 0: how many there are. */
  readonly page: number;
  readonly ids: readonly string[];
  readonly passes: number;
}

/**
 * A walk over orders by date that misses nothing: always page 1 of what is newer than the last second seen, never page 2, because
 * orders that change meanwhile move between pages. Bounds of WooCommerce are strict and cut to seconds.
 */
export interface Keyset {
  readonly by: 'modified' | 'created';
  /** The shop's default list (`live`) leaves the trash out. */
  readonly of: 'live' | 'trash';
  readonly detail: 'whole' | 'glimpse';
  /** Epoch ms of a whole second: newer orders are still to come. */
  readonly after: number;
  /** Epoch ms of a whole second: orders of then and later are left out; null: none. */
  readonly before: number | null;
  /** Newest date seen, epoch ms. */
  readonly newest: number | null;
  readonly crowd: Crowd | null;
}

const NAMES = {
  modified: { after: 'modified_after', before: 'modified_before', orderby: 'modified', field: 'date_modified_gmt' },
  created: { after: 'after', before: 'before', orderby: 'date', field: 'date_created_gmt' },
} as const;

const startOfSecond = (ms: number): number => Math.floor(ms / SECOND) * SECOND;

/** UTC without a zone: with a `Z` WooCommerce would shift it by the site's offset. */
export const naiveUtc = (ms: number): string => new Date(Math.max(0, ms)).toISOString().slice(0, 19);

export const startKeyset = (
  by: Keyset['by'],
  of: Keyset['of'],
  detail: Keyset['detail'],
  after: number,
  before: number | null = null,
): Keyset => ({
  by,
  of,
  detail,
  after: startOfSecond(after),
  before: before === null ? null : startOfSecond(before),
  newest: null,
  crowd: null,
});

/** What every list of orders is asked with. */
export const listParameters = (of: Keyset['of'], detail: Keyset['detail']): Record<string, string> => ({
  dates_are_gmt: 'true',
  _skip_cache: '1',
  ...(of === 'trash' ? { status: 'trash' } : {}),
  ...(detail === 'glimpse' ? { _fields: GLIMPSE_FIELDS } : {}),
});

export function keysetQuery({ by, of, detail, after, before, crowd }: Keyset, pageRows: number, path = '/orders'): ShopQuery {
  const names = NAMES[by];
  const base = { ...listParameters(of, detail), per_page: String(pageRows), order: 'asc' };
  if (crowd === null) {
    const until = before === null ? {} : { [names.before]: naiveUtc(before) };
    return { path, parameters: { ...base, orderby: names.orderby, page: '1', [names.after]: naiveUtc(after), ...until } };
  }
  return {
    path,
    parameters: {
      ...base,
      orderby: 'id',
      page: String(Math.max(1, crowd.page)),
      [names.after]: naiveUtc(crowd.second - SECOND),
      [names.before]: naiveUtc(crowd.second + SECOND),
    },
  };
}

export interface KeysetStep {
  readonly keyset: Keyset;
  readonly isDone: boolean;
}

const read = (keyset: Keyset, isDone: boolean): Reading<KeysetStep> => ({ kind: 'read', value: { keyset, isDone } });

/** Dates of the rows that have one, in their order. */
const datesOf = (rows: readonly unknown[], field: string): number[] =>
  rows.map((row) => readDate(objectOf(row), field, new Complaints())).filter((date) => date !== null);

/** Where the walk stands after a page. */
export function takeKeysetPage(keyset: Keyset, page: ShopPage, pageRows: number): Reading<KeysetStep> {
  const dates = datesOf(page.rows, NAMES[keyset.by].field);
  const newest = Math.max(keyset.newest ?? -1, ...dates);
  const seen = { ...keyset, newest: newest < 0 ? null : newest };
  if (seen.crowd !== null) return takeCrowdPage(seen, seen.crowd, page);
  if (page.total <= pageRows) {
    return page.rows.length === 0 && page.total > 0 ? failed('unusable', 'a page without its rows') : read(seen, true);
  }
  const last = dates.at(-1);
  if (last === undefined) return failed('unusable', 'rows without dates');
  const second = startOfSecond(last);
  if (second - SECOND > keyset.after) return read({ ...seen, after: second - SECOND }, false);
  return read({ ...seen, crowd: { second, page: 0, ids: [], passes: 0 } }, false);
}

/** From the last page to the first a row that leaves only moves others to pages that are still to be read. */
function takeCrowdPage(keyset: Keyset, crowd: Crowd, page: ShopPage): Reading<KeysetStep> {
  const isLook = crowd.page === 0 && page.pageCount > 1;
  const ids = isLook ? [] : [...new Set([...crowd.ids, ...page.rows.map((row) => idOf(objectOf(row)['id']) ?? '')])];
  if (isLook || crowd.page > 1) return read({ ...keyset, crowd: { ...crowd, ids, page: isLook ? page.pageCount : crowd.page - 1 } }, false);
  if (ids.length === page.total) return read({ ...keyset, after: crowd.second, crowd: null }, false);
  if (crowd.passes >= MAX_PASSES) return failed('unsettled', `${page.total} orders within one second`);
  return read({ ...keyset, crowd: { ...crowd, ids: [], page: page.pageCount, passes: crowd.passes + 1 } }, false);
}
