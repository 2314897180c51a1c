import type { PayloadRejected, PayloadResubmitted, RejectedEvent } from '@tributary/codecs';
import { asConnectionId, asTenantId, type Positioned } from '@tributary/domain';
import { loadOffsets } from '@tributary/postgres';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { applyRejections } from './rejections.store.js';

const database = new OwnDatabase('rejections');
const PLACE = { schema: 'orders', projection: 'rejections', topic: 'ingest.rejected-events.v1' };
const envelope = (eventId: string, receivedAt: number) => ({
  eventId,
  tenantId: asTenantId('acme'),
  connectionId: asConnectionId('shop'),
  occurredAt: receivedAt,
  receivedAt,
  source: 'webhook',
});
const rejected = (eventId: string): PayloadRejected => ({
  type: 'PayloadRejected',
  ...envelope(eventId, 1_000),
  reference: '7',
  reason: 'not-an-order',
  detail: 'the body is a list',
  topic: 'order.updated',
  sizeBytes: 3,
  compression: 'none',
  sealedPayload: Buffer.alloc(3),
  signature: null,
});
const resubmitted = (rejectedEventId: string, at: number, what: Partial<PayloadResubmitted>): PayloadResubmitted => ({
  type: 'PayloadResubmitted',
  ...envelope(`r-${at}`, at),
  rejectedEventId,
  key: 'acme:shop:7',
  outcome: 'taken',
  reference: '7',
  reason: null,
  detail: '',
  ...what,
});
const refused = (eventId: string, at: number, reason = 'invalid-field'): PayloadResubmitted =>
  resubmitted(eventId, at, { outcome: 'refused', reason, detail: 'id is missing' });

let next = 0;
async function fold(...events: readonly RejectedEvent[]): Promise<void> {
  const positioned: Positioned<RejectedEvent>[] = events.map((event) => ({
    event,
    record: { offset: 0, key: '', value: null, timestamp: 0 },
  }));
  const claim = { key: { ...PLACE, partition: 0 }, expected: next, next: next + 1 };
  expect(await applyRejections(database.sql, positioned, claim)).toBe(true);
  next += 1;
}
const row = async (eventId: string): Promise<unknown> =>
  (
    await database.sql.query('', 'select state, reason, first_reason, resubmitted_at from orders.rejections where event_id = $1', [eventId])
  )[0];

beforeAll(async () => {
  await database.create();
  await loadOffsets(database.sql, PLACE, [0]);
});
afterAll(() => database.drop());

describe.each([
  ['in one batch', async (...events: readonly RejectedEvent[]) => fold(...events)],
  [
    'in batches of their own',
    async (...events: readonly RejectedEvent[]) => {
      for (const event of events) await fold(event);
    },
  ],
])('a payload and its resubmissions %s', (name, folding) => {
  const id = (what: string): string => `${what} ${name}`;

  it('is taken, and stays so whatever comes again', async () => {
    const taken = id('taken');
    await folding(rejected(taken), resubmitted(taken, 2_000, {}));
    await fold(rejected(taken), refused(taken, 3_000), resubmitted(taken, 2_000, {}));
    expect(await row(taken)).toEqual({ state: 'taken', reason: 'not-an-order', first_reason: null, resubmitted_at: 2_000 });
  });

  it('stays rejected with its new reason and remembers the first', async () => {
    const stays = id('stays');
    await folding(rejected(stays), refused(stays, 2_000), refused(stays, 3_000, 'body-not-json'));
    expect(await row(stays)).toEqual({
      state: 'rejected',
      reason: 'body-not-json',
      first_reason: 'not-an-order',
      resubmitted_at: 3_000,
    });
  });

  it('that says nothing is no longer rejected', async () => {
    const nothing = id('nothing');
    await folding(rejected(nothing), resubmitted(nothing, 2_000, { outcome: 'nothing-to-take' }));
    expect(await row(nothing)).toMatchObject({ state: 'nothing-to-take' });
  });
});
