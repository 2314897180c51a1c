import { compareRanks, orderKey } from '@tributary/domain';
import type { KnownHead } from '@tributary/sources';
import type { ShopId } from '@tributary/stream';

const MAX_ENTRIES = 20_000;

/**
 * What this process published and the heads, which are folded from the log a moment later, may not show yet: without it the next look
 * would publish the same again.
 */
export class FreshHeads {
  private readonly heads = new Map<string, KnownHead>();

  note(shop: ShopId, head: KnownHead): void {
    const key = orderKey({ ...shop, orderId: head.orderId });
    this.heads.delete(key);
    this.heads.set(key, head);
    const [oldest] = this.heads.keys();
    if (this.heads.size > MAX_ENTRIES && oldest !== undefined) this.heads.delete(oldest);
  }

  /** Of each order the newer of the two; what the heads have caught up with is forgotten. */
  over(shop: ShopId, known: ReadonlyMap<string, KnownHead>, orderIds: readonly string[]): Map<string, KnownHead> {
    const newest = new Map(known);
    for (const orderId of orderIds) {
      const key = orderKey({ ...shop, orderId });
      const fresh = this.heads.get(key);
      const head = known.get(orderId);
      if (fresh?.rank === undefined || fresh.rank === null) continue;
      if (head?.rank !== undefined && head.rank !== null && compareRanks(head.rank, fresh.rank) >= 0) this.heads.delete(key);
      else newest.set(orderId, fresh);
    }
    return newest;
  }
}
