import { keysetQuery, startKeyset } from '../poll/keyset-walk.js';
import type { ShopQuery } from '../rest/shop-exchange.js';
import { OWN_PATHS, pathOfResource, type CustomList } from './custom-list.js';
import type { CatalogPollSettings } from './catalog-poll.settings.js';
import {
  CATALOG_SWEEPS,
  type CatalogState,
  type CatalogSweep,
  type CatalogTask,
  type KnownItemsTask,
  type OwnSweep,
  type LookupsTask,
  type VariableProduct,
  type WalkTask,
} from './catalog-poll.state.js';

/** What polling the orders has learnt of the shop. */
export interface ShopKnowledge {
  readonly pageRows: number;
  /** The shop's newest Date, epoch ms. */
  readonly shopClock: number;
  readonly hasModifiedFilter: boolean;
  /** By the connection's settings; null: the shop is asked. */
  readonly weightUnit: string | null;
  /** By the connection's settings. */
  readonly customLists: readonly CustomList[];
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
const MINUTE = 60 * SECOND;
const FRESH = { _skip_cache: '1' } as const;

/** Orders' own lists say `role` nothing; customers' leave out who is no mere customer. */
const parametersOf = (resource: string): Readonly<Record<string, string>> => (resource === 'customer' ? { ...FRESH, role: 'all' } : FRESH);

const byId = (resource: string, path: string, rows: number, page: number): ShopQuery => ({
  path,
  parameters: { ...parametersOf(resource), per_page: String(rows), orderby: 'id', order: 'asc', page: String(Math.max(1, page)) },
});

const inIds = (resource: string, path: string, ids: readonly string[], fields: Readonly<Record<string, string>>): ShopQuery => {
  const { parameters } = byId(resource, path, ids.length, 1);
  return { path, parameters: { ...parameters, ...fields, include: ids.join(',') } };
};

function lookupQuery({ resource, left, stage }: LookupsTask): ShopQuery {
  const path = OWN_PATHS[resource];
  return stage === 'list' ? inIds(resource, path, left, {}) : { path: `${path}/${left[0] ?? ''}`, parameters: FRESH };
}

function variationsMove({ id, page, isRead }: VariableProduct, { pageRows }: ShopKnowledge): CatalogMove {
  if (isRead) return { kind: 'ask-known-variations', parentId: id };
  return { kind: 'ask-shop', query: byId('product', `/products/${id}/variations`, pageRows, page) };
}

/** A page of a list, of our own table, or of the list again by ids; null: the list is none of this shop's any more. */
function listMove(task: WalkTask | KnownItemsTask, { customLists, pageRows }: ShopKnowledge): CatalogMove | null {
  const { resource } = task;
  const path = pathOfResource(resource, customLists);
  if (path === undefined) return null;
  if (task.kind === 'walk') return { kind: 'ask-shop', query: byId(resource, path, pageRows, task.page) };
  if (task.ids === null) return { kind: 'ask-known-items', resource, after: task.after, limit: pageRows };
  const idField = customLists.find(({ name }) => name === resource)?.idField ?? 'id';
  return { kind: 'ask-shop', query: inIds(resource, path, task.ids, { _fields: idField }) };
}

/** Null: there is nothing to do for it any more. */
function moveOf(task: CatalogTask, shop: ShopKnowledge): CatalogMove | null {
  switch (task.kind) {
    case 'unit':
      return { kind: 'ask-shop', query: { path: '/settings/products/woocommerce_weight_unit', parameters: FRESH } };
    case 'changes':
      return { kind: 'ask-shop', query: keysetQuery(task.keyset, shop.pageRows, OWN_PATHS[task.resource]) };
    case 'walk':
    case 'known':
      return listMove(task, shop);
  }
}

const resourceOf = (sweep: `custom:${string}`): string => sweep.slice('custom:'.length);

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
    default:
      return { kind: 'walk', resource: resourceOf(sweep), page: 0 };
  }
}

