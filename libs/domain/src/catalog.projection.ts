import { itemOf, type CatalogEvent, type CatalogItem, type CouponContent, type ProductContent } from './catalog.events.js';
import { catalogContentOf } from './catalog-content.js';
import type { ConnectionId, TenantId } from './ids.js';
import { compareRanks, rankOf, type ObservationRank } from './order.projection.js';

/** The newest state of a catalog item, as far as publishing the next one needs it. */
export interface CatalogHead extends CatalogItem {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly rank: ObservationRank;
  readonly deletion: string | null;
  /** The last record of this key in the log is the head: only that one outlives compaction. */
  readonly isTail: boolean;
  /** Of products and coupons, whose deletion must still say what they were; null for what can name somebody. */
  readonly content: ProductContent | CouponContent | null;
}

/**
 * The catalog fold: the greatest observation, and whether it is also the last of its key. Returns the same object when the event says
 * nothing new.
 */
export function evolveCatalog(before: CatalogHead | undefined, event: CatalogEvent): CatalogHead {
  const rank = rankOf(event);
  const order = before === undefined ? 1 : compareRanks(rank, before.rank);
  if (before !== undefined && order <= 0) {
    const isTail = order === 0;
    return before.isTail === isTail ? before : { ...before, isTail };
  }
  const { tenantId, connectionId, deletion } = event;
  return { tenantId, connectionId, ...itemOf(event), rank, deletion, isTail: true, content: catalogContentOf(event) };
}

/** An observation before it is published. */
export interface SeenState {
  readonly asOf: number;
  readonly modifiedAt: number;
  readonly contentHash: string;
  readonly deletion: string | null;
}

/** `look-again`: it is behind what is known and says something else, so only a new read can tell. */
export type CatalogVerdict = 'publish' | 'same' | 'look-again';

/**
 * Whether an observation is news. What equals its head is not published again, unless an older record has come after the head in the
 * log, which would be all that compaction leaves. `receivedAt`: our clock, epoch ms.
 */
export function judgeCatalog(seen: SeenState, head: CatalogHead | undefined, receivedAt: number): CatalogVerdict {
  if (head === undefined) return 'publish';
  const isEqual = head.rank.contentHash === seen.contentHash && head.deletion === seen.deletion;
  if (isEqual && head.isTail) return 'same';
  const { asOf, modifiedAt, contentHash } = seen;
  return compareRanks({ asOf, modifiedAt, observedAt: receivedAt, contentHash }, head.rank) > 0 ? 'publish' : 'look-again';
}

/**
 * Whether a read that answered 404 is news. Of what nobody knows a deletion says nothing: with legacy storage the trash of an order is
 * announced as a product's and a coupon's, under the order's id. (WooCommerce 6.0 to 11.0.1, measured.)
 */
export function judgeAbsence(asOf: number, head: CatalogHead | undefined): CatalogVerdict {
  if (head === undefined || (head.deletion === 'absent' && head.isTail)) return 'same';
  return asOf >= head.rank.asOf ? 'publish' : 'look-again';
}

/** Whether a reported deletion that nobody can look after is news: only of what is known and was there. */
export const judgeReport = (head: CatalogHead | undefined): CatalogVerdict =>
  head === undefined || head.deletion !== null ? 'same' : 'publish';
