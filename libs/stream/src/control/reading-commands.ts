import type { Sql } from '@tributary/domain';
import type { ImportResource } from '@tributary/sources';
import { plainIdentifier } from '@tributary/postgres';
import type { ResubmittedItem } from '../rejected/resubmission.js';

/** What control asks of another app, which alone writes its own tables. */
export type OperatorCommand =
  | {
      readonly kind: 'retry';
      readonly payload: { readonly ledgerKey: string; readonly acceptDuplicate: boolean; readonly operator: string };
    }
  | { readonly kind: 'resume'; readonly payload: { readonly connectionId: string } }
  | { readonly kind: 'resubmit'; readonly payload: { readonly eventIds: readonly string[] } }
  | {
      readonly kind: 'start-import';
      readonly payload: {
        readonly connectionId: string;
        readonly resources: readonly ImportResource[];
        readonly from: number;
        readonly to: number;
      };
    }
  | { readonly kind: 'stop-import' | 'resume-import'; readonly payload: { readonly importId: number } };

/** What the app made of a command. */
export interface AppliedCommand {
  readonly outcome: 'done' | 'refused';
  readonly because?: string;
  readonly moved?: number;
  /** Of an import's commands. */
  readonly importId?: number;
  /** Of `resubmit`. */
  readonly items?: readonly ResubmittedItem[];
}

/** Answers the command's id. */
export async function askApp(sql: Sql, app: string, tenantId: string, command: OperatorCommand): Promise<number> {
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