/** Shops before WooCommerce 5.8 ignore `modified_after`: every look would be a look at everything. */
function isPossible(sweep: CatalogSweep, { hasModifiedFilter, weightUnit }: ShopKnowledge): boolean {
  if (sweep === 'weight-unit') return weightUnit === null;
  return hasModifiedFilter || (sweep !== 'product-changes' && sweep !== 'coupon-changes');
}

const isOwn = (sweep: CatalogSweep): sweep is OwnSweep => CATALOG_SWEEPS.some((own) => own === sweep);

/** How often a sweep begins; 0 for a list that is none of this shop's any more. */
export function everyMsOf(sweep: CatalogSweep, settings: CatalogPollSettings, { customLists }: ShopKnowledge): number {
  if (isOwn(sweep)) return settings.everyMs[sweep];
  return (customLists.find(({ name }) => name === resourceOf(sweep))?.everyMinutes ?? 0) * MINUTE;
}

const dueAt = (state: CatalogState, settings: CatalogPollSettings, shop: ShopKnowledge, sweep: CatalogSweep): number =>
  (state.sweptAt[sweep] ?? Number.NEGATIVE_INFINITY) + everyMsOf(sweep, settings, shop);

export const isSwept = (sweep: CatalogSweep, { customLists }: ShopKnowledge): boolean =>
  isOwn(sweep) || customLists.some(({ name }) => name === resourceOf(sweep));

const sweepsOf = (shop: ShopKnowledge): readonly CatalogSweep[] => [
  ...CATALOG_SWEEPS.filter((sweep) => isPossible(sweep, shop)),
  ...shop.customLists.map(({ name }) => `custom:${name}` as const),
];

/** Counts a request, and takes a rest after so many. */
function paced(state: CatalogState, move: CatalogMove, settings: CatalogPollSettings, now: number): CatalogState {
  if (move.kind !== 'ask-shop') return state;
  const requests = state.requests + 1;
  return requests < settings.burstRequests ? { ...state, requests } : { ...state, requests: 0, restUntil: now + settings.restMs };
}

/** The state with another unit: every weight means something else, so every product is read again. */
export function inUnit(state: CatalogState, weightUnit: string): CatalogState {
  if (state.weightUnit === weightUnit) return state;
  const { products: _before, ...others } = state.sweptAt;
  return { ...state, weightUnit, sweptAt: state.weightUnit === null ? state.sweptAt : others };
}

/**
 * What to do next, and the state in which it is under way: what was asked for, then variations of what was read, then what is due.
 * `now`: epoch ms, our clock. Every move but `wait` is answered to `takeCatalogReply`, `takeLookups`, `takeKnownItems` or
 * `takeKnownVariations`.
 */
export function nextCatalogMove(
  kept: CatalogState,
  shop: ShopKnowledge,
  settings: CatalogPollSettings,
  now: number,
): { readonly state: CatalogState; readonly move: CatalogMove } {
  const before = shop.weightUnit === null ? kept : inUnit(kept, shop.weightUnit);
  if (before.restUntil > now) return { state: before, move: { kind: 'wait', until: before.restUntil } };
  const go = (state: CatalogState, move: CatalogMove) => ({ state: paced(state, move, settings, now), move });
  if (before.lookups !== null) return go(before, { kind: 'ask-shop', query: lookupQuery(before.lookups) });
  if (before.areLookupsDue) return go(before, { kind: 'ask-due-lookups', limit: shop.pageRows });
  const [variable] = before.variable;
  if (variable !== undefined) return go(before, variationsMove(variable, shop));
  const underWay = before.task === null ? null : moveOf(before.task, shop);
  if (underWay !== null) return go(before, underWay);
  const sweeps = sweepsOf(shop);
  const dueTimes = sweeps.map((sweep) => dueAt(before, settings, shop, sweep));
  const due = sweeps[dueTimes.findIndex((at) => at <= now)];
  const task = due === undefined ? null : taskOf(due, before, settings, shop);
  const move = task === null ? null : moveOf(task, shop);
  if (due === undefined || move === null) return { state: before, move: { kind: 'wait', until: Math.min(...dueTimes) } };
  return go({ ...before, task, failures: 0, sweptAt: { ...before.sweptAt, [due]: now } }, move);
}
