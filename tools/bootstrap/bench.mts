// `npm run bench [-- options]` (`-- --help` lists them): builds, then runs test/bench, which starts servers and apps of its own.
import { join, resolve } from 'node:path';
import { messageOf } from './bootstrap-error.mts';
import { ensureBuilt } from './built.mts';
import { cleanLeftovers } from './children.mts';
import { endForeground, runInForeground } from './foreground.mts';
import { createProgress } from './progress.mts';

const STOP_WITHIN_MS = 9_500;
const root = resolve(import.meta.dirname, '..', '..');
const home = resolve(root, process.env['TRIBUTARY_HOME'] || '.tributary');
const progress = createProgress(process.stderr);

async function main(): Promise<void> {
  await ensureBuilt(root, progress.onProgress);
  progress.done();
  const script = join(root, 'test', 'bench', 'main.mts');
  const flags = ['--disable-warning=TimeoutNegativeWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];
  const { exitCode } = await runInForeground([...flags, script, ...process.argv.slice(2)], {
    cwd: root,
    env: { ...process.env, TRIBUTARY_HOME: home },
    output: 'shown',
  });
  process.exit(exitCode);
}

let isStopping = false;
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  await endForeground(7_000);
  for (const kind of ['bench', 'test']) await cleanLeftovers(home, kind);
  process.exit(1);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());

main().catch((error: unknown) => {
  if (isStopping) return;
  progress.failed();
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
});
