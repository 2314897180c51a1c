import type { Claim, Positioned, Sql, VisitDeliveryEvent } from '@tributary/domain';
import { casPrefix, casValues, plainIdentifier } from '@tributary/postgres';
import { loggedVisits, newestVisits, VISIT_KEYS, VISIT_ROWS, type LoggedVisit } from './visit-rows.js';

const HOUR_MS = 3_600_000;
/** No visit older than 28 days is ever sent; two more for queues and clocks. */
const KEPT_MS = 30 * 24 * HOUR_MS;

/** Log time before which nothing is remembered: it moves by the hour. */
const horizonOf = (loggedAt: number): number => Math.floor(loggedAt / HOUR_MS) * HOUR_MS - KEPT_MS;

/** Puts folded visits in their places, the greater version winning. */
export async function putVisits(sql: Sql, app: string, visits: readonly LoggedVisit[]): Promise<void> {
  await sql.query(
    `visits-put-${plainIdentifier(app)}`,
    `insert into ${app}.visit_deliveries as v (${VISIT_ROWS.names}) select n.* from ${VISIT_ROWS.unnest(1, 'n')}
     on conflict (${VISIT_KEYS.join(', ')}) do update set ${VISIT_ROWS.assignments('excluded', VISIT_KEYS)} where v.version < excluded.version`,
    VISIT_ROWS.values(newestVisits(visits)),
  );
}

/**
 * Applies a batch of the topic of requests with visits: the greatest version of each visit, whatever came before. What is older than
 * the retention, by the time of the partition's own log, is forgotten; so a rebuild forgets the same.
 */
export async function applyVisitDeliveries(
  sql: Sql,
  app: string,
  events: readonly Positioned<VisitDeliveryEvent>[],
  claim: Claim,
): Promise<boolean> {
  const schema = plainIdentifier(app);
  const { partition } = claim.key;
  const [known] = await sql.query<{ logged_at: number }>(
    `visits-log-time-${schema}`,
    `select logged_at from ${schema}.visit_log_times where partition = $1`,
    [partition],
  );
  const before = known?.logged_at ?? 0;
  const loggedAt = events.reduce((latest, { event }) => Math.max(latest, event.occurredAt), before);
  const horizon = horizonOf(loggedAt);
  const visits = newestVisits(events.flatMap(({ event }) => loggedVisits(event, partition))).filter((visit) => visit.loggedAt >= horizon);
  const isForgetting = before > 0 && horizon > horizonOf(before);
  const first = 8 + VISIT_ROWS.width;
  const [row] = await sql.query<{ owned: number }>(
    `visits-fold-${schema}-${isForgetting ? 'forgetting' : 'keeping'}`,
    `${casPrefix(schema)}, folded as (
       insert into ${schema}.visit_deliveries as v (${VISIT_ROWS.names})
       select n.* from ${VISIT_ROWS.unnest(8, 'n')} where exists (select 1 from cas)
       on conflict (${VISIT_KEYS.join(', ')}) do update set ${VISIT_ROWS.assignments('excluded', VISIT_KEYS)}
       where v.version < excluded.version
       returning 1),
     timed as (
       insert into ${schema}.visit_log_times as t (partition, logged_at) select $6, $7 where exists (select 1 from cas)
       on conflict (partition) do update set logged_at = greatest(t.logged_at, excluded.logged_at)
       returning 1)${
         isForgetting
           ? `, forgotten as (
       delete from ${schema}.visit_deliveries where partition = $6 and logged_at < $${first} and exists (select 1 from cas) returning 1)`
           : ''
       }
     select count(*)::int as owned from cas`,
    [
      ...casValues(claim.key, claim.expected, claim.next),
      partition,
      loggedAt,
      ...VISIT_ROWS.values(visits),
      ...(isForgetting ? [horizon] : []),
    ],
  );
  return row?.owned === 1;
}
