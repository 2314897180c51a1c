import type { z } from 'zod';
import { ApiProblem } from './api-problem.js';

/** A place in a list, as text that callers hand back unread. */
export const writeCursor = (place: readonly (string | number)[]): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/** Throws a 400 for anything that {@link writeCursor} did not write. */
export function readCursor<Place>(cursor: string | undefined, schema: z.ZodType<Place>): Place | null {
  if (cursor === undefined) return null;
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new ApiProblem(400, 'Wrong request', 'This cursor is not one of ours.', [{ path: 'cursor', message: 'must be a nextCursor of an earlier answer', line: null }]);
  }
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Null when there is no more. */
  readonly nextCursor: string | null;
}

/** A page of up to `limit` items out of up to `limit + 1` rows. */
export function pageOf<Row, Item>(rows: readonly Row[], limit: number, itemOf: (row: Row) => Item, placeOf: (row: Row) => readonly (string | number)[]): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(itemOf), nextCursor: rows.length > limit && last !== undefined ? writeCursor(placeOf(last)) : null };
}
