import { createHash } from 'node:crypto';
import { readCatalogItem } from '../catalog/catalog-body.js';
import type { CatalogFact, ShopItem } from '../catalog/catalog.facts.js';
import { startKeyset, takeKeysetPage } from '../poll/keyset-walk.js';
import { failed, readObject, readPage, readSingle, type PollFailure, type Reading } from '../poll/poll-answer.js';
import type { RefusedBody } from '../refused-body.js';
import type { ShopReply } from '../rest/shop-exchange.js';
import { REST_SETTLE_MS } from '../woocommerce-order.source.js';
import { weightUnitSchema } from '../shop/shop-facts.js';
import { everyMsOf, inUnit, isSwept, type ShopKnowledge } from './catalog-poll.moves.js';
import { idsOfRows, isListed, type ListedResource } from './custom-list.js';
import type { CatalogPollSettings } from './catalog-poll.settings.js';
import {
  sweepOfTask,
  type CatalogChangesTask,
  type CatalogState,
  type CatalogSweep,
  type CatalogTask,
  type KnownItemsTask,
  type LookupsTask,
  type VariableProduct,
  type WalkTask,
} from './catalog-poll.state.js';

/** A row that cannot be read; reported once per content. */
export interface UnreadableItem {
  readonly resource: string;
  readonly refusal: RefusedBody;
  readonly row: unknown;
}

/** What a person may have to know. */
export type CatalogFinding =
  | { readonly kind: 'sweep-failed'; readonly sweep: CatalogSweep; readonly failure: PollFailure }
  /** No sweep fails any more. */
  | { readonly kind: 'all-well' };

/** What an answer brought. Everything in it is made durable before the state is kept. */
export interface CatalogStep {
  readonly state: CatalogState;
  readonly facts: readonly CatalogFact[];
  readonly unreadable: readonly UnreadableItem[];
  /** A read answered 404, as of a moment on the shop's clock. */
  readonly absent: readonly (ShopItem & { readonly asOf: number })[];
  /** In no list although we know them: to be looked up one by one. */
  readonly missing: readonly ShopItem[];
  /** Asked for, and read. */
  readonly served: readonly ShopItem[];
  /** Asked for, and not to be read now. */
  readonly putOff: readonly ShopItem[];
  readonly findings: readonly CatalogFinding[];
}

/** What taking an answer needs beside it. */
export interface CatalogContext {
  readonly shop: ShopKnowledge;
  readonly settings: CatalogPollSettings;
  /** Our clock, epoch ms. */
  readonly now: number;
  /** The tenant's, ISO alpha-2: for phones of customers without a billing country. */
  readonly defaultCountry: string | null;
}

const MAX_UNREADABLE = 200;
const FAILURES_UNTIL_GIVEN_UP = 3;
/** Asking again would bring the same: the keys' user may not, or the shop has no such list. */
const HOPELESS: ReadonlySet<PollFailure['kind']> = new Set(['refuses-keys', 'unusable']);

/** WooCommerce's own answers for “there is no such thing”; anything else with 404 says nothing of the item. */
const ABSENT: Readonly<Record<ListedResource, ReadonlySet<string>>> = {
  product: new Set(['woocommerce_rest_product_invalid_id']),
  coupon: new Set(['woocommerce_rest_shop_coupon_invalid_id', 'woocommerce_rest_coupon_invalid_id']),
  customer: new Set(['woocommerce_rest_invalid_id', 'woocommerce_rest_customer_invalid_id']),
};

const stepTo = (state: CatalogState, what: Partial<Omit<CatalogStep, 'state'>> = {}): CatalogStep => ({
  state,
  facts: [],
  unreadable: [],
  absent: [],
  missing: [],
  served: [],
  putOff: [],
  findings: [],
  ...what,
});

const itemsOf = (resource: string, ids: readonly string[]): ShopItem[] => ids.map((id) => ({ resource, id }));

const idsIn = (rows: readonly unknown[]): readonly string[] => idsOfRows('product', rows, []);

const without = (ids: readonly string[], found: readonly string[]): string[] => {
  const here = new Set(found);
  return ids.filter((id) => !here.has(id));
};

const markOf = (row: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(row) ?? '')
    .digest('hex')
    .slice(0, 16);

interface ReadRows {
  readonly state: CatalogState;
  readonly facts: readonly CatalogFact[];
  readonly unreadable: readonly UnreadableItem[];
}

