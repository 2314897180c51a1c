/** How one request came out for the search: taken, the one at fault (it was alone), refused as a whole, or stopped (nothing can leave now). */
export type GroupOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'at-fault' }
  | { readonly kind: 'refused-whole'; readonly suspectIndex: number | null }
  | { readonly kind: 'stopped' };

/**
 * Finds the one intent for which a vendor refuses a whole request, and gets all others through: found within ⌈log₂ n⌉ + 1 further
 * requests when one is at fault, and one more for the rest; 2 in all when the vendor named it. Nothing of a refused request was taken, so its parts may be sent again.
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
  while (suspects.length > 0) {
    const middle = Math.ceil(suspects.length / 2);
    const half = suspects.slice(0, middle);
    const rest = suspects.slice(middle);
    const outcome = await send(half);
    if (outcome.kind === 'stopped') return rest.concat(cleared);
    if (outcome.kind === 'taken') {
      suspects = rest;
    } else {
      cleared = rest.concat(cleared);
      suspects = outcome.kind === 'at-fault' ? [] : half;
    }
  }
  if (cleared.length === 0) return [];
  const outcome = await send(cleared);
  if (outcome.kind === 'refused-whole') return isolate(cleared, outcome.suspectIndex, send);
  return [];
}
