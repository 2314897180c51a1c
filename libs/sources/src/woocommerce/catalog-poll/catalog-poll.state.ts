import type { Keyset } from '../poll/keyset-walk.js';
import { isListed, type ListedResource } from './custom-list.js';

/** What is read of a catalog, in the order in which it is begun when all of it is due. */
export const CATALOG_SWEEPS = ['weight-unit', 'product-changes', 'coupon-changes', 'products', 'coupons', 'customers'] as const;
export type OwnSweep = (typeof CATALOG_SWEEPS)[number];
/** What WooCommerce itself has, or `custom:<name>`. */
export type CatalogSweep = OwnSweep | `custom:${string}`;

export interface UnitTask {
  readonly kind: 'unit';
}

/** What changed since the watermark: the lists of products and coupons take `modified_after`, that of customers does not. */
export interface CatalogChangesTask {
  readonly kind: 'changes';
  readonly resource: 'product' | 'coupon';
  /** Shop's clock: where the walk began. */
  readonly from: number;
  readonly keyset: Keyset;
  /** Shop's clock at the first answer. */
  readonly beganAt: number | null;
  readonly newest: number | null;
}

/** The whole list by ids, from its last page to its first: what leaves meanwhile only moves others to pages still to be read. */
export interface WalkTask {
  readonly kind: 'walk';
  /** One of WooCommerce's own, or a custom list's name. */
  readonly resource: string;
  /** The page that is asked next; 0: how many there are. */
  readonly page: number;
}

/** What we know is looked for in the shop's list, a page at a time. */
export interface KnownItemsTask {
  readonly kind: 'known';
  readonly resource: string;
  /** Id; the next page begins after it. */
  readonly after: string;
  /** Null: the next page is still to be asked of our own table. */
  readonly ids: readonly string[] | null;
}

export type CatalogTask = UnitTask | CatalogChangesTask | WalkTask | KnownItemsTask;

/** Items that somebody asked for: products in the list first, then one by one. */
export interface LookupsTask {
  readonly resource: ListedResource;
  readonly ids: readonly string[];
  readonly left: readonly string[];
  readonly stage: 'list' | 'single';
}

/** A variable product whose variations are to be read: lists of products leave them out. */
export interface VariableProduct {
  readonly id: string;
  readonly page: number;
  readonly seen: readonly string[];
  /** All pages were read; what we know of it is compared next. */
  readonly isRead: boolean;
}

/** What a poller knows of a shop's catalog between two requests. Plain JSON: going on from an older one only reads again. */
export interface CatalogState {
  readonly version: 1;
  /** As last read: `kg`, `g`, `lbs`, `oz`. */
  readonly weightUnit: string | null;
  readonly areLookupsDue: boolean;
  readonly lookups: LookupsTask | null;
  readonly variable: readonly VariableProduct[];
  readonly task: CatalogTask | null;
  /** Of the task, in a row. */
  readonly failures: number;
  /** Sweeps that were given up last time. */
  readonly failing: readonly CatalogSweep[];
  /** Shop's clock: every change up to it was seen. */
  readonly watermarks: { readonly product: number | null; readonly coupon: number | null };
  /** Our clock: when each sweep last began. */
  readonly sweptAt: Readonly<Partial<Record<CatalogSweep, number>>>;
  /** Requests since the last rest. */
  readonly requests: number;
  /** Our clock: nothing is asked before. */
  readonly restUntil: number;
  /** Marks of rows that cannot be read and were reported. */
  readonly unreadable: readonly string[];
}

const NEW_STATE: CatalogState = {
  version: 1,
  weightUnit: null,
  areLookupsDue: true,
  lookups: null,
  variable: [],
  task: null,
  failures: 0,
  failing: [],
  watermarks: { product: null, coupon: null },
  sweptAt: {},
  requests: 0,
  restUntil: 0,
  unreadable: [],
};

/** The state as it was kept; null (never polled) and a version that this release does not know begin anew. */
export function resumeCatalog(kept: unknown): CatalogState {
  const state = kept as CatalogState | null;
  // What is to be looked up is kept in a table, which is simply asked again.
  return state?.version === 1 ? { ...state, lookups: null, areLookupsDue: true } : NEW_STATE;
}

export const sweepOfTask = (task: CatalogTask): CatalogSweep => {
  switch (task.kind) {
    case 'unit':
      return 'weight-unit';
    case 'changes':
      return task.resource === 'product' ? 'product-changes' : 'coupon-changes';
    case 'walk':
    case 'known':
      return isListed(task.resource) ? `${task.resource}s` : `custom:${task.resource}`;
  }
};
