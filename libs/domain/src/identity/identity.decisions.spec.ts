import {
  asserted,
  blocked,
  cut,
  DAY_MS,
  GRAPH_BEGINS_AT,
  identifier,
  IdentityGraph,
  ordered,
  subjectOf,
} from '../../../../test/builders/identity-graph.builder.js';
import { asTenantId } from '../ids.js';
import { profileIdOf } from './profile-id.js';

const onDay = (day: number): { receivedAt: number } => ({ receivedAt: GRAPH_BEGINS_AT + day * DAY_MS });

describe('an operator’s decision', () => {
  const history = [
    asserted(['customer:1', 'email:a', 'phone:p'], onDay(0)),
    asserted(['email:b', 'visitor:v'], onDay(1)),
    asserted(['customer:1', 'email:b'], onDay(2)),
  ];

  it('to block a value takes back what it joined', () => {
    const graph = IdentityGraph.of(...history, blocked('customer:1'));
    expect(graph.areJoined('email:a', 'email:b')).toBe(false);
    expect(graph.membersWith('email:a')).toEqual(['email:a', 'phone:p']);
  });

  it('to cut an edge keeps the two apart and leaves the rest', () => {
    const graph = IdentityGraph.of(...history, cut('email:b', 'customer:1'));
    expect(graph.areJoined('customer:1', 'email:b')).toBe(false);
    expect(graph.areJoined('customer:1', 'phone:p')).toBe(true);
    expect(graph.reasons()).toEqual(['cut email:b']);
  });

  it('binds what comes later', () => {
    const graph = IdentityGraph.of(cut('email:b', 'customer:1'), ...history);
    expect(graph.areJoined('customer:1', 'email:b')).toBe(false);
  });

  it('holds for two that others join', () => {
    const graph = IdentityGraph.of(cut('email:a', 'email:b'), ...history);
    expect(graph.areJoined('email:a', 'email:b')).toBe(false);
  });

  it('taken back gives what was before', () => {
    const before = IdentityGraph.of(...history).written({ names: false });
    const graph = IdentityGraph.of(
      ...history,
      blocked('customer:1'),
      cut('email:a', 'phone:p'),
      blocked('customer:1', false),
      cut('email:a', 'phone:p', false),
    );
    expect(graph.written({ names: false })).toBe(before);
  });

  it('taken back makes a profile of which nothing was left', () => {
    const graph = IdentityGraph.of(asserted(['email:a', 'visitor:v']));
    const [before, given] = [graph.written({ names: true, versions: false }), graph.profileIdOf('email:a')!];
    graph.fold(blocked('email:a'));
    expect(graph.tables.aliases.get(given)).toEqual({ profileId: given, target: null });
    graph.fold(blocked('email:a', false));
    expect(graph.written({ names: true, versions: false })).toBe(before);
  });

  it('never takes a name away: an id that was given leads to what is left', () => {
    const graph = IdentityGraph.of(asserted(['phone:older', 'visitor:o']), ...history);
    const given = graph.profileIdOf('customer:1')!;
    graph.fold(blocked('customer:1'));
    expect(graph.nameNow(given)).toBe(graph.profileIdOf('email:a'));
    graph.fold(asserted(['email:a', 'phone:older']));
    expect(graph.nameNow(given)).toBe(profileIdOf(asTenantId('acme'), subjectOf('phone:older')));
    expect(graph.areJoined('email:a', 'phone:older')).toBe(true);
  });
});

describe('what was said before', () => {
  it.each([
    ['the same record', (event: ReturnType<typeof ordered>) => event],
    ['another change of the order', (event: ReturnType<typeof ordered>) => ({ ...event, eventId: 'another', basisEventId: 'another' })],
  ])('changes nothing: %s', (_, again) => {
    const events = [
      ordered('1', ['email:a', 'phone:p', 'visitor:v']),
      ordered('2', ['email:b', 'phone:p']),
      asserted(['customer:1', 'email:a']),
    ];
    const graph = IdentityGraph.of(...events);
    const before = graph.written({ names: true });
    for (const event of events) graph.fold(again(event));
    expect(graph.written({ names: true })).toBe(before);
  });

  it('is compared without when and by whom, not without its judgement', () => {
    const graph = IdentityGraph.of(
      asserted(['email:a', 'visitor:v']),
      asserted([identifier('email:a', { isHashOnly: true }), 'visitor:v']),
    );
    expect(graph.tables.assertions.size).toBe(2);
  });
});

