import { asTenantId, type Claim, type VisitEvent } from '@tributary/domain';
import { loadOffsets } from '@tributary/postgres';
import { SEEN_AT, visit, VISITOR, type NamedVisit } from '../../../../test/builders/visitor.builder.js';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { beginRound, forgetIdleVisitors, forgetPublished, pendingKeys, relayBacklog, takeTurn, visitorRecords } from './relay.store.js';
import { applyVisits } from './visitors.store.js';

const TOPIC = 'visits.visit-events.v1';
const KEY = { schema: 'identity', projection: 'visits', topic: TOPIC, partition: 0 };
/** 2020-09-13, whatever the machine's clock says. */
const LONG_AGO = 1_600_000_000_000;
const database = new OwnDatabase('relay');
const visitorKey = { kind: 'visitor' as const, tenantId: asTenantId('acme'), id: VISITOR };

beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql.query('', 'truncate identity.visitors, identity.offsets, identity_ops.outbox');
  await database.sql.query('', `update identity_ops.relay set owner = '', until = now()`);
  await loadOffsets(database.sql, KEY, [0]);
});

function apply(offset: number, ...visits: readonly NamedVisit[]): Promise<boolean> {
  const positioned = visits.map((event: VisitEvent, index) => ({
    event,
    record: { offset: offset + index, key: '', value: Buffer.alloc(0), timestamp: event.receivedAt },
  }));
  const claim: Claim = { key: KEY, expected: offset, next: offset + visits.length };
  return applyVisits(database.sql, positioned, claim);
}

const pending = async () => {
  const { border } = await beginRound(database.sql, TOPIC);
  return pendingKeys(database.sql, 0, border, 10);
};

it('what changes while it is published stays in the outbox, in its place', async () => {
  await apply(0, visit());
  const before = await pending();
  await apply(1, visit({ occurredAt: SEEN_AT + 1 }));
  await forgetPublished(database.sql, before);
  const after = await pending();
  expect(after.map(({ place }) => place)).toEqual(before.map(({ place }) => place));
  await forgetPublished(database.sql, after);
  expect(await pending()).toEqual([]);
});

it('a record that came twice and a batch that is not ours any more are told nobody', async () => {
  await apply(0, visit());
  await forgetPublished(database.sql, await pending());
  expect(await apply(1, visit())).toBe(true);
  expect(await apply(1, visit({ occurredAt: SEEN_AT + 1 }))).toBe(false);
  expect(await pending()).toEqual([]);
  expect((await visitorRecords(database.sql, [visitorKey])).map(({ version, lastSeenAt }) => [version, lastSeenAt])).toEqual([
    [1, SEEN_AT],
  ]);
});

it('one process at a time has the turn, and the next one when its lease is over', async () => {
  await database.sql.transaction(async (tx) => {
    expect(await takeTurn(tx, 'one')).toEqual({ isNew: true });
    expect(await database.sql.transaction((other) => takeTurn(other, 'two'))).toBeUndefined();
  });
  expect(await database.sql.transaction((tx) => takeTurn(tx, 'two'))).toBeUndefined();
  expect(await database.sql.transaction((tx) => takeTurn(tx, 'one'))).toEqual({ isNew: false });
  await database.sql.query('', 'update identity_ops.relay set until = now()');
  expect(await database.sql.transaction((tx) => takeTurn(tx, 'two'))).toEqual({ isNew: true });
});

it('says how much waits, and since when', async () => {
  expect(await relayBacklog(database.sql)).toEqual({ keys: 0, lagMs: 0 });
  await apply(0, visit());
  await database.sql.query('', `update identity_ops.outbox set changed_at = now() - interval '2 minutes'`);
  await apply(1, visit({ occurredAt: SEEN_AT + 1 }));
  const { keys, lagMs } = await relayBacklog(database.sql);
  expect([keys, Math.floor(lagMs / 60_000)]).toEqual([1, 2]);
});

it('forgets only whom nobody has seen for so long, and takes it back when the visitor comes again', async () => {
  await apply(0, visit({ occurredAt: LONG_AGO }));
  expect(await forgetIdleVisitors(database.sql, 36_500 * 86_400_000, 10)).toBe(0);
  expect(await forgetIdleVisitors(database.sql, 0, 10)).toBe(1);
  expect((await pending()).map(({ isGone }) => isGone)).toEqual([true]);
  expect(await visitorRecords(database.sql, [visitorKey])).toEqual([]);
  await apply(1, visit({ occurredAt: LONG_AGO + 1 }));
  expect((await pending()).map(({ isGone }) => isGone)).toEqual([false]);
  expect((await visitorRecords(database.sql, [visitorKey])).map(({ version }) => version)).toEqual([2]);
});
