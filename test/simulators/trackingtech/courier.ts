import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { FaultList, type FaultOrder } from './faults.ts';
import { chileanTime, daysProblems, pageProblems, isWithinDays, type DayFormat } from './lists.ts';
import { orderProblems } from './order-checks.ts';

export interface CourierOptions {
  /** Null: every token that this courier gave out, and any other, is good. */
  readonly tokens?: readonly string[] | null;
  readonly now?: () => number;
  /** JSON lines; a simulator that starts again with it still knows its orders. */
  readonly stateFile?: string;
  /** In which of the three shapes lists are answered. */
  readonly listShape?: ListShape;
}

export type ListShape = 'plain' | 'meta' | 'flat';

/** One real pickup. */
export interface CourierOrder {
  readonly id: number;
  readonly trackingId: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly key: string;
  readonly status: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly body: unknown;
  readonly progress?: CourierProgress;
}

/** What a person at the courier did to an order since it was made. */
export interface CourierProgress {
  readonly statusName?: string;
  /** `dd/MM/yyyy HH:mm` of Chile's clocks. */
  readonly withdrawalDate?: string;
  readonly routeId?: number;
  readonly routeName?: string;
  readonly driverId?: number;
  readonly driverName?: string;
}

export interface CourierRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly outcome: string;
  readonly status: number | null;
}

/** What goes back over the wire; `hang` and `cut` send nothing. */
export type CourierReply =
  | { readonly kind: 'json'; readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'html'; readonly status: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'cut' };

export interface CourierCall {
  readonly method: string;
  /** Below the base address. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): CourierReply => ({
  kind: 'json',
  status,
  body,
  headers,
});
const TOKEN_REFUSED = json(401, { message: 'Unauthenticated: the token has expired' });
const answerOf = (order: CourierOrder): object => ({ id: order.id, tracking_id: order.trackingId, status: order.status });

/** As the lists by days have it: by tracking id, without the shop's order. */
const packageOf = ({ progress = {}, ...order }: CourierOrder): object => ({
  ...answerOf(order),
  created_at: chileanTime(order.createdAt),
  seller_code: order.customerId,
  status_name: progress.statusName ?? order.status,
  withdrawal_date: progress.withdrawalDate ?? null,
  route_id: progress.routeId ?? null,
  route_name: progress.routeName ?? null,
  driver_id: progress.driverId ?? null,
  driver_name: progress.driverName ?? null,
});

const recordOf = (order: CourierOrder): object => ({ ...packageOf(order), order_id: order.orderId });

const LISTS: Readonly<Record<string, { readonly from: string; readonly to: string; readonly format: DayFormat }>> = {
  '/withdrawal-orders/getPackagesWithdrawals': { from: 'start_date', to: 'end_date', format: 'dashed' },
  '/pickups/getPickupsByDate': { from: 'fecha_inicio', to: 'fecha_fin', format: 'plain' },
};

/** The courier itself, without HTTP: what it takes, refuses, remembers and was told to get wrong. */
export class Courier {
  readonly faults = new FaultList();
  readonly requests: CourierRequest[] = [];
  readonly orders: CourierOrder[] = [];
  /** Submits of an order that was there already. */
  readonly repeats: CourierOrder[] = [];
  /** Shops that are linked, by customer id. */
  readonly linked = new Map<string, { readonly storeUrl: string; readonly deviceId: string }>();
  readonly #options: CourierOptions;
  #listShape: ListShape;

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#listShape = options.listShape ?? 'flat';
    const { stateFile } = options;
    if (stateFile === undefined || !existsSync(stateFile)) return;
    for (const line of readFileSync(stateFile, 'utf8').split('\n')) {
      if (line === '') continue;
      const order = JSON.parse(line) as CourierOrder;
      const index = this.orders.findIndex(({ id }) => id === order.id);
      if (index === -1) this.orders.push(order);
      else this.orders[index] = order;
    }
  }

  /** An order moves on; false when there is none. */
  progress(orderId: string, status: string, progress: CourierProgress = {}): boolean {
    const index = this.orders.findIndex((order) => order.orderId === orderId);
    const before = this.orders[index];
    if (before === undefined) return false;
    const order = { ...before, status, progress: { ...before.progress, ...progress } };
    this.orders[index] = order;
    this.#keep(order);
    return true;
  }

  shapeLists(shape: ListShape): void {
    this.#listShape = shape;
  }

