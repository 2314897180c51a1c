import type { SubjectId } from '../ids.js';
import { profileIdOf } from './profile-id.js';
import { IDENTITY_RULE_VERSION, LIMITS, MAX_PROFILE_IDS, MAX_PROFILE_MERGES, type JoiningKind } from './identity.rules.js';
import type { AssertionRow, ConflictReason, ProfileMember, ProfileRow, ReadIdentifier, NodeRow } from './identity.rows.js';
import { settleVisitor } from './visitor-links.js';
import type { WorkingRows } from './working-rows.js';

/** One side of a join: a profile, or an id that has none yet. */
interface Side {
  readonly profiles: readonly ProfileRow[];
  readonly members: readonly ProfileMember[];
  readonly mergeCount: number;
  readonly cutFrom: readonly SubjectId[];
}

/** An assertion's usable customer ids, mails and phones, the strongest first. */
interface Candidate {
  readonly identifier: ReadIdentifier;
  readonly subject: NodeRow;
  /** Seen in clear by now. */
  readonly isClear: boolean;
}

const sideOf = (rows: WorkingRows, { identifier, subject }: Candidate, { seq }: AssertionRow, atMs: number): Side => {
  const profile = rows.profileOf(subject);
  if (profile !== undefined)
    return { profiles: [profile], members: profile.members, mergeCount: profile.mergeCount, cutFrom: profile.cutFrom };
  const { kind, subjectId } = identifier;
  const member = { subjectId, kind, seq, shownSeq: seq, tiedTo: null, sinceMs: atMs, untilMs: null };
  return { profiles: [], members: [member], mergeCount: 0, cutFrom: subject.cutFrom };
};

const together = (one: Side, other: Side): Side => {
  const present = new Set(one.members.map(({ subjectId }) => subjectId));
  return {
    profiles: [...one.profiles, ...other.profiles],
    members: [...one.members, ...other.members.filter(({ subjectId }) => !present.has(subjectId))],
    mergeCount: one.mergeCount + other.mergeCount + (one.profiles.length > 0 ? other.profiles.length : 0),
    cutFrom: [...one.cutFrom, ...other.cutFrom],
  };
};

const has = ({ members }: Side, kind: JoiningKind): boolean => members.some((member) => member.kind === kind);

function isOverLimit(kind: JoiningKind, members: readonly ProfileMember[], nowMs: number): boolean {
  const { max, windowMs } = LIMITS[kind];
  return members.filter((member) => member.kind === kind && member.sinceMs > nowMs - windowMs).length > max;
}

/** Why these two sides stay apart although `by` was shown with somebody of `one`; null when they may join. */
function refusal(one: Side, other: Side, by: Candidate, before: readonly Candidate[], nowMs: number): ConflictReason | null {
  const joined = together(one, other);
  if (isOverLimit('customer', joined.members, nowMs)) return 'another-customer';
  if (other.cutFrom.some((cut) => one.members.some(({ subjectId }) => subjectId === cut))) return 'cut';
  if (by.identifier.kind === 'phone' && has(one, 'email') && has(other, 'email')) return 'another-email';
  const isMerge = one.profiles.length > 0 && other.profiles.length > 0;
  if (isMerge && !(by.isClear && before.some(({ isClear }) => isClear))) return 'hash-only';
  if (isOverLimit('email', joined.members, nowMs) || isOverLimit('phone', joined.members, nowMs)) return 'too-many';
  const isTooLarge = joined.members.length > MAX_PROFILE_IDS || joined.mergeCount > MAX_PROFILE_MERGES;
  return isTooLarge ? 'too-large' : null;
}

type Union = { readonly refused: ConflictReason } | { readonly refused: null; readonly side: Side; readonly edge: JoiningKind };

/** All of them in one profile, or the first reason against it. */
function union(rows: WorkingRows, row: AssertionRow, candidates: readonly [Candidate, ...Candidate[]], nowMs: number): Union {
  const [first, ...others] = candidates;
  let side = sideOf(rows, first, row, nowMs);
  let edge: JoiningKind = first.identifier.kind;
  for (const [index, candidate] of others.entries()) {
    const { kind, subjectId } = candidate.identifier;
    if (side.members.some((member) => member.subjectId === subjectId)) continue;
    const other = sideOf(rows, candidate, row, nowMs);
    const refused = refusal(side, other, candidate, candidates.slice(0, index + 1), nowMs);
    if (refused !== null) return { refused };
    if (side.profiles.length > 0 && other.profiles.length > 0) edge = kind;
    side = together(side, other);
  }
  return { refused: null, side, edge };
}

const oldestFirst = (a: ProfileRow, b: ProfileRow): number => a.firstSeq - b.firstSeq || (a.profileId < b.profileId ? -1 : 1);

function absorb(rows: WorkingRows, winner: ProfileRow, losers: readonly ProfileRow[]): void {
  for (const name of losers.flatMap(({ profileId, absorbed }) => [profileId, ...absorbed])) {
    rows.putAlias({ profileId: name, target: winner.profileId });
  }
  for (const { profileId } of losers) rows.removeProfile(profileId);
}

