import type { Sql } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';

export interface Credential {
  readonly tenantId: string;
  readonly connectionId: string;
}

/** CTE `token` with its parameters from $1 on: has a row when one request may leave now, and takes it from the slice. */
export interface Token {
  readonly name: string;
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Why a request may not leave now. */
export type Refusal =
  { readonly kind: 'parked' } | { readonly kind: 'breaker'; readonly waitMs: number } | { readonly kind: 'slice'; readonly waitMs: number };

const BREAKER_FIRST_MS = 1_000;
const BREAKER_MAX_MS = 5 * 60_000;
const PROBE_MS = 30_000;
/** A throttled credential goes down to this share of its rate, never below one request a second; each quiet slice wins back a twentieth. */
const THROTTLED_SHARE = 0.7;
/** Of each slice visits leave the rest to orders. */
const VISITS_SHARE = 0.75;

const FOR_ORDERS = `(now() - c.slice_at >= interval '1 second' or c.slice_taken < c.requests_per_second)`;
const FOR_VISITS = `(now() - c.slice_at >= interval '2 seconds'
            or case when now() - c.slice_at >= interval '1 second' then 1 else c.slice_taken + 1 end <= c.requests_per_second * ${VISITS_SHARE})`;

/** One row per vendor credential, shared by all replicas: parked, held back by a breaker, limited by slices of one second. */
export class CredentialsStore {
  private readonly ops: string;

  constructor(
    private readonly sql: Sql,
    app: string,
    private readonly requestsPerSecond: number,
    /** Orders go first: visits take no more than their share of a slice, or what nobody has taken for two. */
    private readonly taker: 'orders' | 'visits' = 'orders',
  ) {
    this.ops = `${plainIdentifier(app)}_ops`;
  }

  /**
   * CTE `token` ($1 tenant, $2 connection, $3 rate): has a row when one request may leave now, and takes it from the slice.
   * Behind a breaker one probe at a time is let through.
   */
  token({ tenantId, connectionId }: Credential): Token {
    return {
      name: `token-${this.taker}`,
      values: [tenantId, connectionId, this.requestsPerSecond],
      sql: `token as (
        insert into ${this.ops}.credentials as c (tenant_id, connection_id, requests_per_second, slice_taken) values ($1, $2, $3, 1)
        on conflict (tenant_id, connection_id) do update set
          slice_at = case when now() - c.slice_at >= interval '1 second' then now() else c.slice_at end,
          slice_taken = case when now() - c.slice_at >= interval '1 second' then 1 else c.slice_taken + 1 end,
          requests_per_second = case when now() - c.slice_at >= interval '1 second' and c.breaker_failures = 0
            then least($3, c.requests_per_second + $3 / 20.0) else c.requests_per_second end,
          probe_until = case when c.breaker_failures > 0 then now() + interval '${PROBE_MS} milliseconds' else null end
        where c.parked_at is null
          and (c.breaker_until is null or c.breaker_until <= now())
          and (c.breaker_failures = 0 or c.probe_until is null or c.probe_until < now())
          and ${this.taker === 'orders' ? FOR_ORDERS : FOR_VISITS}
        returning 1)`,
    };
  }

  /** Takes a token for a request that commits nothing; answers whether it may leave. */
  async take(credential: Credential): Promise<boolean> {
    const { name, sql, values } = this.token(credential);
    return (await this.sql.query(`credential-take-${this.ops}-${name}`, `with ${sql} select 1 from token`, values)).length > 0;
  }

  /** Asked after a token was refused. */
  async refusal({ tenantId, connectionId }: Credential): Promise<Refusal> {
    const [row] = await this.sql.query<{ is_parked: boolean; breaker_ms: number; probe_ms: number; slice_ms: number }>(
      `credential-refusal-${this.ops}`,
      `select parked_at is not null as is_parked,
              coalesce(extract(epoch from breaker_until - now()) * 1000, 0)::float8 as breaker_ms,
              case when breaker_failures > 0 then coalesce(extract(epoch from probe_until - now()) * 1000, 0) else 0 end::float8 as probe_ms,
              (extract(epoch from slice_at - now()) * 1000 + 1000)::float8 as slice_ms
         from ${this.ops}.credentials where tenant_id = $1 and connection_id = $2`,
      [tenantId, connectionId],
    );
    if (row?.is_parked === true) return { kind: 'parked' };
    const breakerMs = Math.max(row?.breaker_ms ?? 0, row?.probe_ms ?? 0);
    if (breakerMs > 0) return { kind: 'breaker', waitMs: breakerMs };
    return { kind: 'slice', waitMs: Math.max(this.taker === 'orders' ? 5 : 100, row?.slice_ms ?? 5) };
  }

  /** The vendor answered: the breaker closes. */
  async succeeded({ tenantId, connectionId }: Credential): Promise<void> {
    await this.sql.query(
      `credential-succeeded-${this.ops}`,
      `update ${this.ops}.credentials set breaker_failures = 0, breaker_until = null, probe_until = null
        where tenant_id = $1 and connection_id = $2 and breaker_failures > 0`,
      [tenantId, connectionId],
    );
  }

  /** The vendor cannot now: nothing of this credential is tried for a while, then one probe. Answers for how long (ms). */
  async failed({ tenantId, connectionId }: Credential, isThrottled: boolean, retryAfterMs: number): Promise<number> {
    const [row] = await this.sql.query<{ wait_ms: number }>(
      `credential-failed-${this.ops}`,
      `update ${this.ops}.credentials set
          breaker_failures = breaker_failures + 1,
          breaker_until = now() + greatest($4::float8, least(${BREAKER_MAX_MS}, ${BREAKER_FIRST_MS} * power(2, least(breaker_failures, 20)))) * interval '1 millisecond',
          probe_until = null,
          requests_per_second = case when $3 then greatest(1, requests_per_second * ${THROTTLED_SHARE}) else requests_per_second end
        where tenant_id = $1 and connection_id = $2
        returning (extract(epoch from breaker_until - now()) * 1000)::float8 as wait_ms`,
      [tenantId, connectionId, isThrottled, retryAfterMs],
    );
    return row?.wait_ms ?? BREAKER_FIRST_MS;
  }

  /** A person must act: nothing of this credential leaves any more. `settingsKey` says with which settings it was refused. */
  async park({ tenantId, connectionId }: Credential, reason: string, settingsKey: string): Promise<void> {
    await this.sql.query(
      `credential-park-${this.ops}`,
      `update ${this.ops}.credentials set parked_at = coalesce(parked_at, now()), parked_reason = $3, parked_secrets = $4
        where tenant_id = $1 and connection_id = $2`,
      [tenantId, connectionId, reason, settingsKey],
    );
  }

  /** Answers whether it was parked. */
  async unpark({ tenantId, connectionId }: Credential): Promise<boolean> {
    const rows = await this.sql.query(
      `credential-unpark-${this.ops}`,
      `update ${this.ops}.credentials set parked_at = null, parked_reason = null, parked_secrets = null,
              breaker_failures = 0, breaker_until = null, probe_until = null
        where tenant_id = $1 and connection_id = $2 and parked_at is not null returning 1`,
      [tenantId, connectionId],
    );
    return rows.length > 0;
  }

  async parked(): Promise<readonly (Credential & { readonly settingsKey: string })[]> {
    return this.sql.query(
      `credential-parked-${this.ops}`,
      `select tenant_id as "tenantId", connection_id as "connectionId", coalesce(parked_secrets, '') as "settingsKey"
         from ${this.ops}.credentials where parked_at is not null`,
    );
  }
}