/** How rows were read. */
interface RowsRead {
  readonly shopTime: number;
  readonly defaultCountry: string | null;
  readonly parentId: string | null;
  /** Of a custom list; `id` unless told otherwise. */
  readonly idField?: string;
}

function readRows(
  state: CatalogState,
  resource: string,
  rows: readonly unknown[],
  { shopTime, defaultCountry, parentId, idField = 'id' }: RowsRead,
): ReadRows {
  const facts: CatalogFact[] = [];
  const unreadable: UnreadableItem[] = [];
  const marks: string[] = [];
  for (const row of rows) {
    const fact = readCatalogItem(resource, row, { readAt: shopTime - REST_SETTLE_MS, defaultCountry, idField }, parentId);
    if (fact.kind !== 'refused') {
      facts.push(fact);
      continue;
    }
    const mark = markOf(row);
    if (state.unreadable.includes(mark)) continue;
    unreadable.push({ resource, refusal: fact, row });
    marks.push(mark);
  }
  return {
    state: marks.length === 0 ? state : { ...state, unreadable: [...state.unreadable, ...marks].slice(-MAX_UNREADABLE) },
    facts,
    unreadable,
  };
}

/** Products whose variations are to be read next; one that waits already is not read twice. */
function withVariable(state: CatalogState, facts: readonly CatalogFact[]): CatalogState {
  const waiting = new Set(state.variable.map(({ id }) => id));
  const found = facts.flatMap((fact): VariableProduct[] =>
    fact.kind === 'product' && fact.content.productType.startsWith('variable') && !waiting.has(fact.content.productId)
      ? [{ id: fact.content.productId, page: 1, seen: [], isRead: false }]
      : [],
  );
  return found.length === 0 ? state : { ...state, variable: [...state.variable, ...found] };
}

/** The sweep is through: whatever it failed at before is well again. */
function ended(state: CatalogState, sweep: CatalogSweep): CatalogStep {
  const failing = state.failing.filter((name) => name !== sweep);
  const isAllWell = state.failing.length > 0 && failing.length === 0;
  return stepTo({ ...state, task: null, failures: 0, failing }, isAllWell ? { findings: [{ kind: 'all-well' }] } : {});
}

function takeUnit(state: CatalogState, reply: ShopReply): Reading<CatalogStep> {
  const setting = readObject(reply);
  if (setting.kind === 'failed') return setting;
  const unit = weightUnitSchema.safeParse(setting.value.value['value']);
  if (!unit.success) return failed('unusable', 'no weight unit that WooCommerce has');
  return { kind: 'read', value: ended(inUnit(state, unit.data), 'weight-unit') };
}

function takeChanges(task: CatalogChangesTask, state: CatalogState, reply: ShopReply, context: CatalogContext): Reading<CatalogStep> {
  const { shop, settings, defaultCountry } = context;
  const page = readPage(reply);
  if (page.kind === 'failed') return page;
  const walk = takeKeysetPage(task.keyset, page.value, shop.pageRows);
  if (walk.kind === 'failed') return walk;
  const { rows, shopTime } = page.value;
  const { keyset, isDone } = walk.value;
  const { state: after, ...seen } = readRows(state, task.resource, rows, { shopTime, defaultCountry, parentId: null });
  const next = withVariable(after, seen.facts);
  const beganAt = task.beganAt ?? shopTime;
  const newest = Math.max(task.newest ?? 0, keyset.newest ?? 0);
  const isTrashNext = isDone && keyset.of === 'live' && task.resource === 'product';
  if (!isDone || isTrashNext) {
    const on = isTrashNext ? startKeyset('modified', 'trash', 'whole', task.from) : keyset;
    return { kind: 'read', value: { ...stepTo({ ...next, task: { ...task, keyset: on, beganAt, newest } }), ...seen } };
  }
  const settled = beganAt - REST_SETTLE_MS;
  const watermark = Math.max(state.watermarks[task.resource] ?? 0, Math.min(newest, settled), settled - settings.idleMs);
  const kept = { ...next, watermarks: { ...next.watermarks, [task.resource]: watermark } };
  return { kind: 'read', value: { ...ended(kept, sweepOfTask(task)), ...seen } };
}

