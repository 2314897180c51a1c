import type { ProfileId, SubjectId } from '../ids.js';
import type { ProfileHead, ProfileRow, VisitorHead } from './identity.rows.js';
import { profileOfVisitor } from './visitor-links.js';
import type { WorkingRows } from './working-rows.js';

type ProfileView = Pick<ProfileHead, 'subjects' | 'into'>;
type VisitorView = Pick<VisitorHead, 'profileId' | 'isShared'>;

const NOBODY: VisitorView = { profileId: null, isShared: false };

const subjectsOf = ({ members }: ProfileRow): NonNullable<ProfileHead['subjects']> =>
  members
    .map(({ kind, subjectId, untilMs }) => ({ kind, subjectId, isShared: untilMs !== null }))
    .toSorted((a, b) => (a.kind === b.kind ? (a.subjectId < b.subjectId ? -1 : 1) : a.kind < b.kind ? -1 : 1));

/** What consumers are told of a profile id; undefined while it is unknown. */
function profileView(rows: WorkingRows, profileId: ProfileId): ProfileView | undefined {
  const alias = rows.alias(profileId);
  if (alias !== undefined) return { subjects: null, into: alias.target };
  const profile = rows.profileUnder(profileId);
  return profile === undefined ? undefined : { subjects: subjectsOf(profile), into: null };
}

function visitorView(rows: WorkingRows, visitor: SubjectId): VisitorView {
  const subject = rows.knownSubject(visitor);
  if (subject === undefined) return NOBODY;
  const { profileId, isAnonymous } = profileOfVisitor(rows.tenantId, subject, (id) => rows.currentId(id));
  return isAnonymous ? { profileId: null, isShared: subject.links.length > 0 } : { profileId, isShared: false };
}

/** By what they say: a row that was read may name its fields in another order. */
const written = (subjects: ProfileHead['subjects']): string =>
  JSON.stringify(subjects?.map(({ kind, subjectId, isShared }) => [kind, subjectId, isShared]) ?? null);

const isSameProfile = (head: ProfileView | undefined, view: ProfileView): boolean =>
  head !== undefined && head.into === view.into && written(head.subjects) === written(view.subjects);

/**
 * Gives what an event changed of what consumers are told its version: the number of the tenant's change. It counts events that
 * changed something, so it is the same for the same log, in whatever batches it is folded.
 */
export function stampHeads(rows: WorkingRows): void {
  const { profileIds, visitors } = rows.takeTouched();
  const profiles = [...profileIds].flatMap((profileId) => {
    const view = profileView(rows, profileId);
    return view === undefined || isSameProfile(rows.profileHead(profileId), view) ? [] : [{ profileId, view }];
  });
  const members = [...profileIds].flatMap((profileId) => rows.profileUnder(profileId)?.members ?? []);
  const concerned = new Set([...visitors, ...members.filter(({ kind }) => kind === 'visitor').map(({ subjectId }) => subjectId)]);
  const owners = [...concerned].flatMap((visitor) => {
    const view = visitorView(rows, visitor);
    const head = rows.visitorHead(visitor) ?? NOBODY;
    return head.profileId === view.profileId && head.isShared === view.isShared ? [] : [{ visitor, view }];
  });
  if (profiles.length === 0 && owners.length === 0) return;
  const stamp = rows.nextChange();
  for (const { profileId, view } of profiles) rows.putProfileHead(profileId, { ...stamp, ...view });
  for (const { visitor, view } of owners) rows.putVisitorHead(visitor, { ...stamp, ...view });
}
