import { catalogKey, compareRanks, type CatalogHead } from '@tributary/domain';

const MAX_ENTRIES = 5_000;

/**
 * What this process published and the heads, which are folded from the log a moment later, may not show yet: `product.created` and
 * `product.updated` come within milliseconds, with one body.
 */
export class RecentHeads {
  private readonly heads = new Map<string, CatalogHead>();

  note(head: CatalogHead): void {
    const key = catalogKey(head);
    this.heads.delete(key);
    this.heads.set(key, head);
    const [oldest] = this.heads.keys();
    if (this.heads.size > MAX_ENTRIES && oldest !== undefined) this.heads.delete(oldest);
  }

  /** Of the keys the newer of both heads; what the fold has caught up with is forgotten. */
  over(folded: ReadonlyMap<string, CatalogHead>, keys: readonly string[]): ReadonlyMap<string, CatalogHead> {
    const newest = new Map(folded);
    for (const key of keys) {
      const recent = this.heads.get(key);
      if (recent === undefined) continue;
      const head = folded.get(key);
      if (head !== undefined && compareRanks(head.rank, recent.rank) >= 0) this.heads.delete(key);
      else newest.set(key, recent);
    }
    return newest;
  }
}