function takeWalk(task: WalkTask, state: CatalogState, reply: ShopReply, { defaultCountry, shop }: CatalogContext): Reading<CatalogStep> {
  const page = readPage(reply);
  if (page.kind === 'failed') return page;
  const { rows, pageCount, shopTime } = page.value;
  if (task.page === 0 && pageCount > 1) return { kind: 'read', value: stepTo({ ...state, task: { ...task, page: pageCount } }) };
  const idField = shop.customLists.find(({ name }) => name === task.resource)?.idField ?? 'id';
  const { state: after, ...seen } = readRows(state, task.resource, rows, { shopTime, defaultCountry, parentId: null, idField });
  const next = withVariable({ ...after, failures: 0 }, seen.facts);
  if (task.page > 1) return { kind: 'read', value: { ...stepTo({ ...next, task: { ...task, page: task.page - 1 } }), ...seen } };
  if (task.resource === 'customer') return { kind: 'read', value: { ...ended(next, 'customers'), ...seen } };
  const known: KnownItemsTask = { kind: 'known', resource: task.resource, after: '', ids: null };
  return { kind: 'read', value: { ...stepTo({ ...next, task: known }), ...seen } };
}

function takeKnown(task: KnownItemsTask, state: CatalogState, reply: ShopReply, { shop }: CatalogContext): Reading<CatalogStep> {
  const page = readPage(reply);
  if (page.kind === 'failed') return page;
  const { rows, shopTime } = page.value;
  const asked = task.ids ?? [];
  const listed = idsOfRows(task.resource, rows, shop.customLists);
  const next = { ...state, task: { ...task, ids: null } };
  if (!isListed(task.resource)) {
    // A plugin's list that does not heed `include` shows others instead: then absence says nothing.
    if (without(listed, asked).length > 0) return failed('unusable', 'the list ignores include: what was deleted cannot be found');
    const asOf = shopTime - REST_SETTLE_MS;
    return {
      kind: 'read',
      value: stepTo(next, { absent: itemsOf(task.resource, without(asked, listed)).map((item) => ({ ...item, asOf })) }),
    };
  }
  const missing = itemsOf(task.resource, without(asked, listed));
  const areLookupsDue = state.areLookupsDue || missing.length > 0;
  return { kind: 'read', value: stepTo({ ...next, areLookupsDue }, { missing }) };
}

/** A page of what we know, or the end of it. */
export function takeKnownItems(state: CatalogState, ids: readonly string[]): CatalogStep {
  const { task } = state;
  if (task?.kind !== 'known') return stepTo(state);
  const last = ids.at(-1);
  return last === undefined ? ended(state, sweepOfTask(task)) : stepTo({ ...state, task: { ...task, after: last, ids } });
}

/** Variations that we know and the product does not list any more are looked up one by one. */
export function takeKnownVariations(state: CatalogState, ids: readonly string[]): CatalogStep {
  const [product, ...others] = state.variable;
  if (product === undefined) return stepTo(state);
  const missing = itemsOf('product', without(ids, product.seen));
  return stepTo({ ...state, variable: others, areLookupsDue: state.areLookupsDue || missing.length > 0 }, { missing });
}

function takeVariations(
  product: VariableProduct,
  state: CatalogState,
  reply: ShopReply,
  { defaultCountry }: CatalogContext,
): Reading<CatalogStep> {
  const page = readPage(reply);
  if (page.kind === 'failed') return page;
  const { rows, pageCount, shopTime } = page.value;
  const { state: after, ...seen } = readRows(state, 'product', rows, { shopTime, defaultCountry, parentId: product.id });
  const read = { ...product, seen: [...product.seen, ...idsIn(rows)], page: product.page + 1, isRead: product.page >= pageCount };
  return { kind: 'read', value: { ...stepTo({ ...after, failures: 0, variable: [read, ...state.variable.slice(1)] }), ...seen } };
}

/** Items that somebody asked for. */
export function takeLookups(state: CatalogState, resource: string, ids: readonly string[]): CatalogStep {
  const listed = (['product', 'coupon', 'customer'] as const).find((one) => one === resource);
  if (listed === undefined || ids.length === 0) return stepTo({ ...state, areLookupsDue: false });
  // Only products are asked for many at a time: an order has several.
  const stage = listed === 'product' ? 'list' : 'single';
  return stepTo({ ...state, lookups: { resource: listed, ids, left: ids, stage } });
}

