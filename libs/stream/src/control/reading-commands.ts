import type { Sql } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';
import type { AppCommand, AppliedCommand } from './app-command.js';

/** Answers the command's id. */
export async function askApp(sql: Sql, app: string, tenantId: string, command: AppCommand): Promise<number> {
  const [row] = await sql.query<{ id: number }>(
    `command-ask-${app}`,
    `insert into ${plainIdentifier(app)}_ops.commands (tenant_id, kind, payload) values ($1, $2, $3) returning id`,
    [tenantId, command.kind, JSON.stringify(command.payload)],
  );
  return row?.id ?? 0;
}

const LOOK_EVERY_MS = 50;

/** Waits until the app has applied a command; null when it has not within the time. */
export async function untilApplied(sql: Sql, app: string, id: number, withinMs: number): Promise<AppliedCommand | null> {
  const until = performance.now() + withinMs;
  for (;;) {
    const [row] = await sql.query<{ result: AppliedCommand | null }>(
      `command-result-${app}`,
      `select result from ${plainIdentifier(app)}_ops.commands where id = $1 and applied_at is not null`,
      [id],
    );
    if (row !== undefined) return row.result ?? { outcome: 'done' };
    if (performance.now() >= until) return null;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
