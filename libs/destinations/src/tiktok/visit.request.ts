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
import { customerExternalId, hashed, hashedIds, known, trackRequest, unlessEmpty } from './purchase.request.js';
import { TIKTOK_CURRENCIES, type TiktokEvent, type TiktokSecrets, type TiktokSettings, type TiktokUser } from './tiktok.schema.js';

/** More decimals than any currency has. */
const AMOUNT_DECIMALS = 6;

/** One request for all visits, in the form of {@link trackRequest}; each under the browser's own event id. */
export const visitRequest = (
  intents: readonly VisitIntent[],
  mode: DeliveryMode,
  settings: TiktokSettings,
  secrets: TiktokSecrets,
  baseUrl: string,
): VendorRequest => trackRequest(intents.map(eventOf), mode, settings, secrets, baseUrl);

function eventOf({ tenant, eventName, visit, personal }: VisitIntent): TiktokEvent {
  const url =
    shareableUrl(personal?.url ?? '') ?? (visit.pageHost === '' ? null : shareableUrl(`https://${visit.pageHost}${visit.pagePath}`));
  const referrer = shareableUrl(personal?.referrer ?? '') ?? undefined;
  const commerce = 'contents' in visit ? visit : null;
  return {
    event: eventName,
    event_time: Math.floor(visit.occurredAt / 1000),
    event_id: visit.eventId,
    user: personal === null ? undefined : unlessEmpty(userOf(personal, visit.shopConnectionId, tenant.defaultCountry)),
    page: url === null ? undefined : { url, referrer },
    properties: unlessEmpty({ ...propertiesOf(commerce), search_string: eventName === 'Search' ? searchStringOf(personal) : undefined }),
  };
}

function userOf(personal: VisitPersonal, shopConnectionId: string, defaultCountry: string | null): TiktokUser {
  return {
    email: hashed(normaliseEmail(personal.email || personal.emailSha256)),
    phone: hashed(normalisePhone(personal.phone || personal.phoneSha256, [defaultCountry])),
    external_id: hashedIds([customerExternalId(shopConnectionId, personal.customerId)]),
    ttclid: known(personal.ttclid),
    ttp: known(personal.ttp),
    ip: publicIpOf(personal.ip) ?? undefined,
    user_agent: known(personal.userAgent),
    locale: known(personal.locale),
  };
}

type Properties = NonNullable<TiktokEvent['properties']>;

/** Value and prices only in a currency that TikTok takes; the value that the page did not name is the sum of its contents. */
function propertiesOf(commerce: VisitCommerce | null): Properties {
  if (commerce === null) return {};
  const currency = commerce.currency !== null && TIKTOK_CURRENCIES.has(commerce.currency) ? commerce.currency : null;
  const value = currency === null ? null : (commerce.value ?? sumOf(commerce.contents));
  const contents = commerce.contents.map((content) => contentOf(content, currency !== null));
  return {
    value: value === null ? undefined : toJsonNumber(value),
    currency: value === null ? undefined : (currency ?? undefined),
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

const contentOf = (content: VisitContent, hasPrices: boolean): NonNullable<Properties['contents']>[number] => ({
  content_id: content.contentId,
  content_name: known(content.name),
  content_category: known(content.category),
  brand: known(content.brand),
  price: hasPrices && content.price !== null ? toJsonNumber(content.price) : undefined,
  quantity: piecesOf(content),
});

/** Without words that look like a mail address; TikTok wants something there. */
function searchStringOf(personal: VisitPersonal | null): string {
  const words = (personal?.searchText ?? '').split(/\s+/u).filter((word) => word !== '' && !/@|%40/i.test(word));
  return known(words.join(' ')) ?? '*';
}
