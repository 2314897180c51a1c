import {
  profileRecord,
  visitorRecord,
  type ProfileEvent,
  type ProfileHead,
  type ProfileId,
  type SealedIdentifier,
  type Sql,
  type TenantId,
  type VisitorChanged,
  type VisitorHead,
} from '@tributary/domain';
import { OUTBOX_AGAIN, OUTBOX_ROWS, type OutboxKey } from './outbox-rows.js';
import { visitorFrom, type VisitorRecord } from './visitors.store.js';

/** A key of the outbox as it was read. */
export interface PendingKey extends OutboxKey {
  readonly place: number;
  /** Another one when the key changed since. */
  readonly mark: number;
  readonly isGone: boolean;
}

/** Everything before `border` is to be published; then visits count as applied up to `offsets`. */
export interface RelayRound {
  readonly border: number;
  /** Next offset by partition of the visits' topic. */
  readonly offsets: ReadonlyMap<number, number>;
}

const LEASE_MS = 5_000;
/** Longer than an append may take: after it a process that was frozen in the middle of its turn has lost it. */
const FROZEN_MS = 20_000;

/**
 * Takes the relay's turn for the rest of the transaction: the row stays locked until its end. Undefined: it is another's. `isNew`: it
 * was another's before.
 */
export async function takeTurn(tx: Sql, owner: string): Promise<{ readonly isNew: boolean } | undefined> {
  await tx.query('', `set local idle_in_transaction_session_timeout = ${FROZEN_MS}`);
  const [row] = await tx.query<{ owner: string; is_over: boolean; is_old: boolean }>(
    'relay-turn',
    `select owner, until < now() as is_over, until < now() + $1 * interval '1 millisecond' as is_old
       from identity_ops.relay for update skip locked`,
    [LEASE_MS / 2],
  );
  if (row === undefined || (row.owner !== owner && !row.is_over)) return undefined;
  // While nothing happens nothing is written.
  if (row.owner !== owner || row.is_old)
    await tx.query('relay-take', `update identity_ops.relay set owner = $1, until = now() + $2 * interval '1 millisecond'`, [
      owner,
      LEASE_MS,
    ]);
  return { isNew: row.owner !== owner };
}

/** Gives the turn back, so that the next one need not wait for the lease. */
export async function leaveTurn(sql: Sql, owner: string): Promise<void> {
  await sql.query('relay-leave', 'update identity_ops.relay set until = now() where owner = $1', [owner]);
}

/** Where a round begins: outbox and offsets in one statement, so of one moment. */
export async function beginRound(tx: Sql, visitsTopic: string): Promise<RelayRound> {
  const rows = await tx.query<{ border: number; partition: number | null; next_offset: number | null }>(
    'relay-round',
    `select b.border, o.partition, o.next_offset from (select coalesce(max(place), 0)::bigint as border from identity_ops.outbox) b
       left join identity.offsets o on o.projection = 'visits' and o.topic = $1`,
    [visitsTopic],
  );
  const offsets = rows.flatMap(({ partition, next_offset }) =>
    partition === null || next_offset === null ? [] : [[partition, next_offset] as const],
  );
  return { border: rows[0]?.border ?? 0, offsets: new Map(offsets) };
}

/** The next keys of a round, in their places. */
export function pendingKeys(tx: Sql, after: number, border: number, limit: number): Promise<PendingKey[]> {
  return tx.query<PendingKey>(
    'relay-pending',
    `select kind, tenant_id as "tenantId", id, place, mark, is_gone as "isGone" from identity_ops.outbox
      where place > $1 and place <= $2 order by place limit $3`,
    [after, border, limit],
  );
}

