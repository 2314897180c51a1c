import type { CouponContent, CustomerContent, CustomerPersonal, PersonIdentifier, ProductContent } from '@tributary/domain';

/** When a catalog item was so, on the shop's clock, epoch ms. */
interface SeenAt {
  readonly modifiedAt: number;
  readonly asOf: number;
}

export interface ProductFact extends SeenAt {
  readonly kind: 'product';
  /** The unit of its weight is a setting of the shop's. */
  readonly content: Omit<ProductContent, 'weightUnit'>;
}

export interface CouponFact extends SeenAt {
  readonly kind: 'coupon';
  readonly content: CouponContent;
}

export interface CustomerFact extends SeenAt {
  readonly kind: 'customer';
  readonly content: CustomerContent;
  readonly personal: CustomerPersonal;
  /** Names of the filled and usable personal fields, sorted. */
  readonly personalFields: readonly string[];
  /** The account's mail (else the billing mail) and the billing phone, normalised. */
  readonly contacts: { readonly email: PersonIdentifier | null; readonly phone: PersonIdentifier | null };
}

/** Something that has no shape of its own here. */
export interface CustomResourceFact extends SeenAt {
  readonly kind: 'resource';
  readonly resource: string;
  readonly resourceId: string;
  readonly createdAt: number | null;
  /** As the shop sent it. */
  readonly body: unknown;
  /** The first mail address in the body, normalised. */
  readonly email: PersonIdentifier | null;
}

export type CatalogFact = ProductFact | CouponFact | CustomerFact | CustomResourceFact;

/** A catalog item as the shop names it: of a customer the shop's own id, which never leaves the process. */
export interface ShopItem {
  readonly resource: string;
  readonly id: string;
}

export const shopItemOf = (fact: CatalogFact): ShopItem => {
  switch (fact.kind) {
    case 'product':
      return { resource: 'product', id: fact.content.productId };
    case 'coupon':
      return { resource: 'coupon', id: fact.content.couponId };
    case 'customer':
      return { resource: 'customer', id: fact.personal.customerId };
    case 'resource':
      return { resource: fact.resource, id: fact.resourceId };
  }
};

/** What reading one item needs beside its body. */
export interface CatalogReadContext {
  /** Shop's clock, epoch ms, of the REST read; null for a webhook, which is true as of its modification. */
  readonly readAt: number | null;
  /** The tenant's, ISO alpha-2: for phones of customers without a billing country. */
  readonly defaultCountry: string | null;
  /** Of a custom resource; default `id`. */
  readonly idField?: string;
}
