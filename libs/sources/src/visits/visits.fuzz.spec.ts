import fc from 'fast-check';
import { browserRequest, pageEvent, visitConnection } from '../../../../test/builders/visit.builder.js';
import { readCollect } from './collect.source.js';
import { readIdentify } from './identify.source.js';
import { parseVisitBody, writeKeyInText } from './visit-body.js';

const PORTS = { newVisitorId: () => 'tto.2.1795275600.newly-made', isKnown: () => false };
const FIELDS = [
  'type eventId occurredAt url referrer consent contents contentType value currency searchText properties orderId isPaid signal',
  'email email_sha256 phone phone_sha256 customerId visitorId events ttclid ttclidAt ttp locale paymentMethod pixelCode',
].flatMap((names) => names.split(' '));
const TYPES = ['page_view', 'search', 'registration', 'purchase_shown', 'consent', 'lead', 'Bad Type'];

/** What a field may hold: anything JSON can, and what is nearly right. */
const anything = fc.oneof(
  { withCrossShrink: true },
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    'https://shop.example/?ttclid=x',
    'granted',
    '2026-11-21T15:40:00Z',
    1_795_275_600_000,
    'zoe@correo.cl',
    '+56987654321',
    ...TYPES,
  ),
  fc.string({ unit: 'binary' }),
);
const fields = fc.dictionary(fc.constantFrom(...FIELDS), anything);
const event = fc.oneof(
  fields.map((some) => pageEvent(some)),
  anything,
);
const body = fc
  .record({ events: fc.oneof(fc.array(event, { maxLength: 5 }), anything) })
  .chain((some) => fields.map((more) => ({ ...more, ...some })));
const request = fc
  .record({ cookies: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }), isPrivacyControlOn: fc.boolean(), isBot: fc.boolean() })
  .map(browserRequest);

describe('whatever a body holds', () => {
  it('a collect request is read or refused, each event with one result, and without consent nobody is named', () => {
    fc.assert(
      fc.property(body, request, fc.constantFrom('CL', 'DE'), (some, browser, country) => {
        const connection = visitConnection(country);
        const reading = readCollect(some, connection, browser, PORTS);
        if (reading.kind === 'refused') return;
        expect(reading.results).toHaveLength((some.events as unknown[]).length);
        expect(reading.results.filter(({ status }) => status === 'accepted')).toHaveLength(reading.visits.length);
        for (const { event: visit, visitorId, personal, people } of reading.visits) {
          const mayName = visit.consent === 'granted' || (visit.consent === 'unknown' && !connection.isConsentRequired);
          if (mayName) continue;
          expect([personal, people]).toEqual([null, []]);
          if (visit.type !== 'ConsentChanged') expect(visitorId).toBeNull();
        }
      }),
      { numRuns: 500 },
    );
  });

  it('an identify call is read or refused, and asserts two identifiers or nothing', () => {
    fc.assert(
      fc.property(fields, request, fc.constantFrom('CL', 'DE'), (some, browser, country) => {
        const reading = readIdentify(some, visitConnection(country), browser);
        if (reading.kind === 'refused') return;
        expect(reading.shown === null).toBe(reading.result.status === 'ignored');
        expect(reading.shown?.identifiers.length ?? 2).toBeGreaterThanOrEqual(2);
      }),
      { numRuns: 500 },
    );
  });

  it('bytes are parsed or refused', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map(Buffer.from),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, (some) => ['parsed', 'refused'].includes(parseVisitBody(some).kind) && typeof writeKeyInText(some) === 'string'),
    );
  });
});
