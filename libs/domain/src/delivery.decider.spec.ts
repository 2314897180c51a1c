import {
  deliveryBase,
  deliveryPlan,
  deliveryPlanned,
  ledgerKeyParts,
  PLANNED_AT,
  vendorAnswer,
} from '../../../test/builders/delivery.builder.js';
import {
  attemptDelivery,
  nextStep,
  planDelivery,
  resumeDelivery,
  retryDelivery,
  retryDelayMs,
  settleDelivery,
  holdDelivery,
  isPerhapsTaken,
  type Moment,
} from './delivery.decider.js';
import type { DeliveryEvent } from './delivery.events.js';
import { evolveLedger, type LedgerEntry } from './delivery.ledger.js';
import type { DestinationDeclaration } from './destination.js';
import type { DeliveryOutcome } from './outcome.js';
import type { ReasonCode } from './reasons.js';

const HOUR_MS = 3_600_000;
const DECLARATION: DestinationDeclaration = {
  repeatWindowMs: 47 * HOUR_MS,
  matchesPeople: true,
  maxIntentsPerRequest: 50,
  maxRequestBytes: 1_000_000,
  orderLingerMs: 20,
  requestTimeoutMs: 10_000,
  requestsPerSecond: 16,
  maxAttempts: 3,
};
const at = (afterMs: number): Moment => ({ nowMs: PLANNED_AT + afterMs, newEventId: () => 'new-event', random: 0.5 });
const never = (): null => null;
const always = (): 'too-old' => 'too-old';

const entryOf = (...events: readonly DeliveryEvent[]): LedgerEntry => {
  const entry = events.reduce<LedgerEntry | undefined>((before, event) => evolveLedger(before, event), undefined);
  if (entry === undefined) throw new Error('a history begins with a plan');
  return entry;
};
const attempt = (entry: LedgerEntry, afterMs: number): LedgerEntry =>
  attemptDelivery(
    entry,
    { dueAt: PLANNED_AT + afterMs + 20_000, settingsVersion: 1, matchKeys: [], sealedUnder: null, sealedRequest: null, identity: null },
    at(afterMs),
  ).entry;
const settle = (entry: LedgerEntry, outcome: DeliveryOutcome, afterMs = 2_000): LedgerEntry =>
  settleDelivery(entry, outcome, DECLARATION, at(afterMs)).entry;
const answer = vendorAnswer('x', 'y');

describe('planning', () => {
  const ids = {
    tenantId: ledgerKeyParts().tenantId,
    destinationConnectionId: ledgerKeyParts().destinationConnectionId,
    sourceConnectionId: ledgerKeyParts().sourceConnectionId,
  };
  const decision = { reference: '1042', eventName: 'Purchase', revision: '0', mode: 'live' } as const;
  const origin = { observationId: 'observation-1', settingsVersion: 1 };

  it('makes the first version of a key', () => {
    const { event, entry } = planDelivery({ kind: 'plan', ...decision, plan: deliveryPlan() }, ids, origin, at(0));
    expect(event).toMatchObject({ type: 'Planned', version: 1, key: ledgerKeyParts() });
    expect(entry).toMatchObject({ state: 'planned', plan: deliveryPlan() });
  });

  it('records why nothing is sent', () => {
    const { entry } = planDelivery({ kind: 'suppress', ...decision, reason: 'consent-denied', eventTime: PLANNED_AT }, ids, origin, at(0));
    expect(entry).toMatchObject({ state: 'suppressed', reason: 'consent-denied', plan: null, settledAt: PLANNED_AT });
  });
});

