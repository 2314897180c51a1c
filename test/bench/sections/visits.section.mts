import { inRounds, type BenchContext, type MachineLimits } from '../bench-context.mts';
import type { BenchInstallation, RunningApp } from '../bench-installation.mts';
import type { LoadReport } from '../load/job.mts';
import { cpuSecondsOf, watchMemory } from '../process-meter.mts';

const SECTION = 'Ingest, visits';
const CONNECTIONS = 64;
const OPEN_LOOP_CONNECTIONS = 512;
const OPEN_LOOP_PER_SECOND = 10_000;
const VISITORS = 5_000;
const BATCH = 50;
/** Made before the clock starts; more than any rate needs. */
const PREPARED_VISITS_PER_SECOND = { single: 25_000, batched: 100_000 };

interface Round {
  readonly load: LoadReport;
  readonly visitsPerSecond: number;
  readonly appCpuMicrosPerVisit: number;
}

async function round(
  installation: BenchInstallation,
  app: RunningApp,
  perRequest: number,
  job: Pick<Parameters<BenchInstallation['loadVisits']>[0], 'requests' | 'connections' | 'loop'>,
): Promise<Round> {
  const before = cpuSecondsOf(app.child.pid);
  const load = await installation.loadVisits({ perRequest, visitors: VISITORS, ...job }, installation.servers.cores?.rest);
  const cpuSeconds = cpuSecondsOf(app.child.pid) - before;
  return {
    load,
    visitsPerSecond: load.perSecond * perRequest,
    appCpuMicrosPerVisit: (cpuSeconds * 1e6) / (load.answered * perRequest),
  };
}

async function asFastAsItTakes(
  installation: BenchInstallation,
  app: RunningApp,
  { sizes, book, onProgress }: BenchContext,
  limits: MachineLimits,
  perRequest: number,
): Promise<void> {
  const isSingle = perRequest === 1;
  const how = isSingle ? 'one visit per request' : `${perRequest} visits per request`;
  onProgress('Visits', `as fast as it takes, ${how}`);
  const seconds = sizes.closedLoopSeconds;
  const prepared = isSingle ? PREPARED_VISITS_PER_SECOND.single : PREPARED_VISITS_PER_SECOND.batched;
  const job = {
    requests: Math.ceil((prepared * seconds) / perRequest),
    connections: CONNECTIONS,
    loop: { kind: 'closed', seconds },
  } as const;
  await round(installation, app, perRequest, { ...job, loop: { kind: 'closed', seconds: 2 } });
  const rounds = await inRounds(sizes.rounds, () => round(installation, app, perRequest, job));
  book.add({
    id: `visits.max.${perRequest}`,
    section: SECTION,
    what: `${CONNECTIONS} connections, ${how}`,
    unit: 'visits/s',
    samples: rounds.map(({ visitsPerSecond }) => visitsPerSecond),
    budget: { is: 'at least', value: isSingle ? 15_000 : 60_000 },
    limit: isSingle ? { what: 'raw Fastify', value: limits.fastifyPerSecond } : null,
  });
  book.add({
    id: `visits.cpu.${perRequest}`,
    section: SECTION,
    what: `CPU of ingest per visit, ${how}`,
    unit: 'µs',
    samples: rounds.map(({ appCpuMicrosPerVisit }) => appCpuMicrosPerVisit),
  });
}

/** Throughput and latency of one process of ingest on a core of its own, with visits instead of orders. */
export async function measureVisits(installation: BenchInstallation, context: BenchContext, limits: MachineLimits): Promise<void> {
  const { servers } = installation;
  const { sizes, book, onProgress } = context;
  await installation.stopApp('ingest');
  await servers.awayFromAppCore(async () => {
    const env = { INGEST_ROLES: 'http', INGEST_TRUSTED_PROXIES: '127.0.0.1' };
    const app = await installation.startApp('ingest', { env, cores: servers.cores?.app });
    const memory = watchMemory({ ingest: app.child.pid });
    for (const perRequest of [1, BATCH]) await asFastAsItTakes(installation, app, context, limits, perRequest);
    onProgress('Visits', `open loop at ${OPEN_LOOP_PER_SECOND}/s`);
    const requests = OPEN_LOOP_PER_SECOND * sizes.openLoopSeconds;
    const loop = { kind: 'open', perSecond: OPEN_LOOP_PER_SECOND } as const;
    const rounds = await inRounds(sizes.rounds, () => round(installation, app, 1, { requests, connections: OPEN_LOOP_CONNECTIONS, loop }));
    book.add({
      id: 'visits.open.refused',
      section: SECTION,
      what: 'refused in that open loop (503: more than it can take)',
      unit: '%',
      samples: rounds.map(({ load }) => (100 * load.refused) / (load.refused + load.answered)),
    });
    for (const p of ['p50', 'p99'] as const) {
      book.add({
        id: `visits.open.${p}`,
        section: SECTION,
        what: `${p} in an open loop at ${OPEN_LOOP_PER_SECOND}/s, one visit per request`,
        unit: 'ms',
        samples: rounds.map(({ load }) => load.latencyMs[p]),
        budget: p === 'p99' ? { is: 'at most', value: 15 } : null,
      });
    }
    book.add({
      id: 'memory.ingest.visits',
      section: 'Memory',
      what: 'ingest at full load of visits, largest',
      unit: 'MiB',
      samples: [memory.stop()['ingest'] ?? Number.NaN],
      budget: { is: 'at most', value: 256 },
    });
    await installation.stopApp('ingest');
  });
}
