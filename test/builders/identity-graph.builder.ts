import { createHash } from 'node:crypto';
import {
  asConnectionId,
  asSubjectId,
  assertionsToExplain,
  asTenantId,
  explainProfile,
  foldAssertions,
  NEW_TENANT,
  nodesOf,
  nothingLoaded,
  profileOfVisitor,
  type AliasRow,
  type AssertedIdentifier,
  type AssertionEvent,
  type AssertionRow,
  type ConflictRow,
  type EdgeCut,
  type ExplainedProfile,
  type IdentifierBlocked,
  type IdentifierFlags,
  type IdentifiersAsserted,
  type IdentityChanges,
  type MergeRow,
  type OrderRow,
  type ProfileHead,
  type ProfileId,
  type ProfileRow,
  type RowRequest,
  type NodeRow,
  type TenantClock,
  type TenantId,
  type VisitorHead,
} from '@tributary/domain';

/** 2026-11-01T00:00:00Z */
export const GRAPH_BEGINS_AT = 1_793_491_200_000;
export const DAY_MS = 86_400_000;

/** `email:ana` → the subject of that name; what stands before the colon is its kind. */
export type Name = `${'customer' | 'email' | 'phone' | 'visitor'}:${string}`;

export const subjectOf = (name: Name): ReturnType<typeof asSubjectId> => asSubjectId(name);
const kindOf = (name: Name): 'customer' | 'email' | 'phone' | 'visitor' => name.slice(0, name.indexOf(':')) as 'customer';

let minted = 0;
const envelope = (
  overrides: Partial<IdentifiersAsserted> = {},
): Omit<IdentifiersAsserted, 'type' | 'basis' | 'basisEventId' | 'ruleVersion' | 'order' | 'identifiers'> => {
  minted += 1;
  const receivedAt = overrides.receivedAt ?? GRAPH_BEGINS_AT;
  return {
    eventId: `00000000-0000-7000-8000-${String(minted).padStart(12, '0')}`,
    tenantId: asTenantId('acme'),
    connectionId: asConnectionId('shop'),
    occurredAt: receivedAt,
    receivedAt,
    source: 'browser',
  };
};

const NO_FLAGS: IdentifierFlags = { blocked: null, isMerchantOwn: false, isRoleAddress: false, isHashOnly: false };

export const identifier = (name: Name, flags: Partial<IdentifierFlags> = {}): AssertedIdentifier => ({
  kind: kindOf(name),
  subjectId: subjectOf(name),
  ...NO_FLAGS,
  ...flags,
  sealedValue: Buffer.alloc(0),
});

/** These were shown together. */
export const asserted = (
  identifiers: readonly (Name | AssertedIdentifier)[],
  overrides: Partial<IdentifiersAsserted> = {},
): IdentifiersAsserted => ({
  type: 'IdentifiersAsserted',
  ...envelope(overrides),
  basis: 'identify',
  basisEventId: null,
  ruleVersion: 1,
  order: null,
  ...overrides,
  identifiers: identifiers.map((one) => (typeof one === 'string' ? identifier(one) : one)),
});

/** These were shown by an order. */
export const ordered = (
  orderId: string,
  identifiers: readonly (Name | AssertedIdentifier)[],
  overrides: Partial<IdentifiersAsserted> = {},
): IdentifiersAsserted =>
  asserted(identifiers, {
    basis: 'order',
    basisEventId: `observation-${orderId}`,
    order: { connectionId: asConnectionId('shop'), orderId },
    ...overrides,
  });

export const blocked = (name: Name, isBlocked = true): IdentifierBlocked => ({
  type: 'IdentifierBlocked',
  ...envelope(),
  kind: kindOf(name),
  subjectId: subjectOf(name),
  isBlocked,
  reason: 'shared',
});

export const cut = (one: Name, other: Name, isCut = true): EdgeCut => ({
  type: 'EdgeCut',
  ...envelope(),
  isCut,
  one: { kind: kindOf(one), subjectId: subjectOf(one) },
  other: { kind: kindOf(other), subjectId: subjectOf(other) },
  reason: 'not-the-same',
});

const newTables = () => ({
  subjects: new Map<string, NodeRow>(),
  orders: new Map<string, OrderRow>(),
  profiles: new Map<string, ProfileRow>(),
  aliases: new Map<string, AliasRow>(),
  assertions: new Map<string, AssertionRow>(),
  contents: new Map<string, number>(),
  histories: new Map<string, readonly number[]>(),
  profileHeads: new Map<string, ProfileHead>(),
  visitorHeads: new Map<string, VisitorHead>(),
});

function applyTo<Row>(table: Map<string, Row>, changes: ReadonlyMap<string, Row | null>): void {
  for (const [key, row] of changes) {
    if (row === null) table.delete(key);
    else table.set(key, row);
  }
}

const sorted = (table: ReadonlyMap<string, unknown>): unknown[] => [...table].toSorted(([a], [b]) => (a < b ? -1 : 1));

/** One tenant's graph in memory, which shows a batch only the rows that it asks for. */
export class IdentityGraph {
  clock: TenantClock = NEW_TENANT;
  readonly tables = newTables();
  readonly merges = new Map<string, MergeRow>();
  readonly conflicts = new Map<string, ConflictRow>();
  /** What the newest batch read. */
  readRows: readonly RowRequest[] = [];

