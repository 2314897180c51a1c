import type { Sql } from '@tributary/domain';
import { plainIdentifier } from './offsets.adapter.js';

/** A row of `<app>_ops.commands`: what control asks of the app that alone writes its own tables. */
export interface QueuedCommand {
  readonly id: number;
  readonly tenantId: string;
  readonly kind: string;
  readonly payload: unknown;
  /** By Postgres' clock. */
  readonly ageMs: number;
}

/**
 * Applies the commands of an app that wait, oldest first, each in a transaction that holds its row: one replica at a time takes a
 * command, and one that dies with it leaves it to the next. What travelled sealed in it (`sealed`) is
 * forgotten then. What `apply` does through `tx` happens once; whatever else it does may happen
 * again and must be idempotent. Answers how many there were.
 */
export async function applyQueuedCommands(
  sql: Sql,
  app: string,
  apply: (command: QueuedCommand, tx: Sql) => Promise<object>,
): Promise<number> {
  const ops = `${plainIdentifier(app)}_ops`;
  let count = 0;
  for (;;) {
    const isMore = await sql.transaction(async (tx) => {
      const [command] = await tx.query<QueuedCommand>(
        `commands-next-${ops}`,
        `select id, tenant_id as "tenantId", kind, payload,
                (extract(epoch from now() - created_at) * 1000)::bigint as "ageMs"
           from ${ops}.commands where applied_at is null order by id limit 1 for update skip locked`,
      );
      if (command === undefined) return false;
      const result = await apply(command, tx);
      await tx.query(
        `commands-done-${ops}`,
        `update ${ops}.commands set applied_at = now(), result = $2, payload = payload - 'sealed' where id = $1`,
        [command.id, JSON.stringify(result)],
      );
      return true;
    });
    if (!isMore) return count;
    count += 1;
  }
}
