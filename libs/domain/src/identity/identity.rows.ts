import type { ProfileId, SubjectId } from '../ids.js';
import type { SubjectKind } from '../vault.port.js';
import type { JoiningKind } from './identity.rules.js';

/** How far a tenant's fold is. */
export interface TenantClock {
  /** Running maximum of `receivedAt` over the tenant's log, epoch ms: the only time that rules know. */
  readonly clockMs: number;
  /** Number of the next assertion; counts what the log said for the first time, so it is the same with any partition count. */
  readonly nextSeq: number;
  /** How many events have changed something that consumers are told: the version of the newest change. */
  readonly changeNo: number;
}

/** An identifier of an assertion as the fold reads it. */
export interface ReadIdentifier {
  readonly kind: JoiningKind;
  readonly subjectId: SubjectId;
  readonly isHashOnly: boolean;
  /** Why it joins nobody in this assertion: ingest's judgement, `merchant-own`, `role-address`, `refused-in-clear`, `quarantined`; else null. */
  readonly excluded: string | null;
}

/** One thing that the log said; saying it again changes nothing. */
export interface AssertionRow {
  readonly seq: number;
  /** The tenant's clock at that point. */
  readonly atMs: number;
  readonly eventId: string;
  readonly basis: string;
  readonly basisEventId: string | null;
  /** SHA-256 hex of what was said, without when. */
  readonly contentKey: string;
  /** `connection:orderId`, null without an order. */
  readonly orderKey: string | null;
  /** Sorted by tier, then by subject id. */
  readonly identifiers: readonly ReadIdentifier[];
}

/** A customer id or mail address that was shown together with a value. */
export interface Sighting {
  readonly kind: 'customer' | 'email';
  readonly subjectId: SubjectId;
  /** The newest time. */
  readonly atMs: number;
}

/** A subject and a profile belong together since an assertion. */
export interface ProfileLink {
  /** As it was then; {@link AliasRow} says what it is called now. */
  readonly profileId: ProfileId;
  /** The assertion that joined. */
  readonly seq: number;
  /** The assertion that showed the subject: another one than `seq` when an order tied both. */
  readonly shownSeq: number;
  /** Of a visitor: the customer id, mail or phone that it was seen with. */
  readonly tiedTo: SubjectId | null;
  readonly atMs: number;
}

export interface NodeRow {
  readonly subjectId: SubjectId;
  readonly kind: SubjectKind;
  // Facts: what the log showed, whatever operators decided.
  /** First assertion that showed it in clear, usable. */
  readonly clearSeq: number | null;
  /** First assertion that showed it in clear and judged it unusable: what comes hashed later is that, too. */
  readonly refusedSeq: number | null;
  /** From this assertion on it joins nobody. */
  readonly quarantinedSeq: number | null;
  readonly sightings: readonly Sighting[];
  // Operators' decisions.
  readonly isBlocked: boolean;
  readonly cutFrom: readonly SubjectId[];
  // What the rules made of both.
  /** One at most, except of a visitor: every profile it was seen with, in that order. */
  readonly links: readonly ProfileLink[];
  /** Assertions that wait until this subject is seen in clear. */
  readonly heldSeqs: readonly number[];
}

export interface ProfileMember {
  readonly subjectId: SubjectId;
  readonly kind: JoiningKind;
  readonly seq: number;
  readonly shownSeq: number;
  readonly tiedTo: SubjectId | null;
  /** Epoch ms. */
  readonly sinceMs: number;
  /** Of a visitor that turned out to be a shared device: from then on its events are nobody's. Epoch ms. */
  readonly untilMs: number | null;
}

export interface ProfileRow {
  readonly profileId: ProfileId;
  /** Its first assertion: the older profile survives a merge. */
  readonly firstSeq: number;
  /** In the order in which they joined it. */
  readonly members: readonly ProfileMember[];
  readonly mergeCount: number;
  /** Other names of this profile. */
  readonly absorbed: readonly ProfileId[];
  /** Subjects that an operator keeps apart from a member. */
  readonly cutFrom: readonly SubjectId[];
}

/** A profile id that is no profile any more; kept for ever. */
export interface AliasRow {
  readonly profileId: ProfileId;
  /** The profile it became; null when an operator's decision left nothing of it. Never itself an alias. */
  readonly target: ProfileId | null;
}

/** Who an order says bought it, and which visitors were seen on it: ties both, joins nothing else. */
export interface OrderRow {
  readonly orderKey: string;
  /** The strongest billing id of its newest assertion. */
  readonly buyer: SubjectId | null;
  readonly visitors: readonly { readonly subjectId: SubjectId; readonly seq: number }[];
}

