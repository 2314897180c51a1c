import { join } from 'node:path';
import type { IdentityQuality } from '../../simulators/identity/identity-quality.ts';
import { QUALITY_BARS } from '../../simulators/identity/agreement.ts';
import type { BenchContext } from '../bench-context.mts';
import type { Servers } from '../servers.mts';

/** Simulated shops: one per seed. */
export interface IdentityJob {
  readonly seeds: readonly number[];
  readonly households: number;
}

const SECTION = 'Identity graph against the truth of simulated shops';

/** Pairs of orders and identify calls that the graph takes for one person, against who it was. */
export async function measureIdentity(servers: Servers, { sizes, book, onProgress }: BenchContext): Promise<void> {
  onProgress('Identity graph');
  const job: IdentityJob = { seeds: [1, 2, 3, 4, 5], households: sizes.households };
  const flags = [
    '--experimental-transform-types',
    '--disable-warning=ExperimentalWarning',
    '--import',
    join(servers.root, 'test', 'bench', 'source-imports.mjs'),
  ];
  const found = await servers.ask<IdentityQuality>('identity.main.mts', job, servers.cores?.app, flags);
  const add = (id: string, what: string, value: number, least: number): void =>
    book.add({ id: `identity.${id}`, section: SECTION, what, unit: '', samples: [value], budget: { is: 'at least', value: least } });
  add('precision', 'pairwise precision', found.pairwisePrecision, QUALITY_BARS.pairwisePrecision);
  add('recall', 'pairwise recall', found.pairwiseRecall, QUALITY_BARS.pairwiseRecall);
  add('b-cubed', 'B-cubed F1', found.bCubedF1, QUALITY_BARS.bCubedF1);
  book.add({
    id: 'identity.conflicts',
    section: SECTION,
    what: 'profiles with two customer ids',
    unit: '',
    samples: [found.customerConflicts],
    budget: { is: 'at most', value: 0 },
  });
  book.add({
    id: 'identity.fold',
    section: SECTION,
    what: 'the fold alone, in memory',
    unit: '/s',
    samples: [found.events / found.foldSeconds],
    note: `${found.events} assertions, ${found.observations} of them by people, ${found.profiles} profiles`,
  });
}
