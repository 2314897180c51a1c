import type { LatencySummary } from '../figures.mts';
import type { VisitLoad } from './visit-bytes.mts';
import type { Buyers, ShopAddress } from './webhook-bytes.mts';

/** What the load generator is asked, as JSON in BENCH_JOB. */
export interface LoadJob {
  readonly shop: ShopAddress;
  readonly firstOrderId: number;
  /** At most so many orders, one webhook each. */
  readonly orders: number;
  readonly buyers: Buyers;
  readonly connections: number;
  /** Closed loop for so many seconds, or open loop at a rate until all are sent. */
  readonly loop: { readonly kind: 'closed'; readonly seconds: number } | { readonly kind: 'open'; readonly perSecond: number };
  /** The same requests over and over, for a server that does not look at them. */
  readonly isRepeated?: boolean;
  /** Answer with the moment of each request too. */
  readonly withMoments: boolean;
}

/** What the load generator for visits is asked, as JSON in BENCH_JOB. */
export interface VisitJob {
  readonly load: VisitLoad;
  /** At most so many requests. */
  readonly requests: number;
  /** Makes the event ids of this run its own; below 65,536. */
  readonly runId: number;
  readonly connections: number;
  readonly loop: LoadJob['loop'];
}

/** What it answers, as JSON on the last line of its output. */
export interface LoadReport {
  readonly answered: number;
  readonly refused: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly bodyBytes: number;
  readonly latencyMs: LatencySummary;
  /** CPU of the generator itself while it sent. */
  readonly cpuSeconds: number;
  /** Epoch ms of each order from `firstOrderId` on; empty unless asked for. */
  readonly sentAt: readonly number[];
}
