import fc from 'fast-check';
import { productHash, type ProductContent } from '@tributary/domain';
import { CATALOG_POLL_SETTINGS, readCatalogItem, shopRequest, type ShopKeys, type ShopReply, type ShopRequest } from '@tributary/sources';
import type { DeliveryResult, EventDelivery, ShopDelivery } from '../simulators/woocommerce/webhooks/delivery.ts';
import { WoocommerceShop } from '../simulators/woocommerce/woocommerce-shop.ts';
import { CatalogFollower } from './catalog-follower.js';
import type { Crash } from './follower.js';
import { World } from './world.js';

/** As for orders (`convergence.spec.ts`), a sixth as many. */
const RUNS = Math.ceil(Number(process.env['CONVERGENCE_RUNS'] ?? '300') / 6);
const SEED = Number(process.env['CONVERGENCE_SEED'] ?? (process.env['CONVERGENCE_RUNS'] === undefined ? 20_261_122 : Date.now() % 2 ** 31));
const BEGIN = Date.parse('2026-11-20T12:00:00Z');
const REQUEST_MS = 700;
const MAX_TURNS = 40;
const QUEUE_RUNS = 3;
const TOPICS = ['product.created', 'product.updated', 'product.deleted', 'product.restored'];
const ACCESS = { restRoot: 'https://shop.example/wp-json/', authentication: 'basic' } as const;

const pick = fc.nat(1_000);
const weight = fc.constantFrom('', '0.4', '0.5', '1.25');
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 7 }), weight }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('vary' as const), pick, weight }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('weigh' as const), pick, weight }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sell' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('trash' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('untrash' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), pick }) },
);
type Action = typeof action extends fc.Arbitrary<infer Kind> ? Kind : never;
const gap = fc.oneof(
  fc.integer({ min: 0, max: 900 }),
  fc.integer({ min: 1_000, max: 40_000 }),
  fc.integer({ min: 60_000, max: 3_600_000 }),
);
const history = fc.array(fc.record({ afterMs: gap, action }), { minLength: 1, maxLength: 30, size: 'max' });
/** What becomes of webhooks, one after the other: lost, twice, or late by so much (0: at once). */
const fates = fc.array(fc.oneof(fc.constantFrom('lost' as const, 'twice' as const), fc.integer({ min: 0, max: 4_000_000 })), {
  minLength: 1,
  maxLength: 10,
});
const crashes: fc.Arbitrary<Crash[]> = fc.array(
  fc.record({ atStep: fc.integer({ min: 1, max: 200 }), appended: fc.constantFrom(0, 0.5, 1) }),
  { maxLength: 5 },
);

/** A variation's name is longer in its own answer (“Mug - M”) than in the list of its product's variations (“M”). */
const said = (content: ProductContent): string => productHash(content.productType === 'variation' ? { ...content, name: '' } : content);

class CatalogScenario {
  readonly world = new World(BEGIN);
  readonly shop: WoocommerceShop;
  readonly follower: CatalogFollower;
  private readonly keys: ShopKeys;
  private isPolled = true;
  private deliveries = 0;

  constructor(pageRows: number, storage: 'hpos' | 'cpt', fates: readonly ('lost' | 'twice' | number)[], crashes: readonly Crash[]) {
    const { world } = this;
    this.shop = new WoocommerceShop({
      now: () => world.now(),
      site: { homeUrl: 'https://shop.example', storage },
      deliver: (delivery) => this.deliver(delivery, fates),
    });
    for (const topic of TOPICS)
      this.shop.webhooks.create({ topic, deliveryUrl: 'https://us.example/hook', secret: 'a-secret-of-the-shop' });
    this.keys = this.shop.people.addKey('read');
    const ask = ({ url, headers }: ShopRequest): ShopReply => {
      world.pass(REQUEST_MS);
      return { kind: 'answered', answer: this.shop.handle({ method: 'GET', url, headers, body: null }) };
    };
    this.follower = new CatalogFollower({ keys: this.keys, pageRows, ask, world });
    this.follower.crashAt(crashes);
    world.in(0, () => this.poll());
  }

  live(events: readonly { readonly afterMs: number; readonly action: Action }[]): void {
    let at = 0;
    for (const { afterMs, action } of events) {
      at += afterMs;
      this.world.in(at, () => this.do(action));
    }
    this.world.pass(at + CATALOG_POLL_SETTINGS.everyMs['product-changes'] * 2);
  }

