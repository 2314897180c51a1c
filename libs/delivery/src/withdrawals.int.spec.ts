import { v7 as uuidv7 } from 'uuid';
import { allSubjects, FULFILLMENT_DELIVERY_RECORDS, SchemaBook, type RecordName } from '@tributary/codecs';
import { DESTINATIONS } from '@tributary/destinations';
import { attemptDelivery, ledgerKey, settleDelivery, type DeliveryOutcome, type LedgerEntry } from '@tributary/domain';
import { deliveredEntry, ledgerKeyParts, plannedEntry, vendorAnswer } from '../../../test/builders/delivery.builder.js';
import { OwnDatabase } from '../../../test/integration/own-database.js';
import { LedgerStore } from './ledger.store.js';
import { OrdersStore } from './orders.store.js';
import { Withdrawals } from './withdrawals.js';

const database = new OwnDatabase('withdrawals');
const book = new SchemaBook();
for (const [index, { record }] of allSubjects().entries()) book.setWriterId(record as RecordName, index + 1);
const { destination } = DESTINATIONS.trackingtech;
const moment = { nowMs: Date.now(), newEventId: uuidv7, random: 0.5 };
let ledger: LedgerStore;

beforeAll(async () => {
  await database.create();
  ledger = new LedgerStore(database.sql, 'fulfillment', book, FULFILLMENT_DELIVERY_RECORDS);
});
beforeEach(() => database.sql.query('', 'truncate fulfillment.ledger_entries, fulfillment.orders, fulfillment_ops.outbox'));
afterAll(() => database.drop());

/** An order as folded; `isGone`: the shop does not have it any more. */
const order = (reference: string, isGone: boolean): Promise<unknown> =>
  database.sql.query(
    '',
    `insert into fulfillment.orders (tenant_id, connection_id, order_id, partition, is_vanished) values ('acme', 'shop', $1, 0, $2)`,
    [reference, isGone],
  );

function attempted(reference: string, outcome: DeliveryOutcome | null): LedgerEntry {
  const intent = { dueAt: moment.nowMs, settingsVersion: 1, matchKeys: [], sealedUnder: null, sealedRequest: null, identity: null };
  const { entry } = attemptDelivery(plannedEntry({ reference }), intent, moment);
  return outcome === null ? entry : settleDelivery(entry, outcome, destination.declaration, moment).entry;
}

const answer = vendorAnswer();
const stateOf = async (reference: string): Promise<readonly [string | undefined, string | null | undefined]> => {
  const [entry] = await ledger.find([ledgerKey(ledgerKeyParts({ reference }))]);
  return [entry?.state, entry?.reason];
};

function withdrawals(): { run(): Promise<void>; readonly published: string[] } {
  const published: string[] = [];
  const publish = (rows: readonly { readonly ledgerKey: string }[]): Promise<ReadonlySet<string>> => {
    published.push(...rows.map((row) => row.ledgerKey));
    return Promise.resolve(new Set());
  };
  const orders = new OrdersStore(database.sql, 'fulfillment', book, () => Promise.resolve());
  const all = new Withdrawals(destination, ledger, orders, { publish }, () => moment);
  return { published, run: () => all.run() };
}

it('withdraws what waits when its order is gone, whatever it waits for, once', async () => {
  const throttled: DeliveryOutcome = { kind: 'transient', isThrottled: true, retryAfterMs: 60_000, answer };
  await ledger.putFolded([
    plannedEntry({ reference: '1' }),
    attempted('2', { kind: 'misconfigured', answer }),
    attempted('3', throttled),
    plannedEntry({ reference: '4' }),
  ]);
  for (const reference of ['1', '2', '3']) await order(reference, true);
  await order('4', false);
  const one = withdrawals();
  await one.run();
  await one.run();
  expect(await Promise.all(['1', '2', '3'].map(stateOf))).toEqual(Array.from({ length: 3 }, () => ['withdrawn', 'order-cancelled']));
  expect(await stateOf('4')).toEqual(['planned', null]);
  expect(one.published).toHaveLength(3);
});

it('leaves alone what may be at the courier already', async () => {
  await ledger.putFolded([attempted('1', null), attempted('2', { kind: 'unknown', answer }), deliveredEntry({ reference: '3' })]);
  for (const reference of ['1', '2', '3']) await order(reference, true);
  await withdrawals().run();
  expect((await Promise.all(['1', '2', '3'].map(stateOf))).map(([state]) => state)).toEqual(['attempted', 'unknown', 'delivered']);
});

it('comes to all of them, page by page', async () => {
  const references = Array.from({ length: 450 }, (_, index) => String(1_000 + index));
  await ledger.putFolded(references.map((reference) => plannedEntry({ reference })));
  await order('1449', true);
  const one = withdrawals();
  for (let pass = 1; pass <= 3; pass += 1) await one.run();
  expect(await stateOf('1449')).toEqual(['withdrawn', 'order-cancelled']);
});