function takeLookup(task: LookupsTask, state: CatalogState, reply: ShopReply, { defaultCountry }: CatalogContext): Reading<CatalogStep> {
  const { resource, left, stage } = task;
  const goOn = (next: CatalogState, rest: readonly string[], what: Partial<CatalogStep>): Reading<CatalogStep> => {
    const isDone = rest.length === 0;
    const lookups: LookupsTask | null = isDone ? null : { ...task, left: rest, stage: 'single' };
    return { kind: 'read', value: { ...stepTo({ ...next, lookups }), ...what, served: isDone ? itemsOf(resource, task.ids) : [] } };
  };
  if (stage === 'list') {
    const page = readPage(reply);
    if (page.kind === 'failed') return page;
    const { rows, shopTime } = page.value;
    const { state: after, ...seen } = readRows(state, resource, rows, { shopTime, defaultCountry, parentId: null });
    return goOn(after, without(left, idsIn(rows)), seen);
  }
  const single = readSingle(reply, ABSENT[resource]);
  if (single.kind === 'failed') return single;
  const { row, shopTime } = single.value;
  const [id = '', ...rest] = left;
  const { state: after, ...seen } = readRows(state, resource, row === null ? [] : [row], { shopTime, defaultCountry, parentId: null });
  const absent = row === null ? [{ resource, id, asOf: shopTime - REST_SETTLE_MS }] : [];
  return goOn(after, rest, { ...seen, absent });
}

function takeTask(task: CatalogTask, state: CatalogState, reply: ShopReply, context: CatalogContext): Reading<CatalogStep> {
  switch (task.kind) {
    case 'unit':
      return takeUnit(state, reply);
    case 'changes':
      return takeChanges(task, state, reply, context);
    case 'walk':
      return takeWalk(task, state, reply, context);
    case 'known':
      return takeKnown(task, state, reply, context);
  }
}

/** Nothing is lost by a failure: what was asked is asked again later; what keeps failing makes room for the rest. */
function withFailure(before: CatalogState, failure: PollFailure, { settings, shop, now }: CatalogContext): CatalogStep {
  const failures = before.failures + 1;
  const isGivenUp = failures >= FAILURES_UNTIL_GIVEN_UP || HOPELESS.has(failure.kind);
  const restMs = Math.max(settings.retryMs * 2 ** (failures - 1), failure.retryAfterMs ?? 0);
  const state: CatalogState = { ...before, failures, requests: 0, restUntil: now + restMs };
  const { lookups, task } = state;
  if (lookups !== null) {
    const putOff = itemsOf(lookups.resource, lookups.stage === 'list' ? lookups.ids : lookups.left);
    return stepTo({ ...state, failures: 0, lookups: null, areLookupsDue: false }, { putOff });
  }
  if (!isGivenUp) return stepTo(state);
  const on = { ...state, failures: 0, restUntil: now };
  const [product, ...others] = state.variable;
  // One product whose variations cannot be read (it may be gone) must not keep the others away.
  if (product !== undefined) return stepTo({ ...on, variable: others, areLookupsDue: true }, { missing: itemsOf('product', [product.id]) });
  if (task === null) return stepTo(on);
  const sweep = sweepOfTask(task);
  const failing = state.failing.includes(sweep) ? state.failing : [...state.failing, sweep];
  const sweptAt = { ...state.sweptAt, [sweep]: now - everyMsOf(sweep, settings, shop) + settings.giveUpMs };
  return stepTo({ ...on, task: null, failing, sweptAt }, { findings: [{ kind: 'sweep-failed', sweep, failure }] });
}

/** A list that the settings do not name any more fails no longer. */
function withoutOldFailures(step: CatalogStep, { shop }: CatalogContext): CatalogStep {
  const { state, findings } = step;
  const failing = state.failing.filter((sweep) => isSwept(sweep, shop));
  if (failing.length === state.failing.length) return step;
  return { ...step, state: { ...state, failing }, findings: failing.length === 0 ? [...findings, { kind: 'all-well' }] : findings };
}

/** Where the shop's answer leads. */
export function takeCatalogReply(state: CatalogState, reply: ShopReply, context: CatalogContext): CatalogStep {
  const { lookups, task } = state;
  const [product] = state.variable;
  const taken =
    lookups !== null
      ? takeLookup(lookups, state, reply, context)
      : product !== undefined
        ? takeVariations(product, state, reply, context)
        : task === null
          ? { kind: 'read' as const, value: stepTo(state) }
          : takeTask(task, state, reply, context);
  return withoutOldFailures(taken.kind === 'failed' ? withFailure(state, taken.failure, context) : taken.value, context);
}