  reset(): void {
    this.faults.clear();
    this.requests.length = 0;
    this.orders.length = 0;
    this.repeats.length = 0;
    if (this.#options.stateFile !== undefined) writeFileSync(this.#options.stateFile, '');
  }

  receive(call: CourierCall): CourierReply {
    const { outcome, reply } = this.#judge(call);
    const key = call.headers['idempotency-key'];
    this.requests.push({
      at: this.#now(),
      method: call.method,
      path: call.path,
      key: typeof key === 'string' ? key : null,
      outcome,
      status: reply.kind === 'json' || reply.kind === 'html' ? reply.status : null,
    });
    return reply;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #judge(call: CourierCall): { readonly outcome: string; readonly reply: CourierReply } {
    const isSubmit = call.method === 'POST' && call.path === '/external/orders';
    const days = call.method === 'GET' ? LISTS[call.path] : undefined;
    const isStatus = (call.method === 'GET' && call.path === '/external/orders') || days !== undefined;
    const account = isSubmit || isStatus ? null : this.#account(call);
    if (account !== null) return { outcome: 'account', reply: account };
    if (!isSubmit && !isStatus) return { outcome: 'no such call', reply: json(404, { message: 'no such call' }) };
    const fault = this.faults.take(isSubmit ? 'submit' : days === undefined ? 'status' : 'days');
    const early = fault === null ? null : earlyReply(fault);
    if (fault !== null && early !== null) return { outcome: fault.kind, reply: early };
    if (!this.#isTokenGood(call)) return { outcome: 'refused', reply: TOKEN_REFUSED };
    const reply = isSubmit ? this.#submit(call, fault) : days === undefined ? this.#list(call) : this.#listDays(call, days);
    const late = fault === null ? null : lateReply(fault);
    return { outcome: fault?.kind ?? (reply.kind === 'json' && reply.status < 300 ? 'accepted' : 'refused'), reply: late ?? reply };
  }

  #isTokenGood({ headers }: CourierCall): boolean {
    const given = headers.authorization;
    const token = typeof given === 'string' ? /^Bearer (\S+)$/.exec(given)?.[1] : undefined;
    if (token === undefined) return false;
    const { tokens = null } = this.#options;
    return tokens === null || tokens.includes(token);
  }

  /** Calls of connecting an account; null for any other. A code that begins with `unknown` or `inactive` is that; `wrong` is a wrong password. */
  #account(call: CourierCall): CourierReply | null {
    const body = (typeof call.body === 'object' && call.body !== null ? call.body : {}) as Readonly<Record<string, unknown>>;
    const isFilled = (...fields: readonly string[]): boolean =>
      fields.every((field) => typeof body[field] === 'string' && body[field] !== '');
    const invalid = json(422, { message: 'The given data was invalid.' });
    switch (`${call.method} ${call.path}`) {
      case 'POST /external/resolve': {
        if (!isFilled('code', 'deviceId') || body['platform'] !== 'woocommerce') return invalid;
        const code = String(body['code']);
        if (code.startsWith('unknown')) return json(404, { message: 'no courier has this code' });
        return json(200, { tenant: { id: 9, name: code, active: !code.startsWith('inactive') } });
      }
      case 'POST /external/login':
        if (!isFilled('email', 'password')) return invalid;
        return body['password'] === 'wrong'
          ? json(401, { message: 'wrong mail address or password' })
          : json(200, { token: 'token-of-the-login' });
      case 'GET /external/stores':
        return this.#isTokenGood(call) ? json(200, { data: [{ id: 77, name: 'Bodega' }] }) : TOKEN_REFUSED;
      case 'POST /external/link': {
        if (!this.#isTokenGood(call)) return TOKEN_REFUSED;
        if (!isFilled('store_id', 'store_url', 'deviceId') || body['platform'] !== 'woocommerce') return invalid;
        this.linked.set('4711', { storeUrl: String(body['store_url']), deviceId: String(body['deviceId']) });
        return json(200, { customer_id: 4711 });
      }
      case 'POST /external/uninstall':
        if (!this.#isTokenGood(call)) return TOKEN_REFUSED;
        if (!isFilled('store_url', 'customer_id')) return invalid;
        this.linked.delete(String(body['customer_id']));
        return json(200, {});
      default:
        return null;
    }
  }

  #submit({ headers, body }: CourierCall, fault: FaultOrder | null): CourierReply {
    if (!/^application\/json\b/.test(String(headers['content-type'] ?? ''))) return json(415, { message: 'expected application/json' });
    const key = headers['idempotency-key'];
    if (typeof key !== 'string' || key === '') return json(400, { message: 'Idempotency-Key is missing' });
    const errors = orderProblems(body);
    if (Object.keys(errors).length > 0) return json(422, { message: 'The given data was invalid.', errors });
    const { customer_id: customerId, order_id: orderId } = body as { readonly customer_id: string; readonly order_id: string };
    const before = this.orders.find((order) => order.customerId === customerId && order.orderId === orderId);
    const order = before ?? this.#create(key, customerId, orderId, body);
    if (before !== undefined) this.repeats.push({ ...before, key });
    return fault?.kind === 'conflict' ? json(409, { message: 'the order exists', order: answerOf(order) }) : json(200, answerOf(order));
  }

  #create(key: string, customerId: string, orderId: string, body: unknown): CourierOrder {
    const id = this.orders.length + 1;
    const order = { id, trackingId: `TT-${100_000 + id}`, customerId, orderId, key, status: 'created', createdAt: this.#now(), body };
    this.orders.push(order);
    this.#keep(order);
    return order;
  }

  #keep(order: CourierOrder): void {
    if (this.#options.stateFile !== undefined) appendFileSync(this.#options.stateFile, `${JSON.stringify(order)}\n`);
  }

  #list({ query }: CourierCall): CourierReply {
    const ids = (query.get('ids') ?? '').split(',').filter((id) => id !== '');
    const errors = pageProblems(query, ['ids', 'customer_id']);
    if (ids.length === 0) errors['ids'] = ['is missing'];
    if (Object.keys(errors).length > 0) return json(422, { message: 'The given data was invalid.', errors });
    const customerId = query.get('customer_id');
    const isAskedFor = (order: CourierOrder): boolean =>
      ids.includes(order.orderId) && (customerId === null || order.customerId === customerId);
    return this.#page(query, this.orders.filter(isAskedFor).map(recordOf));
  }

