import type { PurchaseRules, ShopInstall } from './shop-install.js';

type Overrides = Partial<Omit<ShopInstall, 'purchase'>> & { readonly purchase?: Partial<PurchaseRules> | null };

/** A shop with a pixel, in every field. */
export const shopInstall = ({ purchase = {}, ...overrides }: Overrides = {}): ShopInstall => ({
  tenantId: 'acme',
  connectionId: 'web',
  shopConnectionId: 'shop',
  storeUrl: 'https://www.shop.example',
  collectorUrl: 'https://metrics.shop.example',
  writeKey: 'write-key-of-the-shop',
  isConsentRequired: true,
  purchase:
    purchase === null
      ? null
      : {
          pixelCode: 'C0PIXEL',
          when: 'paid',
          byPaymentMethod: {},
          value: 'total',
          eventId: 'wc_order_{orderId}',
          excludeCreatedVia: ['admin'],
          contentId: 'sku',
          contentIdPrefix: '',
          currency: 'order',
          rates: {},
          ...purchase,
        },
  ...overrides,
});
