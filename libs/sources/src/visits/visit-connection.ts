import type { BlockList } from 'node:net';
import type { ConnectionId, TenantId } from '@tributary/domain';
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
  /** The merchant's own registrable domains. */
  readonly ownDomains: readonly string[];
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

/** The merchant's own registrable domains: of the shop's address and of further origins. */
export const ownDomainsOf = (addresses: readonly string[]): readonly string[] => [
  ...new Set(addresses.flatMap((address) => siteOf(address) ?? [])),
];

/** Puts a visits connection's settings and those of its shop together. */
export function visitConnectionOf({ settings, shopSettings, defaultCountry, ...ids }: VisitConnectionParts): VisitConnection {
  const origins = settings.allowedOrigins.length > 0 ? settings.allowedOrigins : [new URL(shopSettings.storeUrl).origin];
  return {
    ...ids,
    isConsentRequired: isConsentRequired(shopSettings, defaultCountry).isRequired,
    countries: [shopCountry(shopSettings), defaultCountry],
    ownDomains: ownDomainsOf([shopSettings.storeUrl, ...origins]),
    origins: new Map(origins.map((origin) => [origin, siteOf(origin)])),
    trustedProxies: trustedNetworks(settings.trustedProxies),
    filterBots: settings.filterBots,
    eventsPerSecond: settings.eventsPerSecond,
  };
}
