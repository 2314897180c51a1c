import { allSubjects, encodeOrderEvent, SchemaBook, type RecordName } from '@tributary/codecs';
import { asConnectionId, asTenantId, reportPeriod, type OrderObserved, type ReportedOrder } from '@tributary/domain';
import { deliveryPlan } from '../../../../test/builders/delivery.builder.js';
import { orderObserved } from '../../../../test/builders/order.builder.js';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { eachReportedOrder, reportedDestinations, visitTallies } from './reading-report.js';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-21T12:00:00Z');
const PERIOD = reportPeriod(NOW - 7 * DAY_MS, NOW, NOW);
const ACME = asTenantId('acme');
const database = new OwnDatabase('report');
const book = new SchemaBook();
for (const [index, { record }] of allSubjects().entries()) book.setWriterId(record as RecordName, index + 1);

beforeAll(() => database.create());
afterAll(() => database.drop());

const storeOrder = (overrides: Partial<OrderObserved>, tenant = 'acme'): Promise<unknown> => {
  const order = orderObserved(overrides);
  return database.sql.query('', `insert into tiktok.orders values ($1, $2, $3, 0, $4, $4, $4, 'hash', false, null, $5)`, [
    tenant,
    order.connectionId,
    order.orderId,
    order.modifiedAt,
    encodeOrderEvent(book, order),
  ]);
};

const storeEffect = (orderId: string, revision: string, attempts: readonly object[]): Promise<unknown> =>
  database.sql.query(
    '',
    `insert into tiktok.ledger_entries
       (ledger_key, tenant_id, destination_connection_id, source_connection_id, reference, event_name, revision, mode, version, state, reason,
        observation_id, settings_version, event_time, plan, attempt_count, attempts, planned_at)
     values ($1, 'acme', 'ads', 'shop', $2, 'Purchase', $3, 'live', 1, 'delivered', null, 'o', 1, 0, $4, 1, $5, 0)`,
    [`${orderId} ${revision}`, orderId, revision, JSON.stringify(deliveryPlan({ value: '10.10' })), JSON.stringify(attempts)],
  );

const attempt = (matchKeys: readonly string[], outcome: string, clickFrom: string | null) => ({
  at: 1,
  code: '0',
  message: '',
  requestId: null,
  identity: { consent: 'granted', consentFrom: 'order', visitorVersion: 1, profileId: null, profileVersion: null, clickFrom },
  matchKeys,
  outcome,
});

async function reported(): Promise<ReportedOrder[]> {
  const found: ReportedOrder[] = [];
  const learn = (): Promise<void> => Promise.reject(new Error('every schema is known'));
  await eachReportedOrder({ sql: database.sql, app: 'tiktok', book, learn }, ACME, PERIOD, (order) => found.push(order));
  return found;
}

it('reads every order of the period once, with what was decided and the newest request of each', async () => {
  const madeAt = NOW - DAY_MS;
  for (let number = 1; number <= 1_001; number += 1)
    await storeOrder({
      orderId: String(number),
      createdAt: madeAt,
      modifiedAt: madeAt,
      ...(number === 1 ? { total: '12.5', currency: 'USD' } : {}),
    });
  await storeOrder({ orderId: '2001', createdAt: NOW - 8 * DAY_MS, modifiedAt: madeAt });
  await storeOrder({ orderId: '2002', createdAt: NOW - 8 * DAY_MS, modifiedAt: NOW - 8 * DAY_MS });
  await storeOrder({ orderId: '2003', createdAt: NOW, modifiedAt: NOW });
  await storeOrder({ orderId: '2004', createdAt: madeAt, modifiedAt: madeAt }, 'beta');
  await storeEffect('1', '0', [
    attempt(['email'], 'unknown', null),
    attempt(['email', 'ttclid'], 'unknown', 'visitor'),
    attempt([], 'absent', null),
  ]);
  await storeEffect('1', 'bump:7', []);
  const orders = await reported();
  expect(orders).toHaveLength(1_001);
  const [first] = orders;
  expect(first).toMatchObject({
    shop: 'shop',
    total: '12.5',
    currency: 'USD',
    paymentMethod: 'cod',
    status: 'processing',
    hasVisitor: true,
  });
  const base = {
    destination: 'ads',
    eventName: 'Purchase',
    mode: 'live',
    state: 'delivered',
    reason: null,
    value: '10.10',
    currency: 'CLP',
  };
  expect(first?.effects).toEqual([
    { ...base, revision: '0', matchKeys: ['email', 'ttclid'], clickFrom: 'visitor' },
    { ...base, revision: 'bump:7', matchKeys: null, clickFrom: null },
  ]);
  expect(orders[1]?.effects).toEqual([]);
});

it('counts visits by day and by what became of them', async () => {
  const visit = (reference: string, tenant: string, atMs: number, matchKeys: string, attemptedAt: number | null): Promise<unknown> =>
    database.sql.query(
      '',
      `insert into tiktok.visit_deliveries
         (tenant_id, reference, destination_connection_id, source_connection_id, mode, event_name, partition, version, state, event_time,
          settings_version, attempt_count, attempted_at, match_keys, logged_at)
       values ($1, $2, 'ads', 'web', 'live', 'ViewContent', 0, 3, $3, $4, 1, 1, $5, $6, $4)`,
      [tenant, reference, attemptedAt === null ? 'suppressed' : 'delivered', atMs, attemptedAt, matchKeys],
    );
  const at = NOW - DAY_MS;
  await visit('v1', 'acme', at, 'email,ip', at);
  await visit('v2', 'acme', at + 1, 'email,ip', at);
  await visit('v3', 'acme', at, '', null);
  await visit('v4', 'acme', NOW - 8 * DAY_MS, 'ip', at);
  await visit('v5', 'beta', at, 'ip', at);
  const day = { destination: 'ads', eventName: 'ViewContent', mode: 'live', dayAt: Date.parse('2026-11-20T00:00:00Z'), reason: null };
  const tallies = await visitTallies(database.sql, 'tiktok', ACME, PERIOD);
  expect(tallies.toSorted((a, b) => b.count - a.count)).toEqual([
    { ...day, state: 'delivered', matchKeys: ['email', 'ip'], hasRequest: true, count: 2 },
    { ...day, state: 'suppressed', matchKeys: [], hasRequest: false, count: 1 },
  ]);
});

it('names the active destinations of the kind, with their sources', async () => {
  const connect = (id: string, kind: string, state: string, settings: object): Promise<unknown> =>
    database.sql.query(
      '',
      `insert into tiktok.connections (tenant_id, connection_id, version, kind, state, activated_at, configured_at, settings, secrets_version)
       values ('acme', $1, 1, $2, $3, 0, 0, $4, 1)`,
      [id, kind, state, JSON.stringify(settings)],
    );
  await connect('ads', 'tiktok', 'active', { sources: null });
  await connect('ads-2', 'tiktok', 'active', { sources: ['shop'] });
  await connect('ads-3', 'tiktok', 'disabled', { sources: null });
  await connect('shop', 'woocommerce', 'active', {});
  expect(await reportedDestinations(database.sql, 'tiktok', 'tiktok', ACME)).toEqual([
    { connection: asConnectionId('ads'), sources: null },
    { connection: asConnectionId('ads-2'), sources: ['shop'] },
  ]);
});
