import {
  clickOf,
  normaliseEmail,
  normaliseExternalId,
  normaliseName,
  normalisePhone,
  normaliseZip,
  publicIpOf,
  sha256Of,
  toJsonNumber,
  type ClickUsed,
  type DeliveryIntent,
  type DeliveryMode,
  type DeliveryPlan,
  type KnownProfile,
  type OrderPersonal,
  type PersonIdentifier,
  type VendorRequest,
} from '@tributary/domain';
import { queryParameterOf, shareableUrl } from '../landing-url.js';
import {
  EVENT_TRACK_PATH,
  US_STATES,
  type TiktokEvent,
  type TiktokRequest,
  type TiktokSecrets,
  type TiktokSettings,
  type TiktokUser,
} from './tiktok.schema.js';

/** Of each kind; TikTok names no limit. */
const MAX_VALUES = 5;

/**
 * One request for all intents: what is unknown is left out, never sent empty; what names a person is hashed.
 *
 * `order_id` is the order's id (the number that the merchant sees may change). The page is the landing page that WooCommerce's own
 * attribution kept, else the shop.
 * @see https://business-api.tiktok.com/portal/docs (Events API 2.0, web), read 2026-11-21
 */
export function purchaseRequest(
  intents: readonly DeliveryIntent[],
  mode: DeliveryMode,
  settings: TiktokSettings,
  secrets: TiktokSecrets,
  baseUrl: string,
): VendorRequest {
  return trackRequest(
    intents.map((intent) => eventOf(intent, settings)),
    mode,
    settings,
    secrets,
    baseUrl,
  );
}

/**
 * The request that carries these events.
 * @throws when a test event would go out without its test code, which would count it as real
 */
