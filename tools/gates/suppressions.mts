import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gate } from './gate.mts';
import { sourceFiles } from './source-files.mts';

/** What silences a tool, in a comment; the last two hide an export from the search for dead code. */
const SILENCERS = [
  '(?:oxlint|eslint)-(?:disable|enable)[a-z-]*',
  '@ts-(?:ignore|nocheck|expect-error)',
  'prettier-ignore',
  '(?:istanbul|c8|v8) ignore',
  'knip-ignore',
  '@(?:public|internal)\\b',
];
const SUPPRESSION = new RegExp(`(?:\\/\\/|\\*).*?(${SILENCERS.join('|')})`);

export const suppressions: Gate = {
  name: 'suppressions',
  whatToDo: 'Take the comment out and change the code; a rule that is wrong for all of us is changed in its settings file.',
  async check(root) {
    const paths = sourceFiles(root);
    const findings = paths.flatMap((path) =>
      readFileSync(join(root, path), 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const silencer = SUPPRESSION.exec(line)?.[1];
          return silencer === undefined
            ? []
            : [{ place: `${path}:${index + 1}`, rule: 'suppression', message: `\`${silencer}\` silences a check` }];
        }),
    );
    if (paths.length === 0) findings.push({ place: '.', rule: 'sees-nothing', message: 'no source file found' });
    return { findings, notes: [`${paths.length} files`] };
  },
};
