import { IDENTITY_RULE_VERSION, LIMITS, MAX_PROFILE_IDS, MAX_VISITOR_PROFILES } from './identity.rules.js';
import type { AssertionRow, ConflictReason, ProfileLink, ProfileMember, ProfileRow, NodeRow } from './identity.rows.js';
import type { ProfileId, SubjectId, TenantId } from '../ids.js';
import { profileIdOf } from './profile-id.js';
import type { WorkingRows } from './working-rows.js';

/** When the visitor was seen with a second profile; null while it is one person's. `names` says what a profile is called today. */
function sharedSinceMs(links: readonly ProfileLink[], names: (profileId: ProfileId) => ProfileId): number | null {
  const [first, ...others] = links;
  if (first === undefined) return null;
  return others.find((link) => names(link.profileId) !== names(first.profileId))?.atMs ?? null;
}

/**
 * Whose the visitor's events are from now on: its person's; its own anonymous profile when nobody or more than one is known.
 * What happened before it became a shared device keeps the profile it had.
 */
export function profileOfVisitor(
  tenantId: TenantId,
  visitor: Pick<NodeRow, 'subjectId' | 'links'>,
  names: (profileId: ProfileId) => ProfileId,
): { readonly profileId: ProfileId; readonly isAnonymous: boolean } {
  const [first] = visitor.links;
  return first === undefined || sharedSinceMs(visitor.links, names) !== null
    ? { profileId: profileIdOf(tenantId, visitor.subjectId), isAnonymous: true }
    : { profileId: names(first.profileId), isAnonymous: false };
}

/** Says in every profile of the visitor from when it is its, and until when. */
export function settleVisitor(rows: WorkingRows, visitorId: SubjectId): void {
  const visitor = rows.subject('visitor', visitorId);
  const untilMs = sharedSinceMs(visitor.links, (profileId) => rows.currentId(profileId));
  const settled = new Set<ProfileId>();
  for (const link of visitor.links) {
    const profile = rows.profile(link.profileId);
    if (profile === undefined || settled.has(profile.profileId)) continue;
    settled.add(profile.profileId);
    const { seq, shownSeq, tiedTo, atMs } = link;
    const member: ProfileMember = { subjectId: visitorId, kind: 'visitor', seq, shownSeq, tiedTo, sinceMs: atMs, untilMs };
    rows.putProfile(withMember(profile, member));
  }
}

const withMember = (profile: ProfileRow, member: ProfileMember): ProfileRow => {
  const index = profile.members.findIndex(({ subjectId }) => subjectId === member.subjectId);
  return { ...profile, members: index < 0 ? [...profile.members, member] : profile.members.with(index, member) };
};

function refusal({ members }: ProfileRow, { cutFrom }: NodeRow, nowMs: number): ConflictReason | null {
  if (members.some(({ subjectId }) => cutFrom.includes(subjectId))) return 'cut';
  const { max, windowMs } = LIMITS.visitor;
  const recent = members.filter(({ kind, sinceMs }) => kind === 'visitor' && sinceMs > nowMs - windowMs);
  if (recent.length >= max) return 'too-many';
  return members.length >= MAX_PROFILE_IDS ? 'too-large' : null;
}

/** Ties a visitor to somebody's profile: never joins two profiles, makes the visitor a shared device instead. */
export function tieVisitor(
  rows: WorkingRows,
  { seq, eventId }: AssertionRow,
  shown: { readonly subjectId: SubjectId; readonly seq: number },
  buyer: NodeRow,
  atMs: number,
): void {
  const profile = rows.profileOf(buyer);
  const visitor = rows.subject('visitor', shown.subjectId);
  if (profile === undefined || visitor.links.some(({ profileId }) => rows.currentId(profileId) === profile.profileId)) return;
  if (visitor.links.length >= MAX_VISITOR_PROFILES) return;
  const reason = refusal(profile, visitor, atMs);
  if (reason !== null) {
    rows.addConflict({ seq, eventId, reason, kept: buyer.subjectId, dropped: shown.subjectId, ruleVersion: IDENTITY_RULE_VERSION });
    return;
  }
  rows.putSubject({
    ...visitor,
    links: [...visitor.links, { profileId: profile.profileId, seq, shownSeq: shown.seq, tiedTo: buyer.subjectId, atMs }],
  });
  rows.putProfile({ ...profile, cutFrom: [...new Set([...profile.cutFrom, ...visitor.cutFrom])] });
  settleVisitor(rows, shown.subjectId);
}
