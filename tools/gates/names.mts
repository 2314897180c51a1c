import { basename } from 'node:path';
import ts from 'typescript';
import type { Finding, Gate } from './gate.mts';
import { isTypeScript, sourceFiles } from './source-files.mts';
import { parse, placeOf, walk } from './syntax.mts';

/** They say that something is done, not what. */
const EMPTY_WORDS = new Set('util utils helper helpers common base manager processor service handler data info'.split(' '));
const KEBAB_WITH_ROLE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

const emptyWordIn = (words: readonly string[]): string | undefined => words.find((word) => EMPTY_WORDS.has(word));

function fileNameFindings(path: string): Finding[] {
  const name = basename(path);
  if (!KEBAB_WITH_ROLE.test(name))
    return [{ place: path, rule: 'file-name-shape', message: 'kebab-case and a role: `order-total.projection.ts`' }];
  const word = emptyWordIn(name.split(/[-.]/));
  return word === undefined ? [] : [{ place: path, rule: 'empty-file-name', message: `“${word}” does not say what it does` }];
}

function classNameFindings(root: string, path: string): Finding[] {
  const file = parse(root, path);
  const findings: Finding[] = [];
  walk(file, (node) => {
    if (!ts.isClassDeclaration(node) || node.name === undefined) return;
    const words = node.name.text.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
    const word = emptyWordIn(words);
    if (word === undefined) return;
    findings.push({
      place: placeOf(file, node),
      rule: 'empty-class-name',
      message: `“${word}” in ${node.name.text} does not say what it does`,
    });
  });
  return findings;
}

export const names: Gate = {
  name: 'names',
  whatToDo: 'Name it after what it does (see the table of names in the style guide).',
  async check(root) {
    const paths = sourceFiles(root);
    const findings = paths.flatMap((path) => [...fileNameFindings(path), ...(isTypeScript(path) ? classNameFindings(root, path) : [])]);
    if (paths.length === 0) findings.push({ place: '.', rule: 'sees-nothing', message: 'no source file found' });
    return { findings, notes: [`${paths.length} files`] };
  },
};
