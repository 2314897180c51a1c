import { CATALOG_EVENTS_TOPIC, encodeCatalogEvent, encodeCustomerPersonal, type SchemaBook } from '@tributary/codecs';
import {
  catalogKey,
  itemOf,
  sha256Of,
  shownByOrder,
  type CatalogEvent,
  type Envelope,
  type MerchantOwn,
  type SubjectRef,
} from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { CustomerFact, CustomResourceFact } from '@tributary/sources';
import type { Subject, Vault } from '@tributary/vault';
import { AssertionSealer } from './assertion.sealer.js';
import type { KindSealer } from './kind-sealer.js';
import { compress, recordOf, type PartitionCounts } from './topic-records.js';

/** A catalog event that names nobody: products, coupons, and any deletion. */
export interface UnsealedCatalogEvent {
  readonly kind: 'catalog';
  readonly event: CatalogEvent;
}

/** What publishing decided beside the fact. */
interface Judged {
  readonly envelope: Envelope;
  /** Made by {@link sealingSubject}'s fingerprint. */
  readonly contentHash: string;
}

export interface UnsealedCustomer extends Judged {
  readonly kind: 'customer';
  readonly fact: CustomerFact;
  readonly own: MerchantOwn;
}

export interface UnsealedCustomResource extends Judged {
  readonly kind: 'resource';
  readonly fact: CustomResourceFact;
}

type Place = Pick<Envelope, 'tenantId' | 'connectionId'>;

/** Whom a customer's record names: the customer first, then mail and phone as far as it has them. */
export function customerRefs({ tenantId, connectionId }: Place, { personal, contacts }: CustomerFact): readonly SubjectRef[] {
  const customer: SubjectRef = { tenantId, kind: 'customer', normalised: `${connectionId}:${personal.customerId}` };
  const contact = (kind: 'email' | 'phone'): SubjectRef[] => {
    const identifier = contacts[kind];
    return identifier === null ? [] : [{ tenantId, kind, normalised: sha256Of(identifier) }];
  };
  return [customer, ...contact('email'), ...contact('phone')];
}

/** Whom a custom resource names: its first mail address, else nobody but itself. */
export const resourceRefs = (
  { tenantId, connectionId }: Place,
  { resource, resourceId, email }: CustomResourceFact,
): readonly SubjectRef[] => [
  email === null
    ? { tenantId, kind: 'order', normalised: `${connectionId}:${resource}:${resourceId}` }
    : { tenantId, kind: 'email', normalised: sha256Of(email) },
];

/** Under whose key a record is sealed and its hash is made: its mail's, else its phone's, else its own. */
export function sealingSubject(refs: readonly SubjectRef[], subjects: readonly Subject[]): Subject {
  const of = (kind: SubjectRef['kind']): Subject | undefined => subjects[refs.findIndex((ref) => ref.kind === kind)];
  const subject = of('email') ?? of('phone') ?? subjects[0];
  if (subject === undefined) throw new Error('a catalog record without a subject to seal it');
  return subject;
}

const recordAtKey = (partitions: PartitionCounts, book: SchemaBook, event: CatalogEvent): OutgoingRecord =>
  recordOf(partitions, CATALOG_EVENTS_TOPIC, catalogKey({ ...event, ...itemOf(event) }), encodeCatalogEvent(book, event));

/** `commerce.catalog-events.v1`: what is in clear already. */
export class CatalogSealer implements KindSealer<UnsealedCatalogEvent> {
  constructor(
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {}

  refsOf(): SubjectRef[] {
    return [];
  }

  recordsOf({ event }: UnsealedCatalogEvent): OutgoingRecord[] {
    return [recordAtKey(this.partitions, this.book, event)];
  }
}

/** `commerce.catalog-events.v1`, sealed; and what the customer asserts: this account has this mail and this phone. */
export class CustomerSealer implements KindSealer<UnsealedCustomer> {
  private readonly assertions: AssertionSealer;

  constructor(
    private readonly vault: Vault,
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {
    this.assertions = new AssertionSealer(vault, book, partitions);
  }

  refsOf({ envelope, fact }: UnsealedCustomer): readonly SubjectRef[] {
    return customerRefs(envelope, fact);
  }

  recordsOf(unsealed: UnsealedCustomer, refs: readonly SubjectRef[], subjects: readonly Subject[]): OutgoingRecord[] {
    const { envelope, contentHash, fact } = unsealed;
    const { content, personal, personalFields, modifiedAt, asOf } = fact;
    const [customer] = subjects;
    if (customer === undefined) throw new Error('a customer without a subject');
    const of = (kind: 'email' | 'phone'): Subject['subjectId'] | null =>
      subjects[refs.findIndex((ref) => ref.kind === kind)]?.subjectId ?? null;
    const sealer = sealingSubject(refs, subjects);
    const event: CatalogEvent = {
      type: 'CustomerObserved',
      ...envelope,
      ...content,
      asOf,
      modifiedAt,
      contentHash,
      deletion: null,
      customer: customer.subjectId,
      subjects: { email: of('email'), phone: of('phone') },
      personalFields,
      sealedUnder: sealer.subjectId,
      sealedPersonal: this.vault.seal(sealer, encodeCustomerPersonal(this.book, personal), {
        topic: CATALOG_EVENTS_TOPIC,
        eventId: envelope.eventId,
      }),
    };
    return [recordAtKey(this.partitions, this.book, event), ...this.assertion(unsealed, refs, subjects)];
  }

  private assertion(
    { envelope, fact, own }: UnsealedCustomer,
    refs: readonly SubjectRef[],
    subjects: readonly Subject[],
  ): OutgoingRecord[] {
    const { connectionId, eventId } = envelope;
    const names = { connectionId, contacts: fact.contacts, customerId: fact.personal.customerId, visitorId: null, consent: null };
    const identifiers = shownByOrder(names, own.domains);
    if (identifiers.length === 0) return [];
    const shown = identifiers.map(({ kind }) => subjects[refs.findIndex((ref) => ref.kind === kind)]);
    return [this.assertions.recordUnder(shown, { envelope, basis: 'customer', basisEventId: eventId, order: null, identifiers, own })];
  }
}

/** `commerce.catalog-events.v1`: the body as the shop sent it, sealed whole, because nobody knows whom it names. */
export class CustomResourceSealer implements KindSealer<UnsealedCustomResource> {
  constructor(
    private readonly vault: Vault,
    private readonly book: SchemaBook,
    private readonly partitions: PartitionCounts,
  ) {}

  refsOf({ envelope, fact }: UnsealedCustomResource): readonly SubjectRef[] {
    return resourceRefs(envelope, fact);
  }

  recordsOf(
    { envelope, contentHash, fact }: UnsealedCustomResource,
    refs: readonly SubjectRef[],
    subjects: readonly Subject[],
  ): OutgoingRecord[] {
    const { resource, resourceId, createdAt, modifiedAt, asOf, body } = fact;
    const sealer = sealingSubject(refs, subjects);
    const { compression, bytes } = compress(Buffer.from(JSON.stringify(body), 'utf8'));
    const event: CatalogEvent = {
      type: 'CustomResourceObserved',
      ...envelope,
      resource,
      resourceId,
      createdAt,
      asOf,
      modifiedAt,
      contentHash,
      deletion: null,
      compression,
      sealedUnder: sealer.subjectId,
      sealedBody: this.vault.seal(sealer, bytes, { topic: CATALOG_EVENTS_TOPIC, eventId: envelope.eventId }),
    };
    return [recordAtKey(this.partitions, this.book, event)];
  }
}
