import type { Envelope } from './envelope.js';
import type { ConnectionId, SubjectId, TenantId } from './ids.js';
import type { DecimalText, PersonalAddress } from './order.events.js';

/** Catalog resources with a shape of their own; any other name is a custom resource. */
export const SHAPED_RESOURCES = ['product', 'coupon', 'customer'] as const;

/** One thing of a shop's catalog. */
export interface CatalogItem {
  /** `product` (variations too), `coupon`, `customer`, or a custom resource's name: `[a-z][a-z0-9_-]{0,39}`. */
  readonly resource: string;
  /** The shop's id, `[A-Za-z0-9_.-]{1,100}`; of a customer the subject id that stands for it. */
  readonly resourceId: string;
}

/** Whether a custom resource may be called so: it becomes a part of keys. */
export const isResourceName = (text: string): boolean => /^[a-z][a-z0-9_-]{0,39}$/.test(text);

/** Whether the text may stand in a key: no colon, and nothing that could be a mail address. */
export const isResourceId = (text: string): boolean => /^[A-Za-z0-9_.-]{1,100}$/.test(text);

/**
 * Record key of a catalog item's events, `tenant:connection:resource:id`: none of the four can hold a colon.
 * Kept for ever: golden vectors in test/fixtures/golden/catalog-key.json.
 */
export const catalogKey = (of: { readonly tenantId: TenantId; readonly connectionId: ConnectionId } & CatalogItem): string =>
  `${of.tenantId}:${of.connectionId}:${of.resource}:${of.resourceId}`;

/** What every catalog record says beside its content. Each is a whole state: the greatest by (asOf, modifiedAt, receivedAt, contentHash) holds. */
export interface CatalogObservation extends Envelope {
  /** Shop's clock, epoch ms: it was so at this moment. */
  readonly asOf: number;
  /** Shop's clock, epoch ms. */
  readonly modifiedAt: number;
  /** Says whether two observations say the same; of what can name somebody it is keyed. */
  readonly contentHash: string;
  /** Null while the shop has it; `trashed`, `absent` (a read answered 404), `reported` (a webhook said so and nobody could look). */
  readonly deletion: string | null;
}

/** `shape: schemas/avro/commerce/product-observed.v1.avsc` */
export interface ProductContent {
  readonly productId: string;
  /** `"0"` for a product of its own; else the product that this is a variation of. */
  readonly parentId: string;
  /** `simple`, `variable`, `variation`, `grouped`, `external`; plugins add others. */
  readonly productType: string;
  readonly status: string;
  readonly name: string;
  readonly sku: string;
  /** Decimal text; empty when it has none. */
  readonly price: string;
  /** Decimal text in `weightUnit`; empty when unset. A variation without one of its own has its parent's. */
  readonly weight: string;
  /** The shop's: `kg`, `g`, `lbs`, `oz`; empty while it was never read. */
  readonly weightUnit: string;
  readonly isVirtual: boolean;
  readonly isDownloadable: boolean;
  readonly createdAt: number | null;
}

/** `shape: schemas/avro/commerce/coupon-observed.v1.avsc` */
export interface CouponContent {
  readonly couponId: string;
  /** Empty when it holds a mail address. */
  readonly code: string;
  readonly status: string;
  /** `percent`, `fixed_cart`, `fixed_product`; plugins add others. */
  readonly discountType: string;
  readonly amount: DecimalText;
  readonly minimumAmount: DecimalText;
  readonly maximumAmount: DecimalText;
  readonly isFreeShipping: boolean;
  readonly expiresAt: number | null;
  readonly createdAt: number | null;
}

/** The part of a customer that names nobody. */
export interface CustomerContent {
  readonly role: string;
  readonly isPaying: boolean;
  /** ISO alpha-2 of the billing address; empty when unknown. */
  readonly country: string;
  readonly createdAt: number | null;
}

/** Only ever travels sealed. Empty text means unknown. `shape: schemas/avro/commerce/customer-observed-personal.v1.avsc` */
export interface CustomerPersonal {
  /** The shop's. */
  readonly customerId: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly username: string;
  readonly billing: PersonalAddress;
  readonly shipping: PersonalAddress;
}

/** A product or variation. After a deletion it still holds what was last known, its weight included. */
export interface ProductObserved extends CatalogObservation, ProductContent {
  readonly type: 'ProductObserved';
}

/** A coupon. After a deletion it still holds what was last known. */
export interface CouponObserved extends CatalogObservation, CouponContent {
  readonly type: 'CouponObserved';
}

/** A customer; a deletion carries no personal part. `shape: schemas/avro/commerce/customer-observed.v1.avsc` */
export interface CustomerObserved extends CatalogObservation, CustomerContent {
  readonly type: 'CustomerObserved';
  /** Stands for the shop's customer id; the id in the record's key. */
  readonly customer: SubjectId;
  readonly subjects: { readonly email: SubjectId | null; readonly phone: SubjectId | null };
  readonly personalFields: readonly string[];
  readonly sealedUnder: SubjectId | null;
  /** Sealed, Confluent-framed {@link CustomerPersonal}. */
  readonly sealedPersonal: Buffer | null;
}

/** Anything else that a shop tells of; a deletion carries no body. `shape: schemas/avro/commerce/custom-resource-observed.v1.avsc` */
export interface CustomResourceObserved extends CatalogObservation, CatalogItem {
  readonly type: 'CustomResourceObserved';
  readonly createdAt: number | null;
  readonly compression: 'zstd' | 'none';
  /** Of the first mail address in the body, else the resource's own. */
  readonly sealedUnder: SubjectId | null;
  /** Sealed, compressed JSON text. */
  readonly sealedBody: Buffer | null;
}

export type CatalogEvent = ProductObserved | CouponObserved | CustomerObserved | CustomResourceObserved;

/** What a catalog event is about. */
export function itemOf(event: CatalogEvent): CatalogItem {
  switch (event.type) {
    case 'ProductObserved':
      return { resource: 'product', resourceId: event.productId };
    case 'CouponObserved':
      return { resource: 'coupon', resourceId: event.couponId };
    case 'CustomerObserved':
      return { resource: 'customer', resourceId: event.customer };
    case 'CustomResourceObserved':
      return { resource: event.resource, resourceId: event.resourceId };
  }
}
