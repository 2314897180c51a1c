import { pickFields, type JsonObject } from '../json/json.ts';
import { linkTo } from '../json/links.ts';
import type { OrderRenderer, View } from '../json/order-json.ts';
import type { Ground } from '../shop/ground.ts';
import type { OrderBook } from '../shop/order-book.ts';
import type { OrderRecord } from '../shop/order-records.ts';
import { isDraft, statusNames } from '../shop/site.ts';
import { invalidId, invalidParameters, ok, refuse, type Reply } from './answer.ts';
import { chosenOnly, dateFilter, inOrder, listParameter, listReply, pageOf, readListQuery, type ListQuery } from './list-query.ts';
import { idOf, list, view, type Call, type Route } from './route.ts';

const ORDER_BY = ['date', 'modified', 'id', 'include', 'title', 'slug'] as const;

const NO_ORDER = refuse('woocommerce_rest_order_invalid_id', 'Invalid order ID.', 404);

/** `dp` asks for other decimals than the shop's. */
function viewOf({ parameters, view: given }: Call): View {
  const decimals = parameters.get('dp');
  return decimals === null ? given : { ...given, decimals: Number(decimals) };
}

const shown = (json: JsonObject, fields: readonly string[] | null): JsonObject => (fields === null ? json : pickFields(json, fields));

/** Reads of orders, refunds and the totals per status. */
export class OrderRoutes {
  readonly #ground: Ground;
  readonly #orders: OrderBook;
  readonly #renderer: OrderRenderer;
  readonly #statuses: ReadonlyMap<string, string>;

  constructor(ground: Ground, orders: OrderBook, renderer: OrderRenderer) {
    this.#ground = ground;
    this.#orders = orders;
    this.#renderer = renderer;
    this.#statuses = statusNames(ground.site);
  }

