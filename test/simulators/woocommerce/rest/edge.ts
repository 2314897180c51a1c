import { ShopAnswer, type ShopRequest } from './answer.ts';

export const FAULT_KINDS = [
  /** HTTP `status` (default 503) with a plain text; 429 comes with Retry-After. */
  'http-error',
  /** A page of HTML with `status` (default 200), as a firewall or a maintenance mode sends. */
  'html',
  /** The connection ends before the shop saw the request. */
  'cut',
  /** The connection ends after the shop did what it was asked. */
  'cut-after-doing',
  /** No answer at all. */
  'hang',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultOrder {
  readonly kind: FaultKind;
  /** For the next so many requests; null or absent: until cleared. */
  readonly times?: number | null;
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  /** Only requests whose address holds this. */
  readonly path?: string;
}

/** What stands between the shop and the world, for better or worse. */
export interface EdgeSettings {
  /** The server drops `Authorization` before PHP sees it. */
  stripsAuthorization: boolean;
  /** A page cache that keeps answers to GET by their address, whoever asked; 0: none. */
  cacheSeconds: number;
  /** Origin that everything is redirected to; null: none. */
  redirectsTo: string | null;
  /** A proxy that lets only headers through that it knows. */
  stripsTotals: boolean;
  /** How far the `Date` header is ahead of the shop's own clock. */
  dateSkewMs: number;
}

/** A request that got no answer. */
export class LostConnection extends Error {
  readonly kind: 'cut' | 'hang';

  constructor(kind: 'cut' | 'hang') {
    super(kind === 'cut' ? 'the shop closed the connection' : 'the shop does not answer');
    this.name = 'LostConnection';
    this.kind = kind;
  }
}

interface Fault extends FaultOrder {
  left: number | null;
}

interface Cached {
  readonly answer: ShopAnswer;
  readonly keptAtMs: number;
}

export class Edge {
  readonly settings: EdgeSettings = { stripsAuthorization: false, cacheSeconds: 0, redirectsTo: null, stripsTotals: false, dateSkewMs: 0 };
  #faults: Fault[] = [];
  readonly #cache = new Map<string, Cached>();

  fail(order: FaultOrder): void {
    this.#faults.push({ ...order, left: order.times ?? null });
  }

  clearFaults(): void {
    this.#faults = [];
  }

  faults(): readonly FaultOrder[] {
    return this.#faults.map(({ left, ...order }) => ({ ...order, times: left }));
  }

  /** Passes a request on to the shop, or not. Throws LostConnection where no answer comes back. */
  pass(request: ShopRequest, nowMs: number, shop: (request: ShopRequest) => ShopAnswer): ShopAnswer {
    const { redirectsTo, stripsAuthorization } = this.settings;
    const fault = this.#takeFault(request.url);
    if (fault?.kind === 'cut' || fault?.kind === 'hang') throw new LostConnection(fault.kind);
    if (fault !== null && fault.kind !== 'cut-after-doing') return faultAnswer(fault);
    const { origin } = new URL(request.url);
    if (redirectsTo !== null && redirectsTo !== origin) {
      return new ShopAnswer(301, { location: request.url.replace(origin, redirectsTo), 'content-type': 'text/html' }, null, '');
    }
    const { authorization, ...otherHeaders } = request.headers;
    const seen = stripsAuthorization && authorization !== undefined ? { ...request, headers: otherHeaders } : request;
    const answer = this.#throughCache(seen, nowMs, shop);
    if (fault !== null) throw new LostConnection('cut');
    return this.settings.stripsTotals ? withoutTotals(answer) : answer;
  }

  #throughCache(request: ShopRequest, nowMs: number, shop: (request: ShopRequest) => ShopAnswer): ShopAnswer {
    const lifetimeMs = this.settings.cacheSeconds * 1_000;
    if (lifetimeMs === 0 || request.method !== 'GET') return shop(request);
    const cached = this.#cache.get(request.url);
    if (cached !== undefined && nowMs - cached.keptAtMs < lifetimeMs) {
      const age = String(Math.floor((nowMs - cached.keptAtMs) / 1_000));
      return new ShopAnswer(cached.answer.status, { ...cached.answer.headers, 'x-cache': 'HIT', age }, cached.answer.json);
    }
    const answer = shop(request);
    if (answer.status === 200) this.#cache.set(request.url, { answer, keptAtMs: nowMs });
    return answer;
  }

  #takeFault(url: string): FaultOrder | null {
    const fault = this.#faults.find(({ path }) => path === undefined || url.includes(path));
    if (fault === undefined) return null;
    if (fault.left !== null) fault.left -= 1;
    this.#faults = this.#faults.filter(({ left }) => left !== 0);
    return fault;
  }
}

function withoutTotals({ status, headers, json, body }: ShopAnswer): ShopAnswer {
  const { 'x-wp-total': _total, 'x-wp-totalpages': _pages, ...others } = headers;
  return new ShopAnswer(status, others, json, body);
}

function faultAnswer({ kind, status, retryAfterSeconds }: FaultOrder): ShopAnswer {
  if (kind === 'html') {
    const page = '<!doctype html><html><body><h1>Just a moment…</h1></body></html>';
    return new ShopAnswer(status ?? 200, { 'content-type': 'text/html; charset=UTF-8' }, null, page);
  }
  const wait: Record<string, string> = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return new ShopAnswer(status ?? 503, { 'content-type': 'text/plain', ...wait }, null, 'Service Unavailable');
}
