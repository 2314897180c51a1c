import { createHash } from 'node:crypto';

export type PurchaseWhen = 'paid' | 'placed' | 'completed';

/** What decides about the browser's Purchase; the same settings that decide about the server's. */
export interface PurchaseRules {
  readonly pixelCode: string;
  readonly when: PurchaseWhen;
  readonly byPaymentMethod: Readonly<Record<string, PurchaseWhen>>;
  readonly value: 'total' | 'total-without-tax' | 'total-without-shipping' | 'subtotal';
  /** With `{orderId}`, `{orderNumber}`, `{connection}`. */
  readonly eventId: string;
  readonly excludeCreatedVia: readonly string[];
  /** Which of a line's ids names it, the next one where it is missing. */
  readonly contentId: 'sku' | 'product-id' | 'variation-id';
  readonly contentIdPrefix: string;
  /** `order`, or `convert:` and the currency that orders in a currency of `rates` are told in. */
  readonly currency: string;
  /** By currency of the order; `rate` is decimal text. */
  readonly rates: Readonly<Record<string, { readonly rate: string }>>;
}

/** All that is filled in, for one shop of one tenant. */
export interface ShopInstall {
  readonly tenantId: string;
  /** The `visits` connection. */
  readonly connectionId: string;
  /** The `woocommerce` connection, which is `{connection}` in event ids. */
  readonly shopConnectionId: string;
  readonly storeUrl: string;
  /** Where a browser reaches `ingest`, without a slash at its end. */
  readonly collectorUrl: string;
  readonly writeKey: string;
  readonly isConsentRequired: boolean;
  /** Null: no pixel is connected, so the browser shows no Purchase. */
  readonly purchase: PurchaseRules | null;
}

const PATH_CHARS = 10;

/**
 * The path below which the shop's own host passes everything on to the collector: `/` and ten characters that say nothing and differ
 * from shop to shop, so that no list of blocked addresses can name them all.
 */
export const neutralPath = ({ tenantId, connectionId }: ShopInstall): string =>
  `/${createHash('sha256').update(`${tenantId}/${connectionId}`).digest('hex').slice(0, PATH_CHARS)}`;

export const hostOf = (url: string): string => new URL(url).host;
