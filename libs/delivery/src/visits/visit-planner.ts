import { encodeVisitEvent, type SchemaBook } from '@tributary/codecs';
import {
  ledgerKey,
  plannedVisit,
  type Claim,
  type Destination,
  type LedgerEntry,
  type Positioned,
  type Sql,
  type VisitDestination,
  type VisitEvent,
} from '@tributary/domain';
import { advanceOffset, casPrefix, casValues, plainIdentifier } from '@tributary/postgres';
import type { ConnectionDirectory, DirectedDestination, WithSources } from '../connection-directory.js';
import type { Credential } from '../credentials.store.js';
import type { QueuedVisit, VisitHand, VisitRow } from './visit-hand.js';
import { queuedRows, queuedValues } from './visit-ledger.store.js';

export interface VisitPlannerOptions {
  readonly app: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

export interface VisitPlannerPorts {
  /** Whether this process may take so many at once; what it does not take waits in the queue for whoever claims it. */
  mayTake(credential: Credential, count: number): boolean;
  /** They are in the queue, leased to this process. */
  onQueued(entries: readonly LedgerEntry[]): void;
  /** What became of a visit at one destination: a reason code, `queued` or `repeated`. */
  onDecided(eventType: string, outcome: string): void;
}

type Vendor<Settings, Secrets> = Pick<Destination<Settings, Secrets>, 'declaration'> & {
  readonly visits: VisitDestination<Settings, Secrets>;
};

/** Visits of one batch for one credential and mode. */
interface Group<Settings> {
  readonly destination: DirectedDestination<Settings>;
  readonly mode: 'live' | 'test';
  readonly visits: Map<string, QueuedVisit>;
}

/** Consumes visits for one destination kind: decides, and saves what is to be sent and the offset in one statement. Folds nothing. */
export class VisitPlanner<Settings extends WithSources & { readonly mode: 'live' | 'test' }, Secrets> {
  private readonly ops: string;

  constructor(
    private readonly sql: Sql,
    private readonly book: SchemaBook,
    private readonly directory: ConnectionDirectory<Settings>,
    private readonly vendor: Vendor<Settings, Secrets>,
    private readonly hand: VisitHand,
    private readonly ports: VisitPlannerPorts,
    private readonly options: VisitPlannerOptions,
  ) {
    this.ops = `${plainIdentifier(options.app)}_ops`;
  }

  /** Applies one batch of visits; false when the partition is no longer ours. */
  async apply(events: readonly Positioned<VisitEvent>[], claim: Claim): Promise<boolean> {
    await this.directory.refresh();
    const rows = this.rowsOf(this.groupsOf(events));
    if (rows.length === 0) return advanceOffset(this.sql, claim.key, claim.expected, claim.next);
    const taken = rows.filter((row) => this.ports.mayTake(row, row.visits.length));
    const isTaken = new Set(taken);
    const { owner, leaseMs } = this.options;
    const [result] = await this.sql.query<{ owned: number }>(
      `visits-plan-${this.ops}`,
      `${casPrefix(this.ops)}, ${queuedRows(this.ops, 7, 6, 'exists (select 1 from cas)')} select count(*)::int as owned from cas`,
      [
        ...casValues(claim.key, claim.expected, claim.next),
        owner,
        ...queuedValues(rows.map((row) => ({ row, delayMs: 0, leaseMs: isTaken.has(row) ? leaseMs : null, isAlone: false }))),
      ],
    );
    if (result?.owned !== 1) return false;
    for (const row of taken) this.hand.take(row);
    this.ports.onQueued(taken.flatMap((row) => row.visits.map(({ entry }) => entry)));
    return true;
  }

  private groupsOf(events: readonly Positioned<VisitEvent>[]): Iterable<Group<Settings>> {
    const groups = new Map<string, Group<Settings>>();
    const nowMs = this.options.nowMs();
    for (const { event: visit, record } of events) {
      const framed = record.value ?? encodeVisitEvent(this.book, visit);
      for (const destination of this.directory.taking(visit.tenantId, visit.connectionId)) {
        const outcome = this.decide(visit, framed, destination, nowMs, groups);
        if (outcome !== null) this.ports.onDecided(visit.type, outcome);
      }
    }
    return groups.values();
  }

  private decide(
    visit: VisitEvent,
    framed: Buffer,
    destination: DirectedDestination<Settings>,
    nowMs: number,
    groups: Map<string, Group<Settings>>,
  ): string | null {
    const source = this.directory.source(visit.tenantId, visit.shopConnectionId) ?? null;
    const decision = this.vendor.visits.planVisit(visit, source, destination, nowMs);
    if (decision.eventName === null) return decision.reason;
    const { connectionId, version: settingsVersion, settings } = destination;
    const entry = plannedVisit({
      tenantId: visit.tenantId,
      destinationConnectionId: connectionId,
      sourceConnectionId: visit.connectionId,
      reference: visit.eventId,
      eventName: decision.eventName,
      mode: settings.mode,
      eventTime: visit.occurredAt,
      settingsVersion,
      plannedAt: visit.receivedAt,
    });
    const key = ledgerKey(entry.key);
    const group = `${visit.tenantId}:${connectionId}`;
    const { visits } = groups.get(group) ?? { visits: new Map<string, QueuedVisit>() };
    if (visits.has(key) || this.hand.get(key) !== undefined) return 'repeated';
    visits.set(key, { eventName: decision.eventName, framed, visit, entry });
    groups.set(group, { destination, mode: settings.mode, visits });
    return 'queued';
  }

  private rowsOf(groups: Iterable<Group<Settings>>): VisitRow[] {
    const rows: VisitRow[] = [];
    const size = this.vendor.declaration.maxIntentsPerRequest;
    for (const { destination, mode, visits } of groups) {
      const { tenantId, connectionId, version: settingsVersion } = destination;
      const all = [...visits.values()];
      for (let at = 0; at < all.length; at += size)
        rows.push({ id: this.options.newId(), tenantId, connectionId, mode, settingsVersion, visits: all.slice(at, at + size) });
    }
    return rows;
  }
}
