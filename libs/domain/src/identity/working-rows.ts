import type { SubjectKind } from '../vault.port.js';
import type { ProfileId, SubjectId, TenantId } from '../ids.js';
import type {
  AliasRow,
  AssertionRow,
  ConflictRow,
  IdentityChanges,
  IdentityTable,
  IdentityTables,
  LoadedRows,
  MergeRow,
  OrderRow,
  ProfileHead,
  ProfileRow,
  RowRequest,
  NodeRow,
  SealedIdentifier,
  TenantClock,
  VisitorHead,
} from './identity.rows.js';
import { nodesOf } from './identity.rows.js';

/** One table as far as it was read, with what was changed since. A row that was not read counts as absent and is asked for. */
class WorkingTable<Row> {
  readonly changes = new Map<string, Row | null>();
  readonly missing = new Set<string>();

  constructor(private readonly loaded: ReadonlyMap<string, Row | null>) {}

  get(key: string): Row | undefined {
    const changed = this.changes.get(key);
    if (changed !== undefined) return changed ?? undefined;
    const stored = this.loaded.get(key);
    if (stored === undefined) this.missing.add(key);
    return stored ?? undefined;
  }

  put(key: string, row: Row): void {
    this.changes.set(key, row);
  }

  remove(key: string): void {
    this.changes.set(key, null);
  }
}

type WorkingTables = { readonly [T in IdentityTable]: WorkingTable<IdentityTables[T]> };

const TABLES: readonly IdentityTable[] = [
  'subjects',
  'orders',
  'profiles',
  'aliases',
  'assertions',
  'contents',
  'histories',
  'profileHeads',
  'visitorHeads',
];

interface Touched {
  readonly profileIds: Set<ProfileId>;
  readonly visitors: Set<SubjectId>;
}

const newTouched = (): Touched => ({ profileIds: new Set(), visitors: new Set() });

/** What one batch reads and changes of one tenant. Rows are replaced, never altered. */
export class WorkingRows {
  private readonly tables: WorkingTables;
  private readonly redoneMerges = new Set<number>();
  private readonly redoneConflicts = new Set<number>();
  private readonly merges = new Map<string, MergeRow>();
  private readonly conflicts = new Map<string, ConflictRow>();
  private readonly newHistory = new Map<string, number[]>();
  private readonly sealedValues = new Map<string, SealedIdentifier>();
  /** What this event has written so far of what consumers are told. */
  private touched = newTouched();

  constructor(
    readonly tenantId: TenantId,
    private clock: TenantClock,
    loaded: LoadedRows,
  ) {
    this.tables = {
      subjects: new WorkingTable(loaded.subjects),
      orders: new WorkingTable(loaded.orders),
      profiles: new WorkingTable(loaded.profiles),
      aliases: new WorkingTable(loaded.aliases),
      assertions: new WorkingTable(loaded.assertions),
      contents: new WorkingTable(loaded.contents),
      histories: new WorkingTable(loaded.histories),
      profileHeads: new WorkingTable(loaded.profileHeads),
      visitorHeads: new WorkingTable(loaded.visitorHeads),
    };
  }

  /** Rows that were asked for and not read: with any, everything else here is void. */
  requests(): RowRequest[] {
    return TABLES.flatMap((table) => [...this.tables[table].missing].map((key) => ({ table, key })));
  }

  isMissingRows(): boolean {
    return TABLES.some((table) => this.tables[table].missing.size > 0);
  }

  changes(): IdentityChanges {
    const { subjects, orders, profiles, aliases, assertions, profileHeads, visitorHeads } = this.tables;
    return {
      clock: this.clock,
      subjects: subjects.changes,
      orders: orders.changes,
      profiles: profiles.changes,
      aliases: aliases.changes,
      assertions: assertions.changes,
      redoneMerges: this.redoneMerges,
      redoneConflicts: this.redoneConflicts,
      merges: this.merges,
      conflicts: this.conflicts,
      profileHeads: profileHeads.changes,
      visitorHeads: visitorHeads.changes,
      sealedValues: this.sealedValues,
    };
  }

  get nowMs(): number {
    return this.clock.clockMs;
  }

  get nextSeq(): number {
    return this.clock.nextSeq;
  }

  advanceTo(receivedAt: number): void {
    if (receivedAt > this.clock.clockMs) this.clock = { ...this.clock, clockMs: receivedAt };
  }

  wasSaid(contentKey: string): boolean {
    return this.tables.contents.get(contentKey) !== undefined;
  }

  addAssertion(row: AssertionRow): void {
    this.clock = { ...this.clock, nextSeq: row.seq + 1 };
    this.tables.assertions.put(String(row.seq), row);
    this.tables.contents.put(row.contentKey, row.seq);
    for (const node of nodesOf(row)) this.newHistory.set(node, [...(this.newHistory.get(node) ?? []), row.seq]);
  }

