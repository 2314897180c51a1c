/** What a figure may be at least, or at most. */
export interface Budget {
  readonly is: 'at least' | 'at most';
  readonly value: number;
}

/** What the bare machine does at the same kind of work, measured in the same run. */
export interface MachineLimit {
  readonly what: string;
  readonly value: number;
}

export interface Figure {
  /** Stable, for comparing runs. */
  readonly id: string;
  readonly section: string;
  readonly what: string;
  readonly unit: string;
  /** One value per repetition; the figure is their median. */
  readonly samples: readonly number[];
  readonly budget: Budget | null;
  readonly limit: MachineLimit | null;
  readonly note: string;
}

/** Percentile by nearest rank, `p` in 0–100; NaN of nothing. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))] ?? Number.NaN;
}

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export const valueOf = (figure: Pick<Figure, 'samples'>): number => median(figure.samples);

/** Share of the machine's own limit; null without one. */
export function ratioOf({ samples, limit }: Pick<Figure, 'samples' | 'limit'>): number | null {
  if (limit === null || limit.value === 0 || Number.isNaN(limit.value)) return null;
  return median(samples) / limit.value;
}

/** Null without a budget. A figure that could not be measured does not meet its budget. */
export function isMet({ samples, budget }: Pick<Figure, 'samples' | 'budget'>): boolean | null {
  if (budget === null) return null;
  const value = median(samples);
  return budget.is === 'at least' ? value >= budget.value : value <= budget.value;
}

export interface LatencySummary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export const summaryOf = (latenciesMs: readonly number[]): LatencySummary => ({
  p50: percentile(latenciesMs, 50),
  p95: percentile(latenciesMs, 95),
  p99: percentile(latenciesMs, 99),
  max: percentile(latenciesMs, 100),
});
