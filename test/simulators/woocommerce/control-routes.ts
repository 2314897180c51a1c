import { isJsonObject, type Json, type JsonObject } from './json/json.ts';
import { FAULT_KINDS, type FaultOrder } from './rest/edge.ts';
import type { LineChange, RefundInput } from './shop/order-book.ts';
import type { LineInput } from './shop/order-input.ts';
import type { KeyPermissions } from './shop/people.ts';
import type { WoocommerceShop } from './woocommerce-shop.ts';

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

const done = (body: unknown = {}, status = 200): ControlAnswer => ({ status, body });
const wrong = (problem: string): ControlAnswer => ({ status: 400, body: { problem } });

/** What an admin can do to an order, by the last part of `/_control/orders/{id}/…`. */
const ORDER_ACTIONS: Readonly<Record<string, (shop: WoocommerceShop, id: number, order: JsonObject) => unknown>> = {
  status: ({ orders }, id, order) => orders.setStatus(id, textOf(order, 'status')),
  save: ({ orders }, id) => orders.saveUnchanged(id),
  address: ({ orders }, id, order) => orders.editAddress(id, order),
  'add-line': ({ orders }, id, order) => orders.addLine(id, order as unknown as LineInput),
  'edit-line': ({ orders }, id, order) => orders.editLine(id, numberOf(order, 'lineId'), order['change'] as LineChange),
  'save-line-only': ({ orders }, id, order) => orders.saveLineOnly(id, numberOf(order, 'lineId'), order['change'] as LineChange),
  meta: ({ orders }, id, order) => orders.saveMeta(id, textOf(order, 'key'), order['value'] ?? null),
  'meta-only': ({ orders }, id, order) => orders.saveMetaOnly(id, textOf(order, 'key'), order['value'] ?? null),
  refund: ({ orders }, id, order) => ({ refundId: orders.addRefund(id, order as unknown as RefundInput) }),
  'delete-refund': ({ orders }, id, order) => orders.deleteRefund(id, numberOf(order, 'refundId')),
  trash: ({ orders }, id) => orders.trash(id),
  untrash: ({ orders }, id) => orders.untrash(id),
  'force-delete': ({ orders }, id) => orders.forceDelete(id),
  'import-modified': ({ orders }, id, order) => orders.importModified(id, numberOf(order, 'modifiedAtMs')),
  sql: ({ orders }, id, order) => orders.sqlEdit(id, order),
};

function textOf(order: JsonObject, name: string): string {
  const value = order[name];
  if (typeof value !== 'string') throw new TypeError(`${name}: expected a string`);
  return value;
}

function numberOf(order: JsonObject, name: string): number {
  const value = order[name];
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number`);
  return value;
}

function faultOf(order: JsonObject): FaultOrder {
  const kind = FAULT_KINDS.find((candidate) => candidate === order['kind']);
  if (kind === undefined) throw new TypeError(`kind: expected one of ${FAULT_KINDS.join(', ')}`);
  return { ...order, kind };
}

async function orderAction(shop: WoocommerceShop, id: number, action: string, order: JsonObject): Promise<ControlAnswer> {
  const act = ORDER_ACTIONS[action];
  if (act === undefined) return { status: 404, body: { problem: `expected one of ${Object.keys(ORDER_ACTIONS).join(', ')}` } };
  const result = act(shop, id, order);
  return done({ ...(isJsonObject(result) ? result : {}), order: shop.orders.find(id) === undefined ? null : shop.orderJson(id) });
}

/** Tells the shop what to do: `method path` below `/_control/`, and a JSON object. */
export async function control(shop: WoocommerceShop, method: string, path: string, body: Json): Promise<ControlAnswer> {
  const order = isJsonObject(body) ? body : {};
  const [, id, action] = /^orders\/(\d+)(?:\/([a-z-]+))?$/.exec(path) ?? [];
  try {
    if (id !== undefined && action !== undefined && method === 'POST') return await orderAction(shop, Number(id), action, order);
    if (id !== undefined && method === 'GET') return done(shop.orderJson(Number(id)));
    return await shopAction(shop, `${method} ${path}`, order);
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

async function shopAction(shop: WoocommerceShop, action: string, order: JsonObject): Promise<ControlAnswer> {
  switch (action) {
    case 'GET orders':
      return done([...shop.orders.all()].map(({ id, status }) => ({ id, status })));
    case 'POST orders':
      return done(shop.orderJson(shop.orders.create(order).id), 201);
    case 'GET products':
      return done(shop.catalog.all());
    case 'POST products':
      return done(shop.catalog.add(order), 201);
    case 'POST variations':
      return done(shop.catalog.addVariation(numberOf(order, 'parentId'), order), 201);
    case 'POST customers':
      return done(shop.people.add(order), 201);
    case 'POST keys':
      return done(shop.people.addKey((order['permissions'] ?? 'read_write') as KeyPermissions), 201);
    case 'GET webhooks':
      return done(shop.webhooks.all().map(({ secret: _secret, ...webhook }) => webhook));
    case 'POST queue':
      await shop.queue.run();
      return done({ pending: shop.queue.pendingCount });
    case 'POST clock':
      return done(shop.changeClock(numberOf(order, 'skewMs')) ?? {});
    case 'GET edge':
      return done({ settings: shop.edge.settings, faults: shop.edge.faults() });
    case 'POST edge':
      return done(Object.assign(shop.edge.settings, order));
    case 'POST faults':
      shop.edge.fail(faultOf(order));
      return done(shop.edge.faults(), 201);
    case 'DELETE faults':
      shop.edge.clearFaults();
      return done([]);
    default:
      return { status: 404, body: { problem: 'no such address' } };
  }
}