  assertion(seq: number): AssertionRow | undefined {
    return this.tables.assertions.get(String(seq));
  }

  /** Every assertion that connects this node, by {@link nodesOf}. */
  historyOf(node: string): readonly number[] {
    return [...(this.tables.histories.get(node) ?? []), ...(this.newHistory.get(node) ?? [])];
  }

  subject(kind: SubjectKind, subjectId: SubjectId): NodeRow {
    const blank = { clearSeq: null, refusedSeq: null, quarantinedSeq: null, isBlocked: false };
    return this.tables.subjects.get(subjectId) ?? { subjectId, kind, ...blank, sightings: [], cutFrom: [], links: [], heldSeqs: [] };
  }

  knownSubject(subjectId: SubjectId): NodeRow | undefined {
    return this.tables.subjects.get(subjectId);
  }

  putSubject(row: NodeRow): void {
    this.tables.subjects.put(row.subjectId, row);
    if (row.kind === 'visitor') this.touched.visitors.add(row.subjectId);
  }

  order(orderKey: string): OrderRow {
    return this.tables.orders.get(orderKey) ?? { orderKey, buyer: null, visitors: [] };
  }

  putOrder(row: OrderRow): void {
    this.tables.orders.put(row.orderKey, row);
  }

  removeOrder(orderKey: string): void {
    this.tables.orders.remove(orderKey);
  }

  /** The profile that this id names today. */
  profile(profileId: ProfileId): ProfileRow | undefined {
    return this.tables.profiles.get(this.currentId(profileId));
  }

  /** What the profile is called today. */
  currentId(profileId: ProfileId): ProfileId {
    return this.tables.aliases.get(profileId)?.target ?? profileId;
  }

  /** The profile of a customer id, mail or phone. */
  profileOf(subject: NodeRow): ProfileRow | undefined {
    const [link] = subject.links;
    return link === undefined ? undefined : this.profile(link.profileId);
  }

  putProfile(row: ProfileRow): void {
    this.tables.profiles.put(row.profileId, row);
    this.touched.profileIds.add(row.profileId);
  }

  removeProfile(profileId: ProfileId): void {
    this.tables.profiles.remove(profileId);
    this.touched.profileIds.add(profileId);
  }

  putAlias(row: AliasRow): void {
    this.tables.aliases.put(row.profileId, row);
    this.touched.profileIds.add(row.profileId);
  }

  /** It is a profile (again). */
  removeAlias(profileId: ProfileId): void {
    this.tables.aliases.remove(profileId);
    this.touched.profileIds.add(profileId);
  }

  /** What became of a profile id that is no profile any more. */
  alias(profileId: ProfileId): AliasRow | undefined {
    return this.tables.aliases.get(profileId);
  }

  /** The profile of exactly this id. */
  profileUnder(profileId: ProfileId): ProfileRow | undefined {
    return this.tables.profiles.get(profileId);
  }

  /** Ids that were written since this was asked last. */
  takeTouched(): Touched {
    const touched = this.touched;
    this.touched = newTouched();
    return touched;
  }

  /** Stamp of a change that consumers are told. */
  nextChange(): Pick<ProfileHead, 'version' | 'atMs'> {
    this.clock = { ...this.clock, changeNo: this.clock.changeNo + 1 };
    return { version: this.clock.changeNo, atMs: this.clock.clockMs };
  }

  profileHead(profileId: ProfileId): ProfileHead | undefined {
    return this.tables.profileHeads.get(profileId);
  }

  putProfileHead(profileId: ProfileId, head: ProfileHead): void {
    this.tables.profileHeads.put(profileId, head);
  }

  visitorHead(visitor: SubjectId): VisitorHead | undefined {
    return this.tables.visitorHeads.get(visitor);
  }

  putVisitorHead(visitor: SubjectId, head: VisitorHead): void {
    this.tables.visitorHeads.put(visitor, head);
  }

  /** The first one stays. */
  keepValue(subjectId: SubjectId, value: SealedIdentifier): void {
    if (!this.sealedValues.has(subjectId)) this.sealedValues.set(subjectId, value);
  }

  addMerge(row: MergeRow): void {
    this.merges.set(`${row.seq}:${row.doneSeq}`, row);
  }

  addConflict(row: ConflictRow): void {
    this.conflicts.set(`${row.seq}:${row.dropped}`, row);
  }

  /** Forgets what was kept apart by this assertion. */
  redoConflicts(seq: number): void {
    this.redoneConflicts.add(seq);
    for (const [key, row] of this.conflicts) if (row.seq === seq) this.conflicts.delete(key);
  }

  /** Forgets everything that this assertion did. */
  redo(seq: number): void {
    this.redoConflicts(seq);
    this.redoneMerges.add(seq);
    for (const [key, row] of this.merges) if (row.seq === seq) this.merges.delete(key);
  }
}
