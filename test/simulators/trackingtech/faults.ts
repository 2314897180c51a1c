export const FAULT_KINDS = [
  /** HTTP 429 with Retry-After. */
  'too-many-requests',
  /** HTTP `status` (default 500) with JSON. */
  'http-error',
  /** HTTP `status` (default 502) with a page of HTML. */
  'html',
  'hang-before-accepting',
  'hang-after-accepting',
  'cut-before-accepting',
  'cut-after-accepting',
  /** 409 with the order that exists already; it is made first if it is not there. */
  'conflict',
  /** HTTP 401 as if the token had expired. */
  'expired-token',
  /** HTTP 422 that names `shipping.city`. */
  'refuse',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Which call of the contract is hit: `status` asks by order ids, `days` by days. */
export type FaultCall = 'submit' | 'status' | 'days' | 'any';

export interface FaultOrder {
  readonly kind: FaultKind;
  /** Default: `submit`. */
  readonly call?: FaultCall;
  /** For the next so many requests; null or absent: until cleared. */
  readonly times?: number | null;
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  /** `http-error` and `html` only: whether the order was made before the answer got lost. */
  readonly accepts?: boolean;
}

interface Fault extends FaultOrder {
  left: number | null;
}

/** Reads an order given over HTTP; text says what is wrong with it. */
export function readFaultOrder(value: unknown): FaultOrder | string {
  if (typeof value !== 'object' || value === null) return 'expected a JSON object';
  const { kind, times = null } = value as { readonly kind?: unknown; readonly times?: unknown };
  if (!FAULT_KINDS.some((candidate) => candidate === kind)) return `kind: expected one of ${FAULT_KINDS.join(', ')}`;
  if (times !== null && !(typeof times === 'number' && Number.isInteger(times) && times > 0))
    return 'times: expected a positive integer or null';
  return value as FaultOrder;
}

/** The faults in force, oldest first: the first that matches a call is used. */
export class FaultList {
  #faults: Fault[] = [];

  add(order: FaultOrder): void {
    this.#faults.push({ ...order, left: order.times ?? null });
  }

  clear(): void {
    this.#faults = [];
  }

  list(): readonly FaultOrder[] {
    return this.#faults;
  }

  take(call: FaultCall): FaultOrder | null {
    const fault = this.#faults.find(({ call: wanted = 'submit' }) => wanted === 'any' || wanted === call);
    if (fault === undefined) return null;
    if (fault.left !== null) fault.left -= 1;
    this.#faults = this.#faults.filter(({ left }) => left !== 0);
    return fault;
  }
}
