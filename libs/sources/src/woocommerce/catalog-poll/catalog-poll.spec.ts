import { productHash } from '@tributary/domain';
import { LostConnection } from '../../../../../test/simulators/woocommerce/rest/edge.ts';
import { WoocommerceShop } from '../../../../../test/simulators/woocommerce/woocommerce-shop.ts';
import { shopItemOf, type CatalogFact, type ShopItem } from '../catalog/catalog.facts.js';
import { shopRequest, type ShopAccess } from '../rest/shop-request.js';
import type { ShopReply } from '../rest/shop-exchange.js';
import {
  takeCatalogReply,
  takeKnownItems,
  takeKnownVariations,
  takeLookups,
  type CatalogFinding,
  type CatalogStep,
} from './catalog-poll.answers.js';
import { nextCatalogMove, type ShopKnowledge } from './catalog-poll.moves.js';
import { CATALOG_POLL_SETTINGS } from './catalog-poll.settings.js';
import { resumeCatalog, type CatalogState } from './catalog-poll.state.js';

const START = Date.UTC(2026, 10, 21, 12, 0, 0);
const HOUR = 3_600_000;
const ACCESS: ShopAccess = { restRoot: 'https://shop.example/wp-json/', authentication: 'basic' };

interface Known {
  readonly fact: CatalogFact | null;
  readonly isAbsent: boolean;
}

/** Our side of a shop's catalog in one process: what a publisher and its tables keep, as a map. */
class Follower {
  now = START;
  readonly shop = new WoocommerceShop({ site: { homeUrl: 'https://shop.example', weightUnit: 'lbs' }, now: () => this.now });
  readonly known = new Map<string, Known>();
  readonly findings: CatalogFinding[] = [];
  readonly asked: string[] = [];
  readonly putOff: ShopItem[] = [];
  private readonly keys = this.shop.people.addKey('read');
  private state: CatalogState = resumeCatalog(null);
  private lookups: ShopItem[] = [];
  private shopKnowledge: ShopKnowledge;

  constructor(knowledge: Partial<ShopKnowledge> = {}) {
    this.shopKnowledge = { pageRows: 5, shopClock: START, hasModifiedFilter: true, weightUnit: null, customLists: [], ...knowledge };
  }

  lookUp(...items: readonly ShopItem[]): void {
    this.lookups.push(...items);
  }

  forgetLists(): void {
    this.shopKnowledge = { ...this.shopKnowledge, customLists: [] };
  }

  /** Polls until nothing is due; answers when something is. The state goes through JSON after every step, as it is kept. */
  poll(): number {
    for (let steps = 0; steps < 2_000; steps += 1) {
      const shop = { ...this.shopKnowledge, shopClock: this.now };
      const { state, move } = nextCatalogMove(this.state, shop, CATALOG_POLL_SETTINGS, this.now);
      if (move.kind === 'wait' && move.until > this.now + CATALOG_POLL_SETTINGS.restMs) {
        this.state = resumeCatalog(JSON.parse(JSON.stringify(state)));
        return move.until;
      }
      if (move.kind === 'wait') this.now = move.until;
      else this.keep(this.answer(state, move, shop));
    }
    throw new Error(`this does not end: ${JSON.stringify(this.state)}`);
  }