describe('the next step', () => {
  it('attempts a planned effect', () => {
    expect(nextStep(entryOf(deliveryPlanned()), DECLARATION, never, at(0))).toEqual({ kind: 'attempt' });
  });

  it('expires what is too old and was never sent', () => {
    expect(nextStep(entryOf(deliveryPlanned()), DECLARATION, always, at(0))).toMatchObject({
      kind: 'close',
      change: { entry: { state: 'expired' } },
    });
  });

  it('repeats an attempt without an outcome while the vendor still recognises it', () => {
    expect(nextStep(attempt(entryOf(deliveryPlanned()), 0), DECLARATION, never, at(47 * HOUR_MS - 1))).toEqual({ kind: 'attempt' });
  });

  it('never repeats it once the window is over, however old it is', () => {
    const open = attempt(entryOf(deliveryPlanned()), 0);
    expect(nextStep(open, DECLARATION, always, at(47 * HOUR_MS))).toMatchObject({
      kind: 'close',
      change: { entry: { state: 'unconfirmed', reason: 'window-over' } },
    });
  });

  it('never repeats it at a vendor without a window', () => {
    const open = attempt(entryOf(deliveryPlanned()), 0);
    expect(nextStep(open, { ...DECLARATION, repeatWindowMs: null }, never, at(1))).toMatchObject({
      change: { entry: { state: 'unconfirmed' } },
    });
  });

  it('remembers the window over a later answer that says «not now»', () => {
    const unknown = settle(attempt(entryOf(deliveryPlanned()), 0), { kind: 'unknown', answer });
    const transient = settle(attempt(unknown, 10_000), { kind: 'transient', isThrottled: false, retryAfterMs: null, answer }, 11_000);
    expect(nextStep(transient, DECLARATION, never, at(47 * HOUR_MS))).toMatchObject({ change: { entry: { state: 'unconfirmed' } } });
  });

  it('leaves what is settled or parked alone', () => {
    const open = attempt(entryOf(deliveryPlanned()), 0);
    expect(nextStep(settle(open, { kind: 'delivered', answer }), DECLARATION, never, at(9_000))).toEqual({ kind: 'none' });
    expect(nextStep(settle(open, { kind: 'misconfigured', answer }), DECLARATION, never, at(9_000))).toEqual({ kind: 'none' });
  });
});

describe('withholding', () => {
  const suppress = (reason: ReasonCode) => ({ kind: 'suppress', reason }) as const;
  it('suppresses what was never sent, for good', () => {
    const { entry } = holdDelivery(entryOf(deliveryPlanned()), suppress('consent-denied'), false, at(1_000));
    expect(entry).toMatchObject({ state: 'suppressed', reason: 'consent-denied', settledAt: PLANNED_AT + 1_000, plan: deliveryPlan() });
    expect(retryDelivery(entry, { acceptDuplicate: true, operator: 'admin' }, at(2_000))).toEqual({
      kind: 'refused',
      because: 'nothing-to-send',
    });
  });

  it('suppresses what the vendor refused to take for now', () => {
    const later = settle(attempt(entryOf(deliveryPlanned()), 0), { kind: 'transient', isThrottled: false, retryAfterMs: null, answer });
    expect(holdDelivery(later, suppress('browser-counted'), isPerhapsTaken(later), at(5_000)).entry).toMatchObject({
      state: 'suppressed',
      reason: 'browser-counted',
    });
  });

  it('never says of what was perhaps taken that it was not sent', () => {
    const open = attempt(entryOf(deliveryPlanned()), 0);
    for (const entry of [open, settle(open, { kind: 'unknown', answer })])
      expect(holdDelivery(entry, suppress('consent-denied'), isPerhapsTaken(entry), at(9_000)).entry).toMatchObject({
        state: 'unconfirmed',
        reason: 'consent-denied',
      });
  });
});

