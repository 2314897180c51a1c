/**
 * Keeps the most recently used entries, at most `maxEntries`, at least half of that: two generations, of which the older one is
 * dropped when the younger is full. Cheaper than an exact list, and its Maps are never churned.
 */
export class RecencyCache<Value> {
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  readonly #maxPerGeneration: number;

  constructor(maxEntries: number) {
    this.#maxPerGeneration = Math.max(1, Math.floor(maxEntries / 2));
  }

  get(key: string): Value | undefined {
    const recent = this.#young.get(key);
    if (recent !== undefined) return recent;
    const older = this.#old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  /** `key` is kept as it is: pass a flat string (see `flat`), or it keeps alive what it was cut from. */
  set(key: string, value: Value): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#maxPerGeneration) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  deleteWhere(isUnwanted: (value: Value) => boolean): void {
    for (const generation of [this.#young, this.#old]) {
      for (const [key, value] of generation) if (isUnwanted(value)) generation.delete(key);
    }
  }

  /** Entries held, counting one that is in both generations twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}

/**
 * The same text in memory of its own. V8 keeps a slice tied to the text it was cut from, and a concatenation as a tree of its
 * pieces (a fresh UUID weighs 430 bytes more that way): neither belongs into a cache.
 */
export const flat = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');
