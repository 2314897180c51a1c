import type { Sql } from '@tributary/domain';
import { CONNECT_WITHIN_MINUTES } from '@tributary/sources';
import type { AppliedCommand } from './app-command.js';

/** Keys that the shop at `storeUrl` is to hand over for a connection. */
export interface ExpectedKeys {
  readonly stateHash: string;
  readonly tenantId: string;
  readonly connectionId: string;
  readonly storeUrl: string;
}

/** How a connecting goes. `because`: in words, when it was refused. */
export interface ConnectProgress {
  readonly state: 'waiting' | 'checking' | 'connected' | 'refused' | 'expired';
  readonly because: string | null;
}

/** Longer than a shop waits for the answer to its call-back. */
const CHECKING_AT_MOST_SECONDS = 90;
/** Long after anybody asks how it went. */
const KEPT_DAYS = 30;

const PROGRESS = `
  case when taken_at is null and created_at < now() - make_interval(mins => ${CONNECT_WITHIN_MINUTES}) then 'expired'
       when taken_at is null then 'waiting'
       when result is null and taken_at > now() - make_interval(secs => ${CHECKING_AT_MOST_SECONDS}) then 'checking'
       when result ->> 'outcome' = 'done' then 'connected' else 'refused' end as state,
  result ->> 'because' as because`;

/** Waits for keys under this state from now on; doing it again changes nothing. */
export async function expectKeys(sql: Sql, { stateHash, tenantId, connectionId, storeUrl }: ExpectedKeys): Promise<void> {
  await sql.query(
    'expected-keys-forget',
    `delete from ingest_ops.expected_keys where created_at < now() - make_interval(days => ${KEPT_DAYS})`,
  );
  await sql.query(
    'expected-keys-add',
    `insert into ingest_ops.expected_keys (state_hash, tenant_id, connection_id, store_url) values ($1, $2, $3, $4) on conflict do nothing`,
    [stateHash, tenantId, connectionId, storeUrl],
  );
}

/** Takes what is expected under this state; undefined when there is no such state, or it was used, or is too old. By Postgres' clock. */
export async function claimExpectedKeys(sql: Sql, stateHash: string): Promise<ExpectedKeys | undefined> {
  const [row] = await sql.query<ExpectedKeys>(
    'expected-keys-claim',
    `update ingest_ops.expected_keys set taken_at = now()
      where state_hash = $1 and taken_at is null and created_at >= now() - make_interval(mins => ${CONNECT_WITHIN_MINUTES})
     returning state_hash as "stateHash", tenant_id as "tenantId", connection_id as "connectionId", store_url as "storeUrl"`,
    [stateHash],
  );
  return row;
}

export async function settleExpectedKeys(sql: Sql, stateHash: string, result: AppliedCommand): Promise<void> {
  await sql.query('expected-keys-settle', 'update ingest_ops.expected_keys set result = $2 where state_hash = $1', [
    stateHash,
    JSON.stringify(result),
  ]);
}

/** Undefined when nobody ever expected keys under this state. */
export async function progressOfState(sql: Sql, stateHash: string): Promise<ConnectProgress | undefined> {
  const [row] = await sql.query<ConnectProgress>(
    'expected-keys-progress',
    `select ${PROGRESS} from ingest_ops.expected_keys where state_hash = $1`,
    [stateHash],
  );
  return row;
}

/** Undefined when this connection never had such a connecting. */
export async function progressOfConnecting(
  sql: Sql,
  { tenantId, connectionId, stateHash }: Omit<ExpectedKeys, 'storeUrl'>,
): Promise<ConnectProgress | undefined> {
  const [row] = await sql.query<ConnectProgress>(
    'expected-keys-progress-of',
    `select ${PROGRESS} from ingest_ops.expected_keys where state_hash = $1 and tenant_id = $2 and connection_id = $3`,
    [stateHash, tenantId, connectionId],
  );
  return row;
}
