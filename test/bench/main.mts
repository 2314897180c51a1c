// `npm run bench`: measures what the design has budgets for, beside what the bare machine does in the same run.
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { BootstrapError } from '../../tools/bootstrap/bootstrap-error.mts';
import { createProgress } from '../../tools/bootstrap/progress.mts';
import { BenchInstallation } from './bench-installation.mts';
import { figuresTable } from './figures-table.mts';
import { isMet, ratioOf, valueOf, type Figure } from './figures.mts';
import { watchOthers } from './process-meter.mts';
import { FigureBook, type BenchContext } from './bench-context.mts';
import { HELP, readBenchOptions, type BenchOptions, type Group } from './bench-options.mts';
import { measureDelivery } from './sections/delivery.section.mts';
import { measureIdentity } from './sections/identity.section.mts';
import { measureFairness } from './sections/fairness.section.mts';
import { measureIngest } from './sections/ingest.section.mts';
import { measureLatency } from './sections/latency.section.mts';
import { measureLimits } from './sections/machine-limits.section.mts';
import { measureFold, measurePlan } from './sections/projection.section.mts';
import { measureRebuild } from './sections/rebuild.section.mts';
import { measureStorage } from './sections/storage.section.mts';
import { measureVisits } from './sections/visits.section.mts';
import { Servers } from './servers.mts';

const LAPTOP_PARTITIONS = 12;
const IN_THE_USUAL_INSTALLATION: readonly Group[] = ['orders', 'ingest', 'visits', 'delivery', 'fairness'];
const STOP_WITHIN_MS = 9_000;
const root = resolve(import.meta.dirname, '..', '..');
const home = resolve(root, process.env['TRIBUTARY_HOME'] || '.tributary');
const { sizes, isQuick, groups, jsonFile } = optionsOrEnd();
const progress = createProgress(process.stderr);
let starting: Promise<Servers> | undefined;

function optionsOrEnd(): BenchOptions {
  try {
    const options = readBenchOptions(process.argv.slice(2));
    if (options !== null) return options;
    process.stdout.write(HELP);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

async function stop(exitCode: number): Promise<never> {
  // Children that are still there are killed on the way out.
  setTimeout(() => process.exit(exitCode), STOP_WITHIN_MS).unref();
  await starting?.then((servers) => servers.stop()).catch(() => undefined);
  process.exit(exitCode);
}

async function measure(servers: Servers, context: BenchContext): Promise<void> {
  const limits = await measureLimits(servers, context);
  if (groups.has('identity')) await measureIdentity(servers, context);
  if (IN_THE_USUAL_INSTALLATION.some((group) => groups.has(group))) {
    const usual = await BenchInstallation.make(servers, LAPTOP_PARTITIONS);
    if (groups.has('orders')) {
      await measureLatency(usual, context);
      await measureStorage(usual, context);
      await usual.stopApp('tiktok');
      await measureFold(usual, context, limits);
      await measureRebuild(usual, context, limits);
      await measurePlan(usual, context, limits);
    }
    if (groups.has('ingest')) await measureIngest(usual, context, limits);
    if (groups.has('visits')) await measureVisits(usual, context, limits);
    if (groups.has('delivery')) await measureDelivery(usual, context);
    if (groups.has('fairness')) await measureFairness(usual, context);
    await usual.stop();
  }
  if (groups.has('partitions')) {
    const narrow = await BenchInstallation.make(servers, 1);
    await narrow.startApp('ingest');
    await measureFold(narrow, context, limits);
    await measureRebuild(narrow, context, limits);
    await narrow.stop();
  }
}

const asJson = (figure: Figure): object => ({ ...figure, value: valueOf(figure), isMet: isMet(figure), shareOfLimit: ratioOf(figure) });

/** Sections in the order in which they first appear. */
const bySection = (figures: readonly Figure[]): Figure[] => [...Map.groupBy(figures, ({ section }) => section).values()].flat();

interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly node: string;
  readonly platform: string;
  readonly backend: string;
  readonly isPinned: boolean;
  readonly loadBefore: number;
  readonly othersShare: number;
  readonly isQuick: boolean;
  readonly seconds: number;
}

const BUSY_SHARE = 0.05;

function machineText({ cores, cpu, node, backend, isPinned, loadBefore, othersShare, seconds }: Machine): string {
  const pinning = isPinned ? 'ingest had a core of its own' : 'nothing is pinned to cores here: ingest shared them';
  const others = `other programs took ${(othersShare * 100).toFixed(0)} % of the CPU meanwhile`;
  const warning = othersShare > BUSY_SHARE ? '\nThe machine was busy with something else: do not quote these figures.' : '';
  return `${cores} cores (${cpu}), Node ${node}, servers as ${backend}, ${pinning}; load before ${loadBefore.toFixed(2)}, ${others}; ${seconds} s.${warning}`;
}

async function main(): Promise<void> {
  const began = performance.now();
  const loadBefore = loadavg()[0] ?? Number.NaN;
  const othersShare = watchOthers();
  starting = Servers.start(root, home, process.env, progress.onProgress);
  const servers = await starting;
  const book = new FigureBook();
  const failure = await measure(servers, { sizes, book, onProgress: progress.onProgress }).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  if (failure === null) progress.done();
  else progress.failed();
  const figures = bySection(book.figures);
  const machine: Machine = {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? '',
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    backend: servers.infrastructure.backend,
    isPinned: servers.cores !== null,
    loadBefore,
    othersShare: othersShare(),
    isQuick,
    seconds: Math.round((performance.now() - began) / 1_000),
  };
  process.stdout.write(`${figuresTable(figures)}\n${machineText(machine)}\n`);
  const json = JSON.stringify({ machine, figures: figures.map(asJson) });
  if (jsonFile === undefined) process.stdout.write(`${json}\n`);
  else writeFileSync(jsonFile, `${json}\n`);
  // What was measured before is worth seeing.
  if (failure !== null) throw failure;
  await stop(0);
}

let isStopping = false;
function giveUp(message: string): void {
  if (isStopping) return;
  isStopping = true;
  progress.failed();
  process.stderr.write(`${message}\n`);
  void stop(1);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => giveUp('Stopping.'));
setTimeout(
  () => giveUp(`The bench took longer than ${sizes.endsWithinMs / 1_000} s and was ended. Is the machine busy?`),
  sizes.endsWithinMs,
).unref();

main().catch((error: unknown) => {
  giveUp(error instanceof BootstrapError || !(error instanceof Error) ? String(error) : (error.stack ?? error.message));
});
