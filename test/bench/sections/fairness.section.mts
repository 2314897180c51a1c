import type { BenchInstallation } from '../bench-installation.mts';
import { inRounds, type BenchContext } from '../bench-context.mts';
import type { LoadReport } from '../load/job.mts';

const QUIET_PER_SECOND = 5;
/** The loud tenant's load, as a multiple of the quiet one's. */
const TIMES = 100;
const CONNECTIONS = 64;
const BUYERS = { newShare: 0.5, returning: 2_000 };

/** A quiet tenant's webhooks alone, then beside a tenant with a hundred times its load: what the second costs the first. */
export async function measureFairness(installation: BenchInstallation, { sizes, book, onProgress }: BenchContext): Promise<void> {
  const { servers } = installation;
  const seconds = sizes.openLoopSeconds;
  const send = (tenant: 'fold' | 'plan', perSecond: number): Promise<LoadReport> =>
    installation.load(
      tenant,
      { orders: perSecond * seconds, buyers: BUYERS, connections: CONNECTIONS, loop: { kind: 'open', perSecond } },
      servers.cores?.rest,
    );
  await servers.awayFromAppCore(async () => {
    await installation.startApp('ingest', { env: { INGEST_ROLES: 'http' }, cores: servers.cores?.app });
    await send('fold', QUIET_PER_SECOND * TIMES);
    onProgress('Fairness', 'a quiet tenant, alone and beside one with a hundred times its load');
    const rounds = await inRounds(sizes.rounds, async () => {
      const alone = await send('plan', QUIET_PER_SECOND);
      const [beside] = await Promise.all([send('plan', QUIET_PER_SECOND), send('fold', QUIET_PER_SECOND * TIMES)]);
      return { alone: alone.latencyMs.p99, beside: beside.latencyMs.p99 };
    });
    const section = 'One tenant at a hundred times the load';
    book.add({
      id: 'fairness.alone',
      section,
      what: 'p99 of a quiet tenant, alone',
      unit: 'ms',
      samples: rounds.map(({ alone }) => alone),
    });
    book.add({
      id: 'fairness.beside',
      section,
      what: `p99 of a quiet tenant beside one with ${QUIET_PER_SECOND * TIMES} webhooks/s`,
      unit: 'ms',
      samples: rounds.map(({ beside }) => beside),
    });
    book.add({
      id: 'fairness.ratio',
      section,
      what: 'the second as a multiple of the first',
      unit: '×',
      samples: rounds.map(({ alone, beside }) => beside / alone),
      budget: { is: 'at most', value: 2 },
    });
    await installation.stopApp('ingest');
  });
}
