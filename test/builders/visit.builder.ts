import { asConnectionId, asTenantId } from '@tributary/domain';
import {
  visitConnectionOf,
  visitsSettingsSchema,
  woocommerceSettingsSchema,
  type BrowserRequest,
  type VisitConnection,
} from '@tributary/sources';

/** 2026-11-21T15:40:00Z */
export const VISITED_AT = 1_795_275_600_000;
const ORIGIN = 'https://www.shop.example';

/** A visits connection of a shop, which asks for consent where `country` does. */
export const visitConnection = (country = 'CL', settings: object = {}): VisitConnection =>
  visitConnectionOf({
    tenantId: asTenantId('acme'),
    connectionId: asConnectionId('web'),
    shopConnectionId: asConnectionId('shop'),
    settings: visitsSettingsSchema.parse({ shop: 'shop', allowedOrigins: [ORIGIN], ...settings }),
    shopSettings: woocommerceSettingsSchema.parse({ storeUrl: 'https://shop.example', country }),
    defaultCountry: null,
  });

export const browserRequest = (overrides: Partial<BrowserRequest> = {}): BrowserRequest => ({
  receivedAt: VISITED_AT,
  cookies: undefined,
  userAgent: 'Mozilla/5.0',
  acceptLanguage: 'es-CL,es;q=0.9',
  isPrivacyControlOn: false,
  clientIp: '203.0.113.9',
  isBot: false,
  origin: ORIGIN,
  host: 'metrics.shop.example',
  secFetchSite: 'same-site',
  ...overrides,
});

/** An event of a page, as the script sends it. */
export const pageEvent = (overrides: object = {}): Readonly<Record<string, unknown>> => ({
  type: 'page_view',
  eventId: '0198f3c2-7d1e-7000-8000-000000000001',
  occurredAt: VISITED_AT,
  url: 'https://www.shop.example/cafe?utm_source=tiktok',
  ...overrides,
});
