import type { Ground } from '../shop/ground.ts';
import type { SitePlugin } from '../shop/site.ts';
import type { Json, JsonObject } from './json.ts';
import { linkTo } from './links.ts';
import { currencySymbol } from './order-json.ts';

const pluginJson = ({ plugin, name, version }: SitePlugin): JsonObject => ({
  plugin,
  name,
  version,
  version_latest: version,
  url: '',
  author_name: '',
  author_url: '',
  network_activated: false,
});

/** Of `/system_status`, the parts that somebody may want to know. */
export function systemStatusJson({ site }: Ground, isSecure: boolean): JsonObject {
  const own = { plugin: 'woocommerce/woocommerce.php', name: 'WooCommerce', version: site.version };
  return {
    environment: {
      home_url: site.homeUrl,
      site_url: site.homeUrl,
      version: site.version,
      wp_version: site.wordpressVersion,
      wp_multisite: false,
      wp_cron: site.hasWpCron,
      language: 'en_US',
      default_timezone: 'UTC',
    },
    active_plugins: [...site.plugins, own].map(pluginJson),
    inactive_plugins: [],
    settings: {
      api_enabled: false,
      force_ssl: false,
      currency: site.currency,
      currency_symbol: htmlSymbol(site.currency),
      currency_position: 'left',
      thousand_separator: ',',
      decimal_separator: '.',
      number_of_decimals: site.decimals,
      order_datastore:
        site.storage === 'hpos' ? 'Automattic\\WooCommerce\\Internal\\DataStores\\Orders\\OrdersTableDataStore' : 'WC_Order_Data_Store_CPT',
      HPOS_enabled: site.storage === 'hpos',
      HPOS_sync_enabled: false,
    },
    security: { secure_connection: isSecure, hide_errors: true },
  };
}

/** Signs beyond letters come as HTML entities here, unlike in an order. */
const htmlSymbol = (currency: string): string =>
  currencySymbol(currency).replaceAll(/[^A-Za-z/]/gu, (sign) => `&#${sign.codePointAt(0) ?? 0};`);

export const currencyJson = (ground: Ground, origin: string): JsonObject => ({
  code: ground.site.currency,
  name: ground.site.currency,
  symbol: htmlSymbol(ground.site.currency),
  _links: {
    self: [{ href: linkTo(ground, origin, `data/currencies/${ground.site.currency}`), targetHints: { allow: ['GET'] } }],
    collection: [{ href: linkTo(ground, origin, 'data/currencies') }],
  },
});

/** Settings by group and id. */
export const settingsOf = ({ site }: Ground): ReadonlyMap<string, ReadonlyMap<string, Json>> =>
  new Map([
    [
      'general',
      new Map<string, Json>([
        ['woocommerce_default_country', site.country],
        ['woocommerce_calc_taxes', site.taxPercent === 0 ? 'no' : 'yes'],
        ['woocommerce_currency', site.currency],
        ['woocommerce_price_num_decimals', String(site.decimals)],
      ]),
    ],
    ['products', new Map<string, Json>([['woocommerce_weight_unit', site.weightUnit]])],
    ['email', new Map<string, Json>([['woocommerce_email_from_address', site.mailFrom]])],
    ['email_new_order', new Map<string, Json>([['recipient', site.orderMailsTo]])],
    ['tax', new Map<string, Json>([['woocommerce_prices_include_tax', site.pricesIncludeTax ? 'yes' : 'no']])],
  ]);

export const settingJson = (ground: Ground, origin: string, group: string, id: string, value: Json): JsonObject => ({
  id,
  label: id,
  description: '',
  type: 'text',
  default: '',
  tip: '',
  value,
  group_id: group,
  _links: {
    self: [{ href: linkTo(ground, origin, `settings/${group}/${id}`) }],
    collection: [{ href: linkTo(ground, origin, `settings/${group}`) }],
  },
});

/** What `/wp-json/` tells everybody. */
export const indexJson = ({ site }: Ground, origin: string): JsonObject => ({
  name: 'Shop',
  description: '',
  url: origin,
  home: origin,
  gmt_offset: site.utcOffsetMinutes / 60,
  timezone_string: site.timezone,
  namespaces: ['oembed/1.0', 'wc/v1', 'wc/v2', 'wc/v3', 'wp/v2'],
  authentication: {},
  routes: {},
  _links: { help: [{ href: 'https://developer.wordpress.org/rest-api/' }] },
});
