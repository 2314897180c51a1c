import { keysetQuery, startKeyset } from '../poll/keyset-walk.js';
import type { ShopQuery } from '../rest/shop-exchange.js';
import type { CatalogPollSettings } from './catalog-poll.settings.js';
import {
  CATALOG_SWEEPS,
  type CatalogState,
  type CatalogSweep,
  type CatalogTask,
  type ListedResource,
  type LookupsTask,
  type VariableProduct,
} from './catalog-poll.state.js';

/** What polling the orders has learnt of the shop. */
export interface ShopKnowledge {
  readonly pageRows: number;
  /** The shop's newest Date, epoch ms. */
  readonly shopClock: number;
  readonly hasModifiedFilter: boolean;
}

/** What is done next for a catalog. */
export type CatalogMove =
  | { readonly kind: 'ask-shop'; readonly query: ShopQuery }
  /** Look-ups that are due, of one resource. */
  | { readonly kind: 'ask-due-lookups'; readonly limit: number }
  /** Ids of items that we know and that are not deleted, in order, after the given one. */
  | { readonly kind: 'ask-known-items'; readonly resource: string; readonly after: string; readonly limit: number }
  | { readonly kind: 'ask-known-variations'; readonly parentId: string }
  /** Nothing is due before `until` (our clock). */
  | { readonly kind: 'wait'; readonly until: number };

const SECOND = 1_000;
const PATHS = { product: '/products', coupon: '/coupons', customer: '/customers' } as const;
const FRESH = { _skip_cache: '1' } as const;

/** Orders' own lists say `role` nothing; customers' leave out who is no mere customer. */
const parametersOf = (resource: ListedResource): Readonly<Record<string, string>> =>
  resource === 'customer' ? { ...FRESH, role: 'all' } : FRESH;

const byId = (resource: ListedResource, rows: number, page: number): ShopQuery => ({
  path: PATHS[resource],
  parameters: { ...parametersOf(resource), per_page: String(rows), orderby: 'id', order: 'asc', page: String(Math.max(1, page)) },
});

const inIds = (resource: ListedResource, ids: readonly string[], fields: Readonly<Record<string, string>>): ShopQuery => {
  const { path, parameters } = byId(resource, ids.length, 1);
  return { path, parameters: { ...parameters, ...fields, include: ids.join(',') } };
};

const lookupQuery = ({ resource, left, stage }: LookupsTask): ShopQuery =>
  stage === 'list' ? inIds(resource, left, {}) : { path: `${PATHS[resource]}/${left[0] ?? ''}`, parameters: FRESH };

function variationsMove({ id, page, isRead }: VariableProduct, { pageRows }: ShopKnowledge): CatalogMove {
  if (isRead) return { kind: 'ask-known-variations', parentId: id };
  const { parameters } = byId('product', pageRows, page);
  return { kind: 'ask-shop', query: { path: `/products/${id}/variations`, parameters } };
}

function moveOf(task: CatalogTask, shop: ShopKnowledge): CatalogMove {
  switch (task.kind) {
    case 'unit':
      return { kind: 'ask-shop', query: { path: '/settings/products/woocommerce_weight_unit', parameters: FRESH } };
    case 'changes':
      return { kind: 'ask-shop', query: keysetQuery(task.keyset, shop.pageRows, PATHS[task.resource]) };
    case 'walk':
      return { kind: 'ask-shop', query: byId(task.resource, shop.pageRows, task.page) };
    case 'known':
      return task.ids === null
        ? { kind: 'ask-known-items', resource: task.resource, after: task.after, limit: shop.pageRows }
        : { kind: 'ask-shop', query: inIds(task.resource, task.ids, { _fields: 'id' }) };
  }
}

function taskOf(sweep: CatalogSweep, state: CatalogState, settings: CatalogPollSettings, { shopClock }: ShopKnowledge): CatalogTask {
  const changes = (resource: 'product' | 'coupon'): CatalogTask => {
    const from = (state.watermarks[resource] ?? shopClock) - settings.overlapMs - SECOND;
    return { kind: 'changes', resource, from, keyset: startKeyset('modified', 'live', 'whole', from), beganAt: null, newest: null };
  };
  switch (sweep) {
    case 'weight-unit':
      return { kind: 'unit' };
    case 'product-changes':
      return changes('product');
    case 'coupon-changes':
      return changes('coupon');
    case 'products':
      return { kind: 'walk', resource: 'product', page: 0 };
    case 'coupons':
      return { kind: 'walk', resource: 'coupon', page: 0 };
    case 'customers':
      return { kind: 'walk', resource: 'customer', page: 0 };
  }
}

/** Shops before WooCommerce 5.8 ignore `modified_after`: every look would be a look at everything. */
const isPossible = (sweep: CatalogSweep, { hasModifiedFilter }: ShopKnowledge): boolean =>
  hasModifiedFilter || (sweep !== 'product-changes' && sweep !== 'coupon-changes');

const dueAt = (state: CatalogState, settings: CatalogPollSettings, sweep: CatalogSweep): number =>
  (state.sweptAt[sweep] ?? Number.NEGATIVE_INFINITY) + settings.everyMs[sweep];

/** Counts a request, and takes a rest after so many. */
function paced(state: CatalogState, move: CatalogMove, settings: CatalogPollSettings, now: number): CatalogState {
  if (move.kind !== 'ask-shop') return state;
  const requests = state.requests + 1;
  return requests < settings.burstRequests ? { ...state, requests } : { ...state, requests: 0, restUntil: now + settings.restMs };
}

/**
 * What to do next, and the state in which it is under way: what was asked for, then variations of what was read, then what is due.
 * `now`: epoch ms, our clock. Every move but `wait` is answered to `takeCatalogReply`, `takeLookups`, `takeKnownItems` or
 * `takeKnownVariations`.
 */
export function nextCatalogMove(
  before: CatalogState,
  shop: ShopKnowledge,
  settings: CatalogPollSettings,
  now: number,
): { readonly state: CatalogState; readonly move: CatalogMove } {
  if (before.restUntil > now) return { state: before, move: { kind: 'wait', until: before.restUntil } };
  const go = (state: CatalogState, move: CatalogMove) => ({ state: paced(state, move, settings, now), move });
  if (before.lookups !== null) return go(before, { kind: 'ask-shop', query: lookupQuery(before.lookups) });
  if (before.areLookupsDue) return go(before, { kind: 'ask-due-lookups', limit: shop.pageRows });
  const [variable] = before.variable;
  if (variable !== undefined) return go(before, variationsMove(variable, shop));
  if (before.task !== null) return go(before, moveOf(before.task, shop));
  const sweeps = CATALOG_SWEEPS.filter((sweep) => isPossible(sweep, shop));
  const due = sweeps.find((sweep) => dueAt(before, settings, sweep) <= now);
  if (due === undefined)
    return { state: before, move: { kind: 'wait', until: Math.min(...sweeps.map((sweep) => dueAt(before, settings, sweep))) } };
  const task = taskOf(due, before, settings, shop);
  return go({ ...before, task, failures: 0, sweptAt: { ...before.sweptAt, [due]: now } }, moveOf(task, shop));
}
