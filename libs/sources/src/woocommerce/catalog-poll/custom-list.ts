import { idOf, objectOf } from '../body-reader.js';
import { resourceIdOf } from '../catalog/catalog-body.js';

/** A list of the shop's REST API that has no shape of its own here, such as a plugin's. */
export interface CustomList {
  /** The resource's name in keys. */
  readonly name: string;
  /** Below `wc/v3`, such as `/subscriptions`. */
  readonly path: string;
  readonly idField: string;
  readonly everyMinutes: number;
}

/** Where WooCommerce lists its own. */
export const OWN_PATHS = { product: '/products', coupon: '/coupons', customer: '/customers' } as const;

/** Resources that WooCommerce itself lists. */
export type ListedResource = keyof typeof OWN_PATHS;

export const isListed = (resource: string): resource is ListedResource => Object.hasOwn(OWN_PATHS, resource);

/** Where a resource is listed; undefined for a custom one that the settings do not name any more. */
export const pathOfResource = (resource: string, custom: readonly CustomList[]): string | undefined =>
  isListed(resource) ? OWN_PATHS[resource] : custom.find(({ name }) => name === resource)?.path;

/** How ids of rows are read. */
export function idsOfRows(resource: string, rows: readonly unknown[], custom: readonly CustomList[]): readonly string[] {
  const list = custom.find(({ name }) => name === resource);
  const id = (row: unknown): string | null => (list === undefined ? idOf(objectOf(row)['id']) : resourceIdOf(objectOf(row)[list.idField]));
  return rows.map(id).filter((one) => one !== null);
}
