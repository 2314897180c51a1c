import { compareDecimals, isDecimalText } from '@tributary/domain';
import { z } from 'zod';

/**
 * Events API 2.0, which is version 1.3 of the Business API.
 * @see https://business-api.tiktok.com/portal/docs (Events API 2.0), read 2026-11-21
 */
export const EVENT_TRACK_PATH = '/open_api/v1.3/event/track/';

/** The 62 currencies that TikTok takes. @see https://business-api.tiktok.com/portal/docs (Supported currencies), read 2026-11-21 */
export const TIKTOK_CURRENCIES: ReadonlySet<string> = new Set(
  (
    'AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK JPY KES KHR ' +
    'KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VES VND ZAR'
  ).split(' '),
);

/** No event older than this is ever sent, whatever the settings say. */
export const MAX_EVENT_AGE_DAYS = 28;

const CONVERT = 'convert:';
const EVENT_ID_PLACEHOLDERS = ['{orderId}', '{orderNumber}', '{connection}'];

/** A template must tell orders apart and use no placeholder that nobody fills. */
function checkEventIdTemplate(template: string, ctx: z.RefinementCtx): void {
  const literal = EVENT_ID_PLACEHOLDERS.reduce((rest, placeholder) => rest.replaceAll(placeholder, ''), template);
  if (/[{}]/.test(literal)) {
    ctx.addIssue({ code: 'custom', message: `only ${EVENT_ID_PLACEHOLDERS.join(', ')} may stand in braces` });
  }
  if (!template.includes('{orderId}') && !template.includes('{orderNumber}')) {
    ctx.addIssue({ code: 'custom', message: 'must contain {orderId} or {orderNumber}, or all orders would count as one' });
  }
}

/** `convert:USD` → `USD`; null for `order`. */
export const convertedTo = (currency: string): string | null => (currency.startsWith(CONVERT) ? currency.slice(CONVERT.length) : null);

function checkCurrency(currency: string, ctx: z.RefinementCtx): void {
  const target = convertedTo(currency);
  if (currency === 'order' || (target !== null && TIKTOK_CURRENCIES.has(target))) return;
  ctx.addIssue({ code: 'custom', message: 'is order, or convert: and a currency that TikTok takes, such as convert:USD' });
}

const isRate = (text: string): boolean => isDecimalText(text) && compareDecimals(text, '0') > 0;

/** What one unit of a currency is worth in the currency of `convert:`, and as of which day. */
const rate = z.strictObject({
  rate: z
    .union([z.string(), z.number()])
    .transform(String)
    .refine(isRate, "is a plain decimal number above zero; write a very small one as text ('0.00000012')"),
  date: z.iso.date(),
});

const qualification = z.enum(['paid', 'placed', 'completed']);

const purchaseSettings = z.strictObject({
  /** paid: processing or completed with a payment date; placed: processing, on-hold or completed; completed. */
  when: qualification.default('paid'),
  /** The same choice per payment method (`cod: placed`). */
  byPaymentMethod: z.record(z.string().min(1), qualification).default({}),
  value: z.enum(['total', 'total-without-tax', 'total-without-shipping', 'subtotal']).default('total'),
  /** An order that renews a subscription: Purchase, Subscribe, or nothing. */
  renewals: z.enum(['purchase', 'subscribe', 'off']).default('purchase'),
  eventId: z.string().min(1).max(100).superRefine(checkEventIdTemplate).default('wc_order_{orderId}'),
  /** Orders made this way are nobody's visit. */
  excludeCreatedVia: z.array(z.string().min(1)).default(['admin', 'import']),
  /** `order`: the order's own. `convert:USD`: amounts in currencies that `rates` name are converted; others stay as they are. */
  currency: z.string().superRefine(checkCurrency).default('order'),
  /** By currency of the order. */
  rates: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,20}$/), rate).default({}),
  /** By which of its ids a product is known in the catalog at TikTok; the next one where it is missing. */
  contentId: z.enum(['sku', 'product-id', 'variation-id']).default('sku'),
  /** What the catalog's feed writes before each id (`gla_`). */
  contentIdPrefix: z
    .string()
    .regex(/^[\x21-\x7e]{0,40}$/, 'is up to 40 visible ASCII characters')
    .default(''),
});

/** The fifty states and the district, as WooCommerce writes them in addresses. */
export const US_STATES = (
  'AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN ' +
  'TX UT VT VA WA WV WI WY'
).split(' ');

/** Names that visits may become; Purchase comes from orders alone. @see https://business-api.tiktok.com/portal/docs (Standard events), read 2026-11-21 */
export const TIKTOK_VISIT_EVENTS = [
  'AddPaymentInfo',
  'AddToCart',
  'AddToWishlist',
  'ApplicationApproval',
  'CompleteRegistration',
  'Contact',
  'CustomizeProduct',
  'Download',
  'FindLocation',
  'InitiateCheckout',
  'Lead',
  'Pageview',
  'Schedule',
  'Search',
  'StartTrial',
  'SubmitApplication',
  'Subscribe',
  'ViewContent',
] as const;
export type TiktokVisitEvent = (typeof TIKTOK_VISIT_EVENTS)[number];

