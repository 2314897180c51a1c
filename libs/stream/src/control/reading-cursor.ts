/** Where a list goes on: the keys of the last row that was given. Opaque to clients. */
export type CursorParts = readonly (string | number)[];

export const encodeCursor = (parts: CursorParts): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

/** Reads what {@link encodeCursor} wrote, when its parts are of these types; null for any other text. */
export function decodeCursor(text: string, types: readonly ('string' | 'number')[]): CursorParts | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (!Array.isArray(parts) || parts.length !== types.length || encodeCursor(parts as CursorParts) !== text) return null;
    return parts.every((part, index) => typeof part === types[index] && (typeof part !== 'number' || Number.isSafeInteger(part)))
      ? (parts as CursorParts)
      : null;
  } catch {
    return null;
  }
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** Of `limit + 1` rows the first `limit`, and where to go on when there was one more. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => CursorParts,
  toItem: (row: Row) => Item,
): Page<Item> {
  const given = rows.slice(0, limit);
  const last = given.at(-1);
  return { items: given.map(toItem), nextCursor: rows.length > limit && last !== undefined ? encodeCursor(cursorOf(last)) : null };
}
