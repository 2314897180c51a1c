import type { ProfileId, SubjectId } from '../ids.js';
import { applyAssertion } from './assertion-joins.js';
import { nodesOf, type AssertionRow, type ProfileRow, type NodeRow } from './identity.rows.js';
import type { WorkingRows } from './working-rows.js';

interface Component {
  readonly subjects: ReadonlySet<SubjectId>;
  readonly orderKeys: ReadonlySet<string>;
  /** By `seq`. */
  readonly assertions: readonly AssertionRow[];
}

/** Everything that assertions connect with these subjects, whatever operators decided. */
function componentOf(rows: WorkingRows, starts: readonly SubjectId[]): Component {
  const subjects = new Set<SubjectId>(starts);
  const orderKeys = new Set<string>();
  const assertions = new Map<number, AssertionRow>();
  const waiting: string[] = [...starts];
  const visited = new Set<string>(waiting);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const seq of rows.historyOf(node)) {
      const assertion = assertions.has(seq) ? undefined : rows.assertion(seq);
      if (assertion === undefined) continue;
      assertions.set(seq, assertion);
      for (const { subjectId, excluded } of assertion.identifiers) if (excluded === null) subjects.add(subjectId);
      if (assertion.orderKey !== null) orderKeys.add(assertion.orderKey);
      for (const next of nodesOf(assertion)) {
        if (visited.has(next)) continue;
        visited.add(next);
        waiting.push(next);
      }
    }
  }
  return { subjects, orderKeys, assertions: [...assertions.values()].toSorted((a, b) => a.seq - b.seq) };
}

const namesOf = ({ profileId, absorbed }: ProfileRow): readonly ProfileId[] => [profileId, ...absorbed];

/** Takes back whatever the rules made of the component; the profiles it had. */
function forget(rows: WorkingRows, { subjects, orderKeys, assertions }: Component): readonly ProfileRow[] {
  const known = [...subjects].map((subjectId) => rows.knownSubject(subjectId)).filter((subject) => subject !== undefined);
  const profiles = new Map<ProfileId, ProfileRow>();
  for (const profile of known.flatMap(({ links }) => links.map(({ profileId }) => rows.profile(profileId)))) {
    if (profile !== undefined) profiles.set(profile.profileId, profile);
  }
  for (const profile of profiles.values()) {
    rows.removeProfile(profile.profileId);
    for (const name of profile.absorbed) rows.removeAlias(name);
  }
  for (const subject of known) rows.putSubject({ ...subject, links: [], heldSeqs: [] });
  for (const orderKey of orderKeys) rows.removeOrder(orderKey);
  for (const { seq } of assertions) rows.redo(seq);
  return [...profiles.values()];
}

/** A name that was given stays a name: of the profile that has the oldest member left, else of none. */
function keepNames(rows: WorkingRows, before: readonly ProfileRow[]): void {
  for (const profile of before) {
    const members = profile.members.toSorted((a, b) => a.seq - b.seq).map(({ subjectId }) => rows.knownSubject(subjectId));
    const heir = members.find((subject): subject is NodeRow => subject !== undefined && subject.links.length > 0);
    for (const name of namesOf(profile)) {
      if (rows.profile(name) !== undefined) continue;
      const target = heir === undefined ? undefined : rows.profileOf(heir);
      rows.putAlias({ profileId: name, target: target?.profileId ?? null });
      if (target !== undefined) rows.putProfile({ ...target, absorbed: [...target.absorbed, name] });
    }
  }
}

/**
 * Draws all conclusions about the subjects' component anew, as if operators' standing decisions had been known from the start.
 * Nothing outside of the component is read or changed.
 */
export function replayComponent(rows: WorkingRows, starts: readonly SubjectId[]): void {
  const component = componentOf(rows, starts);
  if (rows.isMissingRows()) return;
  const before = forget(rows, component);
  for (const assertion of component.assertions) applyAssertion(rows, assertion);
  keepNames(rows, before);
}
