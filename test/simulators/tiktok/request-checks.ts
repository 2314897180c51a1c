import { createHash } from 'node:crypto';
import { BlockList, isIP, isIPv6 } from 'node:net';
import {
  all,
  firstRefusal,
  flag,
  isObject,
  listOf,
  number,
  objectOf,
  oneOf,
  oneOrMany,
  PERSONAL_DATA_NOT_HASHED,
  refuse,
  text,
  wholeNumber,
  type Check,
  type JsonObject,
  type Refusal,
} from './refusal.ts';

/** What TikTok's documentation of web events asks for, read 2026-11-21. Written from the documentation, not from our own code. */
const MAX_EVENTS = 1000;
const CURRENCIES = (
  'AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK JPY KES KHR ' +
  'KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VES VND ZAR'
).split(' ');
const STANDARD_EVENTS = (
  'AddPaymentInfo AddToCart AddToWishlist ApplicationApproval CompleteRegistration Contact CustomizeProduct Download FindLocation ' +
  'InitiateCheckout Lead Purchase Schedule Search StartTrial SubmitApplication Subscribe ViewContent Pageview'
).split(' ');
const RETIRED_EVENTS: ReadonlySet<string> = new Set(['CompletePayment', 'SubmitForm', 'ClickButton', 'PlaceAnOrder']);
/** Besides value and currency, which go together and are left out for a currency that TikTok does not take. */
const REQUIRED_PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  Purchase: ['contents', 'content_type', 'order_id'],
  ViewContent: ['contents', 'content_type'],
  AddToCart: ['contents', 'content_type'],
  InitiateCheckout: ['contents', 'content_type'],
  Search: ['search_string'],
};
const NEEDS_QUANTITY: ReadonlySet<string> = new Set(['Purchase', 'AddToCart']);

const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');
/** What careless senders hash when they have nothing. */
const HASHES_OF_NOTHING: ReadonlySet<string> = new Set(['', ' ', 'undefined', 'null', 'None'].map(sha256));
const HASH_OF_GUEST = sha256('0');
const MAIL = /[^\s@/?&=]+@[^\s@/?&=]+\.[a-z]{2,}/i;

const hashed: Check = all(text, (value, path) => {
  if (!/^[0-9a-f]{64}$/.test(String(value)))
    return refuse(path, 'must be hashed with SHA-256, as lower-case hex', PERSONAL_DATA_NOT_HASHED);
  return HASHES_OF_NOTHING.has(String(value)) ? refuse(path, 'is the hash of nothing') : null;
});

const hashedId: Check = all(hashed, (value, path) =>
  value === HASH_OF_GUEST ? refuse(path, 'is the hash of 0, which is every guest') : null,
);

const place: Check = all(text, (value, path) => {
  const given = String(value);
  return /\s/u.test(given) || given !== given.toLowerCase() ? refuse(path, 'expected lower case without spaces') : null;
});

const NON_PUBLIC = new BlockList();
for (const range of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
]) {
  const [network = '', prefix] = range.split('/');
  NON_PUBLIC.addSubnet(network, Number(prefix), 'ipv4');
}
for (const range of ['::/127', 'fc00::/7', 'fe80::/10', 'ff00::/8']) {
  const [network = '', prefix] = range.split('/');
  NON_PUBLIC.addSubnet(network, Number(prefix), 'ipv6');
}
const publicAddress: Check = all(text, (value, path) => {
  const address = String(value);
  if (isIP(address) === 0) return refuse(path, 'expected an IP address');
  return NON_PUBLIC.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') ? refuse(path, 'expected a public IP address') : null;
});

const address: Check = all(text, (value, path) =>
  URL.canParse(String(value)) && /^https?:/.test(String(value)) ? null : refuse(path, 'expected a full URL'),
);

const eventName: Check = all(text, (value, path) => {
  const name = String(value);
  if (RETIRED_EVENTS.has(name)) return refuse(path, 'this event is retired');
  const standard = STANDARD_EVENTS.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return standard !== undefined && standard !== name ? refuse(path, `event names are case-sensitive: ${standard}`) : null;
});

