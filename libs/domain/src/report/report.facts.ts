import type { DeliveryMode, DeliveryState } from '../delivery.events.js';
import type { ConnectionId } from '../ids.js';
import type { DecimalText, OrderContent } from '../order.events.js';

/** One effect of an order, as a report reads it from the ledger. */
export interface ReportedEffect {
  readonly destination: ConnectionId;
  readonly eventName: string;
  /** `0`, or `bump:<line item id>`. */
  readonly revision: string;
  readonly mode: DeliveryMode;
  readonly state: DeliveryState;
  readonly reason: string | null;
  /** As planned; null when nothing was, or the vendor does not take the currency. */
  readonly value: DecimalText | null;
  readonly currency: string | null;
  /** What its newest request said of the person; null: there was no request. */
  readonly matchKeys: readonly string[] | null;
  /** Where the click id of that request comes from (`order`, `visitor`, …); null without one. */
  readonly clickFrom: string | null;
}

/** An order as it is now, with all that was decided about it. Names nobody. */
export interface ReportedOrder extends Pick<
  OrderContent,
  'createdAt' | 'currency' | 'total' | 'paymentMethod' | 'createdVia' | 'renewalOf' | 'consent'
> {
  readonly shop: ConnectionId;
  /** Now; `vanished` when it is gone from the shop. */
  readonly status: string;
  readonly hasVisitor: boolean;
  /** Names of the filled and usable personal fields. */
  readonly personalFields: readonly string[];
  readonly effects: readonly ReportedEffect[];
}

/** A destination connection that takes orders now. */
export interface ReportedDestination {
  readonly connection: ConnectionId;
  /** Null: all of the tenant. */
  readonly sources: readonly string[] | null;
}

/** So many visits of one day that are alike. */
export interface VisitTally {
  readonly destination: ConnectionId;
  readonly eventName: string;
  readonly mode: DeliveryMode;
  /** Epoch ms of the day's begin, UTC. */
  readonly dayAt: number;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly matchKeys: readonly string[];
  readonly hasRequest: boolean;
  readonly count: number;
}

/** Half-open, epoch ms. */
export interface ReportPeriod {
  readonly fromMs: number;
  readonly toMs: number;
  /** What lies at or after it may still change. */
  readonly finalBeforeMs: number;
}

const NOT_FINAL_FOR_MS = 48 * 3_600_000;

/** Payments, retries and vendors' own windows take up to two days. */
export const reportPeriod = (fromMs: number, toMs: number, nowMs: number): ReportPeriod => ({
  fromMs,
  toMs,
  finalBeforeMs: nowMs - NOT_FINAL_FOR_MS,
});
