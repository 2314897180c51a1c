import { isObject } from './refusal.ts';

export const FAULT_KINDS = [
  /** Code 40100 at HTTP 200. */
  'throttle',
  /** HTTP 429 with Retry-After. */
  'too-many-requests',
  /** Code 50000 at HTTP 200. */
  'internal-error',
  /** HTTP `status` (default 500) with a plain text. */
  'http-error',
  /** HTTP `status` (default 502) with a page of HTML. */
  'html',
  'hang-before-accepting',
  'hang-after-accepting',
  'cut-before-accepting',
  'cut-after-accepting',
  /** Code 20001: the first half of the events (rounded down) is taken. */
  'partial',
  /** Code 40105. */
  'bad-credential',
  /** Code `code` (default 40002) for the first event with one of `eventIds`; the message names its path unless `hidesPath`. */
  'refuse-event',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultOrder {
  readonly kind: FaultKind;
  /** For the next so many requests; null or absent: until cleared. */
  readonly times?: number | null;
  /** Only requests that carry one of these event ids. */
  readonly eventIds?: readonly string[];
  readonly retryAfterSeconds?: number;
  readonly status?: number;
  readonly code?: number;
  readonly hidesPath?: boolean;
  /** `http-error` and `html` only: whether the events were taken before the answer got lost. */
  readonly accepts?: boolean;
}

export interface Fault extends FaultOrder {
  /** Requests still to come; null: until cleared. */
  left: number | null;
}

/** Reads an order given over HTTP; text says what is wrong with it. */
export function readFaultOrder(value: unknown): FaultOrder | string {
  if (!isObject(value)) return 'expected a JSON object';
  const kind = FAULT_KINDS.find((candidate) => candidate === value['kind']);
  if (kind === undefined) return `kind: expected one of ${FAULT_KINDS.join(', ')}`;
  const times = value['times'] ?? null;
  if (times !== null && !(typeof times === 'number' && Number.isInteger(times) && times > 0))
    return 'times: expected a positive integer or null';
  const eventIds = value['eventIds'];
  if (eventIds !== undefined && !(Array.isArray(eventIds) && eventIds.every((id) => typeof id === 'string'))) {
    return 'eventIds: expected an array of strings';
  }
  return { ...value, kind, times };
}

/** The faults in force, oldest first: the first that matches a request is used. */
export class FaultList {
  #faults: Fault[] = [];

  add(order: FaultOrder): void {
    this.#faults.push({ ...order, left: order.times ?? null });
  }

  clear(): void {
    this.#faults = [];
  }

  list(): readonly Fault[] {
    return this.#faults.map((fault) => ({ ...fault }));
  }

  /** Takes the fault for a request with these event ids and counts it down. */
  take(eventIds: readonly string[]): Fault | null {
    const fault = this.#faults.find((candidate) => candidate.eventIds?.some((id) => eventIds.includes(id)) ?? true);
    if (fault === undefined) return null;
    if (fault.left !== null) fault.left -= 1;
    this.#faults = this.#faults.filter((candidate) => candidate.left !== 0);
    return fault;
  }
}
