/** First in, first out within a group, and the groups take turns: whoever brings a thousand waits behind his own, not before others. */
export class FairQueue<Item> {
  /** In the order of their turns; none is empty. */
  private readonly groups = new Map<string, Item[]>();
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(group: string, item: Item): void {
    const items = this.groups.get(group);
    if (items === undefined) this.groups.set(group, [item]);
    else items.push(item);
    this.count += 1;
  }

  /** Takes up to `most` items, as evenly from the groups as they have them; each group's own stay in their order. */
  take(most: number): Item[] {
    const taken: Item[] = [];
    for (const [group, share] of this.shares(Math.min(most, this.count))) {
      const items = this.groups.get(group) ?? [];
      for (const item of items.splice(0, share)) taken.push(item);
      // Who still has some goes to the end of the line.
      this.groups.delete(group);
      if (items.length > 0) this.groups.set(group, items);
    }
    this.count -= taken.length;
    return taken;
  }

  /** How many of each group, `most` in all. */
  private shares(most: number): ReadonlyMap<string, number> {
    const shares = new Map<string, number>();
    let left = most;
    while (left > 0) {
      const hungry = [...this.groups].filter(([group, items]) => (shares.get(group) ?? 0) < items.length).slice(0, left);
      const each = Math.max(1, Math.floor(left / hungry.length));
      for (const [group, items] of hungry) {
        const before = shares.get(group) ?? 0;
        const share = Math.min(items.length, before + each);
        shares.set(group, share);
        left -= share - before;
      }
    }
    return shares;
  }
}
