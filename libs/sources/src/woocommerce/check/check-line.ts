import type { ShopReport } from '../shop/shop-report.js';
import type { WoocommerceSettings } from '../woocommerce.schema.js';
import type { Sighting } from './sightings.js';

/** `note`: worth knowing, nothing is wrong. */
export type Verdict = 'good' | 'bad' | 'note';

export interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  readonly what: string;
  /** Null when there is nothing to do. */
  readonly todo: string | null;
}

/** What is known of a shop; times are epoch ms. */
export interface ShopScene {
  readonly now: number;
  readonly settings: WoocommerceSettings;
  readonly isActive: boolean;
  readonly hasKeys: boolean;
  readonly poll: {
    /** End of the last turn without a failure. */
    readonly polledAt: number | null;
    readonly failures: number;
    /** Kind of the last turn's failure. */
    readonly failure: string | null;
  } | null;
  readonly report: ShopReport | null;
  readonly seen: Readonly<Partial<Record<Sighting, number>>>;
  /** Visits connections of this shop. */
  readonly visits: readonly { readonly id: string; readonly lastVisitAt: number | null }[];
  /** Connections that weigh what this shop sold, such as couriers. */
  readonly weighedFor: readonly string[];
  /** Kinds of open alerts. */
  readonly alerts: readonly string[];
}

export const good = (name: string, what: string): Check => ({ name, verdict: 'good', what, todo: null });
export const note = (name: string, what: string, todo: string | null = null): Check => ({ name, verdict: 'note', what, todo });
export const bad = (name: string, what: string, todo: string): Check => ({ name, verdict: 'bad', what, todo });
