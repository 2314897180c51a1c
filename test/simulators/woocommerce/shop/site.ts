export interface SitePlugin {
  /** Folder and file, `woocommerce/woocommerce.php`. */
  readonly plugin: string;
  readonly name: string;
  readonly version: string;
}

export interface Site {
  /** Without a slash at the end; its scheme is what `X-WC-Webhook-Source` and webhook bodies say. */
  readonly homeUrl: string;
  readonly version: string;
  readonly wordpressVersion: string;
  /** Order tables of their own (HPOS), or posts (CPT); default: what a fresh shop of that version has. */
  readonly storage: 'hpos' | 'cpt';
  readonly timezone: string;
  /** Fixed: a change of summer time is a new shop. */
  readonly utcOffsetMinutes: number;
  readonly currency: string;
  /** The shop's, for every order whatever its currency. */
  readonly decimals: number;
  /** Country and state as WooCommerce keeps them, `CL:CL-RM`. */
  readonly country: string;
  readonly weightUnit: string;
  /** Whom WooCommerce writes as, and whom it tells of new orders. */
  readonly mailFrom: string;
  readonly orderMailsTo: string;
  /** 0: taxes are off. */
  readonly taxPercent: number;
  readonly pricesIncludeTax: boolean;
  /** Slugs that plugins registered, without `wc-`. */
  readonly customStatuses: readonly string[];
  readonly plugins: readonly SitePlugin[];
  /** False where `DISABLE_WP_CRON` is set: nobody's visit runs the queue. */
  readonly hasWpCron: boolean;
  /**
   * WordPress refuses private addresses and ports other than 80, 443, 8080 unless the host is its own; a plugin may lift that, and with it
   * the demand for TLS in the connect flow.
   */
  readonly deliversAnywhere: boolean;
  /** `/wp-json` unless a plugin renamed it. */
  readonly restPrefix: string;
}

const NUMBERS = (version: string): number[] => version.split('.').map(Number);

/** Compares dotted versions by number: 10.4 is later than 9.9. */
function isAtLeast(version: string, wanted: string): boolean {
  const have = NUMBERS(version);
  for (const [index, part] of NUMBERS(wanted).entries()) {
    const own = have[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

const SANTIAGO = { timezone: 'America/Santiago', utcOffsetMinutes: -180 };

/** A fresh shop of WooCommerce 11.0.1 in Santiago, or what `options` make of it. */
export function siteOf(options: Partial<Site> = {}): Site {
  const version = options.version ?? '11.0.1';
  return {
    homeUrl: 'https://shop.example',
    version,
    wordpressVersion: isAtLeast(version, '11') ? '6.9.1' : '6.2.8',
    // Default of new shops since 8.2.
    storage: isAtLeast(version, '8.2') ? 'hpos' : 'cpt',
    ...SANTIAGO,
    currency: 'CLP',
    decimals: options.currency === undefined || options.currency === 'CLP' ? 0 : 2,
    country: 'CL:CL-RM',
    weightUnit: 'kg',
    mailFrom: 'orders@shop.example',
    orderMailsTo: 'owner@shop.example',
    taxPercent: 0,
    pricesIncludeTax: false,
    customStatuses: [],
    plugins: [],
    hasWpCron: true,
    deliversAnywhere: false,
    restPrefix: 'wp-json',
    ...options,
  };
}

/** What differs between versions and storages, as measured on 6.0.0, 7.6.1, 8.3.1, 9.9.5, 10.4.3 and 11.0.1; the limits lie between two of them. */
export interface Traits {
  readonly refundBumpsModified: boolean;
  readonly metaSaveBumpsModified: boolean;
  readonly refundDeletionIsSeen: boolean;
  /** Trashing also fires product.deleted and coupon.deleted with the order's id. */
  readonly trashFiresForEveryPost: boolean;
  readonly countsPastTheEnd: boolean;
  readonly linesHaveImage: boolean;
  readonly linesHaveGlobalUniqueId: boolean;
  readonly linksHaveTargetHints: boolean;
  readonly refundsHaveTax: boolean;
  readonly hasRefundList: boolean;
  readonly takesCustomerRestored: boolean;
  readonly knowsModifiedFilter: boolean;
}

export function traitsOf({ version, storage }: Site): Traits {
  const since = (wanted: string): boolean => isAtLeast(version, wanted);
  return {
    refundBumpsModified: since('7.0'),
    metaSaveBumpsModified: storage === 'hpos',
    refundDeletionIsSeen: since('11.2.0'),
    trashFiresForEveryPost: storage === 'cpt',
    countsPastTheEnd: storage === 'cpt',
    linesHaveImage: since('7.0'),
    linesHaveGlobalUniqueId: since('10.0'),
    linksHaveTargetHints: since('9.0'),
    refundsHaveTax: since('9.0'),
    hasRefundList: since('9.0'),
    takesCustomerRestored: !since('10.9'),
    knowsModifiedFilter: since('5.8'),
  };
}

/** Statuses that every shop knows, in the order of reports. */
const CORE_STATUSES = {
  pending: 'Pending payment',
  processing: 'Processing',
  'on-hold': 'On hold',
  completed: 'Completed',
  cancelled: 'Cancelled',
  refunded: 'Refunded',
  failed: 'Failed',
  'checkout-draft': 'Draft',
} as const;

/** Slug and name of every status that an order of this shop can have, trash aside. */
export const statusNames = ({ customStatuses }: Site): ReadonlyMap<string, string> =>
  new Map([...Object.entries(CORE_STATUSES), ...customStatuses.map((slug): [string, string] => [slug, slug])]);

/** They fire no webhooks and are missing from lists. */
export const isDraft = (status: string): boolean => status === 'checkout-draft' || status === 'auto-draft' || status === 'draft';
