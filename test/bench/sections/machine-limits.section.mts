import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../../../tools/bootstrap/wait-until.mts';
import { median } from '../figures.mts';
import type { KafkaLimitJob, KafkaLimitReport, UpsertLimitJob, UpsertLimitReport } from '../limits/jobs.mts';
import type { LoadJob, LoadReport } from '../load/job.mts';
import { FIRST_ORDER_ID } from '../load/webhook-bytes.mts';
import { inRounds, type BenchContext, type MachineLimits } from '../bench-context.mts';
import { cpuSecondsOf } from '../process-meter.mts';
import type { Servers } from '../servers.mts';

const SECTION = 'The machine’s own limits';
/** As large as an observed order in the log. */
const RECORD_BYTES = 1_200;
const PRODUCE_BATCH = 500;
const UPSERT_BATCH = 2_000;

/** Fastify on the core that ingest will have, under the same load. */
async function fastifyRates(
  servers: Servers,
  { sizes }: BenchContext,
): Promise<{ readonly perSecond: number; readonly cpuMicros: number }[]> {
  const child = servers.spawn({
    name: 'raw-fastify',
    args: [join(servers.root, 'test', 'bench', 'limits', 'fastify.main.mts')],
    cores: servers.cores?.app,
  });
  const port = await waitUntil({ what: 'an answer of raw Fastify', timeoutMs: 10_000 }, async () => {
    const line = /^\d+$/m.exec(readFileSync(child.logFile, 'utf8'))?.[0];
    return line === undefined ? undefined : Number(line);
  });
  const seconds = Math.min(3, sizes.closedLoopSeconds);
  const job: LoadJob = {
    shop: { port, token: 'limit', webhookSecret: 'limit' },
    firstOrderId: FIRST_ORDER_ID,
    orders: 1_000,
    isRepeated: true,
    buyers: { newShare: 1, returning: 1 },
    connections: 64,
    loop: { kind: 'closed', seconds },
    withMoments: false,
  };
  try {
    return await inRounds(sizes.rounds, async () => {
      const cpuBefore = cpuSecondsOf(child.pid);
      const { perSecond, answered } = await servers.ask<LoadReport>(join('load', 'main.mts'), job, servers.cores?.rest);
      return { perSecond, cpuMicros: ((cpuSecondsOf(child.pid) - cpuBefore) * 1e6) / answered };
    });
  } finally {
    await child.stop(2_000);
  }
}

/** What the bare libraries do on this machine, now. */
export async function measureLimits(servers: Servers, context: BenchContext): Promise<MachineLimits> {
  const { book, onProgress, sizes } = context;
  const { rounds } = sizes;
  const { kafkaBrokers, databaseUrl } = servers.infrastructure.addresses;
  onProgress('Limits of the bare machine', 'Fastify');
  const rounds3kB = await servers.awayFromAppCore(() => fastifyRates(servers, context));
  const fastify = rounds3kB.map(({ perSecond }) => perSecond);
  onProgress('Limits of the bare machine', 'Kafka');
  const kafkaJob: KafkaLimitJob = {
    brokers: kafkaBrokers,
    records: sizes.limitRecords,
    recordBytes: RECORD_BYTES,
    batchRecords: PRODUCE_BATCH,
    rounds,
  };
  const kafka = await servers.ask<KafkaLimitReport>(join('limits', 'kafka.main.mts'), kafkaJob);
  onProgress('Limits of the bare machine', 'Postgres');
  const upsert = (payloadBytes: number): Promise<UpsertLimitReport> => {
    const job: UpsertLimitJob = { databaseUrl, rows: sizes.limitRecords, batchRows: UPSERT_BATCH, payloadBytes, rounds };
    return servers.ask<UpsertLimitReport>(join('limits', 'upsert.main.mts'), job);
  };
  const narrow = await upsert(0);
  const wide = await upsert(RECORD_BYTES);

  const add = (id: string, what: string, samples: readonly number[]): void =>
    book.add({ id: `limit.${id}`, section: SECTION, what, unit: '/s', samples });
  add('fastify', 'raw Fastify, bodies of 3 kB, answer 200, one core', fastify);
  book.add({
    id: 'limit.fastify.cpu',
    section: SECTION,
    what: 'CPU of raw Fastify per request',
    unit: 'µs',
    samples: rounds3kB.map(({ cpuMicros }) => cpuMicros),
  });
  add('produce', `raw kafkajs produce, acks of all, ${PRODUCE_BATCH} × ${RECORD_BYTES} B, 4 sends outstanding`, kafka.producePerSecond);
  add('consume', 'raw kafkajs consume, eachBatch without work', kafka.consumePerSecond);
  add('upsert-narrow', `raw unnest upsert of new rows, 8 columns, ${UPSERT_BATCH} a batch`, narrow.rowsPerSecond);
  add('upsert-wide', `the same, 11 columns, one of ${RECORD_BYTES} B`, wide.rowsPerSecond);
  return {
    fastifyPerSecond: median(fastify),
    producePerSecond: median(kafka.producePerSecond),
    consumePerSecond: median(kafka.consumePerSecond),
    upsertNarrowPerSecond: median(narrow.rowsPerSecond),
    upsertWidePerSecond: median(wide.rowsPerSecond),
  };
}
