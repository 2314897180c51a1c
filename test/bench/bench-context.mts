import type { Figure } from './figures.mts';
import type { OnProgress } from '../../tools/bootstrap/progress.mts';

/** How much of everything; the quick run is for seeing that nothing broke, not for figures to quote. */
export interface Sizes {
  readonly rounds: number;
  readonly closedLoopSeconds: number;
  readonly openLoopSeconds: number;
  /** Orders in the log before a projection or rebuild reads them. */
  readonly backlogOrders: number;
  /** Events of visits that the app `tiktok` finds waiting, and of how many credentials where they are many. */
  readonly backlogVisits: number;
  readonly manyCredentials: number;
  readonly latencySeconds: number;
  readonly restSeconds: number;
  readonly limitRecords: number;
  /** Shares of orders by new people that ingest is measured with; the first is the headline. */
  readonly newShares: readonly number[];
  /** Of each simulated shop that the identity graph reads. */
  readonly households: number;
  readonly endsWithinMs: number;
}

export const FULL: Sizes = {
  rounds: 3,
  closedLoopSeconds: 4,
  openLoopSeconds: 8,
  backlogOrders: 30_000,
  backlogVisits: 100_000,
  manyCredentials: 1_000,
  latencySeconds: 30,
  restSeconds: 5,
  limitRecords: 60_000,
  newShares: [0.5, 0, 1],
  households: 5_000,
  endsWithinMs: 900_000,
};

export const QUICK: Sizes = {
  rounds: 1,
  closedLoopSeconds: 3,
  openLoopSeconds: 4,
  backlogOrders: 8_000,
  backlogVisits: 20_000,
  manyCredentials: 200,
  latencySeconds: 6,
  restSeconds: 1,
  limitRecords: 20_000,
  newShares: [0.5],
  households: 1_500,
  endsWithinMs: 300_000,
};

/** What the bare machine does, each the median of its rounds. */
export interface MachineLimits {
  readonly fastifyPerSecond: number;
  readonly producePerSecond: number;
  readonly consumePerSecond: number;
  readonly upsertNarrowPerSecond: number;
  readonly upsertWidePerSecond: number;
}

/** Collects figures; every section adds its own. */
export class FigureBook {
  readonly figures: Figure[] = [];

  add(figure: Omit<Figure, 'budget' | 'limit' | 'note'> & Partial<Figure>): void {
    this.figures.push({ budget: null, limit: null, note: '', ...figure });
  }
}

export interface BenchContext {
  readonly sizes: Sizes;
  readonly book: FigureBook;
  readonly onProgress: OnProgress;
}

/** Runs `work` once per round and collects what it answers. */
export async function inRounds<T>(rounds: number, work: (round: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let round = 0; round < rounds; round += 1) results.push(await work(round));
  return results;
}