  #listDays({ query }: CourierCall, { from, to, format }: (typeof LISTS)[string]): CourierReply {
    const errors = { ...pageProblems(query, [from, to]), ...daysProblems(query, from, to, format) };
    if (Object.keys(errors).length > 0) return json(422, { message: 'The given data was invalid.', errors });
    const first = query.get(from) ?? '';
    const last = query.get(to) ?? '';
    return this.#page(query, this.orders.filter(({ createdAt }) => isWithinDays(createdAt, first, last, format)).map(packageOf));
  }

  #page(query: URLSearchParams, found: readonly object[]): CourierReply {
    const perPage = Number(query.get('per_page') ?? 20);
    const page = Number(query.get('page') ?? 1);
    const data = found.slice((page - 1) * perPage, page * perPage);
    const paging = { last_page: Math.max(1, Math.ceil(found.length / perPage)), total: found.length };
    if (this.#listShape === 'plain') return json(200, data);
    return json(200, this.#listShape === 'meta' ? { meta: paging, data } : { data, ...paging });
  }
}

/** Faults that come before anything was made; null for those that come after. */
function earlyReply(fault: FaultOrder): CourierReply | null {
  switch (fault.kind) {
    case 'too-many-requests':
      return json(429, { message: 'Too Many Attempts.' }, { 'retry-after': String(fault.retryAfterSeconds ?? 1) });
    case 'expired-token':
      return TOKEN_REFUSED;
    case 'refuse':
      return json(422, { message: 'The given data was invalid.', errors: { 'shipping.city': ['is no comuna that is served'] } });
    case 'hang-before-accepting':
      return { kind: 'hang' };
    case 'cut-before-accepting':
      return { kind: 'cut' };
    case 'http-error':
    case 'html':
      return fault.accepts === true ? null : lateReply(fault);
    case 'hang-after-accepting':
    case 'cut-after-accepting':
    case 'conflict':
      return null;
  }
}

/** What stands in the place of an answer after the order was made; null: the answer itself. */
function lateReply(fault: FaultOrder): CourierReply | null {
  switch (fault.kind) {
    case 'hang-after-accepting':
      return { kind: 'hang' };
    case 'cut-after-accepting':
      return { kind: 'cut' };
    case 'http-error':
      return json(fault.status ?? 500, { message: 'Server Error' });
    case 'html':
      return { kind: 'html', status: fault.status ?? 502 };
    default:
      return null;
  }
}
