import { setTimeout as delay } from 'node:timers/promises';
import type { BenchInstallation } from '../bench-installation.mts';
import { inRounds, type BenchContext } from '../bench-context.mts';
import { cpuSecondsOf, watchMemory } from '../process-meter.mts';

const SECTION = 'Delivery of visits, TikTok answers in 50 ms';
const ANSWERS_IN_MS = 50;
const FEW = 10;
/** So many that the vendor's limit does not set the pace. */
const UNLIMITED = { TIKTOK_REQUESTS_PER_SECOND: '10000' };
const LOOK_EVERY_MS = 100;
const DRAINED_WITHIN_MS = 120_000;
const BATCH = 50;

const writeKeyOf = (tenant: string): string => `bench-${tenant}-write-key`;

/** A shop's pages, and so many pixels that all want each visit. */
const tenantWith = (id: string, pixels: number): object => ({
  id,
  defaultCountry: 'CL',
  connections: [
    { id: 'shop', kind: 'woocommerce', storeUrl: 'https://shop.example', webhookToken: `bench-${id}-webhook-address`, country: 'CL' },
    { id: 'web', kind: 'visits', shop: 'shop', writeKey: writeKeyOf(id), eventsPerSecond: 1_000_000 },
    ...Array.from({ length: pixels }, (_, index) => ({
      id: `ads-${index}`,
      kind: 'tiktok',
      sources: ['web'],
      pixelCode: `C0BENCH${id.toUpperCase()}${index}`,
      accessToken: `bench-access-token-${id}-${index}`,
      sendFrom: '2026-01-01T00:00:00Z',
      events: { Pageview: true },
    })),
  ],
});

interface Drain {
  readonly perSecond: number;
  readonly seconds: number;
  readonly cpuMicros: number;
  readonly largestMib: number;
}

/** A backlog of `total` events for so many pixels, from the first that TikTok has to the last. */
async function drain(installation: BenchInstallation, simulator: string, tenant: string, pixels: number, total: number): Promise<Drain> {
  const { servers } = installation;
  const visits = total / pixels;
  const counted = async (): Promise<number> => {
    const { accepted } = (await (await fetch(`${simulator}/_control/counts`)).json()) as { readonly accepted: number };
    return accepted;
  };
  await installation.startApp('ingest', { env: { INGEST_ROLES: 'http' }, cores: servers.cores?.app });
  const perRequest = Math.min(BATCH, visits);
  const fill = { requests: Math.ceil(visits / perRequest), connections: 4, perRequest, visitors: 500, writeKey: writeKeyOf(tenant) };
  const { refused } = await installation.loadVisits({ ...fill, loop: { kind: 'closed', seconds: 60 } }, servers.cores?.rest);
  if (refused > 0) throw new Error(`${refused} requests with visits were refused`);
  await installation.stopApp('ingest');
  await fetch(`${simulator}/_control/reset`, { method: 'POST', body: '{}' });
  await fetch(`${simulator}/_control/latency`, { method: 'POST', body: JSON.stringify({ latencyMs: ANSWERS_IN_MS }) });
  const { child } = await installation.startApp('tiktok', { env: UNLIMITED, cores: servers.cores?.app });
  const memory = watchMemory({ tiktok: child.pid });
  const deadline = performance.now() + DRAINED_WITHIN_MS;
  const until = async (least: number): Promise<number> => {
    for (let now = await counted(); ; now = await counted()) {
      if (now >= least) return now;
      if (performance.now() > deadline) throw new Error(`TikTok has ${now} of ${least} events of ${tenant}`);
      await delay(LOOK_EVERY_MS);
    }
  };
  const first = await until(1);
  const firstAt = performance.now();
  const cpuBefore = cpuSecondsOf(child.pid);
  await until(total);
  const seconds = (performance.now() - firstAt) / 1_000;
  const cpuSeconds = cpuSecondsOf(child.pid) - cpuBefore;
  const largest = memory.stop();
  await installation.stopApp('tiktok');
  const events = total - first;
  return { seconds, perSecond: events / seconds, cpuMicros: (cpuSeconds * 1e6) / events, largestMib: largest['tiktok'] ?? Number.NaN };
}

/** The app `tiktok` on a core of its own drains visits: for few credentials, and as many events for many credentials. */
export async function measureDelivery(installation: BenchInstallation, { sizes, book, onProgress }: BenchContext): Promise<void> {
  const { backlogVisits: total, manyCredentials: many } = sizes;
  await installation.apply({ tenants: [tenantWith('few', FEW), tenantWith('many', many)] });
  const simulator = await installation.startSimulator();
  const few = await inRounds(sizes.rounds, () => {
    onProgress('Delivery', `${total} visits for ${FEW} credentials`);
    return drain(installation, simulator, 'few', FEW, total);
  });
  const lots = await inRounds(sizes.rounds, () => {
    onProgress('Delivery', `${total} visits for ${many} credentials`);
    return drain(installation, simulator, 'many', many, total);
  });
  book.add({
    id: 'delivery.visits',
    section: SECTION,
    what: `events delivered, ${FEW} credentials, one core`,
    unit: 'events/s',
    samples: few.map(({ perSecond }) => perSecond),
    budget: { is: 'at least', value: 8_000 },
  });
  book.add({
    id: 'delivery.visits.cpu',
    section: SECTION,
    what: 'CPU of the app per event',
    unit: 'µs',
    samples: few.map(({ cpuMicros }) => cpuMicros),
  });
  book.add({
    id: 'delivery.visits.many',
    section: SECTION,
    what: `time for as many events of ${many} credentials, as a multiple`,
    unit: '×',
    samples: lots.map(({ seconds }, index) => seconds / (few[index]?.seconds ?? Number.NaN)),
    budget: { is: 'at most', value: 1.25 },
  });
  book.add({
    id: 'memory.tiktok.visits',
    section: 'Memory',
    what: 'tiktok while it delivers visits, largest',
    unit: 'MiB',
    samples: [...few, ...lots].map(({ largestMib }) => largestMib),
    budget: { is: 'at most', value: 384 },
  });
}
