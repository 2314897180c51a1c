import type { TenantId } from '@tributary/domain';
import { BulkRows } from '@tributary/postgres';

/** What is to be published anew. */
export interface OutboxKey {
  readonly kind: 'profile' | 'visitor';
  readonly tenantId: TenantId;
  /** Profile id or visitor. */
  readonly id: string;
}

export const OUTBOX_ROWS = new BulkRows<OutboxKey>([
  { name: 'kind', type: 'text', of: ({ kind }) => kind },
  { name: 'tenant_id', type: 'text', of: ({ tenantId }) => tenantId },
  { name: 'id', type: 'text', of: ({ id }) => id },
]);

const upsert = (from: string): string =>
  `insert into identity_ops.outbox (${OUTBOX_ROWS.names}) ${from}
     on conflict (kind, tenant_id, id) do update set mark = nextval('identity_ops.outbox_marks'), is_gone = false returning 1`;

/** Part of a statement whose CTE `cas` says that the partition is ours; sorted, so that two statements never wait in a circle. */
export const outboxInsert = (rows: string): string =>
  `put_outbox as (${upsert(`select n.* from ${rows} where exists (select 1 from cas) order by 1, 2, 3`)})`;

/** Puts keys into the outbox once more, from $1 on. */
export const OUTBOX_AGAIN = upsert(`select n.* from ${OUTBOX_ROWS.unnest(1, 'n')} order by 1, 2, 3`);
