import fc from 'fast-check';
import { decodeCursor, encodeCursor, pageOf } from './reading-cursor.js';

const TYPES = ['number', 'string'] as const;

describe('a cursor', () => {
  it('says what was put into it', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.string(), (moment, key) =>
        expect(decodeCursor(encodeCursor([moment, key]), TYPES)).toEqual([moment, key]),
      ),
    );
  });
  it('of another list, or written by somebody else, is refused', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(decodeCursor(text, TYPES)).toBeNull()));
    for (const parts of [[1], ['1', 'key'], [1, 'key', 2], [1.5, 'key']]) expect(decodeCursor(encodeCursor(parts), TYPES)).toBeNull();
    expect(decodeCursor(Buffer.from('[1, "key"]').toString('base64url'), TYPES)).toBeNull();
  });
});

describe('a page', () => {
  const page = (count: number): ReturnType<typeof pageOf<number, string>> =>
    pageOf(
      Array.from({ length: count }, (_, index) => index),
      3,
      (row) => [row],
      String,
    );

  it('goes on after its last item when there is one more', () =>
    expect(page(4)).toEqual({ items: ['0', '1', '2'], nextCursor: encodeCursor([2]) }));
  it('ends when there is none more', () => expect(page(3)).toEqual({ items: ['0', '1', '2'], nextCursor: null }));
  it('may be empty', () => expect(page(0)).toEqual({ items: [], nextCursor: null }));
});
