import { WcAuth } from './connect/wc-auth.ts';
import type { Json, JsonObject } from './json/json.ts';
import { couponJson, productJson } from './json/catalog-json.ts';
import { customerJson } from './json/customer-json.ts';
import { OrderRenderer } from './json/order-json.ts';
import { errorJson, ShopAnswer, type ShopRequest } from './rest/answer.ts';
import { Edge } from './rest/edge.ts';
import { OrderRoutes } from './rest/order-routes.ts';
import { ResourceRoutes } from './rest/resource-routes.ts';
import { RestApi } from './rest/rest-api.ts';
import { siteRoutes } from './rest/site-routes.ts';
import { WebhookRoutes } from './rest/webhook-routes.ts';
import { Catalog } from './shop/catalog.ts';
import { Coupons } from './shop/coupons.ts';
import { Ground } from './shop/ground.ts';
import { OrderBook } from './shop/order-book.ts';
import { People, type PeopleRecords } from './shop/people.ts';
import type { Site } from './shop/site.ts';
import type { Deliver } from './webhooks/delivery.ts';
import { DeliveryQueue, type QueueOptions } from './webhooks/delivery-queue.ts';
import { WebhookRegistry, type Webhook } from './webhooks/webhook-registry.ts';

export interface ShopOptions {
  readonly site?: Partial<Site>;
  /** The world's time, epoch ms. */
  readonly now: () => number;
  readonly seed?: number;
  /** Default: nobody answers. */
  readonly deliver?: Deliver;
  readonly queue?: Partial<QueueOptions>;
}

/** A copy of a shop's database. */
export interface ShopRecords {
  readonly orders: ReturnType<OrderBook['snapshot']>;
  readonly products: ReturnType<Catalog['snapshot']>;
  readonly coupons: ReturnType<Coupons['snapshot']>;
  readonly people: PeopleRecords;
  readonly webhooks: ReturnType<WebhookRegistry['snapshot']>;
  readonly sequences: ReturnType<Ground['sequences']>;
}

const NOBODY: Deliver = () => null;

/** A WooCommerce shop in memory: what its admins do, what its REST API answers, what its webhooks send. */
export class WoocommerceShop {
  readonly site: Site;
  readonly catalog: Catalog;
  readonly people: People;
  readonly coupons: Coupons;
  readonly orders: OrderBook;
  readonly webhooks: WebhookRegistry;
  readonly queue: DeliveryQueue;
  readonly edge = new Edge();
  readonly #ground: Ground;
  readonly #renderer: OrderRenderer;
  readonly #api: RestApi;
  readonly #connect: WcAuth;