describe('settling', () => {
  const open = attempt(entryOf(deliveryPlanned()), 0);
  it.each<[DeliveryOutcome, Partial<LedgerEntry>]>([
    [{ kind: 'delivered', answer }, { state: 'delivered' }],
    [
      { kind: 'rejected', reason: 'vendor-refused', answer },
      { state: 'rejected', reason: 'vendor-refused' },
    ],
    [
      { kind: 'bug', answer },
      { state: 'rejected', reason: 'our-bug' },
    ],
    [
      { kind: 'misconfigured', answer },
      { state: 'parked', reason: 'vendor-refused-credential' },
    ],
    [
      { kind: 'isolate', suspectIndex: null, answer },
      { state: 'transient', reason: 'sent-alone', attemptCount: 0 },
    ],
    [
      { kind: 'resend-alone', answer },
      { state: 'transient', reason: 'sent-alone' },
    ],
    [
      { kind: 'unknown', answer },
      { state: 'unknown', unknownSince: PLANNED_AT },
    ],
    [
      { kind: 'transient', isThrottled: true, retryAfterMs: null, answer },
      { state: 'transient', reason: 'throttled', attemptCount: 0 },
    ],
    [
      { kind: 'transient', isThrottled: false, retryAfterMs: null, answer },
      { state: 'transient', reason: 'vendor-unavailable', attemptCount: 1 },
    ],
  ])('makes %j of the vendor’s reply', (outcome, expected) => {
    expect(settle(open, outcome)).toMatchObject(expected);
  });

  it('gives up after the last try, but never because of throttling', () => {
    let entry = entryOf(deliveryPlanned());
    for (let index = 0; index < 10; index += 1)
      entry = settle(attempt(entry, index), { kind: 'transient', isThrottled: true, retryAfterMs: null, answer });
    expect(entry.state).toBe('transient');
    for (let index = 0; index < 3; index += 1)
      entry = settle(attempt(entry, index), { kind: 'transient', isThrottled: false, retryAfterMs: null, answer });
    expect(entry).toMatchObject({ state: 'rejected', reason: 'retries-exhausted' });
  });

  it('waits at least as long as the vendor asked', () => {
    const later = settle(open, { kind: 'transient', isThrottled: true, retryAfterMs: 90_000, answer });
    expect(later.dueAt).toBe(PLANNED_AT + 2_000 + 90_000);
  });

  it('waits longer after every try, up to ten minutes', () => {
    expect([1, 2, 3, 30].map((count) => retryDelayMs(count, 0))).toEqual([1_000, 2_000, 4_000, 300_000]);
    expect(retryDelayMs(30, 1)).toBe(600_000);
  });
});

describe('a person', () => {
  const parked = settle(attempt(entryOf(deliveryPlanned()), 0), { kind: 'misconfigured', answer });
  it('resumes what is parked', () => {
    expect(resumeDelivery(parked, never, at(5_000))?.entry).toMatchObject({
      state: 'planned',
      reason: 'resumed',
      dueAt: PLANNED_AT + 5_000,
    });
  });
  it('cannot resume what is too old by now', () => {
    expect(resumeDelivery(parked, always, at(5_000))?.entry.state).toBe('expired');
  });
  it('changes nothing by resuming what is not parked', () => {
    expect(resumeDelivery(entryOf(deliveryPlanned()), never, at(0))).toBeUndefined();
  });

  const retry = (entry: LedgerEntry, acceptDuplicate = false): ReturnType<typeof retryDelivery> =>
    retryDelivery(entry, { acceptDuplicate, operator: 'admin' }, at(9_000));
  it('retries what was rejected', () => {
    expect(retry(settle(attempt(entryOf(deliveryPlanned()), 0), { kind: 'rejected', reason: 'vendor-refused', answer }))).toMatchObject({
      kind: 'changed',
      change: { entry: { state: 'planned' } },
    });
  });
  it('must accept the risk of a double for what may have been taken', () => {
    const step = nextStep(
      settle(attempt(entryOf(deliveryPlanned()), 0), { kind: 'unknown', answer }),
      DECLARATION,
      never,
      at(48 * HOUR_MS),
    );
    if (step.kind !== 'close') throw new Error('expected the window to be over');
    expect(retry(step.change.entry)).toEqual({ kind: 'refused', because: 'may-duplicate' });
    expect(retry(step.change.entry, true)).toMatchObject({ kind: 'changed' });
  });
  it('cannot retry what was delivered, is under way, or was never planned', () => {
    expect(retry(settle(attempt(entryOf(deliveryPlanned()), 0), { kind: 'delivered', answer }))).toEqual({
      kind: 'refused',
      because: 'already-delivered',
    });
    expect(retry(entryOf(deliveryPlanned()))).toEqual({ kind: 'refused', because: 'under-way' });
    const suppressed = entryOf({
      ...deliveryBase(1),
      type: 'Suppressed',
      reason: 'consent-denied',
      observationId: 'o',
      settingsVersion: 1,
      eventTime: PLANNED_AT,
    });
    expect(retry(suppressed)).toEqual({ kind: 'refused', because: 'nothing-to-send' });
  });
});
