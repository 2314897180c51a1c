// `npm start`: servers, apps and simulator on this machine, the demo, and then it stays up until Ctrl-C.
import { relative, resolve } from 'node:path';
import { BootstrapError } from './bootstrap-error.mts';
import { createProgress } from './progress.mts';
import { demoShop, runDemo } from './start/demo.mts';
import { Installation, type Running } from './start/installation.mts';
import { outcomeTable } from './start/outcome-table.mts';
import { readStartSettings, type StartSettings } from './start/settings.mts';
import { welcome } from './start/welcome.mts';

const STOP_WITHIN_MS = 9_500;
const root = resolve(import.meta.dirname, '..', '..');
const progress = createProgress();
let installation: Installation | undefined;
let isStopping = false;

/** Prints a line past the step that is drawn on a terminal. */
const say = (line: string): void => void process.stdout.write(`${process.stdout.isTTY ? '\r\x1b[2K' : ''}${line}\n`);

async function stop(exitCode: number): Promise<never> {
  // Children that are still there are killed on the way out.
  setTimeout(() => process.exit(exitCode), STOP_WITHIN_MS).unref();
  await installation?.stop().catch((error: unknown) => console.error(messageFor(error)));
  process.exit(exitCode);
}

const messageFor = (error: unknown): unknown => (error instanceof BootstrapError ? error.message : error);

async function showDemo({ addresses, publicIngestUrl, control }: Running, { tiktokBaseUrl }: StartSettings): Promise<void> {
  const { ingestUrl, shopUrl } = addresses;
  const tiktokSimulatorUrl = tiktokBaseUrl === null ? addresses.tiktokBaseUrl : null;
  const demo = { root, ingestUrl, shopUrl, publicIngestUrl, tiktokSimulatorUrl, control, onProgress: progress.onProgress };
  const { accepted, conversions, outcomes } = await runDemo(demo);
  progress.done();
  const sent =
    conversions === null
      ? ''
      : `; sent to TikTok: ${conversions.length === 0 ? 'none in time' : conversions.join(', ')} (page views are off)`;
  say(`\n${outcomeTable(outcomes)}\n${accepted} events of a visit accepted${sent}`);
}

async function main(): Promise<void> {
  const settings = readStartSettings(process.env, root);
  installation = new Installation({ root, settings, env: process.env, onProgress: progress.onProgress, say });
  const running = await installation.start();
  if (settings.isDemo) await showDemo(running, settings);
  progress.done();
  const shop = settings.isDemo ? demoShop(root) : undefined;
  const shown = { ...running, applied: settings.isDemo ? undefined : running.applied };
  say(
    welcome(shown, {
      shop,
      hasSimulator: settings.tiktokBaseUrl === null,
      hasCourierSimulator: settings.trackingtechBaseUrl === null,
      logFolder: relative(process.cwd(), running.logFolder),
    }),
  );
}

// A terminal that is gone must not keep us from stopping in order.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

function onSignal(): void {
  if (isStopping) return; // npm passes on what the terminal has sent already
  isStopping = true;
  progress.failed();
  say('\nStopping.');
  void stop(0);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);

main().catch((error: unknown) => {
  if (isStopping) return;
  isStopping = true;
  progress.failed();
  console.error(messageFor(error));
  void stop(1);
});
