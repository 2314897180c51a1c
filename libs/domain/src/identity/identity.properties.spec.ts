import fc from 'fast-check';
import { Chance } from '../../../../test/simulators/woocommerce/shop/chance.js';
import {
  asserted,
  blocked,
  cut,
  GRAPH_BEGINS_AT,
  identifier,
  IdentityGraph,
  ordered,
  type Name,
} from '../../../../test/builders/identity-graph.builder.js';
import type { AssertionEvent } from '../assertion.events.js';
import { asTenantId, type TenantId } from '../ids.js';
import { partitionOf } from '../partition.js';
import type { ProfileRow } from './identity.rows.js';

const POOL: Readonly<Record<'customer' | 'email' | 'phone' | 'visitor', number>> = { customer: 3, email: 5, phone: 4, visitor: 5 };
const SEED = 20_261_121;

interface Shown {
  readonly names: readonly Name[];
  readonly hashed: boolean;
  readonly refused: boolean;
  readonly order: number | null;
  readonly hours: number;
}
type Step = Shown | { readonly decided: readonly [Name, Name | null]; readonly isSet: boolean };

const name = fc.oneof(...Object.entries(POOL).map(([kind, count]) => fc.nat(count - 1).map((index) => `${kind}:${index}` as Name)));
const shown: fc.Arbitrary<Shown> = fc.record({
  names: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
  hashed: fc.boolean(),
  refused: fc.nat(9).map((number) => number === 0),
  order: fc.option(fc.nat(6), { nil: null }),
  hours: fc.nat(24 * 12),
});
const decided: fc.Arbitrary<Step> = fc.record({ decided: fc.tuple(name, fc.option(name, { nil: null })), isSet: fc.boolean() });
const someAssertions = fc.array(shown, { minLength: 1, maxLength: 30 });
const someSteps = fc.array(fc.oneof({ weight: 4, arbitrary: shown }, { weight: 1, arbitrary: decided }), { minLength: 1, maxLength: 30 });

const isDecision = (event: AssertionEvent): boolean => event.type !== 'IdentifiersAsserted';

/** A log of these steps; time goes on by the steps' hours. */
function logOf(steps: readonly Step[]): AssertionEvent[] {
  let receivedAt = GRAPH_BEGINS_AT;
  return steps.map((step) => {
    if ('decided' in step) {
      const [one, other] = step.decided;
      return other === null ? blocked(one, step.isSet) : cut(one, other, step.isSet);
    }
    receivedAt += step.hours * 3_600_000;
    const flags = { isHashOnly: step.hashed, blocked: step.refused && !step.hashed ? 'nobodys-address' : null };
    const identifiers = step.names.map((each) => identifier(each, each.startsWith('email') ? flags : {}));
    return step.order === null ? asserted(identifiers, { receivedAt }) : ordered(String(step.order), identifiers, { receivedAt });
  });
}

const check = <T>(arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void, numRuns = 100): void =>
  fc.assert(fc.property(arbitrary, predicate), { numRuns, seed: SEED });

const customersOf = ({ members }: ProfileRow): number => members.filter(({ kind }) => kind === 'customer').length;

/** Members that can be reached from the first by the assertions which the explanation names. */
function connectedByExplanation(graph: IdentityGraph, profile: ProfileRow): number {
  const explained = graph.explain(profile);
  const members = explained.members.map(({ subjectId }) => subjectId as string);
  const groups = [
    ...explained.members.map(({ joinedBy, shownBy, subjectId, tiedTo }) => [
      subjectId,
      ...joinedBy.subjectIds,
      ...shownBy.subjectIds,
      ...(tiedTo === null ? [] : [tiedTo]),
    ]),
    ...explained.merges.map(({ by }) => by.subjectIds),
  ];
  const reached = new Set<string>(members.slice(0, 1));
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    const near = groups.filter((group) => group.some((each) => reached.has(each))).flat();
    for (const each of near) if (members.includes(each)) reached.add(each);
  }
  return reached.size;
}

