import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from '../bootstrap-error.mts';
import { appArguments } from '../app-arguments.mts';
import type { Run } from '../children.mts';

/** Runs a command of the CLI and returns what it printed. Its output is not kept: `apply` shows generated secrets once. */
export async function runCommand(root: string, run: Run, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const name = args.filter((argument) => /^[a-z]+$/.test(argument)).join('-');
  const logFile = join(run.folder, `${name}.log`);
  const child = run.spawnChild(name, process.execPath, [...appArguments(root, 'cli'), ...args], {
    logFile,
    cwd: root,
    env,
  });
  const { code } = await child.exited;
  const output = readFileSync(logFile, 'utf8').trimEnd();
  rmSync(logFile);
  if (code === 0) return output;
  throw new BootstrapError(`"tributary ${args.join(' ')}" failed:\n${output}`);
}