  /** Nothing happens any more, what is under way arrives, and every sweep comes due once. */
  fullCycle(): void {
    this.isPolled = false;
    this.world.passAll();
    for (let runs = 0; runs < QUEUE_RUNS; runs += 1) {
      if (this.shop.queue.run() instanceof Promise) throw new Error('deliveries of these tests take no time');
      this.world.passAll();
    }
    this.world.pass(CATALOG_POLL_SETTINGS.everyMs.products * 2);
    for (let turns = 0; turns < MAX_TURNS; turns += 1) {
      const { due, isThrough } = this.follower.turn();
      const isResting = due - this.world.now() <= CATALOG_POLL_SETTINGS.restMs;
      if (isThrough && !isResting && this.follower.openLookups === 0) return;
      this.world.pass(isResting ? CATALOG_POLL_SETTINGS.restMs : CATALOG_POLL_SETTINGS.idleMs);
    }
    throw new Error(`not through after ${MAX_TURNS} turns`);
  }

  /** Every difference between the products that we know and the shop's own, in words. */
  differences(): string[] {
    const found: string[] = [];
    const alive = new Set<string>();
    for (const { id, status } of this.shop.catalog.all()) {
      const head = this.follower.heads.get(String(id));
      if (status === 'trash') {
        if (head !== undefined && head.deletion === null) found.push(`${id} is in the trash`);
        continue;
      }
      alive.add(String(id));
      const { url, headers } = shopRequest({ path: `/products/${id}`, parameters: {} }, ACCESS, this.keys, {
        timestampSeconds: 0,
        nonce: '',
      });
      const { body } = this.shop.handle({ method: 'GET', url, headers, body: null });
      const own = readCatalogItem('product', JSON.parse(body) as unknown, { readAt: null, defaultCountry: null });
      if (own.kind !== 'product') throw new Error(`the shop's own product ${id} cannot be read`);
      if (head === undefined) found.push(`${id} is not known`);
      else if (head.deletion !== null) found.push(`${id} is taken for ${head.deletion}`);
      else if (said(head.content as ProductContent) !== said({ ...own.content, weightUnit: 'kg' })) found.push(`${id} has other content`);
    }
    for (const [id, { deletion }] of this.follower.heads)
      if (!alive.has(id) && deletion === null && this.shop.catalog.find(Number(id)) === undefined) found.push(`${id} is gone`);
    return found;
  }

  private poll(): void {
    if (!this.isPolled) return;
    const { due } = this.follower.turn();
    this.world.in(Math.max(1_000, due - this.world.now()), () => this.poll());
  }

  private deliver(delivery: ShopDelivery | EventDelivery, fates: readonly ('lost' | 'twice' | number)[]): DeliveryResult {
    if (delivery.kind !== 'event') return 200;
    const fate = fates[this.deliveries % fates.length] ?? 0;
    this.deliveries += 1;
    const { headers, body } = delivery;
    if (fate === 'lost') return 200;
    for (let times = fate === 'twice' ? 2 : 1; times > 0; times -= 1)
      this.world.in(fate === 'twice' ? 0 : fate, () => this.follower.receive(headers, body));
    return 200;
  }

  private do(action: Action): void {
    const { catalog } = this.shop;
    if (action.kind === 'add') {
      for (let made = 0; made < action.count; made += 1) catalog.add({ weight: action.weight, stock: 10 });
      return;
    }
    const all = catalog.all();
    const product = all[action.pick % Math.max(1, all.length)];
    if (product === undefined) return;
    switch (action.kind) {
      case 'vary':
        if (product.parentId === 0 && product.status !== 'trash') catalog.addVariation(product.id, { weight: action.weight });
        return;
      case 'weigh':
        catalog.update(product.id, { weight: action.weight });
        return;
      case 'sell':
        catalog.takeFromStock(product.id, 1);
        return;
      case 'trash':
        if (product.parentId === 0 && product.type === 'simple') catalog.trash(product.id);
        return;
      case 'untrash':
        if (product.status === 'trash') catalog.untrash(product.id);
        return;
      case 'delete':
        if (product.type !== 'variable') catalog.forceDelete(product.id);
    }
  }
}

describe(`convergence of products with seed ${SEED}`, () => {
  it(
    `knows every product as the shop does after one full cycle, and says nothing more in the next (${RUNS} histories)`,
    () => {
      const property = fc.property(
        fc.constantFrom(3, 5, 100),
        fc.constantFrom('hpos' as const, 'cpt' as const),
        history,
        fates,
        crashes,
        (pageRows, storage, events, fates, crashes) => {
          const scenario = new CatalogScenario(pageRows, storage, fates, crashes);
          scenario.live(events);
          scenario.fullCycle();
          expect(scenario.differences()).toEqual([]);
          const { published } = scenario.follower;
          scenario.fullCycle();
          expect(scenario.follower.published).toBe(published);
        },
      );
      fc.assert(property, { numRuns: RUNS, seed: SEED });
    },
    60_000 + RUNS * 1_000,
  );
});
