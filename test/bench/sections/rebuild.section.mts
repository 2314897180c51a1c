import type { BenchInstallation } from '../bench-installation.mts';
import { inRounds, type BenchContext, type MachineLimits } from '../bench-context.mts';

interface RebuildReport {
  readonly events: number;
  readonly seconds: number;
  readonly differing: Readonly<Record<string, number>>;
  readonly isSwapped: boolean;
}

/** `tributary rebuild tiktok` of what the projections have folded so far: shadow tables, fold, indexes, comparison and swap. */
export async function measureRebuild(
  installation: BenchInstallation,
  { sizes, book, onProgress }: BenchContext,
  limits: MachineLimits,
): Promise<void> {
  const { partitions } = installation;
  onProgress('Rebuild', `${partitions} partition${partitions === 1 ? '' : 's'}`);
  const reports = await inRounds(sizes.rounds, () => installation.cli<RebuildReport>('rebuild', 'tiktok', '--json'));
  for (const { differing, isSwapped } of reports) {
    const differs = Object.values(differing).some((count) => count > 0);
    if (!isSwapped || differs) throw new Error(`the rebuild did not come out the same: ${JSON.stringify(differing)}`);
  }
  book.add({
    id: `rebuild.${partitions}`,
    section: 'Rebuild from the log',
    what: `order and delivery events, ${partitions} partition${partitions === 1 ? '' : 's'}`,
    unit: '/s',
    samples: reports.map(({ events, seconds }) => events / seconds),
    budget: partitions === 1 ? null : { is: 'at least', value: 8_000 },
    limit: { what: 'raw upsert of as wide rows', value: limits.upsertWidePerSecond },
    note: `${reports[0]?.events ?? 0} events`,
  });
}
