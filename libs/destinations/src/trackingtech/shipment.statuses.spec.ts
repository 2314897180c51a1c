import type { OpenEffect, StatusPage, StatusRecord, VendorReply } from '@tributary/domain';
import { settingsOf } from './shipment.builder.js';
import { shipmentStatuses } from './shipment.statuses.js';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const BASE = 'https://courier.example/api';
const open = (reference: string, takenAt = NOW): OpenEffect => ({ ledgerKey: reference, reference, trackingId: null, takenAt });
const answered = (status: number, body: unknown): VendorReply => ({
  kind: 'answered',
  status,
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const urlsOf = (effects: readonly OpenEffect[], statusReading: object): string[] => {
  const settings = settingsOf({ statusReading });
  return shipmentStatuses
    .queries(effects, settings, NOW)
    .map((query) => shipmentStatuses.toRequest(query, 2, settings, { token: 't' }, BASE))
    .map(({ url }) => url.slice(BASE.length));
};

describe('what is asked', () => {
  it('names order ids of the linked customer, fifty at a time', () => {
    expect(urlsOf([open('1'), open('2')], { by: ['order-ids'] })).toEqual([
      '/external/orders?ids=1%2C2&customer_id=4711&page=2&per_page=50',
    ]);
    const many = Array.from({ length: 101 }, (_, index) => open(String(index)));
    expect(urlsOf(many, { by: ['order-ids'] })).toHaveLength(3);
  });

  it('names days of Chile’s calendar as each list writes them, from the day before the oldest order', () => {
    const oldest = open('1', Date.parse('2026-11-20T01:00:00Z'));
    expect(urlsOf([open('2'), oldest], { by: ['withdrawals', 'pickups'] })).toEqual([
      '/withdrawal-orders/getPackagesWithdrawals?start_date=2026-11-18&end_date=2026-11-22&page=2&per_page=50',
      '/pickups/getPickupsByDate?fecha_inicio=20261118&fecha_fin=20261122&page=2&per_page=50',
    ]);
  });

  it('is nothing where nobody wants to know', () => {
    expect(shipmentStatuses.refreshEveryMs(settingsOf({ statusReading: { enabled: false } }))).toBeNull();
    expect(shipmentStatuses.refreshEveryMs(settingsOf())).toBe(300_000);
  });
});

const RECORD = {
  id: 7,
  order_id: 1042,
  tracking_id: 'TT-7',
  seller_code: '4711',
  created_at: '22/11/2026 09:30',
  status: 'in_transit',
  status_name: 'En ruta',
  withdrawal_date: '2026-11-22',
  route_id: 3,
  route_name: 'Norte 3',
  driver_id: null,
  driver_name: 'Ana Soto',
};

describe('an answer', () => {
  const read = (reply: VendorReply, page = 1): StatusPage => shipmentStatuses.interpret(reply, page);
  const recordsIn = (body: unknown): readonly StatusRecord[] => {
    const page = read(answered(200, body));
    return page.kind === 'page' ? page.records : [];
  };

  it.each([
    ['a plain list', [RECORD]],
    ['a list with meta', { meta: { last_page: 1, total: 1 }, data: [RECORD] }],
    ['a list with pages', { data: [RECORD], last_page: 1, total: 1 }],
  ])('is read from %s', (_shape, body) => {
    expect(read(answered(200, body))).toEqual({
      kind: 'page',
      isLast: true,
      records: [
        {
          reference: '1042',
          trackingId: 'TT-7',
          status: 'in_transit',
          statusName: 'En ruta',
          isFinal: false,
          recordedAt: Date.parse('2026-11-22T12:30:00Z'),
          withdrawnAt: Date.parse('2026-11-22T03:00:00Z'),
          names: { driverId: null, driverName: 'Ana Soto', routeId: '3', routeName: 'Norte 3' },
        },
      ],
    });
  });

  it('closes with «delivered», however it is written', () => {
    expect(recordsIn([{ ...RECORD, status: 'Delivered' }])).toMatchObject([{ isFinal: true }]);
    expect(recordsIn([{ ...RECORD, status: 'not delivered' }])).toMatchObject([{ isFinal: false }]);
  });

  it('says nothing in what is no record, and keeps no mail address of a status', () => {
    expect(recordsIn([null, 'x', 7])).toEqual([]);
    expect(recordsIn([{ status: 'left with ana@example.com', tracking_id: 'x'.repeat(200) }])).toMatchObject([
      { status: 'left with […]', trackingId: null, reference: null, recordedAt: null },
    ]);
  });

  it('has another page while it says so, or is a full list that says nothing', () => {
    const isLast = (body: unknown, page = 1): boolean | undefined => {
      const found = read(answered(200, body), page);
      return found.kind === 'page' ? found.isLast : undefined;
    };
    expect(isLast({ data: [RECORD], last_page: 2, total: 51 })).toBe(false);
    expect(isLast({ data: [RECORD], last_page: 2, total: 51 }, 2)).toBe(true);
    expect(isLast({ data: [], last_page: 9, total: 0 })).toBe(true);
    expect(isLast(Array.from({ length: 50 }, () => RECORD))).toBe(false);
    expect(isLast(Array.from({ length: 49 }, () => RECORD))).toBe(true);
  });

  it.each<[string, VendorReply, string]>([
    ['an expired token', answered(401, { message: 'expired' }), 'misconfigured'],
    ['a list that the account may not read', answered(403, {}), 'misconfigured'],
    ['too many requests', answered(429, {}), 'transient'],
    ['a page of HTML', answered(200, '<html></html>'), 'unknown'],
    ['an object without a list', answered(200, { ok: true }), 'unknown'],
    ['a failure', answered(500, {}), 'unknown'],
    ['a refusal', answered(422, { message: 'invalid' }), 'unknown'],
    ['silence', { kind: 'no-answer', cause: 'timeout' }, 'unknown'],
    ['nobody there', { kind: 'not-sent', cause: 'ECONNREFUSED' }, 'transient'],
  ])('that is %s says nothing of orders', (_what, reply, kind) => {
    expect(read(reply)).toMatchObject({ kind: 'cannot-tell', outcome: { kind } });
  });
});
