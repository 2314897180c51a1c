import type { PayloadRejected, PayloadResubmitted, RejectedEvent } from '@tributary/codecs';
import type { Claim, Positioned, Sql } from '@tributary/domain';
import { BulkRows, casPrefix, casValues } from '@tributary/postgres';

interface RejectionRow extends Omit<PayloadRejected, 'type' | 'compression' | 'sealedPayload' | 'signature'> {
  readonly state: string;
  readonly resubmittedAt: number | null;
  readonly firstReason: string | null;
}

const REJECTION_ROWS = new BulkRows<RejectionRow>([
  { name: 'tenant_id', type: 'text', of: ({ tenantId }) => tenantId },
  { name: 'connection_id', type: 'text', of: ({ connectionId }) => connectionId },
  { name: 'event_id', type: 'text', of: ({ eventId }) => eventId },
  { name: 'received_at', type: 'bigint', of: ({ receivedAt }) => receivedAt },
  { name: 'reference', type: 'text', of: ({ reference }) => reference },
  { name: 'reason', type: 'text', of: ({ reason }) => reason },
  { name: 'detail', type: 'text', of: ({ detail }) => detail },
  { name: 'topic', type: 'text', of: ({ topic }) => topic },
  { name: 'size_bytes', type: 'int', of: ({ sizeBytes }) => sizeBytes },
  { name: 'state', type: 'text', of: ({ state }) => state },
  { name: 'resubmitted_at', type: 'bigint', of: ({ resubmittedAt }) => resubmittedAt },
  { name: 'first_reason', type: 'text', of: ({ firstReason }) => firstReason },
]);
const RESUBMITTED_ROWS = new BulkRows<PayloadResubmitted>([
  { name: 'tenant_id', type: 'text', of: ({ tenantId }) => tenantId },
  { name: 'event_id', type: 'text', of: ({ rejectedEventId }) => rejectedEventId },
  { name: 'resubmitted_at', type: 'bigint', of: ({ receivedAt }) => receivedAt },
  { name: 'state', type: 'text', of: ({ outcome }) => stateAfter(outcome) },
  { name: 'reason', type: 'text', of: ({ reason }) => reason },
  { name: 'detail', type: 'text', of: ({ reason, detail }) => (reason === null ? null : detail) },
]);

const stateAfter = (outcome: string): string => (outcome === 'refused' ? 'rejected' : outcome);
const rowKey = (tenantId: string, eventId: string): string => `${tenantId}:${eventId}`;

/** The newest resubmission of a payload says what it is now; what was taken once stays taken. */
function resubmitted(row: RejectionRow, { receivedAt, outcome, reason, detail }: PayloadResubmitted): RejectionRow {
  if (row.state !== 'rejected' || (row.resubmittedAt ?? -1) >= receivedAt) return row;
  const after = { ...row, state: stateAfter(outcome), resubmittedAt: receivedAt };
  if (reason === null) return after;
  return { ...after, reason, detail, firstReason: reason === row.reason ? row.firstReason : (row.firstReason ?? row.reason) };
}

/** Folds the rejected topic into `orders.rejections`; payloads stay in the topic. */
export async function applyRejections(sql: Sql, events: readonly Positioned<RejectedEvent>[], claim: Claim): Promise<boolean> {
  const arrived = new Map<string, RejectionRow>();
  const later = new Map<string, PayloadResubmitted>();
  for (const { event } of events) {
    const key = rowKey(event.tenantId, event.type === 'PayloadRejected' ? event.eventId : event.rejectedEventId);
    const row = arrived.get(key);
    if (event.type === 'PayloadRejected') {
      if (row === undefined) arrived.set(key, { ...event, state: 'rejected', resubmittedAt: null, firstReason: null });
    } else if (row !== undefined) arrived.set(key, resubmitted(row, event));
    else if (later.get(key)?.outcome !== 'taken') later.set(key, event);
  }
  const [result] = await sql.query<{ owned: number }>(
    'rejections-fold',
    `${casPrefix('orders')}, folded as (
       insert into orders.rejections (${REJECTION_ROWS.names}) select n.* from ${REJECTION_ROWS.unnest(6, 'n')} where exists (select 1 from cas)
       on conflict (tenant_id, event_id) do nothing returning 1),
     reread as (
       update orders.rejections r
          set state = n.state, resubmitted_at = n.resubmitted_at, reason = coalesce(n.reason, r.reason), detail = coalesce(n.detail, r.detail),
              first_reason = case when n.reason is distinct from r.reason and n.reason is not null then coalesce(r.first_reason, r.reason) else r.first_reason end
         from ${RESUBMITTED_ROWS.unnest(6 + REJECTION_ROWS.width, 'n')}
        where exists (select 1 from cas) and r.tenant_id = n.tenant_id and r.event_id = n.event_id and r.state = 'rejected'
          and (r.resubmitted_at is null or r.resubmitted_at < n.resubmitted_at) returning 1)
     select count(*)::int as owned from cas`,
    [
      ...casValues(claim.key, claim.expected, claim.next),
      ...REJECTION_ROWS.values([...arrived.values()]),
      ...RESUBMITTED_ROWS.values([...later.values()]),
    ],
  );
  return result?.owned === 1;
}
