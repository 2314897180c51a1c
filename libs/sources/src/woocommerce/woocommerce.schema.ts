import { z } from 'zod';
import { isResourceName } from '@tributary/domain';
import { shopFactsSchema, weightUnitSchema } from './shop/shop-facts.js';
import { WEBHOOK_RESOURCES } from './webhooks/managed-topics.js';

const MIN_REFRESH_INTERVAL_SECONDS = 15;
const DEFAULT_REFRESH_INTERVAL_SECONDS = 60;
/** What the daily re-read covers anyway. */
const DEFAULT_HISTORY_DAYS = 30;
const MAX_HISTORY_DAYS = 3_650;
const MIN_TOKEN_CHARS = 16;
const MAX_CUSTOM_LISTS = 10;
const MIN_CUSTOM_MINUTES = 5;
const DEFAULT_CUSTOM_MINUTES = 60;
const DAY_MINUTES = 1_440;
const OWN_NAMES = /^(?:order|product|coupon|customer)s?$/;

/** A list of a plugin's, or one of WooCommerce's own that has no shape here. */
const customList = z.strictObject({
  name: z
    .string()
    .refine(isResourceName, 'must be a name of a–z, 0–9, _ and -, such as subscriptions')
    .refine((name) => !OWN_NAMES.test(name), 'is read anyway'),
  path: z.string().regex(/^(?:\/[A-Za-z0-9_-]{1,60}){1,4}$/, 'must be a path below wp-json/wc/v3, such as /subscriptions'),
  idField: z
    .string()
    .regex(/^[A-Za-z_]\w{0,99}$/, 'must be the name of a field')
    .default('id'),
  everyMinutes: z.int().min(MIN_CUSTOM_MINUTES, `must be at least ${MIN_CUSTOM_MINUTES}`).max(DAY_MINUTES).default(DEFAULT_CUSTOM_MINUTES),
});

function isStoreUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/** A WooCommerce connection's settings in force: what tenants.yaml says (without id, kind and secrets), and what the shop itself said. */
export const woocommerceSettingsSchema = z.strictObject({
  storeUrl: z
    .string()
    .refine(isStoreUrl, 'storeUrl must be the shop’s address, such as https://shop.example: http or https, without user, query or #')
    .transform((text) => text.replace(/\/+$/, '')),
  polling: z
    .strictObject({
      enabled: z.boolean().default(true),
      refreshIntervalSeconds: z
        .int()
        .min(MIN_REFRESH_INTERVAL_SECONDS, `polling.refreshIntervalSeconds must be at least ${MIN_REFRESH_INTERVAL_SECONDS}`)
        .default(DEFAULT_REFRESH_INTERVAL_SECONDS),
      historyDays: z
        .union([z.int().min(0).max(MAX_HISTORY_DAYS), z.literal('all')], {
          error: `polling.historyDays must be a whole number of days, 0–${MAX_HISTORY_DAYS}, or all`,
        })
        .default(DEFAULT_HISTORY_DAYS)
        .describe('Of orders created before the shop was connected: how far back they are read; older ones by an import'),
      resources: z
        .array(customList)
        .max(MAX_CUSTOM_LISTS, `polling.resources may name ${MAX_CUSTOM_LISTS}`)
        .refine((lists) => new Set(lists.map(({ name }) => name)).size === lists.length, 'polling.resources must have different names')
        .default([])
        .describe('Lists of the shop’s REST API that are read into the catalog as they are, such as a plugin’s'),
    })
    .prefault({}),
  /** Whether webhooks are made in the shop and kept in order, where its keys may write. */
  webhooks: z
    .strictObject({
      manage: z.boolean().default(true),
      resources: z
        .array(z.enum(WEBHOOK_RESOURCES, `webhooks.resources takes ${WEBHOOK_RESOURCES.join(', ')}`))
        .min(1, 'webhooks.resources must name at least one; webhooks.manage: false makes none')
        .default(['orders'])
        .describe('What webhooks are made for; everything else of the shop comes by polling'),
    })
    .prefault({}),
  /** Where the shop is; null: as the shop says, when it has REST keys. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'country must be two capital letters (ISO 3166), such as CL')
    .nullable()
    .default(null),
  /** Of product weights; null: as the shop says, when it has REST keys. */
  weightUnit: weightUnitSchema.nullable().default(null),
  consent: z.strictObject({ required: z.union([z.literal('auto'), z.boolean()]).default('auto') }).prefault({}),
  /** Put there by control when the poller has read it; absent before, and without REST keys. */
  fromShop: shopFactsSchema.optional(),
});

