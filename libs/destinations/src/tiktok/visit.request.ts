import {
  multiplyDecimals,
  normaliseEmail,
  normalisePhone,
  publicIpOf,
  sumDecimals,
  toJsonNumber,
  unitPriceOf,
  type DecimalText,
  type DeliveryMode,
  type VendorRequest,
  type VisitCommerce,
  type VisitContent,
  type VisitIntent,
  type VisitPersonal,
} from '@tributary/domain';
import { shareableUrl } from '../landing-url.js';
import { exchanged, exchangedFinely, exchangeOf, type Exchange } from './purchase/amounts.js';
import { customerExternalId, externalIdsOf, hashed, known, matchKeysIn, several, trackRequest, unlessEmpty } from './purchase.request.js';
import { type TiktokEvent, type TiktokSecrets, type TiktokSettings, type TiktokUser } from './tiktok.schema.js';

/** More decimals than any currency has. */
const AMOUNT_DECIMALS = 6;

/** One request for all visits, in the form of {@link trackRequest}; each under the browser's own event id. */
export const visitRequest = (
  intents: readonly VisitIntent[],
  mode: DeliveryMode,
  settings: TiktokSettings,
  secrets: TiktokSecrets,
  baseUrl: string,
): VendorRequest =>
  trackRequest(
    intents.map((intent) => eventOf(intent, settings)),
    mode,
    settings,
    secrets,
    baseUrl,
  );

function eventOf(intent: VisitIntent, settings: TiktokSettings): TiktokEvent {
  const { eventName, visit, personal } = intent;
  const url =
    shareableUrl(personal?.url ?? '') ?? (visit.pageHost === '' ? null : shareableUrl(`https://${visit.pageHost}${visit.pagePath}`));
  const referrer = shareableUrl(personal?.referrer ?? '') ?? undefined;
  const commerce = 'contents' in visit ? visit : null;
  return {
    event: eventName,
    event_time: Math.floor(visit.occurredAt / 1000),
    event_id: visit.eventId,
    user: personal === null ? undefined : unlessEmpty(userOf(personal, intent)),
    page: url === null ? undefined : { url, referrer },
    properties: unlessEmpty({
      ...propertiesOf(commerce, settings),
      search_string: eventName === 'Search' ? searchStringOf(personal) : undefined,
    }),
    limited_data_use: isLimited(intent, settings) ? true : undefined,
  };
}

/** A visit says no address, so where the settings name states, each that may be from the US counts as one of them. */
function isLimited({ tenant, source, personal }: VisitIntent, { limitedDataUse }: TiktokSettings): boolean {
  if (limitedDataUse.length === 0) return false;
  return (source?.country ?? tenant.defaultCountry) === 'US' || /[-_]US$/i.test(personal?.locale ?? '');
}

/** What the request says of the visitor, sorted. */
export const matchKeysOfVisit = (intent: VisitIntent): readonly string[] =>
  intent.personal === null ? [] : matchKeysIn(userOf(intent.personal, intent));

function userOf(personal: VisitPersonal, { tenant, visit, background: { profile } }: VisitIntent): TiktokUser {
  const own = [personal.visitorId, customerExternalId(visit.shopConnectionId, personal.customerId)];
  return {
    email: several(hashed(normaliseEmail(personal.email || personal.emailSha256)), profile?.emails ?? []),
    phone: several(hashed(normalisePhone(personal.phone || personal.phoneSha256, [tenant.defaultCountry])), profile?.phones ?? []),
    external_id: externalIdsOf(own, profile),
    ttclid: known(personal.ttclid),
    ttp: known(personal.ttp),
    ip: publicIpOf(personal.ip) ?? undefined,
    user_agent: known(personal.userAgent),
    locale: known(personal.locale),
  };
}

type Properties = NonNullable<TiktokEvent['properties']>;

/** Amounts as Purchases' are: converted where the settings say so, none in a currency that TikTok does not take. */
function propertiesOf(commerce: VisitCommerce | null, { purchase }: TiktokSettings): Properties {
  if (commerce === null) return {};
  const exchange = commerce.currency === null ? null : exchangeOf(commerce.currency, purchase);
  // The value that the page did not name is the sum of its contents.
  const value = exchange === null ? null : (commerce.value ?? sumOf(commerce.contents));
  const contents = commerce.contents.map((content) => contentOf(content, exchange, purchase.contentIdPrefix));
  return {
    value: value === null ? undefined : toJsonNumber(exchanged(value, exchange)),
    currency: value === null ? undefined : exchange?.currency,
    contents: contents.length === 0 ? undefined : contents,
    content_type: contents.length === 0 ? undefined : commerce.contentType === 'product_group' ? 'product_group' : 'product',
    num_items: contents.length === 0 ? undefined : commerce.contents.reduce((sum, content) => sum + piecesOf(content), 0),
  };
}

/** Whole pieces, one where the page named none: a fraction counts as a piece begun. */
const piecesOf = ({ quantity }: VisitContent): number => (quantity === null ? 1 : (unitPriceOf('0', quantity)?.quantity ?? 1));

function sumOf(contents: readonly VisitContent[]): DecimalText | null {
  const amounts: DecimalText[] = [];
  for (const { price, quantity } of contents) {
    if (price === null) return null;
    amounts.push(multiplyDecimals(price, quantity ?? '1', AMOUNT_DECIMALS));
  }
  return amounts.length === 0 ? null : sumDecimals(amounts);
}

/** Pages that name products as the catalog's feed does have written its prefix themselves. */
const prefixed = (contentId: string, prefix: string): string => (contentId.startsWith(prefix) ? contentId : `${prefix}${contentId}`);

const contentOf = (
  content: VisitContent,
  exchange: Exchange | null,
  contentIdPrefix: string,
): NonNullable<Properties['contents']>[number] => ({
  content_id: prefixed(content.contentId, contentIdPrefix),
  content_name: known(content.name),
  content_category: known(content.category),
  brand: known(content.brand),
  price: exchange === null || content.price === null ? undefined : toJsonNumber(priceOf(content.price, exchange)),
  quantity: piecesOf(content),
});

/** As finely as the prices of a Purchase. */
const priceOf = (price: DecimalText, exchange: Exchange): DecimalText =>
  unitPriceOf(exchangedFinely(price, exchange), '1')?.unitPrice ?? '0';

/** Without words that look like a mail address; TikTok wants something there. */
function searchStringOf(personal: VisitPersonal | null): string {
  const words = (personal?.searchText ?? '').split(/\s+/u).filter((word) => word !== '' && !/@|%40/i.test(word));
  return known(words.join(' ')) ?? '*';
}
