/** The shop's own clock: the world's, as wrong as it was told to be. */
export class ShopClock {
  readonly #now: () => number;
  #skewMs = 0;
  #heldAtMs: number | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  nowMs(): number {
    return this.#heldAtMs ?? this.#now() + this.#skewMs;
  }

  nowSeconds(): number {
    return Math.floor(this.nowMs() / 1_000);
  }

  /** From now on the shop is this much ahead of the world (negative: behind). */
  changeBy(skewMs: number): void {
    this.#skewMs = skewMs;
  }

  /** Does something as if it was `atMs` on this shop's clock. */
  heldAt<T>(atMs: number, action: () => T): T {
    const before = this.#heldAtMs;
    this.#heldAtMs = atMs;
    try {
      return action();
    } finally {
      this.#heldAtMs = before;
    }
  }
}

const MAX_KEPT_DATES = 10_000;
/** The same few seconds are written again and again: half of the time of a long property test went here. */
const keptDates = new Map<number, string>();

/** `2026-11-21T02:38:13`: how WooCommerce writes a date, without zone and fraction. */
export function writtenDate(seconds: number): string {
  const kept = keptDates.get(seconds);
  if (kept !== undefined) return kept;
  if (keptDates.size >= MAX_KEPT_DATES) keptDates.clear();
  const written = new Date(seconds * 1_000).toISOString().slice(0, 19);
  keptDates.set(seconds, written);
  return written;
}