export type WoocommerceSettings = z.infer<typeof woocommerceSettingsSchema>;

/** What a person may write. */
export const woocommerceFileSchema = woocommerceSettingsSchema.omit({ fromShop: true });

/** What the shop said stays with settings that a person changes, as long as they are about the same shop. */
export function keepShopFacts(wanted: unknown, known: unknown): unknown {
  const after = woocommerceSettingsSchema.parse(wanted);
  const before = woocommerceSettingsSchema.safeParse(known).data;
  if (after.fromShop !== undefined || before?.fromShop === undefined || before.storeUrl !== after.storeUrl) return after;
  return { ...after, fromShop: before.fromShop };
}

/** Where the shop is: as the settings say, else as the shop says. */
export const shopCountry = ({ country, fromShop }: WoocommerceSettings): string | null => country ?? fromShop?.country ?? null;

/** The unit of its products' weights: as the settings say, else as the shop says. */
export const shopWeightUnit = ({ weightUnit, fromShop }: WoocommerceSettings): string | null => weightUnit ?? fromShop?.weightUnit ?? null;

const webhookSecretSchema = z.string().min(1, 'webhookSecret must not be empty: anybody could sign');

/** A WooCommerce connection's secrets. Both REST keys or none (then: webhooks only); two webhook secrets while one replaces the other. */
export const woocommerceSecretsSchema = z
  .strictObject({
    consumerKey: z.string().min(1).optional(),
    consumerSecret: z.string().min(1).optional(),
    webhookToken: z
      .string()
      .regex(
        new RegExp(`^[A-Za-z0-9_-]{${MIN_TOKEN_CHARS},}$`),
        `webhookToken must be at least ${MIN_TOKEN_CHARS} of A–Z, a–z, 0–9, _ and -`,
      ),
    webhookSecret: z.union([webhookSecretSchema.transform((secret) => [secret]), z.array(webhookSecretSchema).min(1).max(2)]),
  })
  .refine((secrets) => (secrets.consumerKey === undefined) === (secrets.consumerSecret === undefined), {
    error: 'consumerKey and consumerSecret go together: give both, or none for a shop that only sends webhooks',
    path: ['consumerSecret'],
  });

export type WoocommerceSecrets = z.infer<typeof woocommerceSecretsSchema>;

/**
 * EU members with their outermost regions and Åland under codes of their own, Iceland, Liechtenstein, Norway, the United Kingdom, Switzerland.
 * @see https://european-union.europa.eu/principles-countries-history/eu-countries_en
 */
const CONSENT_COUNTRIES: ReadonlySet<string> = new Set(
  ['AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE', 'AX GF GP MF MQ RE YT', 'IS LI NO', 'GB CH'].flatMap(
    (codes) => codes.split(' '),
  ),
);

export interface ConsentRequirement {
  readonly isRequired: boolean;
  /** What was decided and why, for `apply` to print. */
  readonly explanation: string;
}

/**
 * Whether this shop's buyers must have said yes. `auto`: where the shop is in the EEA, the United Kingdom or Switzerland: by its
 * settings, else by what it says itself, else it is taken to be in the tenant's default country; without that either, consent is required.
 */
export function isConsentRequired(settings: WoocommerceSettings, tenantDefaultCountry: string | null = null): ConsentRequirement {
  const { required } = settings.consent;
  if (required !== 'auto')
    return { isRequired: required, explanation: `consent is ${required ? '' : 'not '}required: the settings say so` };
  const country = shopCountry(settings) ?? tenantDefaultCountry;
  if (country === null) {
    return {
      isRequired: true,
      explanation:
        'consent is required: nobody said in which country the shop is; set country, or consent.required to false, or give REST keys, with which the shop is asked',
    };
  }
  const whose =
    settings.country !== null
      ? `the shop’s country ${country}`
      : shopCountry(settings) === null
        ? `the tenant’s default country ${country}`
        : `the country ${country}, where the shop says that it is,`;
  return CONSENT_COUNTRIES.has(country)
    ? { isRequired: true, explanation: `consent is required: ${whose} is in the EEA, the United Kingdom or Switzerland` }
    : { isRequired: false, explanation: `consent is not required: ${whose} is outside the EEA, the United Kingdom and Switzerland` };
}