export function trackRequest(
  events: readonly TiktokEvent[],
  mode: DeliveryMode,
  settings: TiktokSettings,
  secrets: TiktokSecrets,
  baseUrl: string,
): VendorRequest {
  if (mode === 'test' && settings.testEventCode === null) {
    throw new Error('a TikTok test event has no testEventCode in the settings: set it again, or let the event expire');
  }
  const body: TiktokRequest = {
    event_source: 'web',
    event_source_id: settings.pixelCode,
    test_event_code: mode === 'test' ? (settings.testEventCode ?? undefined) : undefined,
    data: [...events],
  };
  return {
    method: 'POST',
    url: `${baseUrl.replace(/\/+$/, '')}${EVENT_TRACK_PATH}`,
    headers: { 'Access-Token': secrets.accessToken, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** `JSON.stringify` drops what is undefined. */
function eventOf(intent: DeliveryIntent, settings: TiktokSettings): TiktokEvent {
  const url = pageOf(intent);
  return {
    event: intent.eventName,
    event_time: Math.floor(intent.plan.eventTime / 1000),
    event_id: intent.plan.vendorEventId,
    user: intent.personal === null ? undefined : unlessEmpty(userOf(intent.personal, intent)),
    page: url === null ? undefined : { url },
    properties: unlessEmpty(propertiesOf(intent.plan, intent.reference)),
    limited_data_use: isLimited(intent, settings) ? true : undefined,
  };
}

/** Whether the buyer lives in a state that the settings name; a US address whose state cannot be read counts as one, so does an erased one. */
function isLimited({ personal, billingCountry }: DeliveryIntent, { limitedDataUse }: TiktokSettings): boolean {
  if (limitedDataUse.length === 0 || billingCountry !== 'US') return false;
  const state = (personal?.billing.state ?? '').trim().toUpperCase().replace(/^US-/, '');
  return !US_STATES.includes(state) || limitedDataUse.includes(state);
}

/** The click of an order's request, and whose it is. */
export function clickOfIntent({ personal, orderedAt, isRenewal, background }: DeliveryIntent): ClickUsed | null {
  const sessionEntryTtclid = queryParameterOf(personal?.attribution['session_entry'] ?? '', 'ttclid');
  return clickOf({ ttclid: known(personal?.ttclid ?? '') ?? '', sessionEntryTtclid }, orderedAt, isRenewal, background);
}

/** What the order or visit itself says first; of what identity adds only the first few. */
export function several(own: string | undefined, further: readonly string[]): string | string[] | undefined {
  const all = [...new Set([...(own === undefined ? [] : [own]), ...further])].slice(0, MAX_VALUES);
  return all.length > 1 ? all : all[0];
}

/** What the request says of the buyer, sorted. */
export const matchKeysOfPurchase = (intent: DeliveryIntent): readonly string[] =>
  intent.personal === null ? [] : matchKeysIn(userOf(intent.personal, intent));

/** TikTok's names of what is filled, sorted. */
export const matchKeysIn = (user: TiktokUser): readonly string[] =>
  Object.entries(user)
    .flatMap(([name, value]) => (value === undefined ? [] : [name]))
    .toSorted();

function userOf(personal: OrderPersonal, intent: DeliveryIntent): TiktokUser {
  const { tenant, source, isRenewal, background } = intent;
  const { billing } = personal;
  const browser = isRenewal ? undefined : background.visitor?.evidence;
  return {
    email: several(hashed(normaliseEmail(billing.email)), background.profile?.emails ?? []),
    phone: several(hashed(normalisePhone(billing.phone, [billing.country, tenant.defaultCountry])), background.profile?.phones ?? []),
    external_id: externalIdsOf([personal.visitorId, customerExternalId(source.connectionId, personal.customerId)], background.profile),
    first_name: hashed(normaliseName(billing.firstName)),
    last_name: hashed(normaliseName(billing.lastName)),
    zip_code: hashed(normaliseZip(billing.postcode)),
    city: place(billing.city),
    state: place(billing.state),
    country: place(billing.country),
    ttclid: known(clickOfIntent(intent)?.ttclid ?? ''),
    ttp: known(personal.ttp) ?? known(browser?.ttp ?? ''),
    ip: isRenewal ? undefined : (publicIpOf(personal.customerIp) ?? publicIpOf(browser?.ip ?? '') ?? undefined),
    user_agent: isRenewal ? undefined : (known(personal.customerUserAgent) ?? known(browser?.userAgent ?? '')),
    locale: localeOf(browser?.locale ?? ''),
  };
}

function propertiesOf(plan: DeliveryPlan, orderId: string): NonNullable<TiktokEvent['properties']> {
  const hasAmounts = plan.value !== null && plan.currency !== null;
  const contents = plan.lines.map((line) => ({
    content_id: line.contentId,
    content_name: known(line.name),
    price: hasAmounts ? toJsonNumber(line.unitPrice) : undefined,
    quantity: line.quantity,
  }));
  const hasContents = contents.length > 0;
  return {
    value: plan.value !== null && hasAmounts ? toJsonNumber(plan.value) : undefined,
    currency: hasAmounts ? (plan.currency ?? undefined) : undefined,
    contents: hasContents ? contents : undefined,
    content_type: hasContents ? contentTypeOf(plan) : undefined,
    num_items: hasContents ? plan.lines.reduce((sum, line) => sum + line.quantity, 0) : undefined,
    order_id: known(orderId),
  };
}

const contentTypeOf = ({ contentType }: DeliveryPlan): 'product' | 'product_group' =>
  contentType === 'product_group' ? 'product_group' : 'product';

/** BCP 47, as browsers say it. */
const localeOf = (text: string): string | undefined => (/^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$/.test(text) ? text : undefined);

const pageOf = ({ personal, source, isRenewal, background }: DeliveryIntent): string | null =>
  shareableUrl(isRenewal ? '' : (background.visitor?.evidence.url ?? '')) ??
  shareableUrl(personal?.attribution['session_entry'] ?? '') ??
  shareableUrl(source.storeUrl);

export const hashed = (identifier: PersonIdentifier | null): string | undefined => (identifier === null ? undefined : sha256Of(identifier));

/** Shops number their customers alike: the connection tells customer 77 of one from customer 77 of another. Empty for a guest. */
export function customerExternalId(shopConnectionId: string, customerId: string): string {
  const id = normaliseExternalId(customerId);
  return id?.kind === 'clear' ? `${shopConnectionId}:${id.value}` : '';
}

/** The own ids, then those of the person's accounts, then those of the person's devices; each hashed. */
export function externalIdsOf(own: readonly string[], profile: KnownProfile | null): string[] | undefined {
  const accounts = profile?.customers.map(({ shopConnectionId, customerId }) => customerExternalId(shopConnectionId, customerId)) ?? [];
  const ids = [...own, ...accounts].map((id) => hashed(normaliseExternalId(id))).filter((hash) => hash !== undefined);
  const hashes = new Set([...ids, ...(profile?.externalIds ?? [])]);
  return hashes.size > 0 ? [...hashes].slice(0, MAX_VALUES) : undefined;
}

/** Text as it is, trimmed; the words that scripts write for nothing count as nothing. */
export function known(text: string): string | undefined {
  const trimmed = text.trim();
  return ['', 'undefined', 'null'].includes(trimmed.toLowerCase()) ? undefined : trimmed;
}

/** City, state, country: in clear, lower-case, without spaces. Some buyers type their mail address into any field. */
function place(text: string): string | undefined {
  return text.includes('@') ? undefined : known(text)?.normalize('NFC').toLowerCase().replace(/\s+/gu, '');
}

export function unlessEmpty<T extends object>(fields: T): T | undefined {
  return Object.values(fields).some((value) => value !== undefined) ? fields : undefined;
}
