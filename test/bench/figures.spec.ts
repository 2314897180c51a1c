import fc from 'fast-check';
import { figuresTable, numberText, rowOf } from './figures-table.mts';
import { isMet, median, percentile, ratioOf, summaryOf, type Figure } from './figures.mts';

const figure = (overrides: Partial<Figure> = {}): Figure => ({
  id: 'ingest.max',
  section: 'Ingest',
  what: 'signed orders',
  unit: '/s',
  samples: [7_900, 8_200, 8_100],
  budget: { is: 'at least', value: 8_000 },
  limit: { what: 'raw Fastify', value: 32_400 },
  note: '',
  ...overrides,
});

describe('a percentile', () => {
  it('is the value of the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([50, 95, 99, 100].map((p) => percentile(hundred, p))).toEqual([50, 95, 99, 100]);
    expect(percentile([7], 1)).toBe(7);
  });

  it('of nothing is not a number', () => {
    expect(summaryOf([])).toEqual({ p50: Number.NaN, p95: Number.NaN, p99: Number.NaN, max: Number.NaN });
  });

  it('is one of the values, grows with p and does not depend on their order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.nat(100), fc.nat(100), (values, p, q) => {
        const [low, high] = [Math.min(p, q), Math.max(p, q)];
        expect(values).toContain(percentile(values, low));
        expect(percentile(values, low)).toBeLessThanOrEqual(percentile(values, high));
        expect(percentile(values.toReversed(), low)).toBe(percentile(values, low));
      }),
    );
  });
});

describe('a median', () => {
  it('is the middle one, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('a figure', () => {
  it('meets a budget at its border, in either direction', () => {
    expect(isMet(figure({ samples: [8_000] }))).toBe(true);
    expect(isMet(figure({ samples: [7_999] }))).toBe(false);
    expect(isMet(figure({ samples: [300], budget: { is: 'at most', value: 300 } }))).toBe(true);
    expect(isMet(figure({ samples: [301], budget: { is: 'at most', value: 300 } }))).toBe(false);
    expect(isMet(figure({ budget: null }))).toBeNull();
  });

  it('that could not be measured meets no budget', () => {
    expect(isMet(figure({ samples: [] }))).toBe(false);
  });

  it('is a share of the machine’s limit', () => {
    expect(ratioOf(figure())).toBe(0.25);
    expect(ratioOf(figure({ limit: null }))).toBeNull();
    expect(ratioOf(figure({ limit: { what: 'nothing', value: 0 } }))).toBeNull();
  });
});

describe('the table', () => {
  it('writes whole thousands and three digits of what is small', () => {
    expect([1_234_567.8, 100, 99.94, 0.012_34, -5, Number.NaN].map(numberText)).toEqual([
      '1,234,568',
      '100',
      '99.9',
      '0.0123',
      '-5',
      'not measured',
    ]);
  });

  it('writes shares close to the whole with a digit more', () => {
    expect([0.999_64, 0.97, 0.9, 1].map(numberText)).toEqual(['0.9996', '0.97', '0.9', '1']);
  });

  it('puts a figure beside its budget and its limit', () => {
    expect(rowOf(figure())).toEqual(['signed orders', '8,100 /s', '7,900 … 8,200', '≥ 8,000', 'met', '25 % of 32,400 (raw Fastify)']);
    expect(rowOf(figure({ samples: [12], unit: 'ms', budget: { is: 'at most', value: 10 }, limit: null, note: 'one run' }))).toEqual([
      'signed orders (one run)',
      '12 ms',
      '–',
      '≤ 10',
      'MISSED',
      '–',
    ]);
  });

  it('names each section once, before its figures', () => {
    const text = figuresTable([figure(), figure({ what: 'latency' }), figure({ section: 'Rebuild', what: 'events' })]);
    const lines = text.split('\n').flatMap((line) => /INGEST|REBUILD|signed orders|latency|events/.exec(line)?.[0] ?? []);
    expect(lines).toEqual(['INGEST', 'signed orders', 'latency', 'REBUILD', 'events']);
  });
});
