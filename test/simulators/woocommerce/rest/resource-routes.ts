import { couponJson, productJson, variationJson } from '../json/catalog-json.ts';
import { customerJson } from '../json/customer-json.ts';
import { pickFields, type JsonObject } from '../json/json.ts';
import { linkTo } from '../json/links.ts';
import type { Catalog } from '../shop/catalog.ts';
import type { Coupons } from '../shop/coupons.ts';
import type { Ground } from '../shop/ground.ts';
import type { People } from '../shop/people.ts';
import { invalidId, ok, refuse, type Reply } from './answer.ts';
import { chosenOnly, dateFilter, inOrder, listReply, pageOf, readListQuery, type Dated, type ListRules } from './list-query.ts';
import { idOf, list, view, type Call, type Route } from './route.ts';

const BY_DATE: ListRules = { orderBy: ['date', 'modified', 'id', 'include', 'title', 'slug'], defaultOrderBy: 'date' };
/** No `modified` here, and an order of names instead of dates. */
const OF_CUSTOMERS: ListRules = { orderBy: ['id', 'include', 'name', 'registered_date'], defaultOrderBy: 'name', defaultOrder: 'asc' };

interface Listing<Row> {
  readonly collection: string;
  readonly rows: readonly Row[];
  readonly rules: ListRules;
  readonly json: (row: Row) => JsonObject;
  readonly takesDates: boolean;
}

/** Reads of products, their variations, customers and coupons. */
export class ResourceRoutes {
  readonly #ground: Ground;
  readonly #catalog: Catalog;
  readonly #people: People;
  readonly #coupons: Coupons;

  constructor(ground: Ground, catalog: Catalog, people: People, coupons: Coupons) {
    this.#ground = ground;
    this.#catalog = catalog;
    this.#people = people;
    this.#coupons = coupons;
  }

  routes(): readonly Route[] {
    return [
      { pattern: /^products$/, methods: { GET: list((call) => this.#products(call)) } },
      { pattern: /^products\/(\d+)$/, methods: { GET: view((call) => this.#product(call)) } },
      { pattern: /^products\/(\d+)\/variations$/, methods: { GET: list((call) => this.#variations(call)) } },
      { pattern: /^products\/(\d+)\/variations\/(\d+)$/, methods: { GET: view((call) => this.#variation(call)) } },
      { pattern: /^customers$/, methods: { GET: list((call) => this.#customers(call)) } },
      { pattern: /^customers\/(\d+)$/, methods: { GET: view((call) => this.#customer(call)) } },
      { pattern: /^coupons$/, methods: { GET: list((call) => this.#couponList(call)) } },
      { pattern: /^coupons\/(\d+)$/, methods: { GET: view((call) => this.#coupon(call)) } },
    ];
  }

  #list<Row extends Dated>({ parameters, view: { origin } }: Call, { collection, rows, rules, json, takesDates }: Listing<Row>): Reply {
    const query = readListQuery(parameters, rules);
    if ('status' in query) return query;
    const { site, traits } = this.#ground;
    const isInTime = takesDates ? dateFilter(parameters, site.utcOffsetMinutes, traits.knowsModifiedFilter) : () => true;
    const isChosen = chosenOnly(query);
    const chosen = inOrder(
      rows.filter((row) => isInTime(row) && isChosen(row)),
      query,
    );
    const page = pageOf(chosen, query, true);
    const shown = page.rows.map((row) => (query.fields === null ? json(row) : pickFields(json(row), query.fields)));
    return listReply(shown, page.total, query, linkTo(this.#ground, origin, collection), [...parameters]);
  }

  #products(call: Call): Reply {
    const { parameters, view: seen } = call;
    const sku = parameters.get('sku');
    const status = parameters.get('status') ?? 'any';
    // Asked for by SKU a variation is found; listed it is not, not even by `include`.
    const rows = this.#catalog
      .all()
      .filter((product) => (sku === null ? product.parentId === 0 : product.sku === sku))
      .filter((product) => (status === 'any' ? product.status !== 'trash' : product.status === status));
    return this.#list(call, {
      collection: 'products',
      rows,
      rules: BY_DATE,
      json: (product) => productJson(this.#ground, this.#catalog, product, seen.origin),
      takesDates: true,
    });
  }

  #product(call: Call): Reply {
    const product = this.#catalog.find(idOf(call));
    return product === undefined ? invalidId('product') : ok(productJson(this.#ground, this.#catalog, product, call.view.origin));
  }

  #variations(call: Call): Reply {
    const parentId = idOf(call);
    return this.#list(call, {
      collection: `products/${parentId}/variations`,
      rows: this.#catalog.variationsOf(parentId),
      rules: BY_DATE,
      json: (product) => variationJson(this.#ground, this.#catalog, product, call.view.origin),
      takesDates: true,
    });
  }

  #variation(call: Call): Reply {
    const product = this.#catalog.find(idOf(call, 1));
    return product === undefined || product.parentId !== idOf(call)
      ? invalidId('product_variation')
      : ok(variationJson(this.#ground, this.#catalog, product, call.view.origin));
  }

  #customers(call: Call): Reply {
    const role = call.parameters.get('role') ?? 'customer';
    const email = call.parameters.get('email');
    const rows = this.#people.all().filter((user) => (role === 'all' || user.role === role) && (email === null || user.email === email));
    return this.#list(call, {
      collection: 'customers',
      rows,
      rules: OF_CUSTOMERS,
      json: (customer) => customerJson(this.#ground, customer, call.view.origin),
      // `modified_after` is accepted and does nothing.
      takesDates: false,
    });
  }

  #customer(call: Call): Reply {
    const customer = this.#people.find(idOf(call));
    return customer === undefined
      ? refuse('woocommerce_rest_invalid_id', 'Invalid resource ID.', 404)
      : ok(customerJson(this.#ground, customer, call.view.origin));
  }

  #couponList(call: Call): Reply {
    const code = call.parameters.get('code');
    return this.#list(call, {
      collection: 'coupons',
      rows: this.#coupons.all().filter((coupon) => coupon.status !== 'trash' && (code === null || coupon.code === code.toLowerCase())),
      rules: BY_DATE,
      json: (coupon) => couponJson(this.#ground, coupon, call.view.origin),
      takesDates: true,
    });
  }

  #coupon(call: Call): Reply {
    const coupon = this.#coupons.find(idOf(call));
    return coupon === undefined ? invalidId('shop_coupon') : ok(couponJson(this.#ground, coupon, call.view.origin));
  }
}
