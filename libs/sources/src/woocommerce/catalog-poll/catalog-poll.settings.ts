import type { OwnSweep } from './catalog-poll.state.js';

/** How often a shop's catalog is asked for what, in ms; the defaults are in docs/catalog.md. */
export interface CatalogPollSettings {
  readonly everyMs: Readonly<Record<OwnSweep, number>>;
  /** How far behind the watermark each look for changes begins. */
  readonly overlapMs: number;
  /** Where nothing changes, the watermark follows the shop's clock at this distance. */
  readonly idleMs: number;
  /** After so many requests in a row the shop gets a rest: the catalog is never in a hurry. */
  readonly burstRequests: number;
  readonly restMs: number;
  /** A sweep that failed is tried again after this, twice as late each time; after three failures in a row in an hour. */
  readonly retryMs: number;
  readonly giveUpMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const CATALOG_POLL_SETTINGS: CatalogPollSettings = {
  everyMs: {
    'weight-unit': DAY,
    'product-changes': 10 * MINUTE,
    'coupon-changes': 30 * MINUTE,
    products: DAY,
    coupons: DAY,
    customers: DAY,
  },
  overlapMs: 2 * MINUTE,
  idleMs: 15 * MINUTE,
  burstRequests: 10,
  restMs: 10 * SECOND,
  retryMs: MINUTE,
  giveUpMs: HOUR,
};
