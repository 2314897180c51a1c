// Runs the gates that need no service: `node tools/gates/all.mts [--only name[,name]] [--root folder]`.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { deadCode } from './dead-code.mts';
import { format } from './format.mts';
import type { Finding, Gate } from './gate.mts';
import { generated } from './generated.mts';
import { importGraph } from './import-graph.mts';
import { lint } from './lint.mts';
import { names } from './names.mts';
import { pureCore } from './pure-core.mts';
import { schemas } from './schemas.mts';
import { suppressions } from './suppressions.mts';
import { repositoryRoot } from './tool.mts';

const GATES: readonly Gate[] = [format, lint, importGraph, deadCode, schemas, generated, pureCore, names, suppressions];
const AT_ONCE = 2;
const MAX_PRINTED_FINDINGS = 200;

function chosenGates(only: readonly string[]): readonly Gate[] {
  const wanted = only.flatMap((text) => text.split(','));
  const known = GATES.map((gate) => gate.name);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`There is no gate ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
  return wanted.length === 0 ? GATES : GATES.filter((gate) => wanted.includes(gate.name));
}

const printFinding = ({ place, rule, message }: Finding): string => `    ${place}  [${rule}]  ${message.replaceAll('\n', '\n      ')}`;

/** Prints one line per gate (and the findings below it) and says whether it is green. */
async function runGate(gate: Gate, root: string): Promise<boolean> {
  const startedAt = performance.now();
  const report = await gate.check(root).catch((error: unknown) => ({
    findings: [{ place: '.', rule: 'gate-broken', message: error instanceof Error ? error.message : String(error) }],
    notes: [],
  }));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const isGreen = report.findings.length === 0;
  const [summary = '', ...notes] = report.notes;
  const lines = [
    `${isGreen ? 'ok  ' : 'FAIL'}  ${gate.name.padEnd(13)} ${seconds.padStart(5)} s  ${isGreen ? summary : `${report.findings.length} findings`}`.trimEnd(),
    ...report.findings.slice(0, MAX_PRINTED_FINDINGS).map(printFinding),
    ...(report.findings.length > MAX_PRINTED_FINDINGS ? [`    … and ${report.findings.length - MAX_PRINTED_FINDINGS} more`] : []),
    ...notes.map((note) => `    ${note}`),
    ...(isGreen ? [] : [`    To do: ${gate.whatToDo}`]),
  ];
  console.log(lines.join('\n'));
  return isGreen;
}

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, root: { type: 'string' } } });
const root = resolve(values.root ?? repositoryRoot);
const queue = [...chosenGates(values.only ?? [])];
let isGreen = true;

async function work(): Promise<void> {
  for (let gate = queue.shift(); gate !== undefined; gate = queue.shift()) {
    if (!(await runGate(gate, root))) isGreen = false;
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
process.exitCode = isGreen ? 0 : 1;
