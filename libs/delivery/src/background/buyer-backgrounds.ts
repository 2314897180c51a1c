import {
  ASSERTION_EVENTS_TOPIC,
  decodeIdentifierValue,
  decodeProfileEvent,
  decodeVisitorEvent,
  MalformedRecord,
  openedParts,
  sealedParts,
  type SchemaBook,
} from '@tributary/codecs';
import {
  orderKey,
  profileKey,
  readVisitorEvidence,
  visitorKey,
  type BuyerBackground,
  type IdentifierValue,
  type KnownProfile,
  type KnownVisitor,
  type OrderObserved,
  type ProfileSubject,
  type Sql,
  type SubjectId,
  type TenantId,
  type VisitBackground,
  type VisitorChanged,
} from '@tributary/domain';
import type { Vault } from '@tributary/vault';
import type { BuyerBackgrounds } from '../order-intents.js';
import type { VisitBackgrounds, VisitorRef } from '../visits/visit-intents.js';
import { findProfiles, findProfilesOf, type StoredProfile } from './profiles.store.js';
import { findPurchasesShown } from './purchases-shown.store.js';
import { findVisitors, type StoredVisitor } from './visitors.store.js';

/** A person's devices, of which only the newest clicks are looked for. */
const MAX_DEVICES = 5;

type OpenedValue = IdentifierValue & Pick<ProfileSubject, 'kind'>;

/** Reads what identity and visits have shown of orders' buyers and of visitors, and opens it. */
export class StoredBackgrounds implements BuyerBackgrounds, VisitBackgrounds {
  constructor(
    private readonly sql: Sql,
    private readonly app: string,
    private readonly vault: Vault,
    private readonly book: SchemaBook,
    /** Makes the schema ids of stored records known before they are read. */
    private readonly learn: (framed: Buffer) => Promise<void>,
  ) {}

  async of(orders: readonly OrderObserved[]): Promise<ReadonlyMap<string, BuyerBackground>> {
    if (orders.length === 0) return new Map();
    const refs = orders.flatMap(({ tenantId, subjects: { visitor } }) => (visitor === null ? [] : [{ tenantId, visitor }]));
    const [shown, visitors, profiles] = await Promise.all([
      findPurchasesShown(this.sql, this.app, orders),
      findVisitors(this.sql, this.app, refs),
      findProfilesOf(
        this.sql,
        this.app,
        orders.flatMap(({ subjects }) => billingSubjects(subjects)),
      ),
    ]);
    const stored = new Map(visitors.map((visitor) => [visitorKey(visitor), visitor]));
    const backgrounds = new Map<string, BuyerBackground>();
    for (const order of orders) {
      const { tenantId, subjects } = order;
      const own = subjects.visitor === null ? undefined : stored.get(visitorKey({ tenantId, visitor: subjects.visitor }));
      const visitor = own === undefined ? null : await this.openVisitor(own);
      const profile = profileOf(order, profiles);
      backgrounds.set(orderKey(order), {
        shown: shown.get(orderKey(order)) ?? [],
        visitor,
        profile: profile === undefined ? null : await this.openProfile(profile, visitor === null),
      });
    }
    return backgrounds;
  }

  async ofVisitors(refs: readonly VisitorRef[]): Promise<ReadonlyMap<string, VisitBackground>> {
    const visitors = await findVisitors(this.sql, this.app, refs);
    const profiles = await findProfiles(
      this.sql,
      this.app,
      visitors.flatMap(({ tenantId, profileId }) => (profileId === null ? [] : [{ tenantId, profileId }])),
    );
    const known = new Map<string, KnownProfile | null>();
    for (const profile of profiles) known.set(profileKey(profile), await this.openProfile(profile, false));
    const backgrounds = new Map<string, VisitBackground>();
    for (const { tenantId, visitor, version, profileId, record } of visitors) {
      const { consents } = await this.readVisitor(record);
      const profile = profileId === null ? null : (known.get(profileKey({ tenantId, profileId })) ?? null);
      backgrounds.set(visitorKey({ tenantId, visitor }), { visitor: { version, consents }, profile });
    }
    return backgrounds;
  }

