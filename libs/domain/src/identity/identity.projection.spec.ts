import {
  asserted,
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

describe('an assertion joins', () => {
  it('what it shows together, under the id of its strongest subject', () => {
    const graph = IdentityGraph.of(asserted(['visitor:v', 'phone:p', 'email:e', 'customer:7']));
    expect(graph.membersWith('email:e')).toEqual(['customer:7', 'email:e', 'phone:p', 'visitor:v']);
    expect(graph.profileIdOf('email:e')).toBe(profileIdOf(asTenantId('acme'), subjectOf('customer:7')));
  });

  it('a new mail to the customer who shows it', () => {
    const graph = IdentityGraph.of(asserted(['customer:7', 'email:old']), asserted(['customer:7', 'email:new']));
    expect(graph.areJoined('email:old', 'email:new')).toBe(true);
  });

  it('two existing profiles by a mail', () => {
    const graph = IdentityGraph.of(
      asserted(['email:e', 'phone:p']),
      asserted(['customer:7', 'visitor:v']),
      asserted(['customer:7', 'email:e']),
    );
    expect(graph.membersWith('customer:7')).toEqual(['customer:7', 'email:e', 'phone:p', 'visitor:v']);
    expect([...graph.merges.values()].map(({ edge }) => edge)).toEqual(['email']);
  });

  it('two existing profiles by a phone while one of them has no mail', () => {
    const graph = IdentityGraph.of(
      asserted(['email:e', 'visitor:a']),
      asserted(['phone:p', 'visitor:b']),
      asserted(['email:e', 'phone:p']),
    );
    expect(graph.areJoined('email:e', 'phone:p')).toBe(true);
    expect([...graph.merges.values()].map(({ edge }) => edge)).toEqual(['phone']);
  });

  it('nobody of another tenant', () => {
    const [one, other] = [new IdentityGraph(asTenantId('one')), new IdentityGraph(asTenantId('other'))];
    one.fold(asserted(['email:e', 'phone:p']));
    other.fold(asserted(['email:e', 'customer:7']));
    expect(one.profileIdOf('email:e')).not.toBe(other.profileIdOf('email:e'));
  });
});

describe('two customer ids', () => {
  it('never join, by a mail', () => {
    const graph = IdentityGraph.of(asserted(['customer:1', 'email:e']), asserted(['customer:2', 'email:e']));
    expect(graph.membersWith('customer:1')).toEqual(['customer:1', 'email:e']);
    expect(graph.membersWith('customer:2')).toEqual(['customer:2']);
  });

  it('never join, by a phone; the conflict names both sides', () => {
    const graph = IdentityGraph.of(asserted(['customer:1', 'phone:p']), asserted(['customer:2', 'email:e', 'phone:p']));
    expect(graph.areJoined('customer:1', 'customer:2')).toBe(false);
    expect([...graph.conflicts.values()]).toMatchObject([{ kept: 'customer:2', dropped: 'phone:p', reason: 'another-customer' }]);
    expect(graph.membersWith('customer:2')).toEqual(['customer:2', 'email:e']);
  });

  it('never join in one assertion', () => {
    const graph = IdentityGraph.of(asserted(['customer:1', 'customer:2', 'email:e']));
    expect(graph.areJoined('customer:1', 'customer:2')).toBe(false);
  });
});

describe('a phone', () => {
  it('does not join mails: a household has one phone', () => {
    const graph = IdentityGraph.of(ordered('1', ['email:ana', 'phone:home']), ordered('2', ['email:ben', 'phone:home']));
    expect(graph.areJoined('email:ana', 'email:ben')).toBe(false);
    expect(graph.reasons()).toEqual(['another-email phone:home']);
  });

  it('does not merge two profiles that have different mails', () => {
    const graph = IdentityGraph.of(
      asserted(['email:ana', 'visitor:a']),
      asserted(['email:ben', 'phone:p']),
      asserted(['email:ana', 'phone:p']),
    );
    expect(graph.areJoined('email:ana', 'email:ben')).toBe(false);
  });
});

describe('a visitor id', () => {
  it('never merges two profiles: it becomes a shared device', () => {
    const graph = IdentityGraph.of(asserted(['email:ana', 'visitor:v'], onDay(0)), asserted(['email:ben', 'visitor:v'], onDay(2)));
    expect(graph.areJoined('email:ana', 'email:ben')).toBe(false);
    expect(graph.profileIdOf('visitor:v')).toBe(profileIdOf(asTenantId('acme'), subjectOf('visitor:v')));
  });

  it('keeps its history before it was shared', () => {
    const graph = IdentityGraph.of(asserted(['email:ana', 'visitor:v'], onDay(0)), asserted(['email:ben', 'visitor:v'], onDay(2)));
    const member = graph.profileOf('email:ana')?.members.find(({ kind }) => kind === 'visitor');
    expect(member).toMatchObject({ sinceMs: GRAPH_BEGINS_AT, untilMs: GRAPH_BEGINS_AT + 2 * DAY_MS });
  });

  it('is one person’s again when the two turn out to be one', () => {
    const graph = IdentityGraph.of(
      asserted(['email:ana', 'visitor:v']),
      asserted(['phone:p', 'visitor:v']),
      asserted(['email:ana', 'phone:p']),
    );
    expect(graph.areJoined('visitor:v', 'email:ana')).toBe(true);
    expect(graph.profileOf('email:ana')?.members.filter(({ kind }) => kind === 'visitor')).toMatchObject([{ untilMs: null }]);
  });

  it('without a person has a deterministic anonymous profile', () => {
    const graph = IdentityGraph.of(ordered('1', ['visitor:v'], { basis: 'purchase-shown' }));
    expect(graph.profileIdOf('visitor:v')).toBe(profileIdOf(asTenantId('acme'), subjectOf('visitor:v')));
    expect(graph.profiles()).toEqual([]);
  });

  it('is kept with ten profiles at most', () => {
    const phones = Array.from({ length: 14 }, (_, index) => asserted([`phone:p${index}`, 'visitor:kiosk']));
    expect(IdentityGraph.of(...phones).tables.subjects.get('visitor:kiosk')?.links.length).toBe(10);
  });
});

describe('an order', () => {
  it.each([true, false])('ties the visitor seen on it to its buyer (shown before the order: %s)', (isBefore) => {
    const shown = ordered('1', ['visitor:v'], { basis: 'purchase-shown' });
    const bought = ordered('1', ['email:ana', 'phone:p']);
    const graph = IdentityGraph.of(...(isBefore ? [shown, bought] : [bought, shown]));
    expect(graph.areJoined('visitor:v', 'email:ana')).toBe(true);
  });

  it('ties no visitor that was quarantined before the buyer was known', () => {
    const mails = ['email:1', 'email:2', 'email:3'] as const;
    const graph = IdentityGraph.of(
      ordered('1', ['visitor:v'], { basis: 'purchase-shown' }),
      ...mails.map((mail) => asserted([mail, 'visitor:v'])),
      ordered('1', ['email:ana', 'phone:p']),
    );
    expect(graph.membersWith('email:ana')).toEqual(['email:ana', 'phone:p']);
  });

  it('does not join buyers: only the visitor', () => {
    const graph = IdentityGraph.of(ordered('1', ['email:ana', 'phone:p']), ordered('1', ['email:ben', 'phone:q']));
    expect(graph.areJoined('email:ana', 'email:ben')).toBe(false);
  });

  it('of another shop with the same number is another order', () => {
    const elsewhere = ordered('1', ['visitor:v']);
    const graph = IdentityGraph.of(ordered('1', ['email:ana', 'phone:p']), {
      ...elsewhere,
      order: { connectionId: 'other' as typeof elsewhere.connectionId, orderId: '1' },
    });
    expect(graph.areJoined('visitor:v', 'email:ana')).toBe(false);
  });
});

describe('a value that came hashed', () => {
  const hashed = identifier('email:e', { isHashOnly: true });
  const two = [asserted([hashed, 'visitor:a']), asserted(['customer:7', 'phone:p'])];

  it('joins somebody new', () => {
    expect(IdentityGraph.of(asserted([hashed, 'customer:7'])).areJoined('email:e', 'customer:7')).toBe(true);
  });

  it('merges no two profiles', () => {
    const graph = IdentityGraph.of(...two, asserted(['customer:7', hashed]));
    expect(graph.areJoined('customer:7', 'email:e')).toBe(false);
    expect(graph.reasons()).toEqual(['hash-only email:e']);
  });

  it('merges them when it is seen in clear, by the assertion that waited', () => {
    const waiting = asserted(['customer:7', hashed]);
    const graph = IdentityGraph.of(...two, waiting, ordered('9', ['email:e', 'visitor:b']));
    expect(graph.areJoined('customer:7', 'email:e')).toBe(true);
    expect([...graph.merges.values()].map(({ eventId }) => eventId)).toEqual([waiting.eventId]);
    expect(graph.reasons()).toEqual([]);
  });

  it('merges nothing when what shows it in clear quarantines it as well', () => {
    const graph = IdentityGraph.of(...two, asserted(['customer:7', hashed]), ordered('9', ['customer:8', 'email:e']));
    expect(graph.tables.subjects.get('email:e')?.quarantinedSeq).toBe(4);
    expect(graph.areJoined('customer:7', 'email:e')).toBe(false);
  });

  it('joins nobody when it was judged in clear to be nobody’s', () => {
    const refused = ordered('9', [identifier('email:e', { blocked: 'nobodys-address' }), 'phone:q']);
    const graph = IdentityGraph.of(refused, asserted(['customer:7', hashed]));
    expect(graph.areJoined('customer:7', 'email:e')).toBe(false);
  });
});

describe('values that are nobody’s own', () => {
  it.each([
    ['guests all called 0', { blocked: 'placeholder' }],
    ['the merchant’s own mail on orders by phone', { isMerchantOwn: true }],
    ['shared addresses such as team@company', { isRoleAddress: true }],
  ])('%s join nobody', (_, flags) => {
    const graph = IdentityGraph.of(
      ordered('1', ['customer:1', identifier('email:x', flags), 'phone:a']),
      ordered('2', ['customer:2', identifier('email:x', flags), 'phone:b']),
    );
    expect([graph.membersWith('customer:1'), graph.membersWith('customer:2')]).toEqual([
      ['customer:1', 'phone:a'],
      ['customer:2', 'phone:b'],
    ]);
    expect(graph.reasons()).toEqual([]);
  });

  it('a shared address and a phone of somebody with another mail say nothing', () => {
    const team = identifier('email:team', { isRoleAddress: true });
    const graph = IdentityGraph.of(ordered('1', ['email:ana', 'phone:home']), ordered('2', [team, 'phone:home', 'visitor:ben']));
    expect(graph.areJoined('visitor:ben', 'email:ana')).toBe(false);
    expect(graph.reasons()).toEqual(['another-email phone:home']);
  });

  it('kinds of a later time join nobody', () => {
    const later = { ...identifier('phone:x'), kind: 'passport' as 'phone' };
    expect(IdentityGraph.of(asserted(['email:e', later])).membersWith('email:e')).toEqual(['email:e']);
  });
});

describe('a value that reaches too many', () => {
  const threeOnOnePhone = [
    ordered('1', ['email:a', 'phone:p'], onDay(0)),
    ordered('2', ['email:b', 'phone:p'], onDay(10)),
    ordered('3', ['email:c', 'phone:p'], onDay(20)),
  ];

  it('is quarantined from that event on', () => {
    const graph = IdentityGraph.of(...threeOnOnePhone, asserted(['customer:7', 'phone:p'], onDay(21)));
    expect(graph.tables.subjects.get('phone:p')?.quarantinedSeq).toBe(3);
    expect(graph.areJoined('customer:7', 'phone:p')).toBe(false);
  });

  it('keeps the edges it had', () => {
    expect(IdentityGraph.of(...threeOnOnePhone).areJoined('email:a', 'phone:p')).toBe(true);
  });

  it('is not when it took longer than 30 days', () => {
    const [first, second] = threeOnOnePhone;
    const graph = IdentityGraph.of(first!, second!, ordered('3', ['email:c', 'phone:p'], onDay(31)));
    expect(graph.tables.subjects.get('phone:p')?.quarantinedSeq).toBeNull();
  });

  it('a mail with two customer ids', () => {
    const graph = IdentityGraph.of(ordered('1', ['customer:1', 'email:e'], onDay(0)), ordered('2', ['customer:2', 'email:e'], onDay(29)));
    expect(graph.tables.subjects.get('email:e')?.quarantinedSeq).toBe(2);
  });

  it('a visitor with three mails', () => {
    const graph = IdentityGraph.of(
      asserted(['email:a', 'visitor:v']),
      asserted(['email:b', 'visitor:v']),
      asserted(['email:c', 'visitor:v']),
      asserted(['phone:q', 'visitor:v']),
    );
    expect(graph.tables.subjects.get('visitor:v')?.quarantinedSeq).toBe(3);
    expect(graph.tables.subjects.get('visitor:v')?.links.length).toBe(2);
  });
});

describe('limits and caps', () => {
  it('five mails a year, the sixth stays alone', () => {
    const mails = Array.from({ length: 6 }, (_, index) => ordered(String(index), ['customer:7', `email:e${index}`], onDay(index * 40)));
    const graph = IdentityGraph.of(...mails);
    expect(graph.membersWith('customer:7').filter((name) => name.startsWith('email')).length).toBe(5);
    expect(graph.reasons()).toEqual(['too-many email:e5']);
  });

  it('another mail when a year has passed', () => {
    const mails = Array.from({ length: 6 }, (_, index) => ordered(String(index), ['customer:7', `email:e${index}`], onDay(index * 75)));
    expect(IdentityGraph.of(...mails).areJoined('customer:7', 'email:e5')).toBe(true);
  });

  it('three phones a year', () => {
    const phones = Array.from({ length: 4 }, (_, index) => ordered(String(index), ['email:e', `phone:p${index}`], onDay(index)));
    expect(IdentityGraph.of(...phones).reasons()).toEqual(['too-many phone:p3']);
  });

  it('five visitors a week: cookies that are lost all the time are not a person’s', () => {
    const visitors = Array.from({ length: 6 }, (_, index) => asserted(['email:e', `visitor:v${index}`], onDay(index)));
    const graph = IdentityGraph.of(...visitors, asserted(['email:e', 'visitor:later'], onDay(8)));
    expect(graph.reasons()).toEqual(['too-many visitor:v5']);
    expect(graph.areJoined('email:e', 'visitor:later')).toBe(true);
  });

  it('25 ids make a profile large', () => {
    const visitors = (count: number) =>
      Array.from({ length: count }, (_, index) => asserted(['email:e', `visitor:v${index}`], onDay(index * 2)));
    const isLarge = (count: number): boolean => {
      const graph = IdentityGraph.of(...visitors(count));
      return graph.explain(graph.profileOf('email:e')!).isLarge;
    };
    expect([isLarge(23), isLarge(24)]).toEqual([false, true]);
  });

  it('1,000 ids stop a profile', () => {
    const visitors = Array.from({ length: 1_001 }, (_, index) => asserted(['email:e', `visitor:v${index}`], onDay(index * 2)));
    const graph = IdentityGraph.of(...visitors);
    expect(graph.profileOf('email:e')?.members.length).toBe(1_000);
    expect(graph.reasons()).toEqual(['too-large visitor:v999', 'too-large visitor:v1000']);
  });

  it('100 merges stop a profile', () => {
    const events = Array.from({ length: 101 }, (_, index) => [
      asserted([`email:e${index}`, `visitor:v${index}`], onDay(index * 80)),
      asserted(['customer:7', `email:e${index}`], onDay(index * 80)),
    ]).flat();
    const graph = IdentityGraph.of(asserted(['customer:7', 'visitor:first']), ...events);
    expect(graph.profileOf('customer:7')?.mergeCount).toBe(100);
    expect(graph.reasons()).toEqual(['too-large email:e100']);
  });
});

describe('the survivor', () => {
  it('is the profile whose first assertion is the oldest', () => {
    const graph = IdentityGraph.of(
      asserted(['email:old', 'visitor:a']),
      asserted(['customer:7', 'visitor:b']),
      asserted(['customer:7', 'email:old']),
    );
    expect(graph.profileIdOf('customer:7')).toBe(profileIdOf(asTenantId('acme'), subjectOf('email:old')));
  });

  it('keeps the other’s id as an alias, also through further merges', () => {
    const graph = IdentityGraph.of(
      asserted(['email:1', 'visitor:a']),
      asserted(['email:2', 'visitor:b']),
      asserted(['customer:7', 'visitor:c']),
      asserted(['customer:7', 'email:2']),
      asserted(['customer:7', 'email:1']),
    );
    const survivor = profileIdOf(asTenantId('acme'), subjectOf('email:1'));
    const names = ['email:2', 'customer:7'].map((name) => graph.nameNow(profileIdOf(asTenantId('acme'), subjectOf(name as 'email:2'))));
    expect(names).toEqual([survivor, survivor]);
  });
});
