import type { z } from 'zod';
import type { Path, ProblemList } from './problem.js';

type Issue = z.core.$ZodIssue;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (part, step) => (typeof part === 'object' && part !== null ? (part as Record<PropertyKey, unknown>)[step] : undefined),
    value,
  );
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  int: 'a whole number',
  number: 'a number',
};

const isWrongType = (issues: readonly Issue[]): boolean =>
  issues.some(({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'));

const expected = (issue: Issue): string => {
  if (issue.code === 'invalid_type') return TYPE_NAMES[issue.expected] ?? `a ${issue.expected}`;
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', ');
  return issue.message;
};

/** What zod found, in words that name what would be right and never quote what was written. */
function messageOf(issue: Issue, value: unknown): string {
  if (value === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union'))
    return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return typeof value === 'number' && issue.expected === 'string' ? 'must be a text: put it in quotes' : `must be ${expected(issue)}`;
    case 'invalid_value':
      return `must be one of ${expected(issue)}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}${issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' items' : ''}`;
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1)
        return issue.message.startsWith('Too small') ? 'must not be empty' : issue.message;
      if (!issue.message.startsWith('Too small')) return issue.message;
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}${issue.origin === 'array' ? ' items' : ''}`;
    case 'invalid_format':
      return issue.format === 'datetime' ? 'must be a date and time with its offset, such as 2026-11-01T00:00:00Z' : issue.message;
    default:
      return issue.message;
  }
}

/** Adds what a schema found at `path`; unions are told by the alternative that was meant. */
export function addIssues(problems: ProblemList, issues: readonly Issue[], value: unknown, path: Path): void {
  for (const issue of issues) {
    const at = [...path, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
    const inner = valueAt(value, issue.path);
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) problems.add([...at, key], 'is not a setting here');
    } else if (issue.code === 'invalid_union' && inner !== undefined) {
      const meant = issue.errors.find((branch) => !isWrongType(branch));
      if (meant !== undefined) addIssues(problems, meant, inner, at);
      else problems.add(at, `must be ${[...new Set(issue.errors.flat().map(expected))].join(' or ')}`);
    } else {
      problems.add(at, messageOf(issue, inner));
    }
  }
}