export interface MergeRow {
  readonly winner: ProfileId;
  readonly losers: readonly ProfileId[];
  /** The assertion that joined them. */
  readonly seq: number;
  /** The assertion at which it was done: a later one when it had to wait for a value in clear. */
  readonly doneSeq: number;
  readonly eventId: string;
  /** The kind of the weakest id that was needed. */
  readonly edge: JoiningKind;
  readonly ruleVersion: number;
}

/** Open list. */
export type ConflictReason = 'another-customer' | 'another-email' | 'hash-only' | 'too-many' | 'too-large' | 'cut';

/** An assertion said that two belong together, and the rules kept them apart. */
export interface ConflictRow {
  readonly seq: number;
  readonly eventId: string;
  readonly reason: ConflictReason;
  /** Whom the assertion was taken to be about. */
  readonly kept: SubjectId;
  /** What was left out. */
  readonly dropped: SubjectId;
  readonly ruleVersion: number;
}

interface HeadStamp {
  /** The tenant's {@link TenantClock.changeNo} at the change. */
  readonly version: number;
  /** The tenant's clock at that point. */
  readonly atMs: number;
}

/** What consumers are told of a profile id. */
export interface ProfileHead extends HeadStamp {
  /** Sorted by kind, then by subject id; null when it is no profile any more. */
  readonly subjects: readonly { readonly kind: JoiningKind; readonly subjectId: SubjectId; readonly isShared: boolean }[] | null;
  /** The profile that it became; null while it is one, and when nothing is left of it. */
  readonly into: ProfileId | null;
}

/** What consumers are told of whose a visitor is. */
export interface VisitorHead extends HeadStamp {
  /** Whose its next event is; null: nobody's, or more than one person's. */
  readonly profileId: ProfileId | null;
  readonly isShared: boolean;
}

/** The value of a subject, sealed under it, as the first assertion that named it brought it. */
export interface SealedIdentifier {
  /** Event id of that assertion. */
  readonly eventId: string;
  readonly sealedValue: Buffer;
}

/** Row type by table; keys: subject id, order key, profile id, profile id, seq, content key → seq, node → seqs, profile id, visitor. */
export interface IdentityTables {
  subjects: NodeRow;
  orders: OrderRow;
  profiles: ProfileRow;
  aliases: AliasRow;
  assertions: AssertionRow;
  /** Which assertion said this first; an index over {@link AssertionRow.contentKey}. */
  contents: number;
  /** Assertions by {@link nodesOf}; an index over them. Only operators' decisions read it. */
  histories: readonly number[];
  profileHeads: ProfileHead;
  visitorHeads: VisitorHead;
}

export type IdentityTable = keyof IdentityTables;

export interface RowRequest {
  readonly table: IdentityTable;
  readonly key: string;
}

/** What was read of a tenant; null is known to be absent. */
export type LoadedRows = { readonly [T in IdentityTable]: ReadonlyMap<string, IdentityTables[T] | null> };

/** {@link LoadedRows} to be filled. */
export type LoadingRows = { readonly [T in IdentityTable]: Map<string, IdentityTables[T] | null> };

export const nothingLoaded = (): LoadingRows => ({
  subjects: new Map(),
  orders: new Map(),
  profiles: new Map(),
  aliases: new Map(),
  assertions: new Map(),
  contents: new Map(),
  histories: new Map(),
  profileHeads: new Map(),
  visitorHeads: new Map(),
});

/** What a batch did to a tenant; null deletes. Outcomes of `redone` assertions go away before the new ones come. */
export interface IdentityChanges {
  readonly clock: TenantClock;
  readonly subjects: ReadonlyMap<string, NodeRow | null>;
  readonly orders: ReadonlyMap<string, OrderRow | null>;
  readonly profiles: ReadonlyMap<string, ProfileRow | null>;
  readonly aliases: ReadonlyMap<string, AliasRow | null>;
  /** New ones. */
  readonly assertions: ReadonlyMap<string, AssertionRow | null>;
  readonly redoneMerges: ReadonlySet<number>;
  readonly redoneConflicts: ReadonlySet<number>;
  readonly merges: ReadonlyMap<string, MergeRow>;
  readonly conflicts: ReadonlyMap<string, ConflictRow>;
  /** What consumers must be told. */
  readonly profileHeads: ReadonlyMap<string, ProfileHead | null>;
  readonly visitorHeads: ReadonlyMap<string, VisitorHead | null>;
  /** By subject id; a subject that has a value already keeps it. */
  readonly sealedValues: ReadonlyMap<string, SealedIdentifier>;
}

const orderNode = (orderKey: string): string => `order:${orderKey}`;

/** What an assertion connects: its usable subjects and its order. */
export const nodesOf = ({ identifiers, orderKey }: Pick<AssertionRow, 'identifiers' | 'orderKey'>): string[] => [
  ...identifiers.filter(({ excluded }) => excluded === null).map(({ subjectId }) => subjectId as string),
  ...(orderKey === null ? [] : [orderNode(orderKey)]),
];
