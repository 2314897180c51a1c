import {
  atLeastZero,
  canonicalDecimal,
  isImportedHistory,
  subtractDecimals,
  sumDecimals,
  unitPriceOf,
  type DecimalText,
  type DeliveryPlan,
  type DestinationContext,
  type OrderLine,
  type OrderObserved,
  type OrderState,
  type PlanDecision,
  type PlannedLine,
  type ReasonCode,
  type SourceContext,
  type TenantContext,
} from '@tributary/domain';
import { MAX_EVENT_AGE_DAYS, TIKTOK_CURRENCIES, type PurchaseQualification, type TiktokSettings } from './tiktok.schema.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Clocks of shops run fast; beyond this it is no clock error. */
const MAX_FUTURE_MS = 600_000;
/** A forgotten test code ends by itself. */
const TEST_MODE_LASTS_MS = 24 * HOUR_MS;

const QUALIFYING_STATUSES: Readonly<Record<PurchaseQualification, ReadonlySet<string>>> = {
  paid: new Set(['processing', 'completed']),
  placed: new Set(['processing', 'on-hold', 'completed']),
  completed: new Set(['completed']),
};

/** Our field names → TikTok's, for everything that a browser or a person leaves behind. */
const MATCH_KEY_FIELDS: readonly (readonly [matchKey: string, fields: readonly string[]])[] = [
  ['city', ['billing.city']],
  ['country', ['billing.country']],
  ['email', ['billing.email']],
  ['external_id', ['visitorId', 'customerId']],
  ['first_name', ['billing.firstName']],
  ['ip', ['customerIp']],
  ['last_name', ['billing.lastName']],
  ['phone', ['billing.phone']],
  ['state', ['billing.state']],
  ['ttclid', ['ttclid', 'sessionEntryTtclid']],
  ['ttp', ['ttp']],
  ['user_agent', ['customerUserAgent']],
  ['zip_code', ['billing.postcode']],
];
const BROWSER_MATCH_KEYS: ReadonlySet<string> = new Set(['ip', 'user_agent']);

/**
 * One Purchase (or, for a renewal, Subscribe) per order that qualifies under the settings; nothing for any other order.
 *
 * Pure in `nowMs`. An order that qualifies but must not be sent is a `suppress` with the first reason that holds, in the order of
 * `suppressionOf`. The event time is the payment, else the change that was observed.
 */
export function planPurchase(
  order: OrderState,
  _tenant: TenantContext,
  source: SourceContext,
  destination: DestinationContext<TiktokSettings>,
  nowMs: number,
): readonly PlanDecision[] {
  const { settings } = destination;
  const observed = order.observed;
  if (observed === null || order.isVanished || !takesFrom(settings, order.connectionId) || !isQualified(observed, settings)) return [];
  const decision = {
    reference: observed.orderId,
    eventName: observed.renewalOf !== null && settings.purchase.renewals === 'subscribe' ? 'Subscribe' : 'Purchase',
    revision: '0',
    mode: settings.mode,
  };
  const eventTime = observed.paidAt ?? observed.modifiedAt;
  const reason = suppressionOf(observed, eventTime, source, destination, nowMs);
  if (reason !== null) return [{ kind: 'suppress', ...decision, reason, eventTime }];
  return [{ kind: 'plan', ...decision, plan: planOf(observed, eventTime, destination) }];
}

const takesFrom = (settings: TiktokSettings, connectionId: string): boolean => settings.sources?.includes(connectionId) ?? true;

function isQualified(order: OrderObserved, { purchase }: TiktokSettings): boolean {
  const own = Object.hasOwn(purchase.byPaymentMethod, order.paymentMethod) ? purchase.byPaymentMethod[order.paymentMethod] : undefined;
  const when = own ?? purchase.when;
  return QUALIFYING_STATUSES[when].has(order.status) && (when !== 'paid' || order.paidAt !== null);
}

