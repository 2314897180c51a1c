import { agreementOf, QUALITY_BARS } from './agreement.ts';
import { simulateIdentityLog } from './identity-log.ts';
import { measureIdentityQuality } from './identity-quality.ts';

const partition = (...groups: readonly string[]): ReadonlyMap<string, string> =>
  new Map(groups.flatMap((group, index) => Array.from(group, (item) => [item, String(index)] as const)));

describe('agreement', () => {
  it('is whole when the groups are the same, whatever they are called', () => {
    expect(agreementOf(partition('abc', 'de'), partition('de', 'abc'))).toEqual({ pairwisePrecision: 1, pairwiseRecall: 1, bCubedF1: 1 });
  });

  it('counts pairs that were joined wrongly against precision', () => {
    const { pairwisePrecision, pairwiseRecall, bCubedF1 } = agreementOf(partition('abc', 'de'), partition('abcde'));
    expect([pairwisePrecision, pairwiseRecall]).toEqual([0.4, 1]);
    // Precision (3 · 3/5 + 2 · 2/5) / 5 = 0.52, recall 1.
    expect(bCubedF1).toBeCloseTo(1.04 / 1.52, 10);
  });

  it('counts pairs that were missed against recall; what was found nowhere is alone', () => {
    const { pairwisePrecision, pairwiseRecall, bCubedF1 } = agreementOf(partition('abc'), partition('ab'));
    expect([pairwisePrecision, pairwiseRecall]).toEqual([1, 1 / 3]);
    // Recall (2/3 + 2/3 + 1/3) / 3 = 5/9, precision 1.
    expect(bCubedF1).toBeCloseTo(10 / 14, 10);
  });
});

describe('a simulated shop', () => {
  it('is the same for the same seed, but for event ids', () => {
    const written = (seed: number): string =>
      JSON.stringify(simulateIdentityLog(seed, 20).events, (key, value: unknown) => (key === 'eventId' ? '' : value));
    expect(written(1)).toBe(written(1));
    expect(written(1)).not.toBe(written(2));
  });

  it('is read as well as the bars ask for', () => {
    const quality = measureIdentityQuality([1, 2, 3], 1_500);
    expect(quality.observations).toBeGreaterThan(12_000);
    expect(quality.pairwisePrecision).toBeGreaterThanOrEqual(QUALITY_BARS.pairwisePrecision);
    expect(quality.pairwiseRecall).toBeGreaterThanOrEqual(QUALITY_BARS.pairwiseRecall);
    expect(quality.bCubedF1).toBeGreaterThanOrEqual(QUALITY_BARS.bCubedF1);
    expect(quality.customerConflicts).toBe(0);
  });
});
