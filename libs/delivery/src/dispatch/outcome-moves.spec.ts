import {
  attemptDelivery,
  settleDelivery,
  type DeliveryOutcome,
  type DestinationDeclaration,
  type LedgerChange,
  type Moment,
} from '@tributary/domain';
import { PLANNED_AT, plannedEntry, vendorAnswer } from '../../../../test/builders/delivery.builder.js';
import type { Move } from './dispatch.port.js';
import { credentialVerdict, groupVerdict, isAnyWhereItWas, moveAfter } from './outcome-moves.js';

const answer = vendorAnswer();
const delivered: DeliveryOutcome = { kind: 'delivered', answer };
const rejected: DeliveryOutcome = { kind: 'rejected', reason: 'vendor-refused', answer };
const bug: DeliveryOutcome = { kind: 'bug', answer };
const unknown: DeliveryOutcome = { kind: 'unknown', answer };
const transient: DeliveryOutcome = { kind: 'transient', isThrottled: false, retryAfterMs: null, answer };
const throttled: DeliveryOutcome = { kind: 'transient', isThrottled: true, retryAfterMs: 3_000, answer };
const misconfigured: DeliveryOutcome = { kind: 'misconfigured', answer: vendorAnswer('40105', 'token') };
const isolateSecond: DeliveryOutcome = { kind: 'isolate', suspectIndex: 1, answer };
const resendAlone: DeliveryOutcome = { kind: 'resend-alone', answer };

const declaration: DestinationDeclaration = {
  repeatWindowMs: 1_000_000,
  matchesPeople: true,
  maxIntentsPerRequest: 50,
  maxRequestBytes: 1_000_000,
  orderLingerMs: 20,
  requestTimeoutMs: 10_000,
  requestsPerSecond: 16,
  maxAttempts: 12,
};
const moment: Moment = { nowMs: PLANNED_AT + 1_000, newEventId: () => 'event', random: 0 };
const intent = { dueAt: moment.nowMs, settingsVersion: 1, matchKeys: [], sealedUnder: null, sealedRequest: null, identity: null };
const attempted = (reference = '1042'): LedgerChange => attemptDelivery(plannedEntry({ reference }), intent, moment);

describe('the place in the queue after an outcome', () => {
  const queueAfter = (outcome: DeliveryOutcome): Move['queue'] =>
    moveAfter(settleDelivery(attempted().entry, outcome, declaration, moment), outcome, { owner: 'me', leaseMs: 30_000 }, moment.nowMs)
      .queue;

  it.each([delivered, rejected, bug, misconfigured])('is none after $kind', (outcome) => {
    expect(queueAfter(outcome)).toEqual({ kind: 'leave-queue' });
  });

  it.each([transient, unknown])('is due later, for whoever comes, after $kind', (outcome) => {
    expect(queueAfter(outcome)).toEqual({ kind: 'due', delayMs: 1_000, isAlone: false });
  });

  it('is due when the vendor asked for it', () => {
    expect(queueAfter(throttled)).toEqual({ kind: 'due', delayMs: 3_000, isAlone: false });
  });

  it('stays ours while the one at fault is searched for', () => {
    expect(queueAfter(isolateSecond)).toEqual({ kind: 'lease', owner: 'me', leaseMs: 30_000, isAlone: false });
    expect(queueAfter(resendAlone)).toEqual({ kind: 'lease', owner: 'me', leaseMs: 30_000, isAlone: true });
  });
});

describe('what a reply says about the credential', () => {
  it.each([delivered, rejected, bug, isolateSecond])('is that it works, when the vendor answered $kind', (outcome) => {
    expect(credentialVerdict([outcome])).toEqual({ kind: 'works' });
  });

  it('is that it cannot now, after an answer that may pass or none at all', () => {
    expect(credentialVerdict([delivered, throttled])).toEqual({ kind: 'cannot-now', isThrottled: true, retryAfterMs: 3_000 });
    expect(credentialVerdict([unknown])).toEqual({ kind: 'cannot-now', isThrottled: false, retryAfterMs: 0 });
  });

  it('is that it was refused, whatever else the reply says', () => {
    expect(credentialVerdict([transient, misconfigured])).toMatchObject({ kind: 'refused', answer: { code: '40105' } });
  });
});

describe('how a request went for those who sent it together', () => {
  it('all are settled', () => expect(groupVerdict([delivered, delivered])).toEqual({ kind: 'settled', mustStop: false, isRefused: false }));
  it.each([rejected, bug])('one is at fault: $kind', (outcome) =>
    expect(groupVerdict([outcome])).toEqual({ kind: 'settled', mustStop: false, isRefused: true }),
  );
  it.each([transient, unknown, misconfigured])('nothing more can leave now: $kind', (outcome) =>
    expect(groupVerdict([outcome])).toMatchObject({ kind: 'settled', mustStop: true }),
  );
  it('the one at fault must be found', () =>
    expect(groupVerdict([isolateSecond, isolateSecond])).toEqual({ kind: 'isolate', suspectIndex: 1 }));
  it('each must go alone', () => expect(groupVerdict([resendAlone, resendAlone])).toEqual({ kind: 'resend-alone' }));
});

describe('a commit behind a token that changed nothing', () => {
  const moves = ['1', '2'].map((reference): Move => ({ change: attempted(reference), queue: { kind: 'leave-queue' } }));

  it('was refused its token when an entry is still where it was', () => {
    expect(isAnyWhereItWas(moves, [attempted('1').entry, plannedEntry({ reference: '2' })])).toBe(true);
  });

  it('came too late when all have moved', () => {
    expect(isAnyWhereItWas(moves, [attempted('1').entry, attempted('2').entry])).toBe(false);
  });

  it('came too late when the entries are no longer there', () => {
    expect(isAnyWhereItWas(moves, [])).toBe(false);
  });
});
