import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/** The repository that these gates belong to; its installed tools are run, also when another tree is checked. */
export const repositoryRoot = resolve(import.meta.dirname, '..', '..');

export interface ToolRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const collect = async (stream: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

/** Runs a script under the Node that runs the gates (the tools refuse older ones), in `root`. */
export async function runScript(root: string, script: string, args: readonly string[]): Promise<ToolRun> {
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number>((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done(code ?? 1));
  });
  const [exitCode, stdout, stderr] = await Promise.all([exited, collect(child.stdout), collect(child.stderr)]);
  return { exitCode, stdout, stderr };
}

/** Runs an installed package's command, for example `prettier/bin/prettier.cjs`. */
export const runTool = (root: string, bin: string, args: readonly string[]): Promise<ToolRun> =>
  runScript(root, join(repositoryRoot, 'node_modules', bin), args);

/** A tool that could not do its work is not a tool that found nothing. */
export const parseJson = <T,>(tool: string, run: ToolRun): T => {
  try {
    return JSON.parse(run.stdout) as T;
  } catch (error) {
    const said = `${run.stderr}\n${run.stdout}`.trim().slice(0, 2000);
    throw new Error(`${tool} ended with ${run.exitCode} and without a result: ${said}`, { cause: error });
  }
};
