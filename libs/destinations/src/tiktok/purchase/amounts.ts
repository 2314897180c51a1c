import {
  atLeastZero,
  currencyDecimals,
  multiplyDecimals,
  subtractDecimals,
  sumDecimals,
  type DecimalText,
  type OrderLine,
  type OrderObserved,
} from '@tributary/domain';
import { convertedTo, TIKTOK_CURRENCIES, type TiktokSettings } from '../tiktok.schema.js';

type PurchaseSettings = TiktokSettings['purchase'];

/** How amounts of an order become amounts that are sent. */
export interface Exchange {
  readonly currency: string;
  /** Null: as they are. */
  readonly rate: DecimalText | null;
  /** `YYYY-MM-DD`. */
  readonly rateDate: string | null;
}

/** Finer than any price, so that a line's total converted and then divided is right to the last digit that is kept. */
const CONVERTED_DECIMALS = 15;

/**
 * Into the currency of the settings where they have a rate for the order's; else the order's own; null where TikTok does not take that:
 * then no amount is sent. An amount is never relabelled.
 */
export function exchangeOf(orderCurrency: string, { currency, rates }: PurchaseSettings): Exchange | null {
  const target = convertedTo(currency);
  const rate = Object.hasOwn(rates, orderCurrency) ? rates[orderCurrency] : undefined;
  if (target !== null && target !== orderCurrency && rate !== undefined) return { currency: target, rate: rate.rate, rateDate: rate.date };
  return TIKTOK_CURRENCIES.has(orderCurrency) ? { currency: orderCurrency, rate: null, rateDate: null } : null;
}

/** An amount to be sent: converted and rounded half up to the currency's smallest unit, or as the shop wrote it. */
export const exchanged = (amount: DecimalText, exchange: Exchange | null): DecimalText =>
  exchange === null || exchange.rate === null ? amount : multiplyDecimals(amount, exchange.rate, currencyDecimals(exchange.currency));

/** A line's total before it is divided into prices: converted, not yet rounded to the currency's smallest unit. */
export const exchangedFinely = (amount: DecimalText, exchange: Exchange | null): DecimalText =>
  exchange === null || exchange.rate === null ? amount : multiplyDecimals(amount, exchange.rate, CONVERTED_DECIMALS);

/**
 * What an order is worth by the basis of the settings, in its own currency, never below zero, gross of refunds.
 * `subtotal` is what the lines cost after discounts, without tax, shipping and fees.
 */
export function valueOf(order: OrderObserved, basis: PurchaseSettings['value']): DecimalText {
  switch (basis) {
    case 'total':
      return atLeastZero(order.total);
    case 'total-without-tax':
      return atLeastZero(subtractDecimals(order.total, order.totalTax));
    case 'total-without-shipping':
      return atLeastZero(subtractDecimals(order.total, order.shippingTotal, order.shippingTax));
    case 'subtotal':
      return atLeastZero(sumDecimals(order.lines.map((line) => line.total)));
  }
}

/** What one line adds to {@link valueOf}. */
export const lineValueOf = (line: OrderLine, basis: PurchaseSettings['value']): DecimalText =>
  atLeastZero(basis === 'total-without-tax' || basis === 'subtotal' ? line.total : sumDecimals([line.total, line.totalTax]));