/** Forgets keys that did not change while they were published. */
export async function forgetPublished(tx: Sql, keys: readonly PendingKey[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.query(
    'relay-forget',
    `with done as (select o.kind, o.tenant_id, o.id from identity_ops.outbox o
                     join unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as k(kind, tenant_id, id, mark) using (kind, tenant_id, id, mark)
                    order by 1, 2, 3 for update of o)
     delete from identity_ops.outbox o using done d where o.kind = d.kind and o.tenant_id = d.tenant_id and o.id = d.id`,
    [keys.map(({ kind }) => kind), keys.map(({ tenantId }) => tenantId), keys.map(({ id }) => id), keys.map(({ mark }) => mark)],
  );
}

/** These are to be published once more: nobody knows what stands last in the log. */
export async function publishAgain(sql: Sql, keys: readonly OutboxKey[]): Promise<void> {
  await sql.query('relay-again', OUTBOX_AGAIN, OUTBOX_ROWS.values(keys));
}

interface VisitorState extends VisitorRecord {
  readonly head: VisitorHead | null;
}

/** What is to be told of visitors now; those without evidence are missing. Evidence and owner are of one moment. */
export async function visitorRecords(tx: Sql, keys: readonly OutboxKey[]): Promise<readonly VisitorChanged[]> {
  const rows = await tx.query<VisitorState>(
    'relay-visitors',
    `select v.tenant_id, v.visitor, v.received_at, v.content, h.content as head
       from unnest($1::text[], $2::text[]) as k(tenant_id, visitor)
       join identity.visitors v using (tenant_id, visitor) left join identity.visitor_heads h using (tenant_id, visitor)`,
    [keys.map(({ tenantId }) => tenantId), keys.map(({ id }) => id)],
  );
  return rows.map(({ head, ...row }) => visitorRecord(visitorFrom(row), head));
}

interface ProfileState {
  readonly tenant_id: TenantId;
  readonly profile_id: ProfileId;
  readonly content: ProfileHead;
  readonly sealed: readonly { readonly subjectId: string; readonly eventId: string; readonly sealedValue: string }[] | null;
}

const valuesOf = (sealed: ProfileState['sealed']): ReadonlyMap<string, SealedIdentifier> =>
  new Map(
    (sealed ?? []).map(({ subjectId, eventId, sealedValue }) => [subjectId, { eventId, sealedValue: Buffer.from(sealedValue, 'base64') }]),
  );

/** What is to be told of profile ids now. */
export async function profileRecords(tx: Sql, keys: readonly OutboxKey[]): Promise<readonly ProfileEvent[]> {
  const rows = await tx.query<ProfileState>(
    'relay-profiles',
    `select h.tenant_id, h.profile_id, h.content,
            (select jsonb_agg(jsonb_build_object('subjectId', s.subject_id, 'eventId', s.event_id, 'sealedValue', encode(s.sealed_value, 'base64')))
               from jsonb_array_elements(case jsonb_typeof(h.content -> 'subjects') when 'array' then h.content -> 'subjects' else '[]' end) e
               join identity.sealed_values s on s.tenant_id = h.tenant_id and s.subject_id = e ->> 'subjectId') as sealed
       from unnest($1::text[], $2::text[]) as k(tenant_id, profile_id) join identity.profile_heads h using (tenant_id, profile_id)`,
    [keys.map(({ tenantId }) => tenantId), keys.map(({ id }) => id)],
  );
  return rows.map((row) => profileRecord(row.tenant_id, row.profile_id, row.content, valuesOf(row.sealed)));
}

/** What waits to be published. */
export async function relayBacklog(sql: Sql): Promise<{ readonly keys: number; readonly lagMs: number }> {
  const [row] = await sql.query<{ keys: number; lag_ms: number }>(
    'relay-backlog',
    `select count(*)::int as keys, coalesce(extract(epoch from now() - min(changed_at)) * 1000, 0)::bigint as lag_ms from identity_ops.outbox`,
  );
  return { keys: row?.keys ?? 0, lagMs: row?.lag_ms ?? 0 };
}

/**
 * Cleans away the evidence of visitors that nobody has seen for so long, by Postgres' clock, and has their tombstones published.
 * Answers how many.
 */
export async function forgetIdleVisitors(sql: Sql, idleMs: number, limit: number): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    'relay-idle',
    `with idle as (select tenant_id, visitor from identity.visitors
                    where received_at < (extract(epoch from now()) * 1000)::bigint - $1 order by received_at limit $2),
          gone as (delete from identity.visitors v using idle i
                    where v.tenant_id = i.tenant_id and v.visitor = i.visitor and v.received_at < (extract(epoch from now()) * 1000)::bigint - $1
                   returning v.tenant_id, v.visitor),
          told as (insert into identity_ops.outbox (kind, tenant_id, id, is_gone)
                   select 'visitor', tenant_id, visitor, true from gone order by tenant_id, visitor
                   on conflict (kind, tenant_id, id) do update set mark = nextval('identity_ops.outbox_marks'), is_gone = true returning 1)
     select count(*)::int as count from told`,
    [idleMs, limit],
  );
  return row?.count ?? 0;
}
