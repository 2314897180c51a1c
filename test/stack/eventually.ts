const LOOK_EVERY_MS = 50;

/** Looks until `isSo` answers true (an error counts as not yet); fails naming what it waited for and the last error. */
export async function eventually(what: string, withinMs: number, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const until = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < until) {
    try {
      if (await isSo()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`within ${withinMs} ms it did not come about that ${what}`, { cause: last });
}
