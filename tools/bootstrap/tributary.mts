// `npm run tributary -- <command>`: the CLI, with the addresses of the `npm start` that runs in this home, if one does.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { messageOf } from './bootstrap-error.mts';
import { appArguments } from './app-arguments.mts';
import { ensureBuilt } from './built.mts';
import { readRunningStart } from './start/environment-file.mts';

const root = resolve(import.meta.dirname, '..', '..');
const home = resolve(root, process.env['TRIBUTARY_HOME'] || '.tributary');

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** What the caller sets goes before what the start says. */
function environment(): NodeJS.ProcessEnv {
  const start = readRunningStart(home, process.env);
  if (start === undefined) return { ...process.env, TRIBUTARY_HOME: home };
  if (start.missingSecrets.length > 0) {
    fail(`The start in ${home} was given ${start.missingSecrets.join(' and ')}. Set the same here and run this again.`);
  }
  const own = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  return { ...start.environment, ...own, TRIBUTARY_HOME: home };
}

await ensureBuilt(root, () => undefined).catch((error: unknown) => fail(messageOf(error)));
const child = spawn(process.execPath, [...appArguments(root, 'cli'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: environment(),
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
child.once('error', (error) => fail(`The CLI could not be started: ${error.message}`));
child.once('exit', (code, signal) => process.exit(code ?? 128 + (signal === null ? 1 : constants.signals[signal])));
