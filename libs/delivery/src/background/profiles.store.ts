import {
  profileKey,
  type Claim,
  type Positioned,
  type ProfileEvent,
  type ProfileId,
  type Sql,
  type SubjectId,
  type TenantId,
} from '@tributary/domain';
import { casPrefix, casValues, plainIdentifier } from '@tributary/postgres';

/** One line per profile, the subjects as a text that Postgres reads as an array: ids hold neither commas nor braces. */
const arrayText = (ids: readonly string[]): string => `{${ids.join(',')}}`;

function newestOf(events: readonly Positioned<ProfileEvent>[]): { readonly event: ProfileEvent; readonly record: Buffer }[] {
  const newest = new Map<string, { readonly event: ProfileEvent; readonly record: Buffer }>();
  for (const { event, record } of events) {
    const key = profileKey(event);
    const before = newest.get(key);
    if (record.value === null || (before !== undefined && before.event.version >= event.version)) continue;
    newest.set(key, { event, record: record.value });
  }
  return [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Fold of identity's profiles: the greatest version of each; one that became another has no subjects any more. */
export async function applyProfiles(sql: Sql, events: readonly Positioned<ProfileEvent>[], claim: Claim): Promise<boolean> {
  const app = plainIdentifier(claim.key.schema);
  const rows = newestOf(events);
  const subjects = ({ event }: (typeof rows)[number]): readonly string[] =>
    event.type === 'ProfileChanged' ? event.subjects.map(({ subjectId }) => subjectId) : [];
  const [row] = await sql.query<{ owned: number }>(
    `profiles-fold-${app}`,
    `${casPrefix(app)}, folded as (
       insert into ${app}.profiles as p (tenant_id, profile_id, version, subject_ids, record)
       select n.tenant_id, n.profile_id, n.version, n.subject_ids::text[], n.record
         from unnest($6::text[], $7::text[], $8::bigint[], $9::text[], $10::bytea[]) as n(tenant_id, profile_id, version, subject_ids, record)
        where exists (select 1 from cas)
       on conflict (tenant_id, profile_id) do update set
         version = excluded.version, subject_ids = excluded.subject_ids, record = excluded.record
        where p.version < excluded.version
       returning 1)
     select count(*)::int as owned from cas`,
    [
      ...casValues(claim.key, claim.expected, claim.next),
      rows.map(({ event }) => event.tenantId),
      rows.map(({ event }) => event.profileId),
      rows.map(({ event }) => event.version),
      rows.map((profile) => arrayText(subjects(profile))),
      rows.map(({ record }) => record),
    ],
  );
  return row?.owned === 1;
}

export interface StoredProfile {
  readonly tenantId: TenantId;
  readonly profileId: ProfileId;
  readonly version: number;
  readonly subjectIds: readonly SubjectId[];
  /** Framed {@link ProfileEvent}, as it stood in the log. */
  readonly record: Buffer;
}

interface ProfileRow {
  readonly tenant_id: TenantId;
  readonly profile_id: ProfileId;
  readonly version: number;
  readonly subject_ids: SubjectId[];
  readonly record: Buffer;
}

const toProfile = (row: ProfileRow): StoredProfile => ({
  tenantId: row.tenant_id,
  profileId: row.profile_id,
  version: row.version,
  subjectIds: row.subject_ids,
  record: row.record,
});

/** By their ids; absent ones are absent. */
export async function findProfiles(
  sql: Sql,
  app: string,
  refs: readonly { readonly tenantId: TenantId; readonly profileId: ProfileId }[],
): Promise<StoredProfile[]> {
  if (refs.length === 0) return [];
  const schema = plainIdentifier(app);
  const rows = await sql.query<ProfileRow>(
    `profiles-by-id-${schema}`,
    `select tenant_id, profile_id, version, subject_ids, record from ${schema}.profiles
       join (select distinct * from unnest($1::text[], $2::text[]) as k(tenant_id, profile_id)) k using (tenant_id, profile_id)`,
    [refs.map(({ tenantId }) => tenantId), refs.map(({ profileId }) => profileId)],
  );
  return rows.map(toProfile);
}

/** Profiles that any of the subjects belongs to. */
export async function findProfilesOf(sql: Sql, app: string, subjects: readonly SubjectId[]): Promise<StoredProfile[]> {
  if (subjects.length === 0) return [];
  const schema = plainIdentifier(app);
  const rows = await sql.query<ProfileRow>(
    `profiles-find-${schema}`,
    `select tenant_id, profile_id, version, subject_ids, record from ${schema}.profiles where subject_ids && $1::text[] order by profile_id`,
    [[...new Set(subjects)]],
  );
  return rows.map(toProfile);
}
