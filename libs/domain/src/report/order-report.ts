import { sumDecimals } from '../money.js';
import type { DeliveryMode, DeliveryState } from '../delivery.events.js';
import type { DecimalText } from '../order.events.js';
import type { ReportedDestination, ReportedEffect, ReportedOrder, ReportPeriod, VisitTally } from './report.facts.js';

/** Exact, per currency, in the order of the currencies. */
export interface Money {
  readonly currency: string;
  readonly amount: DecimalText;
}

/** Orders of one shop in the period, whatever became of them. */
export interface OrdersLine {
  readonly shop: string;
  /** False: the trailing 48 hours. */
  readonly isFinal: boolean;
  readonly orders: number;
  readonly totals: readonly Money[];
}

/** Orders of one shop against what became of them at one destination. */
export interface ConversionLine {
  readonly shop: string;
  readonly destination: string;
  /** `upsell`: lines added later; the order itself is counted elsewhere. */
  readonly kind: 'order' | 'upsell';
  /** Null: nothing was decided. */
  readonly eventName: string | null;
  readonly mode: DeliveryMode | null;
  readonly state: DeliveryState | 'undecided';
  readonly reason: string | null;
  /** Of what nothing was decided about, which the order's status mostly explains; else null. */
  readonly orderStatus: string | null;
  readonly isFinal: boolean;
  readonly count: number;
  /** What the shop took for these orders; empty for upsells. */
  readonly orderTotals: readonly Money[];
  /** What was planned to be told to the vendor. */
  readonly values: readonly Money[];
}

/** Visits that were part of a request, or closed before one. */
export interface VisitLine {
  readonly destination: string;
  readonly eventName: string;
  readonly mode: DeliveryMode;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly isFinal: boolean;
  readonly count: number;
}

class Sums {
  private readonly amounts = new Map<string, DecimalText>();

  add(currency: string, amount: DecimalText): void {
    this.amounts.set(currency, sumDecimals([this.amounts.get(currency) ?? '0', amount]));
  }

  get all(): readonly Money[] {
    return [...this.amounts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([currency, amount]) => ({ currency, amount }));
  }
}

/** Groups of equal parts, in the order of the parts. */
class Groups<Parts extends object, Total> {
  private readonly groups = new Map<string, { readonly parts: Parts; readonly total: Total }>();

  constructor(private readonly begin: () => Total) {}

  of(parts: Parts): Total {
    const key = JSON.stringify(parts);
    const known = this.groups.get(key);
    if (known !== undefined) return known.total;
    const total = this.begin();
    this.groups.set(key, { parts, total });
    return total;
  }

  get all(): readonly { readonly parts: Parts; readonly total: Total }[] {
    return [...this.groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  }
}

type ConversionParts = Omit<ConversionLine, 'count' | 'orderTotals' | 'values'>;

const WHOLE_ORDER = '0';

/** Orders against conversions, order by order; nothing is kept of a single one. */
export class OrderReport {
  private readonly orders = new Groups<Pick<OrdersLine, 'shop' | 'isFinal'>, { count: number; readonly totals: Sums }>(() => ({
    count: 0,
    totals: new Sums(),
  }));
  private readonly conversions = new Groups<ConversionParts, { count: number; readonly orderTotals: Sums; readonly values: Sums }>(() => ({
    count: 0,
    orderTotals: new Sums(),
    values: new Sums(),
  }));

  constructor(
    private readonly period: ReportPeriod,
    private readonly destinations: readonly ReportedDestination[],
  ) {}

  add(order: ReportedOrder): void {
    const isFinal = order.createdAt < this.period.finalBeforeMs;
    const all = this.orders.of({ shop: order.shop, isFinal });
    all.count += 1;
    all.totals.add(order.currency, order.total);
    for (const effect of order.effects) this.addEffect(order, effect, isFinal);
    for (const { connection, sources } of this.destinations) {
      const isDecided = order.effects.some(({ destination, revision }) => destination === connection && revision === WHOLE_ORDER);
      if (isDecided || !(sources?.includes(order.shop) ?? true)) continue;
      this.addUndecided(order, connection, isFinal);
    }
  }

  get orderLines(): readonly OrdersLine[] {
    return this.orders.all.map(({ parts, total }) => ({ ...parts, orders: total.count, totals: total.totals.all }));
  }

  get conversionLines(): readonly ConversionLine[] {
    return this.conversions.all.map(({ parts, total: { count, orderTotals, values } }) => ({
      ...parts,
      count,
      orderTotals: orderTotals.all,
      values: values.all,
    }));
  }

  private addEffect(order: ReportedOrder, effect: ReportedEffect, isFinal: boolean): void {
    const { destination, eventName, mode, state, reason, revision, value, currency } = effect;
    const kind = revision === WHOLE_ORDER ? 'order' : 'upsell';
    const { shop } = order;
    const total = this.conversions.of({ shop, destination, kind, eventName, mode, state, reason, orderStatus: null, isFinal });
    total.count += 1;
    if (kind === 'order') total.orderTotals.add(order.currency, order.total);
    if (value !== null && currency !== null) total.values.add(currency, value);
  }

  private addUndecided({ shop, status, currency, total: amount }: ReportedOrder, destination: string, isFinal: boolean): void {
    const total = this.conversions.of({
      shop,
      destination,
      kind: 'order',
      eventName: null,
      mode: null,
      state: 'undecided',
      reason: null,
      orderStatus: status,
      isFinal,
    });
    total.count += 1;
    total.orderTotals.add(currency, amount);
  }
}

/** Visits by what became of them. */
export function visitLines(tallies: readonly VisitTally[], { finalBeforeMs }: ReportPeriod): readonly VisitLine[] {
  const lines = new Groups<Omit<VisitLine, 'count'>, { count: number }>(() => ({ count: 0 }));
  for (const { destination, eventName, mode, state, reason, dayAt, count } of tallies)
    lines.of({ destination, eventName, mode, state, reason, isFinal: isDayFinal(dayAt, finalBeforeMs) }).count += count;
  return lines.all.map(({ parts, total }) => ({ ...parts, count: total.count }));
}

const DAY_MS = 86_400_000;

export const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;
/** Once its end is. */
export const isDayFinal = (dayAt: number, finalBeforeMs: number): boolean => dayAt + DAY_MS <= finalBeforeMs;