/** Writes the joined profile. Nothing is written when it was so before. */
function save(
  rows: WorkingRows,
  row: AssertionRow,
  first: Candidate,
  { side, edge }: Extract<Union, { refused: null }>,
  doneSeq: number,
): void {
  const [oldest, ...losers] = side.profiles.toSorted(oldestFirst);
  if (oldest !== undefined && losers.length === 0 && oldest.members.length === side.members.length) return;
  const profileId = oldest?.profileId ?? profileIdOf(rows.tenantId, first.identifier.subjectId);
  if (oldest === undefined) rows.removeAlias(profileId);
  const profile: ProfileRow = {
    profileId,
    firstSeq: oldest?.firstSeq ?? row.seq,
    members: side.members,
    mergeCount: side.mergeCount,
    absorbed: [...(oldest?.absorbed ?? []), ...losers.flatMap((loser) => [loser.profileId, ...loser.absorbed])],
    cutFrom: [...new Set(side.cutFrom)],
  };
  rows.putProfile(profile);
  const known = new Set(side.profiles.flatMap(({ members }) => members.map(({ subjectId }) => subjectId)));
  for (const { subjectId, kind, seq, shownSeq, sinceMs } of side.members) {
    if (known.has(subjectId)) continue;
    rows.putSubject({ ...rows.subject(kind, subjectId), links: [{ profileId, seq, shownSeq, tiedTo: null, atMs: sinceMs }] });
  }
  if (losers.length > 0) {
    absorb(rows, profile, losers);
    const ids = losers.map((loser) => loser.profileId);
    rows.addMerge({
      winner: profileId,
      losers: ids,
      seq: row.seq,
      doneSeq,
      eventId: row.eventId,
      edge,
      ruleVersion: IDENTITY_RULE_VERSION,
    });
    // A device that was shared by two profiles may be one person's now.
    for (const { subjectId, kind } of side.members) if (kind === 'visitor') settleVisitor(rows, subjectId);
  }
}

/**
 * Joins the customer ids, mails and phones of an assertion: on a conflict the lowest tier is dropped and the rest tried again;
 * what was dropped leaves a conflict row with both sides. Returns the strongest id, which has a profile now, or undefined without one.
 */
export function joinStrongIds(
  rows: WorkingRows,
  row: AssertionRow,
  usable: readonly ReadIdentifier[],
  done: Pick<AssertionRow, 'seq' | 'atMs'>,
): NodeRow | undefined {
  const candidates = usable.map((identifier) => {
    const subject = rows.subject(identifier.kind, identifier.subjectId);
    return { identifier, subject, isClear: subject.clearSeq !== null && subject.clearSeq <= done.seq };
  });
  const [first] = candidates;
  if (first === undefined || isOfAnotherMail(rows, row, first)) return undefined;
  for (let count = candidates.length; count > 0; count -= 1) {
    const result = union(rows, row, [first, ...candidates.slice(1, count)], done.atMs);
    if (result.refused === null) {
      save(rows, row, first, result, done.seq);
      break;
    }
    const dropped = candidates[count - 1];
    if (dropped !== undefined) keepApart(rows, row, first.identifier, dropped.identifier, result.refused);
    if (result.refused === 'hash-only') holdUntilClear(rows, row, candidates);
  }
  return rows.subject(first.identifier.kind, first.identifier.subjectId);
}

/** A function's address joins nobody, and yet is another mail than those of the phone that came with it. */
function isOfAnotherMail(rows: WorkingRows, row: AssertionRow, { identifier, subject }: Candidate): boolean {
  if (identifier.kind !== 'phone') return false;
  const roleMail = row.identifiers.find(({ kind, excluded }) => kind === 'email' && excluded === 'role-address');
  const isAnother = roleMail !== undefined && rows.profileOf(subject)?.members.some(({ kind }) => kind === 'email') === true;
  if (isAnother) keepApart(rows, row, roleMail, identifier, 'another-email');
  return isAnother;
}

function keepApart(
  rows: WorkingRows,
  { seq, eventId }: AssertionRow,
  kept: ReadIdentifier,
  dropped: ReadIdentifier,
  reason: ConflictReason,
): void {
  rows.addConflict({ seq, eventId, reason, kept: kept.subjectId, dropped: dropped.subjectId, ruleVersion: IDENTITY_RULE_VERSION });
}

function holdUntilClear(rows: WorkingRows, { seq }: AssertionRow, candidates: readonly Candidate[]): void {
  for (const { identifier, isClear } of candidates) {
    if (isClear) continue;
    const subject = rows.subject(identifier.kind, identifier.subjectId);
    if (!subject.heldSeqs.includes(seq)) rows.putSubject({ ...subject, heldSeqs: [...subject.heldSeqs, seq] });
  }
}