  private async readVisitor(record: Buffer): Promise<VisitorChanged> {
    await this.learn(record);
    const event = decodeVisitorEvent(this.book, record);
    if (event.type !== 'VisitorChanged') throw new MalformedRecord('a stored visitor is none');
    return event;
  }

  private async openVisitor({ tenantId, visitor, version, record }: StoredVisitor): Promise<KnownVisitor> {
    const event = await this.readVisitor(record);
    const opened = await this.vault.openMany(tenantId, sealedParts(event));
    return { visitor, version, consents: event.consents, evidence: readVisitorEvidence(await this.readParts(event, opened)) };
  }

  private async readParts(event: VisitorChanged, opened: readonly (Buffer | null)[]) {
    for (const part of opened) if (part !== null) await this.learn(part);
    return openedParts(this.book, event, opened);
  }

  private async openProfile({ tenantId, profileId, version, record }: StoredProfile, needsClicks: boolean): Promise<KnownProfile | null> {
    await this.learn(record);
    const event = decodeProfileEvent(this.book, record);
    if (event.type !== 'ProfileChanged') return null;
    const values = await this.valuesOf(tenantId, event.subjects);
    const devices = event.subjects.filter(({ kind, isShared }) => kind === 'visitor' && !isShared);
    return {
      profileId,
      version,
      emails: hashesOf(values, 'email'),
      phones: hashesOf(values, 'phone'),
      externalIds: hashesOf(values, 'visitor'),
      customers: values.flatMap(({ kind, shopConnectionId, value: customerId }) =>
        kind !== 'customer' || shopConnectionId === '' ? [] : [{ shopConnectionId, customerId }],
      ),
      clickIds: needsClicks ? await this.clicksOf(tenantId, devices) : [],
    };
  }

  /** What was erased, and a device that others use too, is left out. */
  private async valuesOf(tenantId: TenantId, subjects: readonly ProfileSubject[]): Promise<readonly OpenedValue[]> {
    const sealed = subjects.flatMap(({ kind, subjectId, isShared, sealedValue, sealedIn }) =>
      sealedValue === null || sealedIn === null || isShared
        ? []
        : [{ kind, subjectId, sealed: sealedValue, topic: ASSERTION_EVENTS_TOPIC, eventId: sealedIn }],
    );
    const opened = await this.vault.openMany(tenantId, sealed);
    const values: OpenedValue[] = [];
    for (const [index, framed] of opened.entries()) {
      const kind = sealed[index]?.kind;
      if (framed === null || kind === undefined) continue;
      await this.learn(framed);
      values.push({ kind, ...decodeIdentifierValue(this.book, framed) });
    }
    return values;
  }

  private async clicksOf(tenantId: TenantId, devices: readonly ProfileSubject[]): Promise<KnownProfile['clickIds']> {
    const refs = devices.slice(0, MAX_DEVICES).map(({ subjectId }) => ({ tenantId, visitor: subjectId }));
    const visitors = await findVisitors(this.sql, this.app, refs);
    const known = await Promise.all(visitors.map((visitor) => this.openVisitor(visitor)));
    return known.flatMap(({ evidence }) => evidence.clickIds).toSorted((a, b) => b.at - a.at);
  }
}

const hashesOf = (values: readonly OpenedValue[], kind: OpenedValue['kind']): string[] =>
  values.filter((value) => value.kind === kind).map(({ sha256 }) => sha256);

/** The surest first. */
const billingSubjects = ({ customer, email, phone }: OrderObserved['subjects']): SubjectId[] =>
  [customer, email, phone].filter((subject) => subject !== null);

/** The profile of the surest of the order’s billing ids that belongs to one. */
function profileOf({ tenantId, subjects }: OrderObserved, profiles: readonly StoredProfile[]): StoredProfile | undefined {
  const own = profiles.filter((profile) => profile.tenantId === tenantId);
  for (const subject of billingSubjects(subjects)) {
    const profile = own.find(({ subjectIds }) => subjectIds.includes(subject));
    if (profile !== undefined) return profile;
  }
  return undefined;
}
