import { deliveryBase, deliveryPlanned, PLANNED_AT, statusObserved, vendorAnswer } from '../../../test/builders/delivery.builder.js';
import { orderObserved } from '../../../test/builders/order.builder.js';
import type { DeliveryEvent } from './delivery.events.js';
import { evolveLedger, type LedgerEntry } from './delivery.ledger.js';
import {
  explainDelivery,
  explainRetryRefusal,
  explainUndecided,
  ruleInWords,
  whatWouldChange,
  whyUndecided,
  type DeliveryBackground,
  type UndecidedFacts,
} from './explanation.js';
import { asSubjectId } from './ids.js';
import { evolveOrder } from './order.projection.js';
import { explainReason } from './reasons.js';

const HOUR_MS = 3_600_000;
const declaration = { repeatWindowMs: 47 * HOUR_MS, matchesPeople: true };
const background: DeliveryBackground = { destinationKind: 'tiktok', declaration, renewalOf: null };

function given(...past: readonly DeliveryEvent[]) {
  const entry = past.reduce<LedgerEntry | undefined>((before, event) => evolveLedger(before, event), undefined);
  if (entry === undefined) throw new Error('the first event begins the entry');
  const told = (over: Partial<DeliveryBackground> = {}): string => explainDelivery(entry, { ...background, ...over }).join('\n');
  return { entry, told };
}

const attempted = (version = 2): DeliveryEvent => ({
  ...deliveryBase(version),
  type: 'Attempted',
  attempt: 1,
  dueAt: PLANNED_AT + 20_000,
  settingsVersion: 1,
  matchKeys: ['email'],
  sealedUnder: null,
  sealedRequest: null,
  identity: null,
});
const requeued = (to: 'transient' | 'unknown' | 'planned', reason: string): DeliveryEvent => ({
  ...deliveryBase(3),
  type: 'Requeued',
  to,
  reason,
  dueAt: PLANNED_AT + 60_000,
  answer: to === 'unknown' ? vendorAnswer('timeout', 'no complete answer came') : vendorAnswer('50000', 'Internal error'),
});
const suppressed = (reason: string): DeliveryEvent => ({
  ...deliveryBase(1),
  type: 'Suppressed',
  reason,
  observationId: 'o-1',
  settingsVersion: 3,
  eventTime: PLANNED_AT,
});

describe('an explained delivery', () => {
  it('says what was delivered, when, under which settings, and what the vendor answered', () => {
    const told = given(deliveryPlanned(), attempted(), { ...deliveryBase(3), type: 'Delivered', answer: vendorAnswer() }).told();
    expect(told).toBe(
      [
        'Purchase for ads (tiktok): decided at 2026-11-20T10:00:01.000Z under version 1 of the settings.',
        'Planned: of 38563 CLP, as of 2026-11-20T10:00:00.000Z, known to the vendor as wc_order_1042.',
        'Match keys: email.',
        'Attempt 1 at 2026-11-20T10:00:02.000Z: delivered, answer 0 «OK», request request-1.',
        'It was delivered at 2026-11-20T10:00:03.000Z with attempt 1.',
        'What would change it: Nothing: it is never sent again.',
      ].join('\n'),
    );
  });

  it.each([
    'before-go-live',
    'consent-denied',
    'consent-missing',
    'created-via-excluded',
    'renewals-off',
    'too-old',
    'in-the-future',
    'test-mode-ended',
  ])('says why nothing was sent and what would change it: %s', (reason) => {
    const { entry, told } = given(suppressed(reason));
    expect(told()).toContain(`It was not sent and will not be. ${explainReason(reason)}`);
    expect(told()).toContain('under version 3 of the settings');
    expect(told()).toContain(`What would change it: ${whatWouldChange(entry)}`);
    expect(whatWouldChange(entry)).toMatch(/^Nothing/);
  });

  it('never offers to overrule a denied consent', () => {
    expect(whatWouldChange(given(suppressed('consent-denied')).entry)).toBe('Nothing: a denied consent is never overruled.');
  });

  it('tells what became of it at the vendor, and names nobody', () => {
    const delivered: DeliveryEvent = { ...deliveryBase(3), type: 'Delivered', answer: vendorAnswer() };
    const names = { sealedUnder: asSubjectId('subject-1'), sealed: Buffer.from('x') };
    const statuses = [statusObserved(4, { names }), statusObserved(5, { status: 'delivered', statusName: null, isFinal: true })];
    expect(given(deliveryPlanned(), attempted(), delivered, ...statuses).told()).toContain(
      'The vendor says since: En ruta (read at 2026-11-20T10:00:04.000Z), then delivered (read at 2026-11-20T10:00:05.000Z), tracking id TT-7. ' +
        'Who brings it is known and kept sealed. It is closed and not asked about any more.',
    );
  });

  it('tells a refusal with the vendor’s own code and message', () => {
    const told = given(deliveryPlanned(), attempted(), {
      ...deliveryBase(3),
      type: 'Rejected',
      reason: 'vendor-refused',
      answer: vendorAnswer('40002', 'data.0.properties.currency is invalid'),
    }).told();
    expect(told).toContain('answer 40002 «data.0.properties.currency is invalid»');
    expect(told).toContain(
      'It was refused for good at 2026-11-20T10:00:03.000Z after 1 attempt. The vendor refused this event for its data.',
    );
    expect(told).toContain('What would change it: What the vendor’s message names must be corrected; then a retry.');
  });

  it('tells what is parked and who must act', () => {
    const { told } = given(deliveryPlanned(), attempted(), {
      ...deliveryBase(3),
      type: 'Parked',
      reason: 'vendor-refused-credential',
      answer: vendorAnswer('40105', 'Access token is invalid'),
    });
    expect(told()).toContain('It is parked: a person must act. The vendor refused the credential; a person must act.');
    expect(told()).toMatch(/What would change it: A valid access token .* or a resume of the connection/);
  });

  it('tells what waits and until when', () => {
    expect(given(deliveryPlanned(), attempted(), requeued('transient', 'vendor-unavailable')).told()).toContain(
      'The next attempt is due at 2026-11-20T10:01:01.000Z.',
    );
    expect(given(deliveryPlanned(), attempted()).told()).toContain('Attempt 1 is under way since 2026-11-20T10:00:02.000Z');
    expect(given(deliveryPlanned()).told()).toContain('It is planned and leaves when its turn comes.');
  });

  it('tells of an unknown outcome how long repeats are recognised', () => {
    const { told } = given(deliveryPlanned(), attempted(), requeued('unknown', 'outcome-unknown'));
    expect(told()).toContain('Repeats are recognised by the vendor until 2026-11-22T09:00:02.000Z.');
    expect(told({ declaration: { ...declaration, repeatWindowMs: 0 } })).toContain('Nobody knows yet whether it was taken.');
  });

  it('tells of an unconfirmed one that a person decides', () => {
    const { told } = given(deliveryPlanned(), attempted(), requeued('unknown', 'outcome-unknown'), {
      ...deliveryBase(4),
      type: 'Unconfirmed',
      reason: 'window-over',
    });
    expect(told()).toContain('It was given up at 2026-11-20T10:00:04.000Z without certainty.');
    expect(told()).toContain('acceptDuplicate: true');
  });

  it('tells of an expired one that it is too late', () => {
    expect(given(deliveryPlanned(), { ...deliveryBase(2), type: 'Expired', reason: 'too-old' }).told()).toContain(
      'It was not sent: it expired at 2026-11-20T10:00:02.000Z.',
    );
  });

  it('tells of a renewal that no browser was there', () => {
    expect(given(deliveryPlanned()).told({ renewalOf: '77' })).toContain('The order renews subscription 77: no browser was there');
  });

  it('tells of a currency that the vendor does not take', () => {
    expect(given(deliveryPlanned({ value: null, currency: null, matchKeys: [] })).told()).toMatch(
      /without a value.*\nIt carries no match key/,
    );
  });

  it('says nothing of match keys and browsers where nobody is matched', () => {
    const courier = { declaration: { repeatWindowMs: null, matchesPeople: false }, renewalOf: '77' };
    const told = given(deliveryPlanned({ matchKeys: [] })).told(courier);
    expect(told).toContain('Planned:');
    expect(told).not.toMatch(/match key|browser/);
  });
});

