import {
  foldAssertions,
  NEW_TENANT,
  nothingLoaded,
  type AssertionEvent,
  type Claim,
  type LoadingRows,
  type Positioned,
  type Sql,
  type TenantClock,
  type TenantId,
} from '@tributary/domain';
import { casValues, plainIdentifier } from '@tributary/postgres';
import { readGraphRows, type TenantRequest } from './graph-rows.js';
import { applyChanges, changeValues, type TenantChanges } from './graph-statement.js';

interface TenantBatch {
  readonly tenantId: TenantId;
  readonly clock: TenantClock;
  readonly events: readonly AssertionEvent[];
  readonly loaded: LoadingRows;
}

async function batchesOf(sql: Sql, schema: string, events: readonly Positioned<AssertionEvent>[]): Promise<TenantBatch[]> {
  const byTenant = Map.groupBy(
    events.map(({ event }) => event),
    ({ tenantId }) => tenantId,
  );
  const rows = await sql.query<{ tenant_id: string; clock_ms: number; next_seq: number; change_no: number }>(
    `${schema}-tenants`,
    `select tenant_id, clock_ms, next_seq, change_no from ${schema}.tenants where tenant_id = any($1)`,
    [[...byTenant.keys()]],
  );
  const clocks = new Map(rows.map((row) => [row.tenant_id, { clockMs: row.clock_ms, nextSeq: row.next_seq, changeNo: row.change_no }]));
  return [...byTenant].map(([tenantId, ofTenant]) => ({
    tenantId,
    clock: clocks.get(tenantId) ?? NEW_TENANT,
    events: ofTenant,
    loaded: nothingLoaded(),
  }));
}

/** Reads what was asked for; what is not there is known to be absent afterwards. */
async function load(
  sql: Sql,
  schema: string,
  batches: ReadonlyMap<string, TenantBatch>,
  requests: readonly TenantRequest[],
): Promise<void> {
  for (const { tenantId, table, key } of requests) batches.get(tenantId)?.loaded[table].set(key, null);
  for (const [table, rows] of await readGraphRows(sql, schema, requests)) {
    // The table says which type its content has; TypeScript loses that on the way through a union.
    for (const row of rows) (batches.get(row.tenant_id)?.loaded[table] as Map<string, unknown> | undefined)?.set(row.key, row.content);
  }
}

/**
 * Folds assertions into the claim's schema, tenant by tenant, and moves the offset in the same statement; false when the partition is
 * not ours any more. Reads only the rows that the fold asks for. Without effects nothing is put into the outbox.
 */
export async function applyAssertions(
  sql: Sql,
  events: readonly Positioned<AssertionEvent>[],
  claim: Claim,
  effects: 'on' | 'off' = 'on',
): Promise<boolean> {
  const schema = plainIdentifier(claim.key.schema);
  const batches = new Map((await batchesOf(sql, schema, events)).map((batch) => [batch.tenantId as string, batch]));
  const done: TenantChanges[] = [];
  for (let waiting = [...batches.values()]; waiting.length > 0;) {
    const requests: TenantRequest[] = [];
    const unfinished: TenantBatch[] = [];
    for (const batch of waiting) {
      const { tenantId, clock, loaded } = batch;
      const fold = foldAssertions(tenantId, clock, loaded, batch.events);
      if (fold.kind === 'folded') done.push({ tenantId, changes: fold.changes });
      else {
        requests.push(...fold.requests.map((request) => ({ tenantId, ...request })));
        unfinished.push(batch);
      }
    }
    if (requests.length > 0) await load(sql, schema, batches, requests);
    waiting = unfinished;
  }
  const [result] = await sql.query<{ owned: number }>(`${schema}-apply-${effects}`, applyChanges(schema, effects), [
    ...casValues(claim.key, claim.expected, claim.next),
    ...changeValues(done, effects),
  ]);
  return result?.owned === 1;
}
