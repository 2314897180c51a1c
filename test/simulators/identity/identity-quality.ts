import { IdentityGraph } from '../../builders/identity-graph.builder.ts';
import { agreementOf, type Agreement } from './agreement.ts';
import { simulateIdentityLog } from './identity-log.ts';

export interface IdentityQuality extends Agreement {
  /** Profiles with two different customer ids: none. */
  readonly customerConflicts: number;
  /** Observations that say who somebody is: orders and identify calls. */
  readonly observations: number;
  readonly events: number;
  readonly profiles: number;
  readonly foldSeconds: number;
}

const BATCH_EVENTS = 500;

/** Observation → the profile of its strongest id that was not kept apart, as a delivery would look it up afterwards. */
function profilesFound(graph: IdentityGraph): Map<string, string> {
  const found = new Map<string, string>();
  for (const { seq, eventId, identifiers } of graph.tables.assertions.values()) {
    const links = identifiers
      .filter(({ kind, subjectId, excluded }) => kind !== 'visitor' && excluded === null && !graph.conflicts.has(`${seq}:${subjectId}`))
      .map(({ subjectId }) => graph.tables.subjects.get(subjectId)?.links[0]);
    const link = links.find((one) => one !== undefined);
    if (link !== undefined) found.set(eventId, graph.nameNow(link.profileId));
  }
  return found;
}

/** Folds the logs of simulated shops, one per seed, and compares all that was found with the truth. */
export function measureIdentityQuality(seeds: readonly number[], households: number): IdentityQuality {
  const truth = new Map<string, string>();
  const found = new Map<string, string>();
  const counts = { customerConflicts: 0, events: 0, profiles: 0, foldSeconds: 0 };
  for (const seed of seeds) {
    const log = simulateIdentityLog(seed, households);
    const graph = new IdentityGraph();
    const began = performance.now();
    for (let from = 0; from < log.events.length; from += BATCH_EVENTS) graph.fold(...log.events.slice(from, from + BATCH_EVENTS));
    counts.foldSeconds += (performance.now() - began) / 1_000;
    counts.events += log.events.length;
    const profiles = graph.profiles();
    counts.profiles += profiles.length;
    counts.customerConflicts += profiles.filter(({ members }) => members.filter(({ kind }) => kind === 'customer').length > 1).length;
    for (const [observation, person] of log.truth) truth.set(observation, `${seed}:${person}`);
    for (const [observation, profileId] of profilesFound(graph)) found.set(observation, `${seed}:${profileId}`);
  }
  return { ...agreementOf(truth, found), ...counts, observations: truth.size };
}
