import fc from 'fast-check';
import { isolate, type GroupOutcome } from './isolation.js';

/** A vendor that refuses a whole request when one item of it is bad. */
function vendor(
  bad: ReadonlySet<number>,
  stopsAfter = Number.POSITIVE_INFINITY,
): { requests: number[][]; rejected: number[]; taken: number[]; send: (group: readonly number[]) => Promise<GroupOutcome> } {
  const seen = { requests: [] as number[][], rejected: [] as number[], taken: [] as number[] };
  const send = (group: readonly number[]): Promise<GroupOutcome> => {
    if (seen.requests.length >= stopsAfter) return Promise.resolve({ kind: 'stopped' });
    seen.requests.push([...group]);
    const isRefused = group.some((item) => bad.has(item));
    if (isRefused && group.length > 1) return Promise.resolve({ kind: 'refused-whole', suspectIndex: null });
    (isRefused ? seen.rejected : seen.taken).push(...group);
    return Promise.resolve({ kind: isRefused ? 'at-fault' : 'taken' });
  };
  return { ...seen, send };
}

const items = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

it('finds the one at fault in at most ⌈log₂ n⌉ + 1 further requests, and gets all others through once with one more', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 1_000 }), fc.nat(), async (count, pick) => {
      const bad = pick % count;
      const seen = vendor(new Set([bad]));
      expect(await isolate(items(count), null, seen.send)).toEqual([]);
      expect(seen.rejected).toEqual([bad]);
      expect(seen.taken.toSorted((a, b) => a - b)).toEqual(items(count).filter((item) => item !== bad));
      const found = seen.requests.findIndex((request) => request.length === 1 && request[0] === bad) + 1;
      expect(found).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) + 1);
      expect(seen.requests.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) + 2);
    }),
    { numRuns: 500 },
  );
});

it('needs two requests when the vendor names it', async () => {
  const seen = vendor(new Set([7]));
  await isolate(items(50), 7, seen.send);
  expect(seen.requests).toEqual([[7], items(50).filter((item) => item !== 7)]);
});

it('finds all of several, and sends nothing twice that was taken', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 60 }), fc.uniqueArray(fc.nat(59), { minLength: 1 }), async (count, picks) => {
      const bad = new Set(picks.filter((pick) => pick < count));
      fc.pre(bad.size > 0);
      const seen = vendor(bad);
      await isolate(items(count), null, seen.send);
      expect(seen.rejected.toSorted((a, b) => a - b)).toEqual([...bad].toSorted((a, b) => a - b));
      expect(seen.taken.toSorted((a, b) => a - b)).toEqual(items(count).filter((item) => !bad.has(item)));
    }),
    { numRuns: 500 },
  );
});

it('answers what is left unsent when nothing can leave any more', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 60 }), fc.nat(), fc.nat(8), async (count, pick, stopsAfter) => {
      const seen = vendor(new Set([pick % count]), stopsAfter);
      const left = await isolate(items(count), null, seen.send);
      const settled = new Set([...seen.taken, ...seen.rejected]);
      expect(left.filter((item) => settled.has(item))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
