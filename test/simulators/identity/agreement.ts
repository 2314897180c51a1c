/** How well two partitions of the same observations agree; all in 0–1. */
export interface Agreement {
  /** Of pairs that the graph takes for one person: the share that is. */
  readonly pairwisePrecision: number;
  /** Of pairs that are one person: the share that the graph takes for one. */
  readonly pairwiseRecall: number;
  /** Harmonic mean of precision and recall per observation, averaged (Bagga & Baldwin 1998). */
  readonly bCubedF1: number;
}

/** What the identity graph must reach. */
export const QUALITY_BARS = { pairwisePrecision: 0.999, pairwiseRecall: 0.97, bCubedF1: 0.985 } as const satisfies Agreement;

const pairs = (count: number): number => (count * (count - 1)) / 2;
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

function count(keys: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** `truth`: observation → person; `found`: observation → profile. One that was given none is alone. */
export function agreementOf(truth: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): Agreement {
  const items = [...truth].map(([observation, person]) => ({ person, profile: found.get(observation) ?? `alone:${observation}` }));
  const both = ({ person, profile }: (typeof items)[number]): string => `${person} ${profile}`;
  const persons = count(items.map(({ person }) => person));
  const profiles = count(items.map(({ profile }) => profile));
  const shared = count(items.map(both));
  const samePair = sum([...shared.values()].map(pairs));
  const mean = (share: (item: (typeof items)[number]) => number): number => sum(items.map(share)) / items.length;
  const precision = mean((item) => (shared.get(both(item)) ?? 0) / (profiles.get(item.profile) ?? 1));
  const recall = mean((item) => (shared.get(both(item)) ?? 0) / (persons.get(item.person) ?? 1));
  return {
    pairwisePrecision: samePair / sum([...profiles.values()].map(pairs)),
    pairwiseRecall: samePair / sum([...persons.values()].map(pairs)),
    bCubedF1: (2 * precision * recall) / (precision + recall),
  };
}