  constructor({ site = {}, now, seed = 1, deliver = NOBODY, queue = {} }: ShopOptions) {
    const ground = new Ground(site, now, seed);
    this.#ground = ground;
    this.site = ground.site;
    this.catalog = new Catalog(ground);
    this.people = new People(ground);
    this.coupons = new Coupons(ground);
    this.orders = new OrderBook(ground, this.catalog, this.people);
    this.webhooks = new WebhookRegistry(ground, deliver);
    const payloadOf = (webhook: Webhook, id: number): Json => this.#payload(webhook, id);
    this.queue = new DeliveryQueue(ground, this.webhooks, deliver, payloadOf, { order: 'any', spawn: (run) => run(), ...queue });
    this.#renderer = new OrderRenderer(ground, this.catalog);
    this.#connect = new WcAuth(ground, this.people, deliver);
    this.#api = new RestApi(ground, this.people, [
      ...new OrderRoutes(ground, this.orders, this.#renderer).routes(),
      ...new ResourceRoutes(ground, this.catalog, this.people, this.coupons).routes(),
      ...new WebhookRoutes(ground, this.webhooks).routes(),
      ...siteRoutes(ground),
    ]);
  }

  /** Answers a request, and lets the visit wake the queue. Throws LostConnection where no answer comes back. */
  handle(request: ShopRequest): ShopAnswer {
    const { clock } = this.#ground;
    return this.edge.pass(request, clock.nowMs(), (seen) => {
      const answer = this.#api.answer(seen, clock.nowMs() + this.edge.settings.dateSkewMs) ?? this.#page(seen);
      this.queue.visit();
      return answer;
    });
  }

  /** Answers like `handle`, and the pages of the connect flow, which wait for the app. */
  async browse(request: ShopRequest): Promise<ShopAnswer> {
    return (await this.#connect.answer(request)) ?? this.handle(request);
  }

  /** An order as REST shows it through the shop's own address, without writing it as text. */
  orderJson(id: number): JsonObject {
    return this.#renderer.order(this.orders.get(id), this.#ownView());
  }

  /** The shop's clock is this much ahead of the world's from now on. */
  changeClock(skewMs: number): void {
    this.#ground.clock.changeBy(skewMs);
  }

  /** A web node whose clock differs from the others' does something. */
  onNode<T>(skewMs: number, action: () => T): T {
    const { clock } = this.#ground;
    return clock.heldAt(clock.nowMs() + skewMs, action);
  }

  /** A request that takes long: it begins now, dates what it writes by now, and is seen by others when the returned function is called. */
  slowly<T>(action: () => T): () => T {
    const { clock } = this.#ground;
    const begunAt = clock.nowMs();
    return () => clock.heldAt(begunAt, action);
  }

  /** Copies the database, ids that come next included; what is under way in the queue is not part of it. */
  snapshot(): ShopRecords {
    return {
      orders: this.orders.snapshot(),
      products: this.catalog.snapshot(),
      coupons: this.coupons.snapshot(),
      people: this.people.snapshot(),
      webhooks: this.webhooks.snapshot(),
      sequences: this.#ground.sequences(),
    };
  }

  /** Puts a copy back. */
  restore({ orders, products, coupons, people, webhooks, sequences }: ShopRecords): void {
    this.orders.restore(orders);
    this.catalog.restore(products);
    this.coupons.restore(coupons);
    this.people.restore(people);
    this.webhooks.restore(webhooks);
    this.#ground.setSequences(sequences);
  }

  /** Orders and products get ids from here on; never one that is given away already. */
  beginIdsAt(first: number): void {
    const { post } = this.#ground.sequences();
    this.#ground.setSequences({ ...this.#ground.sequences(), post: Math.max(post, first - 1) });
  }

  #ownView() {
    return { origin: new URL(this.site.homeUrl).origin, decimals: this.site.decimals };
  }

  /** A deleted resource is its id; everything else is what REST shows the webhook's owner, be it an error. */
  #payload({ topic, userId }: Webhook, id: number): Json {
    const [resource = '', event = ''] = topic.split('.');
    if (resource === 'action') return { action: event, arg: id };
    if (event === 'deleted') return { id };
    const refusal = this.people.refusalStatus(userId);
    if (refusal !== null) return errorJson('woocommerce_rest_cannot_view', 'Sorry, you cannot view this resource.', refusal);
    return this.#resource(resource, id);
  }

  #resource(resource: string, id: number): JsonObject {
    const view = this.#ownView();
    const missing = (name: string): JsonObject => errorJson(`woocommerce_rest_${name}_invalid_id`, 'Invalid ID.', 404);
    switch (resource) {
      case 'order': {
        const order = this.orders.find(id);
        return order === undefined ? missing('shop_order') : this.#renderer.order(order, view);
      }
      case 'product': {
        const product = this.catalog.find(id);
        return product === undefined ? missing('product') : productJson(this.#ground, this.catalog, product, view.origin);
      }
      case 'customer': {
        const customer = this.people.find(id);
        return customer === undefined
          ? errorJson('woocommerce_rest_invalid_id', 'Invalid resource ID.', 404)
          : customerJson(this.#ground, customer, view.origin);
      }
      default: {
        const coupon = this.coupons.find(id);
        return coupon === undefined ? missing('shop_coupon') : couponJson(this.#ground, coupon, view.origin);
      }
    }
  }

  /** Any page of the shop: its header says where the REST API is. */
  #page({ url }: ShopRequest): ShopAnswer {
    const { origin, pathname } = new URL(url);
    const headers = { 'content-type': 'text/html; charset=UTF-8', link: `<${origin}/${this.site.restPrefix}/>; rel="https://api.w.org/"` };
    const isHome = pathname === '/';
    return new ShopAnswer(
      isHome ? 200 : 404,
      headers,
      null,
      `<!doctype html><html><title>${isHome ? 'Shop' : 'Page not found'}</title></html>`,
    );
  }
}
