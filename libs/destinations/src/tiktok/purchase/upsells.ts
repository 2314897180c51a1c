import {
  atLeastZero,
  compareDecimals,
  multiplyDecimals,
  smallerOf,
  subtractDecimals,
  sumDecimals,
  type DecimalText,
  type DeliveryPlan,
  type KnownEffect,
  type OrderLine,
  type OrderObserved,
} from '@tributary/domain';
import type { TiktokSettings } from '../tiktok.schema.js';
import { exchanged, exchangedFinely, lineValueOf, valueOf, type Exchange } from './amounts.js';

/** A line that was bought after the order's Purchase was planned. */
export interface Upsell {
  readonly line: OrderLine;
  /** 1 for the order's first. */
  readonly number: number;
  /** In the currency of the Purchase; null where that has no amounts. */
  readonly value: DecimalText | null;
  readonly exchange: Exchange | null;
}

const BUMP = 'bump:';
/** Prices per unit are rounded to 6 decimals; what is left of that after adding up is no growth. */
const GROWTH_DECIMALS = 2;

export const revisionOf = (line: OrderLine): string => `${BUMP}${line.lineId}`;
const isUpsell = ({ key }: KnownEffect): boolean => key.revision.startsWith(BUMP);

const contentsWorth = ({ lines }: DeliveryPlan): DecimalText =>
  sumDecimals(lines.map(({ unitPrice, quantity }) => multiplyDecimals(unitPrice, String(quantity), 6)));
/** Without amounts (a currency that TikTok does not take) the contents’ prices tell whether the order grew. */
const worth = (plan: DeliveryPlan): DecimalText => plan.value ?? contentsWorth(plan);

/** Amounts of an upsell are made as those of its Purchase were; undefined when they cannot be compared any more. */
function exchangeOfBase(plan: DeliveryPlan, order: OrderObserved): Exchange | null | undefined {
  if (plan.currency === null) return null;
  if (plan.rate === null && plan.currency !== order.currency) return undefined;
  return { currency: plan.currency, rate: plan.rate, rateDate: plan.rateDate };
}

/** Plans from before line ids were kept cannot tell an old line from a new one. */
const knowsItsLines = ({ lines }: DeliveryPlan, orderId: string): boolean =>
  lines.every(({ lineId, contentId }) => lineId !== '' || contentId === `order-${orderId}`);

/**
 * Lines that an upsell plugin, or the buyer’s browser, added to the order after its Purchase (`base`) was planned: each once, numbered
 * in the order in which they are first seen, together never worth more than the order has grown since. A line without such a marker
 * (an exchange, a correction by the shop) is none; a line that an exchange outweighs is none as long as the order has not grown.
 */
export function upsellsOf(
  order: OrderObserved,
  base: KnownEffect,
  known: readonly KnownEffect[],
  { value: basis }: Pick<TiktokSettings['purchase'], 'value'>,
): readonly Upsell[] {
  const { plan } = base;
  if (plan === null || !knowsItsLines(plan, order.orderId)) return [];
  const exchange = exchangeOfBase(plan, order);
  if (exchange === undefined) return [];
  const before = known.filter(isUpsell);
  const counted = new Set([...plan.lines.map(({ lineId }) => lineId), ...before.map(({ key }) => key.revision.slice(BUMP.length))]);
  const added = order.lines.filter(
    ({ lineId, upsellMarker, quantity }) => upsellMarker !== null && !counted.has(lineId) && compareDecimals(quantity, '0') > 0,
  );
  const now = plan.value === null ? sumDecimals(order.lines.map((line) => line.total)) : exchanged(valueOf(order, basis), exchange);
  const sent = [plan, ...before.flatMap((effect) => (effect.plan === null ? [] : [effect.plan]))].map(worth);
  let growth = multiplyDecimals(subtractDecimals(now, ...sent), '1', plan.value === null ? GROWTH_DECIMALS : 6);
  const upsells: Upsell[] = [];
  for (const line of added) {
    if (compareDecimals(growth, '0') <= 0) break;
    const own = plan.value === null ? atLeastZero(exchangedFinely(line.total, exchange)) : exchanged(lineValueOf(line, basis), exchange);
    const value = smallerOf(own, growth);
    growth = subtractDecimals(growth, value);
    upsells.push({ line, number: before.length + upsells.length + 1, value: plan.value === null ? null : value, exchange });
  }
  return upsells;
}
