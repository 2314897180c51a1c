import {
  asConnectionId,
  asSubjectId,
  asTenantId,
  type ProfileEvent,
  type ProfileId,
  type VisitorChanged,
  type VisitsApplied,
} from '@tributary/domain';
import { decodeProfileEvent, encodeProfileEvent } from './profile.codec.js';
import { MalformedRecord, SchemaBook, type RecordName } from './schema-book.js';
import { PROFILES_TOPIC, TOPICS, VISITORS_TOPIC } from './topics.js';
import { decodeVisitorEvent, encodeVisitorEvent, openedParts, sealedParts } from './visitor.codec.js';

const book = new SchemaBook();
for (const [index, record] of TOPICS.filter(({ name }) => name === PROFILES_TOPIC || name === VISITORS_TOPIC)
  .flatMap(({ records }) => records)
  .entries())
  book.setWriterId(record as RecordName, index + 1);

const envelope = {
  eventId: '00000000-0000-5000-8000-000000000001',
  tenantId: asTenantId('acme'),
  connectionId: asConnectionId(''),
  occurredAt: 1_795_275_600_000,
  receivedAt: 1_795_275_600_000,
  source: 'identity',
};
const profileId = '0a6c0d4e-58a1-5c1f-9a52-7f6f3f0f6a11' as ProfileId;
const visitor = asSubjectId('7c9e6679-7425-40de-944b-e07fc1f90ae7');

const PROFILES: readonly ProfileEvent[] = [
  {
    type: 'ProfileChanged',
    ...envelope,
    profileId,
    version: 7,
    subjects: [
      { kind: 'email', subjectId: asSubjectId('a'), isShared: false, sealedValue: Buffer.of(1, 2), sealedIn: 'assertion-1' },
      { kind: 'visitor', subjectId: visitor, isShared: true, sealedValue: null, sealedIn: null },
    ],
  },
  { type: 'ProfileMerged', ...envelope, profileId, version: 8, into: null },
];
const CHANGED: VisitorChanged = {
  type: 'VisitorChanged',
  ...envelope,
  visitor,
  version: 12,
  evidenceVersion: 9,
  profileId,
  isShared: false,
  firstSeenAt: 1_795_275_500_000,
  lastSeenAt: 1_795_275_600_000,
  consents: [{ at: 1_795_275_500_000, eventId: 'v1', answer: 'granted', isAnswer: true }],
  parts: [{ eventId: 'v2', at: 1_795_275_600_000, fields: ['ip', 'ttclid'], clickMark: '0011223344556677', sealed: Buffer.of(1, 9) }],
};
const APPLIED: VisitsApplied = { type: 'VisitsApplied', ...envelope, partition: 3, nextOffset: 42 };

it.each(PROFILES)('$type is read as it was written', (event) => {
  expect(decodeProfileEvent(book, encodeProfileEvent(book, event))).toEqual(event);
});

it.each([CHANGED, APPLIED])('$type is read as it was written', (event) => {
  expect(decodeVisitorEvent(book, encodeVisitorEvent(book, event))).toEqual(event);
});

it('neither topic’s records are read as the other’s', () => {
  expect(() => decodeProfileEvent(book, encodeVisitorEvent(book, APPLIED))).toThrow(MalformedRecord);
  expect(() => decodeVisitorEvent(book, encodeProfileEvent(book, PROFILES[1]!))).toThrow(MalformedRecord);
});

it('a visitor’s parts open where their visits were sealed; a part whose key is gone stays closed', () => {
  expect(sealedParts(CHANGED)).toEqual([
    { subjectId: visitor, sealed: CHANGED.parts[0]?.sealed, topic: 'visits.visit-events.v1', eventId: 'v2' },
  ]);
  expect(openedParts(book, CHANGED, [null])).toEqual([{ eventId: 'v2', at: CHANGED.lastSeenAt, personal: null }]);
});