  constructor(readonly tenantId: TenantId = asTenantId('acme')) {}

  static of(...events: readonly AssertionEvent[]): IdentityGraph {
    return new IdentityGraph().fold(...events);
  }

  fold(...events: readonly AssertionEvent[]): this {
    const loaded = nothingLoaded();
    const read: RowRequest[] = [];
    for (;;) {
      const fold = foldAssertions(this.tenantId, this.clock, loaded, events);
      if (fold.kind === 'folded') {
        this.readRows = read;
        this.apply(fold.changes);
        return this;
      }
      for (const { table, key } of fold.requests) {
        if (loaded[table].has(key)) throw new Error(`${table} ${key} was asked for twice`);
        (loaded[table] as Map<string, unknown>).set(key, this.tables[table].get(key) ?? null);
        read.push({ table, key });
      }
    }
  }

  private apply(changes: IdentityChanges): void {
    this.clock = changes.clock;
    applyTo(this.tables.subjects, changes.subjects);
    applyTo(this.tables.orders, changes.orders);
    applyTo(this.tables.profiles, changes.profiles);
    applyTo(this.tables.aliases, changes.aliases);
    applyTo(this.tables.assertions, changes.assertions);
    applyTo(this.tables.profileHeads, changes.profileHeads);
    applyTo(this.tables.visitorHeads, changes.visitorHeads);
    for (const row of changes.assertions.values()) {
      if (row === null) continue;
      this.tables.contents.set(row.contentKey, row.seq);
      for (const node of nodesOf(row)) this.tables.histories.set(node, [...(this.tables.histories.get(node) ?? []), row.seq]);
    }
    for (const [key, { seq }] of this.merges) if (changes.redoneMerges.has(seq)) this.merges.delete(key);
    for (const [key, { seq }] of this.conflicts) if (changes.redoneConflicts.has(seq)) this.conflicts.delete(key);
    applyTo(this.merges, changes.merges);
    applyTo(this.conflicts, changes.conflicts);
  }

  readonly nameNow = (profileId: ProfileId): ProfileId => this.tables.aliases.get(profileId)?.target ?? profileId;

  profiles(): readonly ProfileRow[] {
    return [...this.tables.profiles.values()];
  }

  /** Whose this is; of a visitor whose its next event is. Undefined when it has no profile. */
  profileIdOf(name: Name): ProfileId | undefined {
    const subject = this.tables.subjects.get(name);
    if (subject === undefined) return undefined;
    if (subject.kind === 'visitor') return profileOfVisitor(this.tenantId, subject, this.nameNow).profileId;
    const [link] = subject.links;
    return link === undefined ? undefined : this.nameNow(link.profileId);
  }

  profileOf(name: Name): ProfileRow | undefined {
    return this.tables.profiles.get(this.profileIdOf(name) ?? '');
  }

  /** Names of the profile's members, sorted. */
  membersWith(name: Name): readonly string[] {
    return (this.profileOf(name)?.members.map(({ subjectId }) => subjectId) ?? []).toSorted();
  }

  areJoined(one: Name, other: Name): boolean {
    const profileId = this.profileIdOf(one);
    return profileId !== undefined && profileId === this.profileIdOf(other);
  }

  reasons(): readonly string[] {
    return [...this.conflicts.values()].map(({ reason, dropped }) => `${reason} ${dropped}`);
  }

  explain(profile: ProfileRow): ExplainedProfile {
    const names = new Set([profile.profileId, ...profile.absorbed]);
    const members = new Set(profile.members.map(({ subjectId }) => subjectId));
    const merges = [...this.merges.values()].filter(({ winner }) => names.has(winner));
    const conflicts = [...this.conflicts.values()].filter(({ kept, dropped }) => members.has(kept) || members.has(dropped));
    const assertions = new Map(
      assertionsToExplain(profile, { merges, conflicts }).flatMap((seq) => {
        const row = this.tables.assertions.get(String(seq));
        return row === undefined ? [] : [[seq, row] as const];
      }),
    );
    return explainProfile(profile, { assertions, merges, conflicts });
  }

  /** Everything that was derived, in one written form. With `names`, also what profiles were called before; with `versions`, also what consumers are told. */
  written({ names, versions = names }: { readonly names: boolean; readonly versions?: boolean }): string {
    const { subjects, orders, profiles, aliases, assertions, profileHeads, visitorHeads } = this.tables;
    const unnamed = new Map([...profiles].map(([id, profile]) => [id, names ? profile : { ...profile, absorbed: [] }]));
    const told = [...(names ? [aliases] : []), ...(versions ? [profileHeads, visitorHeads] : [])];
    const tables = [subjects, orders, unnamed, ...told, assertions, this.merges, this.conflicts];
    const { clockMs, nextSeq, changeNo } = this.clock;
    return JSON.stringify([clockMs, nextSeq, versions ? changeNo : null, ...tables.map(sorted)]);
  }

  hash(): string {
    return createHash('sha256')
      .update(this.written({ names: true }))
      .digest('hex');
  }
}
