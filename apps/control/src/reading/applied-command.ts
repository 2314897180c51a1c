import type { FastifyReply } from 'fastify';
import type { Sql } from '@tributary/domain';
import { askApp, untilApplied, type AppliedCommand, type AppCommand } from '@tributary/stream';
import { HttpProblem } from '../problem.js';

/** An app that is asked, and how long its answer is waited for. */
export interface Asked {
  readonly app: string;
  readonly withinMs: number;
}

/** Has an app do something. Null, and status 202, when it has not within the time; throws a 409 with the app's reason when it refuses. */
export async function applied(
  sql: Sql,
  { app, withinMs }: Asked,
  tenantId: string,
  command: AppCommand,
  reply: FastifyReply,
): Promise<AppliedCommand | null> {
  const result = await untilApplied(sql, app, await askApp(sql, app, tenantId, command), withinMs);
  if (result === null) void reply.status(202);
  if (result?.outcome === 'refused')
    throw new HttpProblem(409, 'Refused', `The app ${app} refused: ${result.because ?? 'it gave no reason'}.`);
  return result;
}