describe('a destination that decided nothing', () => {
  const order = evolveOrder(undefined, orderObserved({ status: 'on-hold', paidAt: null, paymentMethod: 'bacs' }));
  const facts: UndecidedFacts = {
    connectionState: 'active',
    sources: null,
    settings: { purchase: { when: 'paid', byPaymentMethod: { cod: 'placed' } } },
    order,
    wouldDecide: false,
  };
  const told = (over: Partial<UndecidedFacts>): string => explainUndecided(whyUndecided({ ...facts, ...over }));

  it('names the rule that the order does not meet yet', () => {
    expect(told({})).toBe('does not qualify yet under when: paid: the order’s status is on-hold, without a payment date');
  });
  it('names the rule of the order’s own payment method', () => {
    const cash = evolveOrder(undefined, orderObserved({ status: 'pending', paidAt: null, paymentMethod: 'cod' }));
    expect(told({ order: cash })).toMatch(/^does not qualify yet under byPaymentMethod.cod: placed: /);
  });
  it('says that the connection is not active', () =>
    expect(told({ connectionState: 'suspended' })).toBe('decides nothing: the connection is suspended'));
  it('says that it takes from other shops', () =>
    expect(told({ sources: ['other'] })).toBe('takes nothing from this shop: its sources are other'));
  it('says that the order is gone', () => expect(told({ order: { ...order, isVanished: true } })).toMatch(/gone from the shop/));
  it('says that only a deletion was reported', () => expect(told({ order: { ...order, observed: null } })).toMatch(/never seen/));
  it('says that the decision is due', () => {
    expect(told({ wouldDecide: true })).toMatch(/^qualifies/);
    expect(told({ order: null })).toMatch(/^qualifies/);
  });
});

it('finds the rule of settings that list statuses, and none in settings without one', () => {
  expect(ruleInWords({ statuses: ['processing', 'on-hold'] }, 'cod')).toBe('statuses: processing, on-hold');
  expect(ruleInWords({}, 'cod')).toBeNull();
  expect(ruleInWords(null, 'constructor')).toBeNull();
});

it('says in words why a retry is refused', () => {
  expect(explainRetryRefusal('may-duplicate')).toContain('acceptDuplicate: true');
  for (const because of ['nothing-to-send', 'already-delivered', 'under-way'] as const) expect(explainRetryRefusal(because)).toMatch(/\.$/);
});
