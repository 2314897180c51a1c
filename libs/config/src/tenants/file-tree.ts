import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type ParsedNode } from 'yaml';
import { ProblemList, type Path, type Problem } from './problem.js';

/** A YAML or JSON text as plain values that still know their lines. */
export interface FileTree {
  readonly value: unknown;
  /** Line of a path, or of the nearest part of the file that holds it. */
  readonly lineOf: (path: Path) => number | null;
  /** Keys that were written twice. */
  readonly problems: readonly Problem[];
}

type Reading = { readonly kind: 'tree'; readonly tree: FileTree } | { readonly kind: 'unreadable'; readonly problems: readonly Problem[] };

const keyOf = (path: Path): string => JSON.stringify(path);

/** Lines of every path, and every key that occurs twice in its map. */
class Survey {
  readonly lines = new Map<string, number>();
  readonly twice: { readonly path: Path; readonly line: number }[] = [];

  constructor(private readonly counter: LineCounter) {}

  visit(node: Node | null, path: Path): void {
    this.mark(path, node);
    if (isSeq(node)) node.items.forEach((item, index) => this.visit(item as Node | null, [...path, index]));
    if (!isMap(node)) return;
    const seen = new Set<string>();
    for (const pair of node.items) {
      const key = pair.key as Node | null;
      const name = String(isScalar(key) ? key.value : key);
      const at = [...path, name];
      if (seen.has(name)) this.twice.push({ path: at, line: this.lineAt(key) });
      seen.add(name);
      this.visit(pair.value as Node | null, at);
      this.mark(at, key);
    }
  }

  private mark(path: Path, node: Node | null): void {
    if (node?.range !== undefined && node.range !== null) this.lines.set(keyOf(path), this.lineAt(node));
  }

  private lineAt(node: Node | null): number {
    return this.counter.linePos(node?.range?.[0] ?? 0).line;
  }

  lineOf(path: Path): number | null {
    for (let length = path.length; length >= 0; length -= 1) {
      const line = this.lines.get(keyOf(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return null;
  }
}

const hasAlias = (node: unknown): boolean => {
  if (isAlias(node)) return true;
  if (isSeq(node)) return node.items.some(hasAlias);
  return isMap(node) && node.items.some(({ key, value }) => hasAlias(key) || hasAlias(value));
};

/** Reads YAML 1.2 (which JSON is part of). Aliases are refused: one text, one meaning. */
export function readFileTree(text: string): Reading {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: false, version: '1.2' });
  const survey = new Survey(counter);
  const problems = new ProblemList((path) => survey.lineOf(path));
  if (document.errors.length > 0) {
    const unreadable = document.errors.map((error) => ({
      path: '',
      message: `is not YAML: ${(error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')}`,
      line: error.linePos?.[0].line ?? null,
    }));
    return { kind: 'unreadable', problems: unreadable };
  }
  const root: ParsedNode | null = document.contents;
  if (hasAlias(root)) {
    return {
      kind: 'unreadable',
      problems: [{ path: '', message: 'uses a YAML alias (*name): write the value out at each place', line: null }],
    };
  }
  survey.visit(root, []);
  for (const { path } of survey.twice) problems.add(path, 'is written twice: only one of the two can be meant');
  const lines = new Map(survey.twice.map(({ path, line }) => [keyOf(path), line]));
  const twice = problems.all.map((problem, index) => ({
    ...problem,
    line: lines.get(keyOf(survey.twice[index]?.path ?? [])) ?? problem.line,
  }));
  return { kind: 'tree', tree: { value: document.toJS() as unknown, lineOf: (path) => survey.lineOf(path), problems: twice } };
}
