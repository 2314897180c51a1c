import type { Sql, TenantId } from '@tributary/domain';

/** Payloads of one command: each is read from the topic, so that more would keep the app from other commands. */
export const RESUBMITTED_AT_ONCE = 200;

/** What became of one rejected payload that was read again. */
export interface ResubmittedItem {
  readonly eventId: string;
  /** `taken`: a fact was appended. `nothing-to-take`: it says nothing that is kept. `refused`: it stays rejected. */
  readonly outcome: 'taken' | 'nothing-to-take' | 'refused';
  /** The order it names, when it can be read. */
  readonly reference: string | null;
  /** Why it is still refused; else null. */
  readonly reason: string | null;
  readonly detail: string;
}

/** A row of `orders.rejections` that may be read again. */
export interface StoredRejection {
  readonly eventId: string;
  readonly connectionId: string;
  readonly reference: string | null;
  /** `rejected`, or what a resubmission made of it. */
  readonly state: 'rejected' | 'taken' | 'nothing-to-take';
  readonly reason: string;
  readonly detail: string;
}

/** Those of the given ids that the tenant has, oldest first. */
export async function findRejections(sql: Sql, tenantId: TenantId, eventIds: readonly string[]): Promise<StoredRejection[]> {
  return sql.query<StoredRejection>(
    'rejections-find',
    `select event_id as "eventId", connection_id as "connectionId", reference, state, reason, detail from orders.rejections
      where tenant_id = $1 and event_id = any($2::text[]) order by received_at, event_id`,
    [tenantId, eventIds],
  );
}
