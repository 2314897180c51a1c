/** How one request came out for the search: taken or otherwise settled, refused as a whole, or stopped (nothing can leave now). */
export type GroupOutcome = { readonly kind: 'settled' } | { readonly kind: 'refused-whole'; readonly suspectIndex: number | null } | { readonly kind: 'stopped' };

/**
 * Finds the one intent for which a vendor refuses a whole request, and gets all others through: at most ⌈log₂ n⌉ + 1 further
 * requests when one is at fault, 2 when the vendor named it. Nothing of a refused request was taken, so its parts may be sent again.
 * Answers what is left unsent when `send` stopped.
 */
export async function isolate<Item>(
  items: readonly Item[],
  suspectIndex: number | null,
  send: (group: readonly Item[]) => Promise<GroupOutcome>,
): Promise<readonly Item[]> {
  const named = suspectIndex === null ? undefined : items[suspectIndex];
  let suspects: readonly Item[] = named === undefined ? items : [named];
  let cleared: readonly Item[] = named === undefined ? [] : items.filter((item) => item !== named);
  while (suspects.length > 1) {
    const middle = Math.ceil(suspects.length / 2);
    const half = suspects.slice(0, middle);
    const rest = suspects.slice(middle);
    const outcome = await send(half);
    if (outcome.kind === 'stopped') return [...rest, ...cleared];
    if (outcome.kind === 'refused-whole') {
      cleared = [...rest, ...cleared];
      suspects = half;
    } else {
      suspects = rest;
    }
  }
  if (suspects.length === 1 && (await send(suspects)).kind === 'stopped') return cleared;
  if (cleared.length === 0) return [];
  const outcome = await send(cleared);
  if (outcome.kind === 'refused-whole') return isolate(cleared, outcome.suspectIndex, send);
  return [];
}
