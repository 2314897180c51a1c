import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const REPOSITORY = resolve(__dirname, '..', '..');
/** Copied as they are, so that the trees are judged by the settings that judge us. */
const SETTINGS = [
  '.dependency-cruiser.cjs',
  '.gitignore',
  '.oxlintrc.json',
  '.prettierignore',
  '.prettierrc.json',
  'knip.json',
  'tsconfig.json',
];

export const packageJson = (dependencies: readonly string[], devDependencies: readonly string[] = []): string => {
  const any = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '*']));
  return `${JSON.stringify({ name: 'planted', private: true, dependencies: any(dependencies), devDependencies: any(devDependencies) }, null, 2)}\n`;
};

const field = (name: string, type: unknown, rest: object = {}) => ({ name, type, ...rest });
const TIME = { type: 'long', logicalType: 'timestamp-millis' };
export const ENVELOPE = [
  field('eventId', 'string'),
  field('tenantId', 'string'),
  field('connectionId', 'string'),
  field('occurredAt', TIME),
  field('receivedAt', TIME),
  field('source', 'string'),
];
/** The text of a record schema; every record begins with the envelope unless `fields` is the whole list. */
export const avroRecord = (name: string, own: readonly object[], envelope: readonly object[] = ENVELOPE): string =>
  `${JSON.stringify({ type: 'record', name, namespace: 'planted', fields: [...envelope, ...own] }, null, 2)}\n`;
export const avroField = field;

const GENERATOR = `import { readFileSync, writeFileSync } from 'node:fs';

const target = 'libs/domain/src/countries.generated.ts';
const text = "export const COUNTRIES = ['CL'];\\n";
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error(\`\${target} is stale\`);
  process.exitCode = 1;
}
`;

/** Small, and green at every gate. Uses what is forbidden elsewhere where it is allowed. */
const CLEAN: Readonly<Record<string, string>> = {
  'package.json': packageJson(['pg'], ['@types/jest', '@types/node', '@types/pg']),
  'apps/ingest/src/main.ts': `import { addTotals } from '@tributary/domain';
import { openPool } from '@tributary/postgres';

openPool(String(addTotals(1, 2)));
`,
  'libs/domain/src/index.ts': `export * from './order-total.js';\n`,
  'libs/domain/src/order-total.ts': `import { COUNTRIES } from './countries.generated.js';

/** Adds two totals, in minor units; \`new Date(0)\` is no look at the clock. */
export const addTotals = (first: number, second: number): number => first + second + new Date(0).getTime() * COUNTRIES.length;
`,
  'libs/domain/src/order-total.spec.ts': `import { addTotals } from './order-total.js';

it('adds', async () => {
  const now = await Promise.resolve(new Date());
  expect(now.getTime()).toBeLessThanOrEqual(Date.now());
  expect(addTotals(1, 2)).toBe(3);
});
`,
  'libs/domain/src/countries.generated.ts': `export const COUNTRIES = ['CL'];\n`,
  'libs/postgres/src/index.ts': `export * from './pool.adapter.js';\n`,
  'libs/postgres/src/pool.adapter.ts': `import { now } from '@tributary/telemetry';
import pg from 'pg';

export const openPool = (name: string): pg.Pool => new pg.Pool({ application_name: \`\${name}-\${now()}\` });
`,
  'libs/telemetry/src/index.ts': `export * from './clock.adapter.js';\n`,
  'libs/telemetry/src/clock.adapter.ts': `export const now = (): number => Date.now();\n`,
  'tools/generators/countries.mts': GENERATOR,
  'schemas/avro/commerce/order-observed.v1.avsc': avroRecord('OrderObserved', [field('orderId', 'string')]),
  'schemas/postgres/ingest/001_ingest.sql': 'create table orders (id text primary key);\n',
  'docs/architecture.md': '# Architecture\n',
};

const trees: string[] = [];

/** Makes a tree of its own outside of the repository, with our settings and these files only. */
export function bareTree(files: Readonly<Record<string, string | null>>): string {
  const root = mkdtempSync(join(tmpdir(), 'tributary-gate-'));
  trees.push(root);
  for (const name of SETTINGS) copyFileSync(join(REPOSITORY, name), join(root, name));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    if (text === null) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** The clean tree with `changes` (null: without that file). */
export const plantTree = (changes: Readonly<Record<string, string | null>> = {}): string => bareTree({ ...CLEAN, ...changes });

export function removePlantedTrees(): void {
  for (const root of trees.splice(0)) rmSync(root, { recursive: true });
}

export interface GateRun {
  readonly exitCode: number;
  readonly output: string;
  /** Rules that were broken, by the file in which they were. */
  readonly broken: ReadonlyMap<string, readonly string[]>;
}

interface FailedRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of tools/gates under the Node that runs the tests. */
async function runGateScript(script: string, args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  const path = join(REPOSITORY, 'tools', 'gates', script);
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [path, ...args], { maxBuffer: 64 * 1024 * 1024 });
    return { exitCode: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as FailedRun;
    return { exitCode: code, output: stdout + stderr };
  }
}

/** Runs the named gates (all of them when none is named) on the tree at `root`. */
export async function runGates(root: string, ...names: readonly string[]): Promise<GateRun> {
  const { exitCode, output } = await runGateScript('all.mts', ['--root', root, ...names.flatMap((name) => ['--only', name])]);
  const broken = new Map<string, string[]>();
  for (const [, file = '', rule = ''] of output.matchAll(/^ {4}(\S+?)(?::\d+)? {2}\[(\S+)\] {2}/gm)) {
    broken.set(file, [...(broken.get(file) ?? []), rule]);
  }
  return { exitCode, output, broken };
}

export const releaseSchemas = (root: string): Promise<{ exitCode: number; output: string }> =>
  runGateScript('schemas.mts', ['--release', '--root', root]);
