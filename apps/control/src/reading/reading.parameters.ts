import type { z } from 'zod';
import { asTenantId, type Sql, type TenantId } from '@tributary/domain';
import { decodeCursor, isTenantKnown, type CursorParts } from '@tributary/stream';
import { HttpProblem } from '../problem.js';
import { ID_SCHEMA } from './reading.schema.js';

/** Reads what came with a request; a problem names everything that is wrong with it. */
export function readGiven<Schema extends z.ZodType>(schema: Schema, given: unknown, where: 'query' | 'body'): z.output<Schema> {
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: key, message: 'is not known here' }))
      : [{ path: issue.path.join('.'), message: issue.message }],
  );
  throw new HttpProblem(400, 'Not understood', `The ${where === 'query' ? 'parameters need' : 'body needs'} a change.`, problems);
}

/** Undefined stays undefined; a text that we did not write as a cursor of these types is a problem. */
export function readCursor(text: string | undefined, types: readonly ('string' | 'number')[]): CursorParts | null {
  if (text === undefined) return null;
  const parts = decodeCursor(text, types);
  if (parts === null) {
    throw new HttpProblem(400, 'Not understood', 'The parameters need a change.', [
      { path: 'cursor', message: 'is not the nextCursor of a page of this list' },
    ]);
  }
  return parts;
}

export const nothingHere = (what: string): HttpProblem => new HttpProblem(404, 'Not found', what);

/** The tenant of the address, or a problem when nobody has heard of it. */
export async function knownTenant(sql: Sql, text: string): Promise<TenantId> {
  if (!ID_SCHEMA.safeParse(text).success || !(await isTenantKnown(sql, text))) {
    throw nothingHere('There is no such tenant; GET /v1/tenants lists them.');
  }
  return asTenantId(text);
}