describe('time', () => {
  it('is the running maximum of the log: a late record has the time of its place', () => {
    const graph = IdentityGraph.of(asserted(['email:a', 'visitor:v'], onDay(5)), asserted(['email:b', 'visitor:w'], onDay(1)));
    expect([...graph.tables.assertions.values()].map(({ atMs }) => atMs)).toEqual([onDay(5).receivedAt, onDay(5).receivedAt]);
  });
});

describe('a batch', () => {
  it('reads only rows of what it names and of their profiles', () => {
    const others = Array.from({ length: 50 }, (_, index) => ordered(`o${index}`, [`email:x${index}`, `phone:x${index}`]));
    const graph = IdentityGraph.of(...others, ordered('1', ['email:a', 'phone:p', 'visitor:v']));
    graph.fold(ordered('2', ['email:a', 'visitor:v']));
    const known = new Set(['email:a', 'phone:p', 'visitor:v', 'shop:2', graph.profileIdOf('email:a')]);
    const strangers = graph.readRows.filter(({ table, key }) => table !== 'contents' && !known.has(key));
    expect(strangers).toEqual([]);
    expect(graph.readRows.some(({ table }) => table === 'histories')).toBe(false);
  });

  it('with a decision reads the component, not its neighbours', () => {
    const graph = IdentityGraph.of(
      ordered('1', ['email:a', 'phone:p']),
      ordered('2', ['email:b', 'phone:q']),
      ordered('3', ['email:c', 'phone:p']),
    );
    graph.fold(blocked('phone:p'));
    expect(graph.readRows.map(({ key }) => key)).toEqual(expect.arrayContaining(['email:a', 'email:c', 'phone:p']));
    expect(graph.readRows.some(({ key }) => key.endsWith(':b') || key.endsWith(':q'))).toBe(false);
  });
});

describe('an explanation', () => {
  it('names the assertion that joined each id, the merges, and what was kept apart', () => {
    const [first, second, third, fourth] = [
      ordered('1', ['email:a', 'phone:p']),
      asserted(['customer:7', 'visitor:v']),
      asserted(['customer:7', 'email:a']),
      ordered('2', ['email:b', 'phone:p']),
    ];
    const graph = IdentityGraph.of(first, second, third, fourth);
    const explained = graph.explain(graph.profileOf('email:a')!);
    expect(explained.members.map(({ subjectId, joinedBy }) => [subjectId, joinedBy.eventId])).toEqual([
      ['customer:7', second.eventId],
      ['visitor:v', second.eventId],
      ['email:a', first.eventId],
      ['phone:p', first.eventId],
    ]);
    expect(explained.merges.map(({ by, edge }) => [by.eventId, edge])).toEqual([[third.eventId, 'email']]);
    expect(explained.keptApart.map(({ by, reason, dropped }) => [by.eventId, reason, dropped])).toEqual([
      [fourth.eventId, 'another-email', 'phone:p'],
    ]);
  });

  it('names both assertions when an order tied the visitor', () => {
    const [bought, shown] = [ordered('1', ['email:a', 'phone:p']), ordered('1', ['visitor:v'], { basis: 'purchase-shown' })];
    const graph = IdentityGraph.of(shown, bought);
    const member = graph.explain(graph.profileOf('email:a')!).members.find(({ kind }) => kind === 'visitor');
    expect([member?.joinedBy.eventId, member?.shownBy.eventId]).toEqual([bought.eventId, shown.eventId]);
  });
});
