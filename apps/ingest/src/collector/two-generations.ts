/** Remembers what was set lately: at least the last `perGeneration` entries, at most twice as many. */
export class TwoGenerations<Value> {
  private young = new Map<string, Value>();
  private old = new Map<string, Value>();

  constructor(private readonly perGeneration: number) {}

  get(key: string): Value | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  set(key: string, value: Value): void {
    this.young.set(key, value);
    if (this.young.size < this.perGeneration) return;
    this.old = this.young;
    this.young = new Map();
  }
}
