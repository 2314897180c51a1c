import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Stack } from './stack.js';

const root = join(__dirname, '..', '..');

export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the built command line as a person does, against a stack; `onOut` is told of all that it has printed so far. */
export async function tributary(
  stack: Stack,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  onOut: (out: string) => void = () => undefined,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [join(root, 'dist', 'apps', 'cli', 'main.js'), ...args], {
    cwd: root,
    env: { ...stack.environment(), CONTROL_URL: stack.apps.get('control')?.url ?? 'http://127.0.0.1:1', ...env },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    onOut(out);
  });
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err };
}
