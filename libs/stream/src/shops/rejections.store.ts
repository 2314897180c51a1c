import type { PayloadRejected } from '@tributary/codecs';
import type { Claim, Positioned, Sql } from '@tributary/domain';
import { BulkRows, casPrefix, casValues } from '@tributary/postgres';

const REJECTION_ROWS = new BulkRows<PayloadRejected>([
  { name: 'tenant_id', type: 'text', of: ({ tenantId }) => tenantId },
  { name: 'connection_id', type: 'text', of: ({ connectionId }) => connectionId },
  { name: 'event_id', type: 'text', of: ({ eventId }) => eventId },
  { name: 'received_at', type: 'bigint', of: ({ receivedAt }) => receivedAt },
  { name: 'reference', type: 'text', of: ({ reference }) => reference },
  { name: 'reason', type: 'text', of: ({ reason }) => reason },
  { name: 'detail', type: 'text', of: ({ detail }) => detail },
  { name: 'topic', type: 'text', of: ({ topic }) => topic },
  { name: 'size_bytes', type: 'int', of: ({ sizeBytes }) => sizeBytes },
]);

/** Folds the rejected topic into `orders.rejections`; payloads stay in the topic. */
export async function applyRejections(sql: Sql, events: readonly Positioned<PayloadRejected>[], claim: Claim): Promise<boolean> {
  const [result] = await sql.query<{ owned: number }>(
    'rejections-fold',
    `${casPrefix('orders')}, folded as (
       insert into orders.rejections (${REJECTION_ROWS.names}) select n.* from ${REJECTION_ROWS.unnest(6, 'n')} where exists (select 1 from cas)
       on conflict (tenant_id, event_id) do nothing returning 1)
     select count(*)::int as owned from cas`,
    [...casValues(claim.key, claim.expected, claim.next), ...REJECTION_ROWS.values(events.map(({ event }) => event))],
  );
  return result?.owned === 1;
}
