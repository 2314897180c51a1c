import type { z } from 'zod';
import { ProblemList, type Problem } from './problem.js';
import { addIssues } from './schema-problems.js';

export type Checked<T> = { readonly kind: 'right'; readonly value: T } | { readonly kind: 'wrong'; readonly problems: readonly Problem[] };

/** Reads a value (a query, a body) by its schema, or says everything that is wrong with it. */
export function checkAgainst<T>(schema: z.ZodType<T>, value: unknown): Checked<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: 'right', value: parsed.data };
  const problems = new ProblemList();
  addIssues(problems, parsed.error.issues, value, []);
  return { kind: 'wrong', problems: problems.all };
}