  productsHere(): readonly (readonly [string, boolean, string])[] {
    return [...this.known]
      .flatMap(([key, { fact, isAbsent }]) =>
        fact?.kind === 'product' ? [[key, isAbsent || fact.content.status === 'trash', fact.content.weight] as const] : [],
      )
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  private answer(
    state: CatalogState,
    move: Exclude<ReturnType<typeof nextCatalogMove>['move'], { kind: 'wait' }>,
    shop: ShopKnowledge,
  ): CatalogStep {
    const ids = (isWanted: (fact: CatalogFact, id: string) => boolean): string[] =>
      [...this.known.values()].flatMap(({ fact, isAbsent }) =>
        fact !== null && !isAbsent && isWanted(fact, shopItemOf(fact).id) ? [shopItemOf(fact).id] : [],
      );
    switch (move.kind) {
      case 'ask-due-lookups': {
        const resource = this.lookups[0]?.resource ?? '';
        const due = this.lookups.filter((item) => item.resource === resource).slice(0, move.limit);
        return takeLookups(state, resource, [...new Set(due.map(({ id }) => id))]);
      }
      case 'ask-known-items': {
        const isOfItsOwn = (fact: CatalogFact): boolean => fact.kind !== 'product' || fact.content.parentId === '0';
        const found = ids((fact, id) => shopItemOf(fact).resource === move.resource && isOfItsOwn(fact) && id > move.after);
        return takeKnownItems(state, found.toSorted().slice(0, move.limit));
      }
      case 'ask-known-variations':
        return takeKnownVariations(
          state,
          ids((fact) => fact.kind === 'product' && fact.content.parentId === move.parentId),
        );
      case 'ask-shop': {
        this.asked.push(move.query.path);
        const request = shopRequest(move.query, ACCESS, this.keys, { timestampSeconds: 0, nonce: '' });
        const context = { shop, settings: CATALOG_POLL_SETTINGS, now: this.now, defaultCountry: 'CL' };
        return takeCatalogReply(state, this.reply(request), context);
      }
    }
  }

  private reply({ url, headers }: ReturnType<typeof shopRequest>): ShopReply {
    try {
      return { kind: 'answered', answer: this.shop.handle({ method: 'GET', url, headers, body: null }) };
    } catch (error) {
      if (!(error instanceof LostConnection)) throw error;
      return { kind: 'not-answered', cause: 'unreachable', detail: '' };
    }
  }

  private keep({ state, facts, absent, missing, served, putOff, findings }: CatalogStep): void {
    for (const fact of facts) this.known.set(keyOf(shopItemOf(fact)), { fact, isAbsent: false });
    for (const item of absent) {
      const known = this.known.get(keyOf(item));
      if (known !== undefined) this.known.set(keyOf(item), { ...known, isAbsent: true });
    }
    const done = new Set([...served, ...putOff].map(keyOf));
    this.lookups = [...this.lookups.filter((item) => !done.has(keyOf(item))), ...missing];
    this.putOff.push(...putOff);
    this.findings.push(...findings);
    this.state = JSON.parse(JSON.stringify(state)) as CatalogState;
  }
}

const keyOf = ({ resource, id }: ShopItem): string => `${resource} ${id}`;
const productOf = (follower: Follower, id: number) => {
  const fact = follower.known.get(`product ${id}`)?.fact;
  if (fact?.kind !== 'product') throw new Error(`product ${id} is not known`);
  return fact.content;
};

describe('a shop that is polled', () => {
  it('is read as a whole: products over several pages with their variations, coupons, customers of every role, the unit', () => {
    const follower = new Follower();
    const { catalog, coupons, people } = follower.shop;
    const mugs = Array.from({ length: 12 }, () => catalog.add({ weight: '0.4' }).id);
    const shirt = catalog.add({ name: 'Shirt', weight: '0.5' });
    const sizes = Array.from({ length: 7 }, (_, index) => catalog.addVariation(shirt.id, { weight: index === 0 ? '0.7' : '' }).id);
    coupons.add();
    people.add();
    people.add({ role: 'subscriber' });
    follower.poll();
    expect(follower.productsHere()).toHaveLength(mugs.length + 1 + sizes.length);
    expect(productOf(follower, sizes[0]!)).toMatchObject({ parentId: String(shirt.id), productType: 'variation', weight: '0.7' });
    expect(productOf(follower, sizes[1]!).weight).toBe('0.5');
    const resources = [...follower.known.keys()].map((key) => key.split(' ')[0]);
    expect(resources.filter((resource) => resource === 'coupon')).toHaveLength(1);
    // The owner, who is an administrator, buys too.
    expect(resources.filter((resource) => resource === 'customer')).toHaveLength(3);
    expect(follower.asked[0]).toBe('/settings/products/woocommerce_weight_unit');
  });

  it('gets a rest after every ten requests, and is asked for nothing more than it has', () => {
    const follower = new Follower();
    Array.from({ length: 60 }, () => follower.shop.catalog.add());
    follower.poll();
    expect(follower.asked.length).toBeGreaterThan(20);
    expect(follower.now - START).toBeGreaterThanOrEqual(Math.floor(follower.asked.length / 10) * 10_000);
    const before = follower.asked.length;
    const due = follower.poll();
    expect(follower.asked).toHaveLength(before);
    expect(due).toBeLessThanOrEqual(follower.now + 10 * 60_000);
  });

  it('shows what changed within ten minutes: an edit, the trash, a new one', () => {
    const follower = new Follower();
    const [edited, trashed] = [follower.shop.catalog.add({ weight: '1' }), follower.shop.catalog.add({ weight: '2' })];
    follower.now = follower.poll();
    follower.shop.catalog.update(edited.id, { weight: '1.5' });
    follower.shop.catalog.trash(trashed.id);
    const added = follower.shop.catalog.add({ weight: '3' });
    const asked = follower.asked.length;
    follower.poll();
    expect(follower.productsHere()).toEqual([
      [`product ${edited.id}`, false, '1.5'],
      [`product ${trashed.id}`, true, '2'],
      [`product ${added.id}`, false, '3'],
    ]);
    expect(follower.asked.slice(asked)).toEqual(['/products', '/products']);
  });

  it('shows within a day what was deleted for good, variations too, and their last weights stay', () => {
    const follower = new Follower();
    const { catalog } = follower.shop;
    const mugs = Array.from({ length: 6 }, () => catalog.add({ weight: '0.4' }));
    const shirt = catalog.add({ weight: '0.5' });
    const [small, large] = [catalog.addVariation(shirt.id, { weight: '0.3' }), catalog.addVariation(shirt.id)];
    follower.poll();
    catalog.forceDelete(mugs[2]!.id);
    catalog.forceDelete(small.id);
    follower.now += 24 * HOUR;
    follower.poll();
    const gone = follower.productsHere().filter(([, isGone]) => isGone);
    expect(gone).toEqual(
      [
        [`product ${mugs[2]!.id}`, true, '0.4'],
        [`product ${small.id}`, true, '0.3'],
      ].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
    expect(productOf(follower, large.id).weight).toBe('0.5');
  });

  it('with a WooCommerce before 5.8 is read as a whole once a day, and not for changes', () => {
    const follower = new Follower({ hasModifiedFilter: false });
    follower.shop.catalog.add();
    expect(follower.poll() - follower.now).toBeGreaterThan(HOUR);
  });

  it('is not asked for a unit that the settings name', () => {
    const follower = new Follower({ weightUnit: 'kg' });
    follower.shop.catalog.add();
    follower.poll();
    expect(follower.asked).not.toContain('/settings/products/woocommerce_weight_unit');
    expect(follower.productsHere()).toHaveLength(1);
  });

  it('has every product read again when the settings name another unit than the one that was read', () => {
    const knowledge = { pageRows: 5, shopClock: START, hasModifiedFilter: true, weightUnit: 'kg', customLists: [] };
    const everything = {
      'weight-unit': START,
      products: START,
      coupons: START,
      customers: START,
      'product-changes': START,
      'coupon-changes': START,
    };
    const read: CatalogState = { ...resumeCatalog(null), areLookupsDue: false, weightUnit: 'lbs', sweptAt: everything };
    const { state, move } = nextCatalogMove(read, knowledge, CATALOG_POLL_SETTINGS, START);
    expect(state).toMatchObject({ weightUnit: 'kg', task: { kind: 'walk', resource: 'product' } });
    expect(move).toMatchObject({ kind: 'ask-shop', query: { path: '/products' } });
  });

  it('whose unit changed has every product read again at once: every weight means something else', () => {
    const shop = new WoocommerceShop({ site: { homeUrl: 'https://shop.example', weightUnit: 'lbs' }, now: () => START });
    const request = { path: '/settings/products/woocommerce_weight_unit', parameters: {} };
    const keys = shop.people.addKey('read');
    const { url, headers } = shopRequest(request, ACCESS, keys, { timestampSeconds: 0, nonce: '' });
    const reply: ShopReply = { kind: 'answered', answer: shop.handle({ method: 'GET', url, headers, body: null }) };
    const knowledge = { pageRows: 5, shopClock: START, hasModifiedFilter: true, weightUnit: null, customLists: [] };
    const context = { shop: knowledge, settings: CATALOG_POLL_SETTINGS, now: START, defaultCountry: null };
    const reading = (weightUnit: string | null): CatalogState => ({
      ...resumeCatalog(null),
      weightUnit,
      task: { kind: 'unit' },
      sweptAt: { 'weight-unit': START, products: START },
    });
    expect(takeCatalogReply(reading('kg'), reply, context).state).toMatchObject({ weightUnit: 'lbs', sweptAt: { 'weight-unit': START } });
    expect(takeCatalogReply(reading('kg'), reply, context).state.sweptAt.products).toBeUndefined();
    expect(takeCatalogReply(reading('lbs'), reply, context).state.sweptAt.products).toBe(START);
  });
});

describe('a list that the settings name', () => {
  const customLists = [{ name: 'refunds', path: '/refunds', idField: 'id', everyMinutes: 30 }];
  const refundsOf = (follower: Follower): (readonly [string, boolean])[] =>
    [...follower.known]
      .filter(([key]) => key.startsWith('refunds '))
      .map(([key, { isAbsent }]) => [key.replace('refunds ', ''), isAbsent] as const)
      .toSorted(([a], [b]) => Number(a) - Number(b));

  it('is read over all its pages, again at its own interval, and what it lacks then is deleted', () => {
    const follower = new Follower({ customLists });
    const { orders, catalog } = follower.shop;
    const product = catalog.add().id;
    const order = orders.create({ status: 'completed', lines: [{ productId: product, quantity: 9 }] }).id;
    const refunds = Array.from({ length: 7 }, () => orders.addRefund(order, { amount: 10 }));
    follower.poll();
    expect(refundsOf(follower)).toEqual(refunds.map((id) => [String(id), false]));
    orders.deleteRefund(order, refunds[3]!);
    const late = orders.addRefund(order, { amount: 10 });
    follower.now += 29 * 60_000;
    follower.poll();
    expect(refundsOf(follower)).toHaveLength(7);
    follower.now += 60_000;
    follower.poll();
    expect(refundsOf(follower)).toEqual([...refunds.map((id, index) => [String(id), index === 3]), [String(late), false]]);
    expect(follower.findings).toEqual([]);
  });

  it('is not believed to lack anything when it shows what was not asked for', () => {
    const knowledge = { pageRows: 5, shopClock: START, hasModifiedFilter: true, weightUnit: null, customLists };
    const context = { shop: knowledge, settings: CATALOG_POLL_SETTINGS, now: START, defaultCountry: null };
    const headers = { date: new Date(START).toUTCString(), 'x-wp-total': '1', 'x-wp-totalpages': '1', 'content-type': 'application/json' };
    const reply: ShopReply = { kind: 'answered', answer: { status: 200, headers, body: '[{"id": 3}]' } };
    const state: CatalogState = { ...resumeCatalog(null), task: { kind: 'known', resource: 'refunds', after: '2', ids: ['1', '2'] } };
    const step = takeCatalogReply(state, reply, context);
    expect(step.absent).toEqual([]);
    expect(step.findings).toMatchObject([{ kind: 'sweep-failed', sweep: 'custom:refunds', failure: { kind: 'unusable' } }]);
  });

  it('that the shop does not have is told once, tried hourly, and forgotten with the setting', () => {
    const follower = new Follower({ customLists: [{ ...customLists[0]!, name: 'bookings', path: '/bookings' }] });
    follower.poll();
    expect(follower.findings).toMatchObject([{ kind: 'sweep-failed', sweep: 'custom:bookings' }]);
    follower.forgetLists();
    follower.now += 10 * 60_000;
    follower.poll();
    expect(follower.findings.slice(1)).toEqual([{ kind: 'all-well' }]);
  });
});

describe('look-ups', () => {
  it('bring products in one request, variations and what is gone one by one, before anything else', () => {
    const follower = new Follower();
    const { catalog } = follower.shop;
    const [mug, cap] = [catalog.add({ weight: '1' }), catalog.add()];
    const size = catalog.addVariation(cap.id, { weight: '0.2' });
    follower.lookUp(...[mug.id, size.id, cap.id, 9_999].map((id) => ({ resource: 'product', id: String(id) })));
    follower.poll();
    expect(follower.asked.slice(0, 3)).toEqual(['/products', `/products/${size.id}`, '/products/9999']);
    expect(follower.known.has('product 9999')).toBe(false);
    expect(productOf(follower, size.id)).toMatchObject({ weight: '0.2', parentId: String(cap.id) });
  });

  it('of the id of an order that legacy storage announced as a product say nothing of any product', () => {
    const follower = new Follower();
    const order = follower.shop.orders.create({ status: 'processing' });
    follower.shop.orders.trash(order.id);
    for (const resource of ['product', 'coupon']) follower.lookUp({ resource, id: String(order.id) });
    follower.poll();
    expect([...follower.known.keys()].filter((key) => key.endsWith(` ${order.id}`))).toEqual([]);
  });

  it('of customers find who is gone', () => {
    const follower = new Follower();
    const { people } = follower.shop;
    const customer = people.add();
    follower.now = follower.poll();
    people.delete(customer.id);
    follower.lookUp({ resource: 'customer', id: String(customer.id) });
    follower.poll();
    expect(follower.known.get(`customer ${customer.id}`)?.isAbsent).toBe(true);
  });

  it('wait when the shop does not answer, and nothing of them is lost', () => {
    const follower = new Follower();
    const mug = follower.shop.catalog.add();
    follower.shop.edge.fail({ kind: 'http-error', status: 500, times: 1 });
    follower.lookUp({ resource: 'product', id: String(mug.id) });
    follower.poll();
    expect(follower.putOff).toEqual([{ resource: 'product', id: String(mug.id) }]);
  });
});

describe('a catalog that cannot be read', () => {
  it('is told once for each part, tried again in an hour, and said to be well when it is', () => {
    const follower = new Follower();
    follower.shop.catalog.add({ weight: '1' });
    follower.shop.edge.fail({ kind: 'http-error', status: 403 });
    follower.poll();
    expect(follower.findings.map((finding) => (finding.kind === 'sweep-failed' ? finding.sweep : finding.kind))).toEqual([
      'weight-unit',
      'product-changes',
      'coupon-changes',
      'products',
      'coupons',
      'customers',
    ]);
    follower.shop.edge.clearFaults();
    for (let turns = 0; turns < 6; turns += 1) follower.now = follower.poll();
    expect(follower.findings.at(-1)).toEqual({ kind: 'all-well' });
    expect(follower.productsHere()).toHaveLength(1);
  });

  it('with errors of the shop is tried three times, later each time', () => {
    const follower = new Follower();
    follower.shop.edge.fail({ kind: 'http-error', status: 500, times: 2 });
    follower.now = follower.poll();
    expect(follower.now - START).toBeGreaterThanOrEqual(60_000);
    follower.now = follower.poll();
    follower.poll();
    expect(follower.findings).toEqual([]);
    expect(follower.asked.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => '/settings/products/woocommerce_weight_unit'));
  });
});

it('what is read twice without a change is the same content', () => {
  const follower = new Follower();
  const mug = follower.shop.catalog.add({ weight: '1', stock: 5 });
  follower.poll();
  const before = productHash({ ...productOf(follower, mug.id), weightUnit: 'kg' });
  follower.shop.catalog.takeFromStock(mug.id, 1);
  follower.lookUp({ resource: 'product', id: String(mug.id) });
  follower.poll();
  expect(productHash({ ...productOf(follower, mug.id), weightUnit: 'kg' })).toBe(before);
});