function suppressionOf(
  order: OrderObserved,
  eventTime: number,
  source: SourceContext,
  { settings, activatedAt, configuredAt }: DestinationContext<TiktokSettings>,
  nowMs: number,
): ReasonCode | null {
  if (eventTime < (settings.sendFrom === null ? activatedAt : Date.parse(settings.sendFrom))) return 'before-go-live';
  if (isImportedHistory(order, eventTime)) return 'imported';
  if (order.consent === 'denied') return 'consent-denied';
  if (source.isConsentRequired && order.consent !== 'granted') return 'consent-missing';
  if (settings.purchase.excludeCreatedVia.includes(order.createdVia)) return 'created-via-excluded';
  if (order.renewalOf !== null && settings.purchase.renewals === 'off') return 'renewals-off';
  if (isTooOld(eventTime, settings, nowMs)) return 'too-old';
  if (eventTime > nowMs + MAX_FUTURE_MS) return 'in-the-future';
  if (settings.mode === 'test' && nowMs >= configuredAt + TEST_MODE_LASTS_MS) return 'test-mode-ended';
  return null;
}

/** Older than the settings, or TikTok, accept: then it is never sent. */
export const isTooOld = (eventTime: number, settings: TiktokSettings, nowMs: number): boolean =>
  nowMs - eventTime > Math.min(settings.maxEventAgeDays, MAX_EVENT_AGE_DAYS) * DAY_MS;

function planOf(order: OrderObserved, eventTime: number, { version, settings }: DestinationContext<TiktokSettings>): DeliveryPlan {
  const currency = TIKTOK_CURRENCIES.has(order.currency) ? order.currency : null;
  const value = valueOf(order, settings.purchase.value);
  return {
    vendorEventId: eventIdOf(order, settings.purchase.eventId),
    eventTime,
    observationId: order.eventId,
    settingsVersion: version,
    value: currency === null ? null : value,
    currency,
    lines: linesOf(order, value),
    matchKeys: matchKeysOf(order),
  };
}

/** One pass, so that nothing inside an order's number is taken for a placeholder; a shop without numbers falls back to ids. */
function eventIdOf(order: OrderObserved, template: string): string {
  const parts: Readonly<Record<string, string>> = {
    '{orderId}': order.orderId,
    '{orderNumber}': order.orderNumber === '' ? order.orderId : order.orderNumber,
    '{connection}': order.connectionId,
  };
  return template.replace(/\{\w+\}/g, (placeholder) => parts[placeholder] ?? placeholder);
}

/**
 * The amount by basis, never below zero, gross of refunds.
 * `subtotal` is what the lines cost after discounts, without tax, shipping and fees.
 */
function valueOf(order: OrderObserved, basis: TiktokSettings['purchase']['value']): DecimalText {
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

/**
 * Lines with nothing of a product (quantity zero or less) are left out. An order without any line (a fee, a donation) is shown as
 * one content of its own, `order-<id>`, because TikTok requires contents for a Purchase.
 */
function linesOf(order: OrderObserved, value: DecimalText): readonly PlannedLine[] {
  const lines = order.lines.flatMap((line): PlannedLine[] => {
    const price = unitPriceOf(line.total, line.quantity);
    return price === null ? [] : [{ contentId: contentIdOf(line), name: line.name, ...price, unitPrice: atLeastZero(price.unitPrice) }];
  });
  if (lines.length > 0) return lines;
  return [{ contentId: `order-${order.orderId}`, name: '', unitPrice: canonicalDecimal(value), quantity: 1 }];
}

/** The SKU, else the variation, else the product; a deleted product has neither, so its line stands for it (and matches nothing). */
function contentIdOf(line: OrderLine): string {
  if (line.sku.trim() !== '') return line.sku.trim();
  const id = [line.variationId, line.productId].find((candidate) => candidate !== '' && candidate !== '0');
  return id ?? `line-${line.lineId}`;
}

function matchKeysOf(order: OrderObserved): readonly string[] {
  const filled = new Set(order.personalFields);
  return MATCH_KEY_FIELDS.filter(([matchKey, fields]) => {
    if (order.renewalOf !== null && BROWSER_MATCH_KEYS.has(matchKey)) return false;
    return fields.some((field) => filled.has(field));
  }).map(([matchKey]) => matchKey);
}
