import fc from 'fast-check';
import { plannedEntry } from '../../../../test/builders/delivery.builder.js';
import type { Held } from './dispatch.port.js';
import { fittingCount, takeBatch } from './request-batch.js';

const held = (reference: number, isAlone = false, mode: 'live' | 'test' = 'live'): Held => ({
  entry: plannedEntry({ reference: String(reference), mode }),
  isAlone,
});
const references = (some: readonly Held[]): number[] => some.map(({ entry }) => Number(entry.key.reference));

describe('what shares a request', () => {
  it('is the first that wait, in their order, up to the limit', () => {
    const { batch, rest } = takeBatch([held(1), held(2), held(3)], 2);
    expect([references(batch), references(rest)]).toEqual([[1, 2], [3]]);
  });

  it('is of the mode of the first: test events never travel with live ones', () => {
    const { batch, rest } = takeBatch([held(1, false, 'test'), held(2), held(3, false, 'test')], 50);
    expect([references(batch), references(rest)]).toEqual([[1, 3], [2]]);
  });

  it('leaves out what must go alone', () => {
    const { batch, rest } = takeBatch([held(1), held(2, true), held(3)], 50);
    expect([references(batch), references(rest)]).toEqual([[1, 3], [2]]);
  });

  it('is one by itself when that must go alone', () => {
    const { batch, rest } = takeBatch([held(1, true), held(2), held(3, true)], 50);
    expect([references(batch), references(rest)]).toEqual([[1], [2, 3]]);
  });

  it('takes each once, and all of them in the end', () => {
    const waiting = fc.array(fc.record({ isAlone: fc.boolean(), isTest: fc.boolean() }), { maxLength: 40 });
    fc.assert(
      fc.property(waiting, fc.integer({ min: 1, max: 10 }), (kinds, limit) => {
        let left = kinds.map(({ isAlone, isTest }, index) => held(index, isAlone, isTest ? 'test' : 'live'));
        const taken: number[] = [];
        while (left.length > 0) {
          const { batch, rest } = takeBatch(left, limit);
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(limit);
          taken.push(...references(batch));
          left = rest;
        }
        expect(taken.toSorted((a, b) => a - b)).toEqual(kinds.map((_, index) => index));
      }),
    );
  });
});

describe('how many fit into a request', () => {
  it('is all of them when they stay within the limit', () => expect(fittingCount([400, 300, 300], 1_000)).toBe(3));
  it('ends before the one that would go over it', () => expect(fittingCount([400, 300, 301, 1], 1_000)).toBe(2));
  it('is one when the first is larger than the limit: it goes alone', () => expect(fittingCount([5_000, 1], 1_000)).toBe(1));
  it('is none of none', () => expect(fittingCount([], 1_000)).toBe(0));

  it('is at least one and never over the limit with two or more', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000), { minLength: 1 }), fc.nat(3_000), (sizes, limit) => {
        const count = fittingCount(sizes, limit);
        const sum = (some: readonly number[]): number => some.reduce((total, size) => total + size, 0);
        expect(count).toBeGreaterThanOrEqual(1);
        if (count > 1) expect(sum(sizes.slice(0, count))).toBeLessThanOrEqual(limit);
        if (count < sizes.length) expect(sum(sizes.slice(0, count + 1))).toBeGreaterThan(limit);
      }),
    );
  });
});
