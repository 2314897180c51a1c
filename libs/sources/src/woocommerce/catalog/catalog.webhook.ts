import { isResourceName, SHAPED_RESOURCES } from '@tributary/domain';
import { idOf, isJsonObject } from '../body-reader.js';
import { refused, type RefusedBody } from '../refused-body.js';
import { readCatalogItem, resourceIdOf } from './catalog-body.js';
import type { CatalogFact, ShopItem } from './catalog.facts.js';

export type CatalogReading =
  | { readonly kind: 'catalog'; readonly fact: CatalogFact }
  /** A claim, never proof: with legacy storage the trash of an order is announced as `product.deleted` and `coupon.deleted`, too. */
  | { readonly kind: 'catalog-deletion'; readonly item: ShopItem }
  | RefusedBody;

const isShaped = (resource: string): boolean => SHAPED_RESOURCES.some((shaped) => shaped === resource);

const EVENTS: ReadonlySet<string> = new Set(['created', 'updated', 'deleted', 'restored', 'published']);

/**
 * A webhook of any resource but orders. Topics that carry no resource (`action.*`, a plugin's own events) are refused as
 * `unknown-topic`: kept, and no error to the shop. Refusals: `unknown-topic`, `not-a-resource`, `invalid-field`.
 */
export function readCatalogWebhook(
  { resource, event }: { readonly resource: string; readonly event: string },
  value: unknown,
  defaultCountry: string | null,
): CatalogReading {
  if (resource === 'action' || !EVENTS.has(event) || !isResourceName(resource)) return refused('unknown-topic', 'it names no resource');
  if (event === 'deleted' && isJsonObject(value) && Object.keys(value).length === 1) {
    const id = isShaped(resource) ? idOf(value['id']) : resourceIdOf(value['id']);
    return id === null || id === '0'
      ? refused('invalid-field', 'id is missing or not an id')
      : { kind: 'catalog-deletion', item: { resource, id } };
  }
  const fact = readCatalogItem(resource, value, { readAt: null, defaultCountry });
  return fact.kind === 'refused' ? fact : { kind: 'catalog', fact };
}
