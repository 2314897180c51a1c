import {
  isImportedHistory,
  type DecimalText,
  type DeliveryPlan,
  type DestinationContext,
  type KnownEffect,
  type OrderLine,
  type OrderObserved,
  type OrderState,
  type PlanDecision,
  type PlannedLine,
  type ReasonCode,
  type SourceContext,
  type TenantContext,
} from '@tributary/domain';
import { exchanged, exchangeOf, valueOf, type Exchange } from './purchase/amounts.js';
import { contentsOf, contentTypeOf, wholeOrderAsContent } from './purchase/contents.js';
import { revisionOf, upsellsOf, type Upsell } from './purchase/upsells.js';
import { MAX_EVENT_AGE_DAYS, type PurchaseQualification, type TiktokSettings } from './tiktok.schema.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Clocks of shops run fast; beyond this it is no clock error. */
export const MAX_FUTURE_MS = 600_000;
/** A forgotten test code ends by itself. */
export const TEST_MODE_LASTS_MS = 24 * HOUR_MS;

const WHOLE_ORDER = '0';

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
 * One Purchase (or, for a renewal, Subscribe) per order that qualifies under the settings, then one for each upsell; nothing for any
 * other order.
 *
 * Pure in `nowMs`. An order that qualifies but must not be sent is a `suppress` with the first reason that holds, in the order of
 * `suppressionOf`. The event time is the payment, else the change that was observed; an upsell's is the change that showed it.
 */
export function planPurchase(
  order: OrderState,
  _tenant: TenantContext,
  source: SourceContext,
  destination: DestinationContext<TiktokSettings>,
  nowMs: number,
  known: readonly KnownEffect[],
): readonly PlanDecision[] {
  const { settings } = destination;
  const observed = order.observed;
  if (observed === null || order.isVanished || !takesFrom(settings, order.connectionId) || !isQualified(observed, settings)) return [];
  const own = known.filter(({ key }) => key.mode === settings.mode);
  const base = own.find(({ key }) => key.revision === WHOLE_ORDER);
  const decided = (name: string, revision: string, eventTime: number, effect: Effect): PlanDecision => {
    const decision = { reference: observed.orderId, eventName: name, revision, mode: settings.mode };
    const reason = suppressionOf(observed, eventTime, source, destination, nowMs);
    if (reason !== null) return { kind: 'suppress', ...decision, reason, eventTime };
    return { kind: 'plan', ...decision, plan: planOf(observed, eventTime, destination, effect) };
  };
  if (base === undefined) {
    const name = observed.renewalOf !== null && settings.purchase.renewals === 'subscribe' ? 'Subscribe' : 'Purchase';
    return [decided(name, WHOLE_ORDER, observed.paidAt ?? observed.modifiedAt, wholeOrder(observed, settings))];
  }
  const { plan } = base;
  if (plan === null) return [];
  return upsellsOf(observed, base, own, settings.purchase).map((upsell) =>
    decided(base.key.eventName, revisionOf(upsell.line), observed.modifiedAt, addedLine(upsell, plan, settings)),
  );
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
  // With a visitor a visit may have brought the answer: it is looked for before the request.
  if (source.isConsentRequired && order.consent !== 'granted' && order.subjects.visitor === null) return 'consent-missing';
  if (isExcluded(order.createdVia, settings)) return 'created-via-excluded';
  if (order.renewalOf !== null && settings.purchase.renewals === 'off') return 'renewals-off';
  if (isTooOld(eventTime, settings, nowMs)) return 'too-old';
  if (eventTime > nowMs + MAX_FUTURE_MS) return 'in-the-future';
  if (settings.mode === 'test' && nowMs >= configuredAt + TEST_MODE_LASTS_MS) return 'test-mode-ended';
  return null;
}

/** The value itself, or a word of it: `import` stands for `csv-import` as well. */
function isExcluded(createdVia: string, { purchase }: TiktokSettings): boolean {
  const said = createdVia.toLowerCase();
  const words = said.split(/[^\p{L}\p{Nd}]+/u);
  return purchase.excludeCreatedVia.map((entry) => entry.toLowerCase()).some((entry) => entry === said || words.includes(entry));
}

/** Older than the settings, or TikTok, accept: then it is never sent. */
export const isTooOld = (eventTime: number, settings: TiktokSettings, nowMs: number): boolean =>
  nowMs - eventTime > Math.min(settings.maxEventAgeDays, MAX_EVENT_AGE_DAYS) * DAY_MS;

interface Effect {
  readonly vendorEventId: string;
  readonly value: DecimalText;
  readonly exchange: Exchange | null;
  readonly lines: readonly PlannedLine[];
  readonly contentLines: readonly OrderLine[];
}

function planOf(
  order: OrderObserved,
  eventTime: number,
  { version, settings }: DestinationContext<TiktokSettings>,
  { vendorEventId, value, exchange, lines, contentLines }: Effect,
): DeliveryPlan {
  return {
    vendorEventId,
    eventTime,
    observationId: order.eventId,
    settingsVersion: version,
    value: exchange === null ? null : value,
    currency: exchange?.currency ?? null,
    rate: exchange?.rate ?? null,
    rateDate: exchange?.rateDate ?? null,
    contentType: contentTypeOf(contentLines, settings.purchase),
    lines,
    matchKeys: matchKeysOf(order),
  };
}

function wholeOrder(order: OrderObserved, { purchase }: TiktokSettings): Effect {
  const exchange = exchangeOf(order.currency, purchase);
  const value = exchanged(valueOf(order, purchase.value), exchange);
  const contents = contentsOf(order.lines, exchange, purchase);
  const lines = contents.length > 0 ? contents : [wholeOrderAsContent(order.orderId, value)];
  return { vendorEventId: eventIdOf(order, purchase.eventId), value, exchange, lines, contentLines: order.lines };
}

function addedLine({ line, number, value, exchange }: Upsell, base: DeliveryPlan, { purchase }: TiktokSettings): Effect {
  const lines = contentsOf([line], exchange, purchase);
  return { vendorEventId: `${base.vendorEventId}_bump_${number}`, value: value ?? '0', exchange, lines, contentLines: [line] };
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

function matchKeysOf(order: OrderObserved): readonly string[] {
  const filled = new Set(order.personalFields);
  return MATCH_KEY_FIELDS.filter(([matchKey, fields]) => {
    if (order.renewalOf !== null && BROWSER_MATCH_KEYS.has(matchKey)) return false;
    return fields.some((field) => filled.has(field));
  }).map(([matchKey]) => matchKey);
}
