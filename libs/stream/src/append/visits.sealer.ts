import { encodeVisitEvent, encodeVisitPersonal, VISIT_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import { visitKey, type ShownIdentifier, type SubjectId, type SubjectRef, type TenantId, type VisitEvent } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { VisitFact } from '@tributary/sources';
import type { Subject, Vault } from '@tributary/vault';
import type { KindSealer } from './kind-sealer.js';
import { partitionIn, recordAt, type PartitionCounts } from './topic-records.js';

/** The visits of one request: mostly of one visitor. */
export interface UnsealedVisits {
  readonly kind: 'visits';
  readonly tenantId: TenantId;
  readonly visits: readonly VisitFact[];
}

const subjectIdIn = (
  people: readonly ShownIdentifier[],
  found: ReadonlyMap<string, Subject>,
  kind: ShownIdentifier['kind'],
): SubjectId | null => {
  const person = people.find((shown) => shown.kind === kind);
  return person === undefined ? null : (found.get(nameOf(person.kind, person.lookup))?.subjectId ?? null);
};

/** Tells the click ids of one visitor apart; it need not do more. */
const MARK_CHARS = 16;
const NOBODY = { email: null, phone: null, customer: null };

const nameOf = (kind: string, lookup: string): string => `${kind} ${lookup}`;

/** `visits.visit-events.v1`: one record for each visit. */
export class VisitsSealer implements KindSealer<UnsealedVisits> {
  constructor(
    private readonly vault: Vault,
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {}

  refsOf({ tenantId, visits }: UnsealedVisits): SubjectRef[] {
    const refs = new Map<string, SubjectRef>();
    for (const { visitorId, people } of visits) {
      if (visitorId !== null) refs.set(nameOf('visitor', visitorId), { tenantId, kind: 'visitor', normalised: visitorId });
      for (const { kind, lookup } of people) refs.set(nameOf(kind, lookup), { tenantId, kind, normalised: lookup });
    }
    return [...refs.values()];
  }

  recordsOf({ visits }: UnsealedVisits, refs: readonly SubjectRef[], subjects: readonly Subject[]): OutgoingRecord[] {
    const found = new Map<string, Subject>();
    for (const [index, subject] of subjects.entries()) {
      const ref = refs[index];
      if (ref !== undefined) found.set(nameOf(ref.kind, ref.normalised), subject);
    }
    // The visits of a request mostly have one visitor, and so one partition.
    let last = { key: '', partition: 0 };
    return visits.map((visit) => {
      const { key, value } = this.framed(visit, found);
      if (key !== last.key) last = { key, partition: partitionIn(this.partitions, VISIT_EVENTS_TOPIC, key) };
      return recordAt(VISIT_EVENTS_TOPIC, last.partition, key, value);
    });
  }

  private framed(
    { event, visitorId, personal, people }: VisitFact,
    found: ReadonlyMap<string, Subject>,
  ): Pick<OutgoingRecord, 'key' | 'value'> {
    const visitor = visitorId === null ? undefined : found.get(nameOf('visitor', visitorId));
    const isSealed = personal !== null && visitor !== undefined;
    const subjects =
      people.length === 0
        ? NOBODY
        : {
            email: subjectIdIn(people, found, 'email'),
            phone: subjectIdIn(people, found, 'phone'),
            customer: subjectIdIn(people, found, 'customer'),
          };
    const sealed = {
      ...event,
      subjects,
      visitor: visitor?.subjectId ?? null,
      sealedUnder: isSealed ? visitor.subjectId : null,
      sealedPersonal: isSealed
        ? this.vault.seal(visitor, encodeVisitPersonal(this.book, personal), { topic: VISIT_EVENTS_TOPIC, eventId: event.eventId })
        : null,
      clickMark: isSealed && personal.ttclid !== '' ? this.vault.fingerprint(visitor, personal.ttclid).slice(0, MARK_CHARS) : null,
    } as VisitEvent;
    return { key: visitKey(sealed), value: encodeVisitEvent(this.book, sealed) };
  }
}
