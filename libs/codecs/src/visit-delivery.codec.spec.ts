import { asConnectionId, asTenantId, visitEntryOf, visitOutcomeOf, type VisitDeliveryEvent, type VisitOutcome } from '@tributary/domain';
import { SchemaBook } from './schema-book.js';
import { decodeVisitDeliveryEvent, encodeVisitDeliveryEvent } from './visit-delivery.codec.js';

const book = new SchemaBook();
book.setWriterId('tributary.tiktok.VisitsAttempted', 1);
book.setWriterId('tributary.tiktok.VisitsSettled', 2);

const AT = 1_795_000_000_000;
const outcome = (overrides: Partial<VisitOutcome> = {}): VisitOutcome => ({
  sourceConnectionId: asConnectionId('web'),
  reference: 'event-1',
  eventName: 'ViewContent',
  eventTime: AT - 5_000,
  settingsVersion: 3,
  version: 2,
  state: 'attempted',
  reason: null,
  attemptCount: 1,
  attemptedAt: AT,
  unknownSince: null,
  dueAt: AT + 20_000,
  matchKeys: ['email', 'ip'],
  identity: { consent: 'granted', consentFrom: 'visit', visitorVersion: 7, profileId: 'p-1', profileVersion: 4, clickFrom: null },
  ...overrides,
});
const event = (overrides: Partial<VisitDeliveryEvent>): VisitDeliveryEvent => ({
  type: 'VisitsAttempted',
  eventId: 'e1',
  tenantId: asTenantId('acme'),
  connectionId: asConnectionId('ads'),
  occurredAt: AT,
  receivedAt: AT,
  source: 'dispatcher',
  mode: 'live',
  answer: null,
  visits: [outcome()],
  ...overrides,
});
const answer = { code: '40002', message: 'invalid parameter', requestId: 'r1' };

it.each<[string, VisitDeliveryEvent]>([
  [
    'a request before it leaves',
    event({ visits: [outcome(), outcome({ reference: 'event-2', version: 4, attemptCount: 2, unknownSince: AT - 9 })] }),
  ],
  [
    'what came of a request',
    event({
      type: 'VisitsSettled',
      answer,
      visits: [
        outcome({ version: 3, state: 'rejected', reason: 'vendor-refused', dueAt: null }),
        outcome({ state: 'transient', reason: 'throttled' }),
      ],
    }),
  ],
  [
    'visits closed without a request',
    event({
      type: 'VisitsSettled',
      visits: [
        outcome({ state: 'expired', reason: 'too-old', attemptedAt: null, attemptCount: 0, dueAt: null, matchKeys: [], identity: null }),
      ],
    }),
  ],
])('%s is read as it was written', (_what, written) => {
  expect(decodeVisitDeliveryEvent(book, encodeVisitDeliveryEvent(book, written))).toEqual(written);
});

it.each<[string, Partial<VisitOutcome>]>([
  ['attempted', {}],
  ['delivered', { state: 'delivered', dueAt: null }],
  ['throttled', { state: 'transient', reason: 'throttled' }],
  ['unknown', { state: 'unknown', reason: 'outcome-unknown', unknownSince: AT }],
  ['never asked', { state: 'expired', reason: 'too-old', attemptedAt: null, dueAt: null, matchKeys: [], identity: null }],
  [
    'of nobody that is known',
    { identity: { consent: 'none', consentFrom: 'shop', visitorVersion: null, profileId: null, profileVersion: null, clickFrom: null } },
  ],
])('an entry says of itself what the log said of it: %s', (_what, overrides) => {
  const said = outcome(overrides);
  expect(visitOutcomeOf(visitEntryOf(event({ type: 'VisitsSettled', answer, visits: [said] }), said))).toEqual(said);
});
