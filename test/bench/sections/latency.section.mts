import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../../../tools/bootstrap/wait-until.mts';
import type { BenchInstallation } from '../bench-installation.mts';
import { percentile } from '../figures.mts';
import type { BenchContext } from '../bench-context.mts';
import { residentMib, watchMemory } from '../process-meter.mts';

const SECTION = 'From webhook to TikTok';
const ORDERS_PER_SECOND = 100;
const ALL_SENT_WITHIN_MS = 30_000;

interface SimulatorRequests {
  readonly requests: readonly { readonly at: number; readonly eventIds: readonly string[]; readonly outcome: string }[];
}

/** First arrival of each order at the simulator, epoch ms. */
async function arrivals(simulatorUrl: string): Promise<ReadonlyMap<string, number>> {
  const { requests } = (await (await fetch(`${simulatorUrl}/_control/received`)).json()) as SimulatorRequests;
  const first = new Map<string, number>();
  for (const { at, eventIds } of requests) for (const id of eventIds) first.set(id, Math.min(at, first.get(id) ?? at));
  return first;
}

/** Memory at rest, then a steady stream of orders of new and returning people, from due moment to request at the vendor. */
export async function measureLatency(installation: BenchInstallation, { sizes, book, onProgress }: BenchContext): Promise<void> {
  onProgress('Latency from webhook to TikTok', `${ORDERS_PER_SECOND} orders/s for ${sizes.latencySeconds} s`);
  const simulatorUrl = await installation.startSimulator();
  const pids: Record<string, number> = {};
  for (const name of ['control', 'ingest', 'tiktok'] as const) pids[name] = (await installation.startApp(name)).child.pid;
  await delay(sizes.restSeconds * 1_000);
  for (const [name, pid] of Object.entries(pids)) {
    book.add({ id: `memory.rest.${name}`, section: 'Memory', what: `${name} at rest`, unit: 'MiB', samples: [residentMib(pid)] });
  }

  const orders = ORDERS_PER_SECOND * sizes.latencySeconds;
  const memory = watchMemory(pids);
  const load = await installation.load('plan', {
    orders,
    buyers: { newShare: 0.5, returning: 500 },
    connections: 64,
    loop: { kind: 'open', perSecond: ORDERS_PER_SECOND },
    withMoments: true,
  });
  const arrived = await waitUntil(
    { what: `arrival of all ${orders} orders at TikTok`, timeoutMs: ALL_SENT_WITHIN_MS, intervalMs: 200 },
    async () => {
      const found = await arrivals(simulatorUrl);
      return found.size >= orders ? found : undefined;
    },
  );
  const largest = memory.stop();
  const latencies = load.sentAt.map((sentAt, index) => (arrived.get(`wc_order_${load.firstOrderId + index}`) ?? Number.NaN) - sentAt);

  const add = (p: number, atMost: number | null): void =>
    book.add({
      id: `latency.p${p}`,
      section: SECTION,
      what: `order webhook → TikTok request, p${p} at ${ORDERS_PER_SECOND} orders/s`,
      unit: 'ms',
      samples: [percentile(latencies, p)],
      budget: atMost === null ? null : { is: 'at most', value: atMost },
    });
  add(50, 300);
  add(95, 1_000);
  add(99, null);
  book.add({
    id: 'latency.ack.p50',
    section: SECTION,
    what: 'order webhook → answer 200, p50 meanwhile',
    unit: 'ms',
    samples: [load.latencyMs.p50],
  });
  book.add({
    id: 'latency.ack.p99',
    section: SECTION,
    what: 'order webhook → answer 200, p99 meanwhile',
    unit: 'ms',
    samples: [load.latencyMs.p99],
  });
  for (const [name, mib] of Object.entries(largest)) {
    book.add({
      id: `memory.steady.${name}`,
      section: 'Memory',
      what: `${name} at ${ORDERS_PER_SECOND} orders/s, largest`,
      unit: 'MiB',
      samples: [mib],
    });
  }
  await installation.stopApp('control');
}