const unixSeconds: Check = (value, path) => {
  if (typeof value !== 'number' || !Number.isInteger(value)) return refuse(path, 'expected an integer, Unix time in seconds');
  if (value > 99_999_999_999) return refuse(path, 'is in milliseconds; expected seconds');
  return value < 1_000_000_000 ? refuse(path, 'is no plausible Unix time in seconds') : null;
};

const user = objectOf({
  required: [],
  fields: {
    email: oneOrMany(hashed),
    phone: oneOrMany(hashed),
    external_id: oneOrMany(hashedId),
    first_name: hashed,
    last_name: hashed,
    zip_code: hashed,
    city: place,
    state: place,
    country: place,
    ttclid: text,
    ttp: text,
    ip: publicAddress,
    user_agent: text,
    locale: text,
  },
});

const content = objectOf({
  required: ['content_id'],
  fields: { content_id: text, content_name: text, content_category: text, brand: text, price: number, quantity: wholeNumber },
});

const properties = objectOf({
  required: [],
  fields: {
    value: number,
    currency: oneOf(...CURRENCIES),
    contents: listOf(content),
    content_type: oneOf('product', 'product_group'),
    content_ids: listOf(text),
    num_items: wholeNumber,
    order_id: text,
    shop_id: text,
    search_string: text,
    description: text,
  },
});

const eventShape = objectOf({
  required: ['event', 'event_time', 'event_id'],
  fields: {
    event: eventName,
    event_time: unixSeconds,
    event_id: text,
    user,
    page: objectOf({ required: ['url'], fields: { url: address, referrer: address } }),
    properties,
    limited_data_use: flag,
  },
});

function requiredProperties(event: JsonObject, path: string): Refusal | null {
  const given = isObject(event['properties']) ? event['properties'] : {};
  const name = String(event['event']);
  const missing = (REQUIRED_PROPERTIES[name] ?? []).find((property) => !Object.hasOwn(given, property));
  if (missing !== undefined) return refuse(`${path}.properties.${missing}`, `missing required parameter of ${name}`);
  if (Object.hasOwn(given, 'value') !== Object.hasOwn(given, 'currency'))
    return refuse(`${path}.properties`, 'value and currency go together');
  const contents: readonly unknown[] = NEEDS_QUANTITY.has(name) && Array.isArray(given['contents']) ? given['contents'] : [];
  const index = contents.findIndex((item) => isObject(item) && !Object.hasOwn(item, 'quantity'));
  return index < 0 ? null : refuse(`${path}.properties.contents.${index}.quantity`, `missing required parameter of ${name}`);
}

/** Bots leave a contact in their user agent, and a product may be called anything. */
const FREE_TEXT: ReadonlySet<string> = new Set(['user_agent', 'content_name']);

/** A mail address in clear: in a URL, a place, an id. */
function clearMail(value: unknown, path: string): Refusal | null {
  if (typeof value === 'string') {
    return MAIL.test(value) || MAIL.test(value.replace(/%40/gi, '@'))
      ? refuse(path, 'holds a mail address in clear', PERSONAL_DATA_NOT_HASHED)
      : null;
  }
  if (typeof value !== 'object' || value === null) return null;
  return firstRefusal(Object.entries(value).map(([name, inner]) => (FREE_TEXT.has(name) ? null : clearMail(inner, `${path}.${name}`))));
}

const event: Check = (value, path) => eventShape(value, path) ?? requiredProperties(value as JsonObject, path) ?? clearMail(value, path);

/** Refuses what the documentation refuses: null when every event of the body may be taken. One bad event refuses all. */
export const checkRequest: Check = objectOf({
  required: ['event_source', 'event_source_id', 'data'],
  fields: {
    event_source: oneOf('web', 'offline', 'crm', 'app'),
    event_source_id: text,
    test_event_code: text,
    data: listOf(event, MAX_EVENTS),
  },
});
