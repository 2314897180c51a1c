import { asTenantId, type AssertionEvent, type Claim, type Positioned } from '@tributary/domain';
import { loadOffsets } from '@tributary/postgres';
import { asserted, blocked, cut, identifier, ordered } from '../../../../test/builders/identity-graph.builder.js';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { foldedIdentity, storedIdentity, type IdentityRows } from '../../../../test/stack/identity-rows.js';
import { simulateIdentityLog } from '../../../../test/simulators/identity/identity-log.ts';
import { applyAssertions } from './graph.store.js';

const KEY = { schema: 'identity', projection: 'graph', topic: 'identity.assertion-events.v1', partition: 0 };
const TABLES = [
  'offsets',
  'tenants',
  'subjects',
  'orders',
  'profiles',
  'aliases',
  'assertions',
  'assertion_nodes',
  'merges',
  'conflicts',
  'profile_heads',
  'visitor_heads',
  'sealed_values',
];
const database = new OwnDatabase('identity');

beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql.query('', `truncate ${TABLES.map((table) => `identity.${table}`).join(', ')}`);
  await loadOffsets(database.sql, KEY, [0]);
});

/** Applies events as the records from `offset` on. */
function apply(offset: number, events: readonly AssertionEvent[]): Promise<boolean> {
  const positioned = events.map((event, index): Positioned<AssertionEvent> => ({
    event,
    record: { offset: offset + index, key: event.tenantId, value: Buffer.alloc(0), timestamp: event.receivedAt },
  }));
  const claim: Claim = { key: KEY, expected: offset, next: offset + events.length };
  return applyAssertions(database.sql, positioned, claim);
}

const ACME = asTenantId('acme');
const stored = (): Promise<IdentityRows> => storedIdentity(database.sql, ACME);
const inMemory = (events: readonly AssertionEvent[]): IdentityRows => foldedIdentity(ACME, events);

it('a shop’s log with operators’ decisions, in batches, gives the rows that the fold in memory gives', async () => {
  const { events } = simulateIdentityLog(5, 250);
  const people = events.filter((event) => event.type === 'IdentifiersAsserted').slice(100, 300);
  const merged = [1, 2, 3, 4].flatMap((number) => [
    asserted([`email:m${number}`, `visitor:m${number}`]),
    asserted([`customer:m${number}`, `visitor:n${number}`]),
    asserted([`customer:m${number}`, `email:m${number}`]),
  ]);
  const log: AssertionEvent[] = [...events, ...merged, blocked('customer:m2'), cut('customer:m3', 'email:m3')];
  for (const [index, { identifiers }] of people.entries()) {
    const [one, other] = identifiers.map(({ subjectId }) => subjectId as unknown as 'email:x');
    if (one === undefined || other === undefined || index % 5 > 0) continue;
    log.splice(320 + index, 0, index % 2 > 0 ? blocked(one) : cut(one, other));
    if (index % 3 > 0) log.splice(420 + 2 * index, 0, index % 2 > 0 ? blocked(one, false) : cut(one, other, false));
  }
  for (let offset = 0; offset < log.length; offset += 37) expect(await apply(offset, log.slice(offset, offset + 37))).toBe(true);
  const [found, expected] = [await stored(), inMemory(log)];
  expect(expected['merges']?.length).toBeGreaterThanOrEqual(2);
  expect(expected['aliases']?.length).toBeGreaterThan(10);
  expect(found).toEqual(expected);
});

it('a conflict that is settled and one that stays are told apart when their assertion is done again', async () => {
  const hashed = identifier('email:e', { isHashOnly: true });
  const log = [
    ordered('1', ['customer:1', 'phone:p']),
    asserted([hashed, 'visitor:a']),
    asserted(['customer:7', 'visitor:b']),
    asserted(['customer:7', hashed, 'phone:p']),
    ordered('9', ['email:e', 'phone:q']),
  ];
  for (const [offset, event] of log.entries()) await apply(offset, [event]);
  const found = await stored();
  expect(found).toEqual(inMemory(log));
  expect(found['conflicts']).toEqual([expect.stringContaining('"dropped":"phone:p"')]);
});

it('tenants of one partition do not touch each other', async () => {
  const mine = [asserted(['email:e', 'customer:7']), ordered('1', ['email:e', 'phone:p'])];
  const theirs = mine.map((event) => ({ ...event, tenantId: 'other' as typeof event.tenantId }));
  await apply(0, [theirs[0]!, mine[0]!, theirs[1]!, mine[1]!]);
  expect(await stored()).toEqual(inMemory(mine));
});

it('of two owners of a partition one applies a batch, whole', async () => {
  const log = [asserted(['email:e', 'customer:7']), ordered('1', ['email:e', 'phone:p'])];
  const outcomes = await Promise.all([apply(0, log), apply(0, log), apply(0, log)]);
  expect(outcomes.filter((isOurs) => isOurs)).toHaveLength(1);
  expect(await stored()).toEqual(inMemory(log));
});

it('a batch that another owner applied changes nothing', async () => {
  await apply(0, [asserted(['email:e', 'customer:7'])]);
  const before = await stored();
  expect(await apply(0, [asserted(['email:x', 'customer:8'])])).toBe(false);
  expect(await stored()).toEqual(before);
});
