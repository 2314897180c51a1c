import { Chance } from './chance.ts';
import { ShopClock } from './clock.ts';
import { siteOf, traitsOf, type Site, type Traits } from './site.ts';

/** Orders, products, coupons and refunds share one sequence, also where orders have tables of their own. */
type Sequence = 'post' | 'item' | 'meta' | 'user' | 'key' | 'webhook';

/** A hook that fired: a webhook topic and its first argument, an id. */
export type HookListener = (topic: string, id: number) => void;

/** What every part of a shop stands on: the site's settings, its clock, chance, ids and hooks. */
export class Ground {
  readonly site: Site;
  readonly traits: Traits;
  readonly clock: ShopClock;
  readonly chance: Chance;
  readonly #next: Record<Sequence, number> = { post: 10, item: 0, meta: 0, user: 0, key: 0, webhook: 0 };
  readonly #listeners: HookListener[] = [];

  constructor(site: Partial<Site>, now: () => number, seed: number) {
    this.site = siteOf(site);
    this.traits = traitsOf(this.site);
    this.clock = new ShopClock(now);
    this.chance = new Chance(seed);
  }

  nextId(sequence: Sequence): number {
    this.#next[sequence] += 1;
    return this.#next[sequence];
  }

  onHook(listener: HookListener): void {
    this.#listeners.push(listener);
  }

  fire(topic: string, id: number): void {
    for (const listener of this.#listeners) listener(topic, id);
  }

  /** For a backup: the sequences of a restored database go on where that database was. */
  sequences(): Readonly<Record<Sequence, number>> {
    return { ...this.#next };
  }

  setSequences(sequences: Readonly<Record<Sequence, number>>): void {
    Object.assign(this.#next, sequences);
  }
}
