import {
  asConnectionId,
  asTenantId,
  evolveLedger,
  type DeliveryEvent,
  type DeliveryEventBase,
  type DeliveryPlan,
  type DeliveryPlanned,
  type DeliveryStatusObserved,
  type LedgerEntry,
  type LedgerKeyParts,
  type VendorAnswer,
} from '@tributary/domain';

export const PLANNED_AT = Date.parse('2026-11-20T10:00:01Z');

export const ledgerKeyParts = (overrides: Partial<LedgerKeyParts> = {}): LedgerKeyParts => ({
  tenantId: asTenantId('acme'),
  destinationConnectionId: asConnectionId('ads'),
  sourceConnectionId: asConnectionId('shop'),
  reference: '1042',
  eventName: 'Purchase',
  revision: '0',
  mode: 'live',
  ...overrides,
});

export const deliveryPlan = (overrides: Partial<DeliveryPlan> = {}): DeliveryPlan => ({
  vendorEventId: 'wc_order_1042',
  eventTime: PLANNED_AT - 1_000,
  observationId: 'observation-1',
  settingsVersion: 1,
  value: '38563',
  currency: 'CLP',
  rate: null,
  rateDate: null,
  contentType: 'product',
  lines: [{ lineId: '11', contentId: 'CAF-500', name: 'Café', unitPrice: '11691', quantity: 2 }],
  matchKeys: ['email'],
  ...overrides,
});

/** Envelope, key and version of an event; times count on from {@link PLANNED_AT}. */
export const deliveryBase = (version: number, afterMs = (version - 1) * 1_000, key = ledgerKeyParts()): DeliveryEventBase => ({
  eventId: `event-${version}`,
  tenantId: key.tenantId,
  connectionId: key.destinationConnectionId,
  occurredAt: PLANNED_AT + afterMs,
  receivedAt: PLANNED_AT + afterMs,
  source: 'test',
  key,
  version,
});

export const deliveryPlanned = (overrides: Partial<DeliveryPlan> = {}): DeliveryPlanned => ({
  ...deliveryBase(1),
  type: 'Planned',
  plan: deliveryPlan(overrides),
});

export const vendorAnswer = (code = '0', message = 'OK'): VendorAnswer => ({ code, message, requestId: 'request-1' });

/** A ledger entry that was just planned. */
export function plannedEntry(key: Partial<LedgerKeyParts> = {}, plan: Partial<DeliveryPlan> = {}): LedgerEntry {
  const parts = ledgerKeyParts(key);
  const entry = evolveLedger(undefined, { ...deliveryBase(1, 0, parts), type: 'Planned', plan: deliveryPlan(plan) });
  if (entry === undefined) throw new Error('Planned begins an entry');
  return entry;
}

/** An effect that the vendor took, two seconds after it was planned; `requestId` is how the vendor names it. */
export function deliveredEntry(key: Partial<LedgerKeyParts> = {}, requestId: string | null = 'request-1'): LedgerEntry {
  const parts = ledgerKeyParts(key);
  const attempted: DeliveryEvent = {
    ...deliveryBase(2, 1_000, parts),
    type: 'Attempted',
    attempt: 1,
    dueAt: PLANNED_AT + 20_000,
    settingsVersion: 1,
    matchKeys: [],
    sealedUnder: null,
    sealedRequest: null,
    identity: null,
  };
  const delivered: DeliveryEvent = { ...deliveryBase(3, 2_000, parts), type: 'Delivered', answer: { ...vendorAnswer(), requestId } };
  return [attempted, delivered].reduce<LedgerEntry>((entry, event) => evolveLedger(entry, event) ?? entry, plannedEntry(key));
}

/** What the vendor said of an effect when its `version` was written. */
export const statusObserved = (version: number, fields: Partial<DeliveryStatusObserved> = {}): DeliveryStatusObserved => ({
  ...deliveryBase(version),
  type: 'StatusObserved',
  status: 'in_transit',
  statusName: 'En ruta',
  isFinal: false,
  trackingId: 'TT-7',
  recordedAt: PLANNED_AT,
  withdrawnAt: null,
  names: null,
  ...fields,
});
