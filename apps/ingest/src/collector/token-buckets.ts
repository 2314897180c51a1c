interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** How fast something may go, by name: a bucket for each, of this process alone. */
export class TokenBuckets {
  private readonly buckets = new Map<string, Bucket>();

  /** `now`: milliseconds of a clock that only goes forward. */
  constructor(private readonly now: () => number) {}

  /**
   * Takes `count` tokens of a bucket that holds `capacity` and gets `perSecond`; answers 0, or, taking nothing, the milliseconds
   * after which there will be enough. More than the capacity is given when the bucket is full.
   */
  take(name: string, count: number, perSecond: number, capacity: number): number {
    const nowMs = this.now();
    let bucket = this.buckets.get(name);
    if (bucket === undefined) {
      bucket = { tokens: capacity, filledAtMs: nowMs };
      this.buckets.set(name, bucket);
    }
    bucket.tokens = Math.min(capacity, bucket.tokens + ((nowMs - bucket.filledAtMs) * perSecond) / 1_000);
    bucket.filledAtMs = nowMs;
    const needed = Math.min(count, capacity);
    if (bucket.tokens < needed) return Math.ceil(((needed - bucket.tokens) / perSecond) * 1_000);
    bucket.tokens -= count;
    return 0;
  }
}
