import type { ProfileId, SubjectId } from '../ids.js';
import { LARGE_PROFILE_IDS, type JoiningKind } from './identity.rules.js';
import type { AssertionRow, ConflictRow, MergeRow, ProfileMember, ProfileRow } from './identity.rows.js';

/** An assertion, as an explanation names it. */
export interface NamedAssertion {
  readonly eventId: string;
  /** `identify`, `order`, `registration`, `purchase-shown`. */
  readonly basis: string;
  /** The observation that showed it; null for an identify call. */
  readonly basisEventId: string | null;
  /** `connection:orderId`, null without an order. */
  readonly orderKey: string | null;
  /** Who was shown together, usable or not. */
  readonly subjectIds: readonly SubjectId[];
}

export interface ExplainedMember {
  readonly kind: JoiningKind;
  readonly subjectId: SubjectId;
  /** Epoch ms. */
  readonly sinceMs: number;
  /** Since then a shared device; epoch ms, null for the rest. */
  readonly untilMs: number | null;
  readonly joinedBy: NamedAssertion;
  /** Another one only when an order tied a visitor that was shown at another moment. */
  readonly shownBy: NamedAssertion;
  /** Of a visitor: whom it was seen with, or whose order it was seen on. */
  readonly tiedTo: SubjectId | null;
}

export interface ExplainedProfile {
  readonly profileId: ProfileId;
  /** Ids that it, or what was merged into it, had before. */
  readonly otherNames: readonly ProfileId[];
  /** So many ids that a person should look at it. */
  readonly isLarge: boolean;
  readonly members: readonly ExplainedMember[];
  readonly merges: readonly { readonly joined: readonly ProfileId[]; readonly edge: JoiningKind; readonly by: NamedAssertion }[];
  /** What assertions said of its members and the rules refused. */
  readonly keptApart: readonly (Pick<ConflictRow, 'reason' | 'kept' | 'dropped'> & { readonly by: NamedAssertion })[];
}

/** What was read to explain a profile. */
export interface ProfileEvidence {
  /** By `seq`: those of {@link assertionsToExplain}. */
  readonly assertions: ReadonlyMap<number, AssertionRow>;
  /** Merges whose winner is the profile or one of its other names. */
  readonly merges: readonly MergeRow[];
  /** Conflicts that name a member. */
  readonly conflicts: readonly ConflictRow[];
}

type Outcomes = Pick<ProfileEvidence, 'merges' | 'conflicts'>;

/** Assertions that explain the profile, ascending. */
export const assertionsToExplain = ({ members }: ProfileRow, { merges, conflicts }: Outcomes): readonly number[] =>
  [
    ...new Set([
      ...members.flatMap(({ seq, shownSeq }) => [seq, shownSeq]),
      ...merges.map(({ seq }) => seq),
      ...conflicts.map(({ seq }) => seq),
    ]),
  ].toSorted((a, b) => a - b);

/** Why these ids are one profile: every member with the assertion that joined it, every merge, everything that was kept apart. */
export function explainProfile(profile: ProfileRow, { assertions, merges, conflicts }: ProfileEvidence): ExplainedProfile {
  const named = (seq: number): NamedAssertion => {
    const assertion = assertions.get(seq);
    if (assertion === undefined) throw new Error(`assertion ${seq} of profile ${profile.profileId} was not read`);
    const { eventId, basis, basisEventId, orderKey, identifiers } = assertion;
    return { eventId, basis, basisEventId, orderKey, subjectIds: identifiers.map(({ subjectId }) => subjectId) };
  };
  const member = ({ kind, subjectId, sinceMs, untilMs, seq, shownSeq, tiedTo }: ProfileMember): ExplainedMember => ({
    kind,
    subjectId,
    sinceMs,
    untilMs,
    joinedBy: named(seq),
    shownBy: named(shownSeq),
    tiedTo,
  });
  return {
    profileId: profile.profileId,
    otherNames: profile.absorbed,
    isLarge: profile.members.length >= LARGE_PROFILE_IDS,
    members: profile.members.map(member),
    merges: merges.map(({ seq, losers, edge }) => ({ joined: losers, edge, by: named(seq) })),
    keptApart: conflicts.map(({ seq, reason, kept, dropped }) => ({ reason, kept, dropped, by: named(seq) })),
  };
}