describe('whatever the log says', () => {
  it('two different customer ids are never in one profile', () => {
    check(someSteps, (steps) => {
      for (const profile of IdentityGraph.of(...logOf(steps)).profiles()) expect(customersOf(profile)).toBeLessThanOrEqual(1);
    });
  });

  it('subjects and profiles say the same of each other, and an alias leads to a profile', () => {
    check(someSteps, (steps) => {
      const graph = IdentityGraph.of(...logOf(steps));
      const bySubject = [...graph.tables.subjects.values()].flatMap(({ subjectId, links }) => [
        ...new Set(links.map(({ profileId }) => `${graph.nameNow(profileId)} ${subjectId}`)),
      ]);
      const byProfile = graph.profiles().flatMap(({ profileId, members }) => members.map(({ subjectId }) => `${profileId} ${subjectId}`));
      expect(bySubject.toSorted()).toEqual(byProfile.toSorted());
      for (const { profileId, target } of graph.tables.aliases.values()) {
        expect(graph.tables.profiles.has(profileId)).toBe(false);
        if (target !== null) expect(graph.tables.profiles.get(target)?.absorbed).toContain(profileId);
      }
    });
  });

  it('what an operator blocked is in no profile, and what one cut is in none together', () => {
    check(someSteps, (steps) => {
      const graph = IdentityGraph.of(...logOf(steps));
      for (const { isBlocked, cutFrom, links } of graph.tables.subjects.values()) {
        if (isBlocked) expect(links).toEqual([]);
        const mine = new Set(links.map((link) => graph.nameNow(link.profileId)));
        for (const other of cutFrom) {
          const theirs = graph.tables.subjects.get(other)?.links.map((link) => graph.nameNow(link.profileId)) ?? [];
          expect(theirs.some((profileId) => mine.has(profileId))).toBe(false);
        }
      }
    });
  });

  it('an explanation names assertions that connect all members', () => {
    check(someAssertions, (steps) => {
      const graph = IdentityGraph.of(...logOf(steps));
      for (const profile of graph.profiles()) expect(connectedByExplanation(graph, profile)).toBe(profile.members.length);
    });
  });

  it('saying any of it again, at any later place, changes nothing', () => {
    check(fc.tuple(someAssertions, fc.infiniteStream(fc.nat(40))), ([steps, places]) => {
      const log = logOf(steps);
      const repeated = [...log];
      for (const event of log) {
        const place = places.next().value as number;
        const earliest = repeated.indexOf(event) + 1;
        if (place < 20) repeated.splice(Math.min(repeated.length, earliest + place), 0, event);
      }
      const written = (graph: IdentityGraph): string => graph.written({ names: true });
      expect(written(IdentityGraph.of(...repeated))).toBe(written(IdentityGraph.of(...log)));
    });
  });

  it('a batch that comes again as a whole changes nothing', () => {
    check(someSteps, (steps) => {
      const log = logOf(steps);
      const graph = new IdentityGraph().fold(...log);
      const before = graph.written({ names: false });
      expect(graph.fold(...log).written({ names: false })).toBe(before);
    });
  });

  it('a decision gives what the whole log would have given had it been known from the start', () => {
    check(
      someSteps,
      (steps) => {
        const log = logOf(steps);
        const known = IdentityGraph.of(...log.filter(isDecision), ...log.filter((event) => !isDecision(event)));
        const learned = new IdentityGraph();
        for (const event of log) learned.fold(event);
        expect(learned.written({ names: false })).toBe(known.written({ names: false }));
      },
      200,
    );
  });
});

const TENANTS = Array.from({ length: 9 }, (_, index) => asTenantId(`shop-${index}`));

/** A tenant's log that depends on the seed alone. */
function tenantLog(seed: number): AssertionEvent[] {
  const steps = fc.sample(
    fc.array(fc.oneof({ weight: 8, arbitrary: shown }, { weight: 1, arbitrary: decided }), { minLength: 25, maxLength: 40 }),
    { seed, numRuns: 1 },
  )[0];
  return logOf(steps ?? []);
}

interface WaitingLog {
  readonly tenantId: TenantId;
  readonly rest: AssertionEvent[];
}

/** The next few records of a partition, of any of its tenants, by tenant. */
function nextBatch(waiting: readonly WaitingLog[], chance: Chance): ReadonlyMap<TenantId, AssertionEvent[]> {
  const batch = new Map<TenantId, AssertionEvent[]>();
  for (let count = 1 + Math.floor(chance.next() * 12); count > 0; count -= 1) {
    const from = waiting[Math.floor(chance.next() * waiting.length)];
    const event = from?.rest.shift();
    if (from !== undefined && event !== undefined) batch.set(from.tenantId, [...(batch.get(from.tenantId) ?? []), event]);
  }
  return batch;
}

describe('20 seeds × {1, 8, 32} partitions, any interleaving and any batches', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))('seed %s gives the same graphs', (seed) => {
    const chance = new Chance(seed);
    const logs = TENANTS.map((tenantId, index) => ({ tenantId, log: tenantLog(seed * 100 + index) }));
    const expected = logs.map(({ tenantId, log }) => new IdentityGraph(tenantId).fold(...log).hash());
    for (const partitions of [1, 8, 32]) {
      const graphs = new Map(TENANTS.map((tenantId) => [tenantId, new IdentityGraph(tenantId)]));
      const byPartition = Map.groupBy(logs, ({ tenantId }) => partitionOf(tenantId, partitions));
      for (const logsOfOne of byPartition.values()) {
        const waiting = logsOfOne.map(({ tenantId, log }) => ({ tenantId, rest: [...log] }));
        while (waiting.some(({ rest }) => rest.length > 0)) {
          for (const [tenantId, events] of nextBatch(waiting, chance)) graphs.get(tenantId)?.fold(...events);
        }
      }
      expect([...graphs.values()].map((graph) => graph.hash())).toEqual(expected);
    }
  });

  it('and the logs join, merge, part and keep apart', () => {
    const graphs = TENANTS.map((tenantId, index) => new IdentityGraph(tenantId).fold(...tenantLog(index)));
    const sum = (count: (graph: IdentityGraph) => number): number => graphs.reduce((total, graph) => total + count(graph), 0);
    expect(sum(({ merges }) => merges.size)).toBeGreaterThan(5);
    expect(sum(({ conflicts }) => conflicts.size)).toBeGreaterThan(20);
    expect(sum(({ tables }) => tables.aliases.size)).toBeGreaterThan(5);
    expect(
      sum(({ tables }) => [...tables.subjects.values()].filter(({ quarantinedSeq }) => quarantinedSeq !== null).length),
    ).toBeGreaterThan(5);
  });
});
