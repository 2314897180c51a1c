import type { ConnectionId, Sql } from '@tributary/domain';
import type { ImportResource } from '@tributary/sources';
import { IS_POLLED } from './pollers.store.js';

/** What a person asks for: created at or after `from` and before `to`, epoch ms. */
export interface ImportOrder {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly resources: readonly ImportResource[];
  readonly from: number;
  readonly to: number;
}

/** What became of it; `because` in words. */
export type ImportAnswer =
  { readonly outcome: 'done'; readonly importId: number } | { readonly outcome: 'refused'; readonly because: string };

/** Of a stopped one also whose it was. */
export type ImportStopped =
  | { readonly outcome: 'done'; readonly importId: number; readonly connectionId: ConnectionId }
  | Extract<ImportAnswer, { outcome: 'refused' }>;

const refused = (because: string): Extract<ImportAnswer, { outcome: 'refused' }> => ({ outcome: 'refused', because });

const NOT_POLLED =
  'the tenant has no such WooCommerce connection that is active, polled and has REST keys; history is read with them, by the poller';
const RUNS_ALREADY = 'an import of this shop runs already: stop it first, or wait for its end';
const NOT_THERE = 'the tenant has no such import';

/** The poller takes the shop up at once; a shop without REST keys is never due. */
const WAKE = `woken as (
  update ingest_ops.pollers p set due_at = now() from changed
   where p.tenant_id = changed.tenant_id and p.connection_id = changed.connection_id and p.due_at < 'infinity' and p.due_at > now() returning 1)`;

async function changed(tx: Sql, name: string, text: string, values: readonly unknown[], otherwise: string): Promise<ImportAnswer> {
  const [row] = await tx.query<{ id: number }>(name, `with changed as (${text}), ${WAKE} select id from changed`, values);
  return row === undefined ? refused(otherwise) : { outcome: 'done', importId: row.id };
}

/** Begins an import; one at a time per shop. */
export async function startImport(tx: Sql, { tenantId, connectionId, resources, from, to }: ImportOrder): Promise<ImportAnswer> {
  if (await isRunning(tx, tenantId, connectionId)) return refused(RUNS_ALREADY);
  return changed(
    tx,
    'imports-start',
    `insert into ingest_ops.imports (tenant_id, connection_id, resources, from_ms, to_ms)
     select c.tenant_id, c.connection_id, $3::jsonb, $4, $5 from ingest.connections c join ingest_ops.pollers p using (tenant_id, connection_id)
      where c.tenant_id = $1 and c.connection_id = $2 and p.due_at < 'infinity' and ${IS_POLLED}
     returning id, tenant_id, connection_id`,
    [tenantId, connectionId, JSON.stringify(resources), from, to],
    NOT_POLLED,
  );
}

async function isRunning(tx: Sql, tenantId: string, connectionId: string): Promise<boolean> {
  const rows = await tx.query(
    'imports-is-running',
    "select 1 from ingest_ops.imports where tenant_id = $1 and connection_id = $2 and status = 'running'",
    [tenantId, connectionId],
  );
  return rows.length > 0;
}

/** Stops an import where it is; stopping one that does not run changes nothing. */
export async function stopImport(tx: Sql, tenantId: string, id: number): Promise<ImportStopped> {
  const [row] = await tx.query<{ id: number; connectionId: ConnectionId }>(
    'imports-stop',
    `update ingest_ops.imports set status = case status when 'running' then 'stopped' else status end,
            ended_at = case status when 'running' then now() else ended_at end
      where tenant_id = $1 and id = $2 returning id, connection_id as "connectionId"`,
    [tenantId, id],
  );
  return row === undefined ? refused(NOT_THERE) : { outcome: 'done', importId: row.id, connectionId: row.connectionId };
}

/** Goes on with an import that was stopped, where it was; one that runs or is done stays so. */
export async function resumeStoppedImport(tx: Sql, tenantId: string, id: number): Promise<ImportAnswer> {
  const [row] = await tx.query<{ connection_id: string; status: string }>(
    'imports-find',
    'select connection_id, status from ingest_ops.imports where tenant_id = $1 and id = $2',
    [tenantId, id],
  );
  if (row === undefined) return refused(NOT_THERE);
  if (row.status === 'done') return refused('it is done; begin another one to read the shop’s history again');
  if (row.status === 'running') return { outcome: 'done', importId: id };
  if (await isRunning(tx, tenantId, row.connection_id)) return refused(RUNS_ALREADY);
  return changed(
    tx,
    'imports-resume',
    `update ingest_ops.imports set status = 'running', ended_at = null, due_at = now(), resumed_at = now(), rows_at_resume = read_rows
      where tenant_id = $1 and id = $2 and status = 'stopped' returning id, tenant_id, connection_id`,
    [tenantId, id],
    NOT_THERE,
  );
}