  routes(): readonly Route[] {
    return [
      { pattern: /^orders$/, methods: { GET: list((call) => this.#list(call)) } },
      { pattern: /^orders\/(\d+)$/, methods: { GET: view((call) => this.#single(call)) } },
      { pattern: /^orders\/(\d+)\/refunds$/, methods: { GET: list((call) => this.#refundsOf(call)) } },
      { pattern: /^orders\/(\d+)\/refunds\/(\d+)$/, methods: { GET: view((call) => this.#refund(call)) } },
      ...(this.#ground.traits.hasRefundList ? [{ pattern: /^refunds$/, methods: { GET: list((call) => this.#allRefunds(call)) } }] : []),
      { pattern: /^reports\/orders\/totals$/, methods: { GET: list(() => this.#totals()) } },
    ];
  }

  #list(call: Call): Reply {
    const { parameters } = call;
    const { site, traits } = this.#ground;
    const query = readListQuery(parameters, { orderBy: ORDER_BY, defaultOrderBy: 'date' });
    if ('status' in query) return query;
    const hasStatus = this.#statusFilter(parameters);
    if (hasStatus === null)
      return invalidParameters({ status: `status[0] is not one of any, trash, ${[...this.#statuses.keys()].join(', ')}.` });
    const isInTime = dateFilter(parameters, site.utcOffsetMinutes, traits.knowsModifiedFilter);
    const isChosen = chosenOnly(query);
    const customer = parameters.get('customer');
    const rows: OrderRecord[] = [];
    for (const order of this.#orders.all()) {
      const isOwn = customer === null || order.customerId === Number(customer);
      if (isOwn && hasStatus(order.status) && isInTime(order) && isChosen(order)) rows.push(order);
    }
    const page = pageOf(inOrder(rows, query), query, traits.countsPastTheEnd);
    const own = viewOf(call);
    const json = page.rows.map((order) => shown(this.#renderer.order(order, own), query.fields));
    return listReply(json, page.total, query, linkTo(this.#ground, own.origin, 'orders'), this.#linkParameters(query, own));
  }

  /** Null: a status that nobody registered. */
  #statusFilter(parameters: URLSearchParams): ((status: string) => boolean) | null {
    const wanted = listParameter(parameters, 'status');
    if (wanted.some((status) => status !== 'any' && status !== 'trash' && !this.#statuses.has(status))) return null;
    // `any` ends the reading of the list: `any,trash` is `any`.
    if (wanted.length === 0 || wanted.includes('any')) return (status) => status !== 'trash' && !isDraft(status);
    return (status) => wanted.includes(status);
  }

  /** The filters, with the defaults that WooCommerce writes into the links of this list. */
  #linkParameters({ parameters }: ListQuery, { decimals }: View): readonly (readonly [string, string])[] {
    const given = [...parameters].filter(
      ([name]) => name !== 'status' && !name.startsWith('status[') && name !== 'dp' && name !== 'context',
    );
    const wanted = listParameter(parameters, 'status');
    const statuses = (wanted.length === 0 ? ['any'] : wanted).map((status, index): [string, string] => [`status[${index}]`, status]);
    return [...given, ...statuses, ['dp', String(decimals)], ['context', 'view']];
  }

  #single(call: Call): Reply {
    const order = this.#orders.find(idOf(call));
    if (order === undefined) return invalidId('shop_order');
    const fields = listParameter(call.parameters, '_fields');
    return ok(shown(this.#renderer.order(order, viewOf(call)), fields.length === 0 ? null : fields));
  }

  #refundsOf(call: Call): Reply {
    const order = this.#orders.find(idOf(call));
    if (order === undefined) return NO_ORDER;
    const query = readListQuery(call.parameters, { orderBy: ORDER_BY, defaultOrderBy: 'date' });
    if ('status' in query) return query;
    const refunds = inOrder(
      order.refunds.map((refund) => ({ ...refund, modifiedAt: refund.createdAt })),
      query,
    );
    const page = pageOf(refunds, query, this.#ground.traits.countsPastTheEnd);
    const json = page.rows.map((refund) => this.#renderer.refund(order, refund, viewOf(call)));
    return listReply(json, page.total, query, linkTo(this.#ground, call.view.origin, `orders/${order.id}/refunds`), [...call.parameters]);
  }

  #refund(call: Call): Reply {
    const order = this.#orders.find(idOf(call));
    const refund = order?.refunds.find(({ id }) => id === idOf(call, 1));
    if (order === undefined) return NO_ORDER;
    return refund === undefined ? invalidId('shop_order_refund') : ok(this.#renderer.refund(order, refund, viewOf(call)));
  }

  #allRefunds(call: Call): Reply {
    const query = readListQuery(call.parameters, { orderBy: ORDER_BY, defaultOrderBy: 'date' });
    if ('status' in query) return query;
    const rows = [...this.#orders.all()].flatMap((order) =>
      order.refunds.map((refund) => ({ id: refund.id, createdAt: refund.createdAt, modifiedAt: refund.createdAt, order, refund })),
    );
    const isInTime = dateFilter(call.parameters, this.#ground.site.utcOffsetMinutes, true);
    const isChosen = chosenOnly(query);
    const chosen = rows.filter((row) => isInTime(row) && isChosen(row));
    const page = pageOf(inOrder(chosen, query), query, this.#ground.traits.countsPastTheEnd);
    const json = page.rows.map(({ order, refund }): JsonObject => {
      const { id = 0, ...rest } = this.#renderer.refund(order, refund, viewOf(call));
      return { id, parent_id: order.id, ...rest };
    });
    return listReply(json, page.total, query, linkTo(this.#ground, call.view.origin, 'refunds'), [...call.parameters]);
  }

  #totals(): Reply {
    const counts = new Map<string, number>();
    for (const { status } of this.#orders.all()) counts.set(status, (counts.get(status) ?? 0) + 1);
    return ok([...this.#statuses].map(([slug, name]) => ({ slug, name, total: counts.get(slug) ?? 0 })));
  }
}
