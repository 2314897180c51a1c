// The load generator, a process of its own: takes a LoadJob from BENCH_JOB and prints one line of LoadReport.
import { summaryOf } from '../figures.mts';
import type { LoadJob, LoadReport } from './job.mts';
import { closedLoop, openLoop, overAndOver } from './runs.mts';
import { WebhookBytes } from './webhook-bytes.mts';

const job = JSON.parse(process.env['BENCH_JOB'] ?? '') as LoadJob;
const webhooks = new WebhookBytes(job.shop, job.buyers, Date.now());
const requests = Array.from({ length: job.orders }, (_, index) => webhooks.request(job.firstOrderId + index));

const cpuBefore = process.cpuUsage();
const { port } = job.shop;
const run = await (job.loop.kind === 'closed'
  ? closedLoop(port, job.isRepeated === true ? overAndOver(requests) : requests, job.connections, job.loop.seconds)
  : openLoop(port, requests, job.connections, job.loop.perSecond));
const cpu = process.cpuUsage(cpuBefore);

const report: LoadReport = {
  answered: run.answered,
  refused: run.refused,
  seconds: run.seconds,
  perSecond: run.answered / run.seconds,
  bodyBytes: webhooks.body(job.firstOrderId).length,
  latencyMs: summaryOf(run.latenciesMs),
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  sentAt: job.withMoments ? run.sentAt : [],
};
process.stdout.write(`${JSON.stringify(report)}\n`);
