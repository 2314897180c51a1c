import type { BlockList } from 'node:net';
import { asSubjectId, type ConnectionId, type MerchantOwn, type TenantId } from '@tributary/domain';
import { isConsentRequired, shopCountry, type WoocommerceSettings } from '../woocommerce/woocommerce.schema.js';
import { trustedNetworks } from './client-address.js';
import { siteOf } from './visitor-cookie.js';
import type { VisitsSettings } from './visits.schema.js';

/** A visits connection with what its shop says, ready to judge requests by. */
export interface VisitConnection {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly shopConnectionId: ConnectionId;
  readonly isConsentRequired: boolean;
  /** For phones without a country, in order of preference. */
  readonly countries: readonly (string | null)[];
  readonly own: MerchantOwn;
  /** Allowed origins, each with its registrable domain. */
  readonly origins: ReadonlyMap<string, string | null>;
  readonly trustedProxies: BlockList;
  readonly filterBots: boolean;
  readonly eventsPerSecond: number | null;
}

export interface VisitConnectionParts {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly shopConnectionId: ConnectionId;
  readonly settings: VisitsSettings;
  readonly shopSettings: WoocommerceSettings;
  readonly defaultCountry: string | null;
}

/** The registrable domains of the shop's address and of further origins, and whoever runs the shop as far as it said. */
export const merchantOwnOf = ({ storeUrl, fromShop }: WoocommerceSettings, origins: readonly string[] = []): MerchantOwn => ({
  domains: [...new Set([storeUrl, ...origins].flatMap((address) => siteOf(address) ?? []))],
  subjects: (fromShop?.staff ?? []).map(asSubjectId),
});

/** Puts a visits connection's settings and those of its shop together. */
export function visitConnectionOf({ settings, shopSettings, defaultCountry, ...ids }: VisitConnectionParts): VisitConnection {
  const origins = settings.allowedOrigins.length > 0 ? settings.allowedOrigins : [new URL(shopSettings.storeUrl).origin];
  return {
    ...ids,
    isConsentRequired: isConsentRequired(shopSettings, defaultCountry).isRequired,
    countries: [shopCountry(shopSettings), defaultCountry],
    own: merchantOwnOf(shopSettings, origins),
    origins: new Map(origins.map((origin) => [origin, siteOf(origin)])),
    trustedProxies: trustedNetworks(settings.trustedProxies),
    filterBots: settings.filterBots,
    eventsPerSecond: settings.eventsPerSecond,
  };
}
