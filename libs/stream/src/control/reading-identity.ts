import {
  assertionsToExplain,
  explainProfile,
  profileOfVisitor,
  type AssertionRow,
  type ConflictRow,
  type ExplainedProfile,
  type MergeRow,
  type NodeRow,
  type ProfileId,
  type ProfileRow,
  type Sql,
  type SubjectId,
  type TenantId,
  type VisitorRow,
} from '@tributary/domain';
import { findVisitor } from '../identity/visitors.store.js';

/** Who a subject or profile id belongs to, and why. */
export interface IdentityView {
  /** Kind of the subject; `profile` of a profile's id. */
  readonly kind: NodeRow['kind'] | 'profile';
  /** Whose the next event is; null when nothing was ever joined or a profile's id lost its last member. */
  readonly profileId: ProfileId | null;
  /** Of a visitor: nobody's, or more than one person's. */
  readonly isAnonymous: boolean;
  /** Of a visitor: every profile it was seen with. */
  readonly profiles: readonly ExplainedProfile[];
  /** What holds of the subject itself; null of a profile's id. */
  readonly standing: IdentityStanding | null;
  /** Of a visitor: what its visits showed, sealed; null when nothing is kept. */
  readonly evidence: VisitorRow | null;
}

/** Why a subject joins nobody, or not somebody. */
export interface IdentityStanding {
  /** An operator decided that it joins nobody. */
  readonly isBlocked: boolean;
  /** It was shown with so many others that it is nobody's own. */
  readonly isQuarantined: boolean;
  /** Operators decided that these are other people's. */
  readonly cutFrom: readonly SubjectId[];
}

interface Content<Row> {
  readonly content: Row;
}

async function currentIds(sql: Sql, tenantId: TenantId, ids: readonly ProfileId[]): Promise<(id: ProfileId) => ProfileId | null> {
  const rows = await sql.query<{ profile_id: string; target: string | null }>(
    'reading-identity-aliases',
    'select profile_id, target from identity.aliases where tenant_id = $1 and profile_id = any($2)',
    [tenantId, ids],
  );
  const targets = new Map(rows.map(({ profile_id: id, target }) => [id, target as ProfileId | null]));
  return (id) => (targets.has(id) ? (targets.get(id) ?? null) : id);
}

async function explained(sql: Sql, tenantId: TenantId, profileId: ProfileId): Promise<ExplainedProfile | null> {
  const [row] = await sql.query<Content<ProfileRow>>(
    'reading-identity-profile',
    'select content from identity.profiles where tenant_id = $1 and profile_id = $2',
    [tenantId, profileId],
  );
  if (row === undefined) return null;
  const profile = row.content;
  const members = profile.members.map(({ subjectId }) => subjectId);
  const [merges, conflicts] = await Promise.all([
    sql.query<Content<MergeRow>>(
      'reading-identity-merges',
      'select content from identity.merges where tenant_id = $1 and winner = any($2) order by seq, done_seq',
      [tenantId, [profileId, ...profile.absorbed]],
    ),
    sql.query<Content<ConflictRow>>(
      'reading-identity-conflicts',
      'select content from identity.conflicts where tenant_id = $1 and (kept = any($2) or dropped = any($2)) order by seq, dropped',
      [tenantId, members],
    ),
  ]);
  const outcomes = { merges: merges.map(({ content }) => content), conflicts: conflicts.map(({ content }) => content) };
  const assertions = await sql.query<Content<AssertionRow>>(
    'reading-identity-assertions',
    'select content from identity.assertions where tenant_id = $1 and seq = any($2)',
    [tenantId, assertionsToExplain(profile, outcomes)],
  );
  return explainProfile(profile, { ...outcomes, assertions: new Map(assertions.map(({ content }) => [content.seq, content])) });
}

/** A visitor that no assertion names. */
const UNJOINED = { profileId: null, isAnonymous: true, standing: { isBlocked: false, isQuarantined: false, cutFrom: [] } } as const;

/** Kind of a subject that the graph knows; null when it has never seen it. */
export async function subjectKindOf(sql: Sql, tenantId: TenantId, subjectId: string): Promise<NodeRow['kind'] | null> {
  const [row] = await sql.query<{ kind: NodeRow['kind'] }>(
    'reading-identity-kind',
    `select content ->> 'kind' as kind from identity.subjects where tenant_id = $1 and subject_id = $2`,
    [tenantId, subjectId],
  );
  return row?.kind ?? null;
}

/** Looks a subject id or a profile's id (also one that it had before) up; null when the graph has never seen it. */
export function findIdentity(pool: Sql, tenantId: TenantId, id: string): Promise<IdentityView | null> {
  return pool.transaction(async (sql) => {
    // All of it from one moment: a merge between two reads would tear the answer.
    await sql.query('reading-identity-moment', 'set transaction isolation level repeatable read read only');
    const [subject] = await sql.query<Content<NodeRow>>(
      'reading-identity-subject',
      'select content from identity.subjects where tenant_id = $1 and subject_id = $2',
      [tenantId, id],
    );
    const links = subject?.content.links.map(({ profileId }) => profileId) ?? [];
    const nameOf = await currentIds(sql, tenantId, subject === undefined ? [id as ProfileId] : links);
    const today = subject === undefined ? [nameOf(id as ProfileId)] : links.map(nameOf);
    const profiles: ExplainedProfile[] = [];
    for (const profileId of new Set(today)) {
      const profile = profileId === null ? null : await explained(sql, tenantId, profileId);
      if (profile !== null) profiles.push(profile);
    }
    if (subject === undefined) {
      const [profileId] = today;
      const isKnown = profiles.length > 0 || profileId === null;
      const evidence = isKnown ? null : await findVisitor(sql, tenantId, id as SubjectId);
      if (evidence !== null) return { kind: 'visitor', ...UNJOINED, profiles, evidence };
      return isKnown ? { kind: 'profile', profileId: profileId ?? null, isAnonymous: false, profiles, standing: null, evidence } : null;
    }
    const { kind, isBlocked, quarantinedSeq, cutFrom } = subject.content;
    const standing = { isBlocked, isQuarantined: quarantinedSeq !== null, cutFrom };
    if (kind !== 'visitor')
      return { kind, profileId: profiles[0]?.profileId ?? null, isAnonymous: false, profiles, standing, evidence: null };
    const owner = profileOfVisitor(tenantId, subject.content, (profileId) => nameOf(profileId) ?? profileId);
    return { kind, ...owner, profiles, standing, evidence: await findVisitor(sql, tenantId, id as SubjectId) };
  });
}
