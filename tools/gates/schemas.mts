// The gate; and `node tools/gates/schemas.mts --release [--root folder]`, which fixes every schema file for ever.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { avroFindings } from './avro-rules.mts';
import type { Finding, Gate } from './gate.mts';
import { changedFiles, filesOf, releasedHashes, releaseFiles, type ReleasedKind } from './released-files.mts';
import { repositoryRoot } from './tool.mts';

const AVRO: ReleasedKind = {
  folder: 'schemas/avro',
  extension: '.avsc',
  instead: 'Write the change as the next version, <record>.v<N+1>.avsc.',
};
const POSTGRES: ReleasedKind = {
  folder: 'schemas/postgres',
  extension: '.sql',
  instead: 'Write the change as a new migration with the next number.',
};
const KINDS = [AVRO, POSTGRES];

const findingsIn = (root: string): Finding[] => [
  ...avroFindings(root, filesOf(root, AVRO)),
  ...KINDS.flatMap((kind) => changedFiles(root, kind)),
];

export const schemas: Gate = {
  name: 'schemas',
  whatToDo: 'A released schema is read for ever: keep it, and add a version that reads and is read by all others.',
  async check(root) {
    const notes = KINDS.map((kind) => {
      const released = Object.keys(releasedHashes(root, kind)).length;
      return `${kind.folder}: ${filesOf(root, kind).length} files, ${released} released`;
    });
    return { findings: findingsIn(root), notes: [notes.join('; ')] };
  },
};

function release(root: string): void {
  const findings = findingsIn(root);
  if (findings.length > 0) {
    console.error(`Nothing was released; first: node tools/gates/all.mts --only schemas (${findings.length} findings).`);
    process.exitCode = 1;
    return;
  }
  const added = KINDS.flatMap((kind) => releaseFiles(root, kind));
  console.log(added.length === 0 ? 'Everything was released before.' : `Released:\n${added.map((path) => `  ${path}`).join('\n')}`);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { release: { type: 'boolean' }, root: { type: 'string' } } });
  if (values.release === true) release(resolve(values.root ?? repositoryRoot));
  else console.error('To check: node tools/gates/all.mts --only schemas. To release every schema file as it is: --release.');
}
