import type { BenchInstallation, RunningApp } from '../bench-installation.mts';
import { median } from '../figures.mts';
import type { LoadReport } from '../load/job.mts';
import { inRounds, type BenchContext, type MachineLimits } from '../bench-context.mts';
import { cpuSecondsOf, watchMemory } from '../process-meter.mts';

const SECTION = 'Ingest, signed order webhooks of 3 kB';
const CONNECTIONS = 64;
const OPEN_LOOP_CONNECTIONS = 512;
const RETURNING_PEOPLE = 2_000;
const OPEN_LOOP_SHARE = 0.7;
/** Made before the clock starts; more than any rate needs. */
const PREPARED_PER_SECOND = 15_000;

const percentText = (share: number): string => `${Math.round(share * 100)} %`;

interface Round {
  readonly load: LoadReport;
  /** CPU seconds per second of each of these while it was loaded. */
  readonly busy: Readonly<Record<string, number>>;
  readonly appCpuMicros: number;
}

class IngestBench {
  readonly #installation: BenchInstallation;
  readonly #context: BenchContext;
  readonly #app: RunningApp;

  constructor(installation: BenchInstallation, context: BenchContext, app: RunningApp) {
    this.#installation = installation;
    this.#context = context;
    this.#app = app;
  }

  async closedLoop(newShare: number, seconds: number): Promise<Round> {
    return this.#measured((cores) =>
      this.#installation.load(
        'fold',
        {
          orders: PREPARED_PER_SECOND * seconds,
          buyers: { newShare, returning: RETURNING_PEOPLE },
          connections: CONNECTIONS,
          loop: { kind: 'closed', seconds },
        },
        cores,
      ),
    );
  }

  async openLoop(newShare: number, perSecond: number): Promise<Round> {
    return this.#measured((cores) =>
      this.#installation.load(
        'fold',
        {
          orders: Math.round(perSecond * this.#context.sizes.openLoopSeconds),
          buyers: { newShare, returning: RETURNING_PEOPLE },
          connections: OPEN_LOOP_CONNECTIONS,
          loop: { kind: 'open', perSecond },
        },
        cores,
      ),
    );
  }

  /** The generator is told apart by its own count; the rest by the process table. */
  async #measured(run: (cores: string | undefined) => Promise<LoadReport>): Promise<Round> {
    const { servers } = this.#installation;
    const pids: Record<string, number> = { ...servers.pids(), ingest: this.#app.child.pid };
    const before = Object.entries(pids).map(([name, pid]) => [name, cpuSecondsOf(pid)] as const);
    const load = await run(servers.cores?.rest);
    const used = Object.fromEntries(before.map(([name, seconds]) => [name, cpuSecondsOf(pids[name] ?? 0) - seconds]));
    const busy = Object.fromEntries(
      Object.entries({ ...used, load: load.cpuSeconds }).map(([name, seconds]) => [name, seconds / load.seconds]),
    );
    return { load, busy, appCpuMicros: ((used['ingest'] ?? Number.NaN) * 1e6) / load.answered };
  }
}

const busyText = (rounds: readonly Round[]): string =>
  Object.keys(rounds[0]?.busy ?? {})
    .filter((name) => median(rounds.map(({ busy }) => busy[name] ?? 0)) >= 0.02)
    .map((name) => `${name} ${percentText(median(rounds.map(({ busy }) => busy[name] ?? 0)))}`)
    .join(', ');

/** One process in role `http` on a core of its own; generator and servers share the rest. */
async function measureHttp(bench: IngestBench, { sizes, book, onProgress }: BenchContext, limits: MachineLimits): Promise<void> {
  await bench.closedLoop(0, 3);
  let headline = Number.NaN;
  for (const [index, newShare] of sizes.newShares.entries()) {
    onProgress('Ingest', `as fast as it takes, ${percentText(newShare)} of the orders by new people`);
    const rounds = await inRounds(sizes.rounds, () => bench.closedLoop(newShare, sizes.closedLoopSeconds));
    const samples = rounds.map(({ load }) => load.perSecond);
    const who = `${percentText(newShare)} by new people`;
    book.add({
      id: `ingest.max.${newShare}`,
      section: SECTION,
      what: `${CONNECTIONS} connections, ${who}`,
      unit: '/s',
      samples,
      budget: index === 0 ? { is: 'at least', value: 8_000 } : null,
      limit: { what: 'raw Fastify', value: limits.fastifyPerSecond },
      note: `CPU: ${busyText(rounds)}`,
    });
    book.add({
      id: `ingest.cpu.${newShare}`,
      section: SECTION,
      what: `CPU of ingest per webhook, ${who}`,
      unit: 'µs',
      samples: rounds.map(({ appCpuMicros }) => appCpuMicros),
    });
    if (index === 0) headline = median(samples);
  }
  const [newShare = 0] = sizes.newShares;
  const rate = Math.round(headline * OPEN_LOOP_SHARE);
  onProgress('Ingest', `open loop at ${rate}/s`);
  const rounds = await inRounds(sizes.rounds, () => bench.openLoop(newShare, rate));
  for (const p of ['p50', 'p99'] as const) {
    book.add({
      id: `ingest.open.${p}`,
      section: SECTION,
      what: `${p} in an open loop at 70 % of that (${rate}/s), ${percentText(newShare)} by new people`,
      unit: 'ms',
      samples: rounds.map(({ load }) => load.latencyMs[p]),
      note: p === 'p50' ? `CPU: ${busyText(rounds)}` : '',
    });
  }
}

/** Throughput and latency of one process of ingest, and its memory. */
export async function measureIngest(installation: BenchInstallation, context: BenchContext, limits: MachineLimits): Promise<void> {
  const { servers } = installation;
  const { sizes, book, onProgress } = context;
  await installation.stopApp('ingest');
  await servers.awayFromAppCore(async () => {
    const app = await installation.startApp('ingest', { env: { INGEST_ROLES: 'http' }, cores: servers.cores?.app });
    const memory = watchMemory({ ingest: app.child.pid });
    await measureHttp(new IngestBench(installation, context, app), context, limits);
    book.add({
      id: 'memory.ingest',
      section: 'Memory',
      what: 'ingest at full load, largest',
      unit: 'MiB',
      samples: [memory.stop()['ingest'] ?? Number.NaN],
      budget: { is: 'at most', value: 256 },
    });
    await installation.stopApp('ingest');

    onProgress('Ingest', 'with the role that keeps the heads in the same process');
    const both = await installation.startApp('ingest', { cores: servers.cores?.app });
    const bench = new IngestBench(installation, context, both);
    const [newShare = 0] = sizes.newShares;
    await bench.closedLoop(newShare, 2);
    const rounds = await inRounds(sizes.rounds, () => bench.closedLoop(newShare, sizes.closedLoopSeconds));
    book.add({
      id: 'ingest.both-roles',
      section: SECTION,
      what: `the same process folds the heads too, ${percentText(newShare)} by new people`,
      unit: '/s',
      samples: rounds.map(({ load }) => load.perSecond),
      limit: { what: 'raw Fastify', value: limits.fastifyPerSecond },
      note: `CPU: ${busyText(rounds)}`,
    });
    await installation.stopApp('ingest');
  });
}
