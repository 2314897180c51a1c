// The load generator for visits, a process of its own: takes a VisitJob from BENCH_JOB and prints one line of LoadReport.
import { summaryOf } from '../figures.mts';
import type { LoadReport, VisitJob } from './job.mts';
import { closedLoop, openLoop } from './runs.mts';
import { visitRequests } from './visit-bytes.mts';

const job = JSON.parse(process.env['BENCH_JOB'] ?? '') as VisitJob;
const requests = visitRequests(job.load, job.requests, job.runId, Date.now());
const { port } = job.load;

const cpuBefore = process.cpuUsage();
const run = await (job.loop.kind === 'closed'
  ? closedLoop(port, requests, job.connections, job.loop.seconds)
  : openLoop(port, requests, job.connections, job.loop.perSecond));
const cpu = process.cpuUsage(cpuBefore);

const report: LoadReport = {
  answered: run.answered,
  refused: run.refused,
  seconds: run.seconds,
  perSecond: run.answered / run.seconds,
  bodyBytes: requests[0]?.length ?? 0,
  latencyMs: summaryOf(run.latenciesMs),
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  sentAt: [],
};
process.stdout.write(`${JSON.stringify(report)}\n`);
