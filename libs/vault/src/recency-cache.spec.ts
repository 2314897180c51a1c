import fc from 'fast-check';
import { RecencyCache } from './recency-cache.js';

describe('the recency cache', () => {
  it('never holds more than its bound and always the most recent half', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.array(fc.integer({ min: 0, max: 40 })), (maxEntries, keys) => {
        const cache = new RecencyCache<number>(maxEntries);
        for (const key of keys) if (cache.get(String(key)) === undefined) cache.set(String(key), key);
        expect(cache.size).toBeLessThanOrEqual(maxEntries);
        const recent = [...new Set(keys.toReversed())].slice(0, Math.floor(maxEntries / 2));
        for (const key of recent) expect(cache.get(String(key))).toBe(key);
      }),
    );
  });

  it('forgets in both generations', () => {
    const cache = new RecencyCache<number>(4);
    for (const key of [1, 2, 3]) cache.set(String(key), key);
    cache.deleteWhere((value) => value !== 2);
    cache.delete('2');
    expect([cache.get('1'), cache.get('2'), cache.get('3'), cache.size]).toEqual([undefined, undefined, undefined, 0]);
  });
});