/** Which visits are sent, by TikTok's name. */
const eventSettings = z.strictObject({
  Pageview: z.boolean().default(false),
  ViewContent: z.boolean().default(true),
  AddToCart: z.boolean().default(true),
  InitiateCheckout: z.boolean().default(true),
  AddPaymentInfo: z.boolean().default(true),
  Search: z.boolean().default(true),
  CompleteRegistration: z.boolean().default(true),
  /** Visits that the page calls `lead` and `subscribe`. */
  Lead: z.boolean().default(true),
  Subscribe: z.boolean().default(true),
  /** Further visits by the page's own name for them (`newsletter: Subscribe`). */
  custom: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), z.enum(TIKTOK_VISIT_EVENTS)).default({}),
});

/** A TikTok connection without its secrets; reading what it returns gives the same again. */
export const tiktokSettingsSchema = z
  .strictObject({
    /** Order and visit sources by connection id; null: all of the tenant. */
    sources: z.array(z.string().min(1)).min(1).nullable().default(null),
    pixelCode: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is the id of the pixel as TikTok’s Events Manager shows it'),
    mode: z.enum(['live', 'test']).default('live'),
    testEventCode: z.string().min(1).max(64).nullable().default(null),
    /** RFC 3339 with offset, kept in UTC; null: from the activation on. */
    sendFrom: z.iso
      .datetime({ offset: true })
      .transform((text) => new Date(text).toISOString())
      .nullable()
      .default(null),
    maxEventAgeDays: z.number().positive().max(MAX_EVENT_AGE_DAYS).default(7),
    /** US states whose buyers' data TikTok may use in a limited way only. */
    limitedDataUse: z.array(z.enum(US_STATES)).default([]),
    purchase: purchaseSettings.prefault({}),
    events: eventSettings.prefault({}),
  })
  .superRefine((settings, ctx) => {
    if (settings.mode === 'test' && settings.testEventCode === null) {
      ctx.addIssue({
        code: 'custom',
        path: ['testEventCode'],
        message: 'mode: test needs the test event code of TikTok’s Test Events page',
      });
    }
  });

/** The token goes into a header: visible ASCII only. */
export const tiktokSecretsSchema = z.strictObject({
  accessToken: z.string().regex(/^[\x21-\x7e]{1,512}$/, 'is the Events API access token, without spaces'),
});

export type TiktokSettings = z.infer<typeof tiktokSettingsSchema>;
export type TiktokSecrets = z.infer<typeof tiktokSecretsSchema>;
export type PurchaseQualification = z.infer<typeof qualification>;

/** Whether two shops may share a pixel under these settings: their equal order ids give different event ids. */
export const eventIdNamesConnection = (settings: TiktokSettings): boolean => settings.purchase.eventId.includes('{connection}');

const known = z.string().min(1);
const hashed = z.string().regex(/^[0-9a-f]{64}$/);
const hashedOrSeveral = z.union([hashed, z.array(hashed).min(2)]);
const clearPlace = z
  .string()
  .regex(/^\S+$/u)
  .refine((text) => text === text.toLowerCase());

const content = z.strictObject({
  content_id: known,
  content_name: known.optional(),
  content_category: known.optional(),
  brand: known.optional(),
  price: z.number().optional(),
  quantity: z.int().min(1).optional(),
});

const event = z.strictObject({
  event: known,
  /** Unix seconds. */
  event_time: z.int().max(99_999_999_999),
  event_id: known,
  user: z
    .strictObject({
      email: hashedOrSeveral.optional(),
      phone: hashedOrSeveral.optional(),
      external_id: z.array(hashed).min(1).optional(),
      first_name: hashed.optional(),
      last_name: hashed.optional(),
      zip_code: hashed.optional(),
      city: clearPlace.optional(),
      state: clearPlace.optional(),
      country: clearPlace.optional(),
      ttclid: known.optional(),
      ttp: known.optional(),
      ip: z.union([z.ipv4(), z.ipv6()]).optional(),
      user_agent: known.optional(),
      locale: known.optional(),
    })
    .optional(),
  limited_data_use: z.literal(true).optional(),
  page: z.strictObject({ url: z.url(), referrer: z.url().optional() }).optional(),
  properties: z
    .strictObject({
      value: z.number().min(0).optional(),
      currency: z
        .string()
        .refine((code) => TIKTOK_CURRENCIES.has(code))
        .optional(),
      contents: z.array(content).min(1).optional(),
      content_type: z.enum(['product', 'product_group']).optional(),
      num_items: z.int().min(1).optional(),
      order_id: known.optional(),
      search_string: known.optional(),
    })
    .optional(),
});

/** The body of a request as TikTok documents it and as we write it. */
export const tiktokRequestSchema = z.strictObject({
  event_source: z.literal('web'),
  event_source_id: known,
  test_event_code: known.optional(),
  data: z.array(event).min(1).max(1000),
});

export type TiktokRequest = z.infer<typeof tiktokRequestSchema>;
export type TiktokEvent = z.infer<typeof event>;
export type TiktokUser = NonNullable<TiktokEvent['user']>;

/** A connection that is right in every field: for documentation and the contract test. */
export const tiktokExample = {
  settings: { pixelCode: 'C0EXAMPLEPIXEL', sendFrom: '2026-11-01T00:00:00Z', purchase: { byPaymentMethod: { cod: 'placed' } } },
  secrets: { accessToken: 'example-access-token' },
} as const;
