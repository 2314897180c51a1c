import type { Held } from './dispatch.port.js';

/**
 * Whose turn it is: the first that waits and those behind it that may share its request (the same mode, not alone), in their order.
 * One that must go alone does.
 */
export function takeBatch(waiting: readonly Held[], maxIntents: number): { readonly batch: Held[]; readonly rest: Held[] } {
  const [first] = waiting;
  if (first === undefined) return { batch: [], rest: [] };
  if (first.isAlone) return { batch: [first], rest: waiting.slice(1) };
  const batch: Held[] = [];
  const rest: Held[] = [];
  for (const held of waiting) {
    const fits = batch.length < maxIntents && !held.isAlone && held.entry.key.mode === first.entry.key.mode;
    (fits ? batch : rest).push(held);
  }
  return { batch, rest };
}

/** How many of the first fit into one request of at most `maxBytes`; one always does, or it would never leave. */
export function fittingCount(sizesBytes: readonly number[], maxBytes: number): number {
  let totalBytes = 0;
  const tooMany = sizesBytes.findIndex((sizeBytes, index) => {
    totalBytes += sizeBytes;
    return index > 0 && totalBytes > maxBytes;
  });
  return tooMany === -1 ? sizesBytes.length : tooMany;
}
