import { deliveredEntry, PLANNED_AT, plannedEntry, statusObserved } from '../../../test/builders/delivery.builder.js';
import { observeStatus } from './delivery.decider.js';
import { evolveLedger, type LedgerEntry } from './delivery.ledger.js';
import { newsOf, openEffectOf, readStatuses, withoutNames, type StatusRecord, type StatusSeen } from './delivery-status.js';
import type { StatusNames } from './delivery.events.js';
import { asSubjectId } from './ids.js';

const NOBODY: StatusNames = { driverId: null, driverName: null, routeId: null, routeName: null };
const DRIVER: StatusNames = { ...NOBODY, driverId: '5', driverName: 'Ana Soto' };

const record = (fields: Partial<StatusRecord> = {}): StatusRecord => ({
  reference: '1042',
  trackingId: 'TT-7',
  status: 'in_transit',
  statusName: 'En ruta',
  isFinal: false,
  recordedAt: PLANNED_AT,
  withdrawnAt: null,
  names: NOBODY,
  ...fields,
});
const seen = (fields: Partial<StatusSeen> = {}): StatusSeen => ({
  status: 'in_transit',
  statusName: 'En ruta',
  isFinal: false,
  trackingId: 'TT-7',
  recordedAt: PLANNED_AT,
  withdrawnAt: null,
  names: NOBODY,
  ...fields,
});
const after = (entry: LedgerEntry, ...events: readonly ReturnType<typeof statusObserved>[]): LedgerEntry =>
  events.reduce<LedgerEntry>((before, event) => evolveLedger(before, event) ?? before, entry);
const known = (...statuses: readonly Partial<ReturnType<typeof statusObserved>>[]): LedgerEntry =>
  after(deliveredEntry({}, 'TT-7'), ...statuses.map((fields, index) => statusObserved(4 + index, fields)));
const sealed = { sealedUnder: asSubjectId('subject-1'), sealed: Buffer.from('sealed') };

describe('what lists say of an effect', () => {
  const open = [openEffectOf(deliveredEntry({}, 'TT-7')), openEffectOf(deliveredEntry({ reference: '1043' }, 'TT-8'))];

  it('is found by order id, else by the tracking id that was answered when it was taken', () => {
    const byDays = record({ reference: null, trackingId: 'TT-8', status: 'delivered', isFinal: true });
    const read = readStatuses(open, [[record()], [byDays]]);
    expect([...read.values()].map(({ status }) => status)).toEqual(['in_transit', 'delivered']);
  });

  it('is the first list’s status with what only later ones know', () => {
    const later = record({ reference: null, status: 'created', withdrawnAt: PLANNED_AT + 5, names: DRIVER });
    const [read] = readStatuses(open, [[record({ names: NOBODY })], [later]]).values();
    expect(read).toEqual(seen({ withdrawnAt: PLANNED_AT + 5, names: DRIVER }));
  });

  it('is the newest record’s where a list has several', () => {
    const records = [record({ status: 'delivered', recordedAt: PLANNED_AT + 9 }), record({ status: 'created' })];
    expect([...readStatuses(open, [records]).values()]).toMatchObject([{ status: 'delivered' }]);
  });

  it('is nothing without a status, and nothing about other orders', () => {
    expect(readStatuses(open, [[record({ status: null })], [record({ reference: '99', trackingId: 'TT-7' })]]).size).toBe(0);
  });
});

describe('news of a status', () => {
  it('is the first that is heard', () => {
    expect(newsOf(deliveredEntry(), seen(), null)).toEqual({ seen: seen(), names: null });
  });

  it('is nothing when it equals the newest', () => {
    expect(newsOf(known({}), seen(), null)).toBeNull();
  });

  it('is nothing when a list only leaves something out', () => {
    expect(newsOf(known({}), seen({ trackingId: null, recordedAt: null }), null)).toBeNull();
  });

  it.each<[string, Partial<StatusSeen>]>([
    ['another status', { status: 'delivered', isFinal: true }],
    ['another tracking id', { trackingId: 'TT-9' }],
    ['a day on which it is fetched', { withdrawnAt: PLANNED_AT + 1 }],
  ])('is %s', (_what, fields) => {
    expect(newsOf(known({}), seen(fields), null)).toMatchObject({ seen: fields, names: null });
  });

  it('is a status that comes back', () => {
    expect(newsOf(known({}, { status: 'created' }), seen(), null)).not.toBeNull();
  });

  it('is nothing once the vendor has closed it, nor before the vendor took it', () => {
    expect(newsOf(known({ status: 'delivered', isFinal: true }), seen({ status: 'returned' }), null)).toBeNull();
    expect(newsOf(plannedEntry(), seen(), null)).toBeNull();
  });

  it('is another driver, and who is not told of again stays', () => {
    const entry = known({ names: sealed });
    expect(newsOf(entry, seen({ names: DRIVER }), DRIVER)).toBeNull();
    expect(newsOf(entry, seen({ names: { ...NOBODY, driverId: '5' } }), DRIVER)).toBeNull();
    const other = { ...NOBODY, driverId: '6', driverName: 'Luis Rojas' };
    expect(newsOf(entry, seen({ names: other }), DRIVER)?.names).toEqual(other);
    expect(newsOf(entry, seen({ names: { ...NOBODY, routeName: 'Norte' } }), DRIVER)?.names).toEqual({ ...DRIVER, routeName: 'Norte' });
  });

  it('leaves names alone that nobody can open any more', () => {
    expect(newsOf(known({ names: sealed }), seen({ names: DRIVER }), null)).toBeNull();
    expect(newsOf(known({}), withoutNames(seen({ names: DRIVER })), null)).toBeNull();
  });
});

describe('the ledger', () => {
  it('keeps the newest and each status once, in their order', () => {
    const entry = known(
      { status: 'created', names: sealed },
      { trackingId: 'TT-9', status: 'created' },
      { status: 'delivered', isFinal: true },
    );
    expect(entry).toMatchObject({ state: 'delivered', version: 6, settledAt: PLANNED_AT + 2_000 });
    expect(entry.status).toMatchObject({ status: 'delivered', isFinal: true, at: PLANNED_AT + 5_000 });
    expect(entry.status?.history.map(({ status, at }) => [status, at - PLANNED_AT])).toEqual([
      ['created', 3_000],
      ['delivered', 5_000],
    ]);
    expect(entry.status?.names).toEqual({ eventId: 'event-4', sealedUnder: 'subject-1', sealed: sealed.sealed.toString('base64') });
  });

  it('takes each observation once', () => {
    const once = known({});
    expect(after(once, statusObserved(4), statusObserved(4, { status: 'lost' }))).toBe(once);
  });

  it('is one version further with each', () => {
    const moment = { nowMs: PLANNED_AT + 9, newEventId: () => 'e', random: 0 };
    const { event, entry } = observeStatus(deliveredEntry(), { seen: seen(), names: null }, null, moment);
    expect(event).toMatchObject({ type: 'StatusObserved', version: 4, status: 'in_transit', occurredAt: PLANNED_AT + 9 });
    expect(entry.status).toMatchObject({ status: 'in_transit', trackingId: 'TT-7' });
  });
});
