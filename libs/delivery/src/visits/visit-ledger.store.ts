import { decodeVisitEvent, encodeVisitDeliveryEvent, schemaIdOf, type SchemaBook } from '@tributary/codecs';
import {
  asConnectionId,
  asTenantId,
  ledgerKey,
  parseLedgerKey,
  partitionOf,
  plannedVisit,
  visitOutcomeOf,
  type DeliveryMode,
  type LedgerEntry,
  type LedgerKeyParts,
  type Sql,
  type VendorAnswer,
  type VisitDeliveryEvent,
} from '@tributary/domain';
import { BulkRows, plainIdentifier } from '@tributary/postgres';
import type { Credential, Token } from '../credentials.store.js';
import type { EffectStore, Held, Move } from '../dispatch/dispatch.port.js';
import type { OutboxRow } from '../outbox/outbox.store.js';
import type { QueuedVisit, RowChanges, VisitHand, VisitMove, VisitRow } from './visit-hand.js';
import { packVisits, unpackVisits } from './visit-pack.js';
import {
  byLedgerKey,
  keyArrays,
  loggedVisits,
  newestVisits,
  toVisitEntry,
  VISIT_KEYS,
  VISIT_ROWS,
  type VisitDeliveryRow,
} from './visit-rows.js';

export interface VisitStoreOptions {
  readonly app: string;
  readonly owner: string;
  /** Of the topic of requests with visits. */
  readonly partitions: number;
  readonly newId: () => string;
  /** Makes the schema id of a framed record known. */
  readonly learn: (framed: Buffer) => Promise<void>;
}

/** A row of the queue and how it waits; `leaseMs` null: for whoever comes. */
export interface NewRow {
  readonly row: VisitRow;
  readonly delayMs: number;
  readonly leaseMs: number | null;
  readonly isAlone: boolean;
}

const NEW_ROWS = new BulkRows<NewRow>([
  { name: 'id', type: 'text', of: ({ row }) => row.id },
  { name: 'tenant_id', type: 'text', of: ({ row }) => row.tenantId },
  { name: 'destination_connection_id', type: 'text', of: ({ row }) => row.connectionId },
  { name: 'mode', type: 'text', of: ({ row }) => row.mode },
  { name: 'settings_version', type: 'int', of: ({ row }) => row.settingsVersion },
  { name: 'delay_ms', type: 'float8', of: ({ delayMs }) => delayMs },
  { name: 'lease_ms', type: 'float8', of: ({ leaseMs }) => leaseMs },
  { name: 'is_alone', type: 'boolean', of: ({ isAlone }) => isAlone },
  { name: 'visits', type: 'bytea', of: ({ row }) => packVisits(row.visits) },
]);

interface KeptRow {
  readonly id: string;
  readonly leaseMs: number | null;
  readonly packed: Buffer | null;
}

const KEPT_ROWS = new BulkRows<KeptRow>([
  { name: 'id', type: 'text', of: ({ id }) => id },
  { name: 'lease_ms', type: 'float8', of: ({ leaseMs }) => leaseMs },
  { name: 'visits', type: 'bytea', of: ({ packed }) => packed },
]);

/** CTE `queued`: new rows of the queue, `$owner` the parameter with whose they are, while `condition` holds. */
export const queuedRows = (ops: string, first: number, owner: number, condition = 'true'): string => `queued as (
  insert into ${ops}.visit_queue (id, tenant_id, destination_connection_id, mode, settings_version, due_at, lease_owner, lease_until, is_alone, visits)
  select n.id, n.tenant_id, n.destination_connection_id, n.mode, n.settings_version, now() + n.delay_ms * interval '1 millisecond',
         case when n.lease_ms is not null then $${owner} end, now() + n.lease_ms * interval '1 millisecond', n.is_alone, n.visits
    from ${NEW_ROWS.unnest(first, 'n')} where ${condition} returning 1)`;

export const queuedValues = (rows: readonly NewRow[]): unknown[][] => NEW_ROWS.values(rows);

const MOVED_BY_OTHERS: VisitMove = { kind: 'due', delayMs: 1_000, isAlone: false };
const LEAVE: VisitMove = { kind: 'leave-queue' };

interface QueueRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly destination_connection_id: string;
  readonly mode: DeliveryMode;
  readonly settings_version: number;
  readonly is_alone: boolean;
  readonly visits: Buffer;
}

const moveOf = ({ change: { entry }, queue }: Move): VisitMove => {
  // Its credential is parked: it waits in the queue, where nobody claims it before that is over.
  if (entry.state === 'parked') return { kind: 'due', delayMs: 0, isAlone: false };
  return queue;
};

/** The ledger of visits, one compact row each, and their queue, many to a row; one record of the log for each vendor request. */
export class VisitLedgerStore implements EffectStore {
  private readonly app: string;
  private readonly ops: string;

  constructor(
    private readonly sql: Sql,
    private readonly book: SchemaBook,
    private readonly hand: VisitHand,
    private readonly options: VisitStoreOptions,
  ) {
    this.app = plainIdentifier(options.app);
    this.ops = `${this.app}_ops`;
  }

  async claim(credentials: readonly Credential[], owner: string, leaseMs: number, perCredential: number): Promise<readonly Held[]> {
    const rows = await this.sql.query<QueueRow>(
      `visits-claim-${this.app}`,
      `with due as (
         select d.id from unnest($1::text[], $2::text[]) as c(tenant_id, connection_id)
           left join ${this.ops}.credentials k on k.tenant_id = c.tenant_id and k.connection_id = c.connection_id
          cross join lateral (
            select q.id from ${this.ops}.visit_queue q
             where q.tenant_id = c.tenant_id and q.destination_connection_id = c.connection_id
               and q.due_at <= now() and (q.lease_until is null or q.lease_until < now())
             order by q.due_at limit $5 for update skip locked) d
          where k.parked_at is null and (k.breaker_until is null or k.breaker_until <= now())
            and (coalesce(k.breaker_failures, 0) = 0 or k.probe_until is null or k.probe_until < now())
            and not exists (select 1 from ${this.ops}.visit_outbox o
                             where o.ledger_key = c.tenant_id || ':' || c.connection_id and o.refused_at is not null))
       update ${this.ops}.visit_queue q set lease_owner = $3, lease_until = now() + $4 * interval '1 millisecond'
         from due where q.id = due.id
       returning q.id, q.tenant_id, q.destination_connection_id, q.mode, q.settings_version, q.is_alone, q.visits`,
      [credentials.map(({ tenantId }) => tenantId), credentials.map(({ connectionId }) => connectionId), owner, leaseMs, perCredential],
    );
    if (rows.length === 0) return [];
    const claimed = await Promise.all(rows.map(async (row) => ({ row: await this.toVisitRow(row), isAlone: row.is_alone })));
    const planned = claimed.flatMap(({ row }) => row.visits.map(({ entry }) => entry));
    const known = byLedgerKey(await this.load(planned.map(({ key }) => key)));
    const held: Held[] = [];
    const done = new Map<string, VisitMove>();
    for (const { row, isAlone } of claimed) {
      const fresh = row.visits.filter(({ entry }) => this.hand.get(ledgerKey(entry.key)) === undefined);
      this.hand.take({ ...row, visits: fresh });
      for (const { entry } of fresh) {
        const key = ledgerKey(entry.key);
        const now = known.get(key) ?? entry;
        if (now.settledAt === null) held.push({ entry: now.state === 'parked' ? { ...now, state: 'transient' } : now, isAlone });
        else done.set(key, LEAVE);
      }
    }
    if (done.size > 0) await this.move(done);
    return held;
  }

  private async toVisitRow(row: QueueRow): Promise<VisitRow> {
    const { id, tenant_id: tenantId, destination_connection_id: connectionId, mode, settings_version: settingsVersion } = row;
    const visits: QueuedVisit[] = [];
    for (const { eventName, framed } of unpackVisits(row.visits)) {
      if (!this.book.isKnown(schemaIdOf(framed))) await this.options.learn(framed);
      const visit = decodeVisitEvent(this.book, framed);
      const entry = plannedVisit({
        tenantId: asTenantId(tenantId),
        destinationConnectionId: asConnectionId(connectionId),
        sourceConnectionId: visit.connectionId,
        reference: visit.eventId,
        eventName,
        mode,
        eventTime: visit.occurredAt,
        settingsVersion,
        plannedAt: visit.receivedAt,
      });
      visits.push({ eventName, framed, visit, entry });
    }
    return { id, tenantId, connectionId, mode, settingsVersion, visits };
  }

  /** What was never part of a request is as it was planned, while it is in hand. */
  async find(keys: readonly string[]): Promise<LedgerEntry[]> {
    const parts = keys.flatMap((key) => this.hand.get(key)?.entry.key ?? parseLedgerKey(key) ?? []);
    const known = byLedgerKey(await this.load(parts));
    return keys.flatMap((key) => known.get(key) ?? this.hand.get(key)?.entry ?? []);
  }

  private async load(keys: readonly LedgerKeyParts[]): Promise<LedgerEntry[]> {
    const rows = await this.sql.query<VisitDeliveryRow>(
      `visits-find-${this.app}`,
      `select v.* from ${this.app}.visit_deliveries v
         join unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as k(${VISIT_KEYS.join(', ')}) using (${VISIT_KEYS.join(', ')})`,
      keyArrays(keys),
    );
    // Under the name that the entry was planned by: settings may have renamed it since, and it is one visit all the same.
    return rows.map(toVisitEntry);
  }

  /** One record for all that was really changed: the request as it is about to leave, or what came of it. */
  async commit(moves: readonly Move[], token?: Token): Promise<OutboxRow[]> {
    const [first] = moves;
    if (first === undefined) return [];
    const rows = await this.sql.transaction((tx) => this.commitIn(tx, moves, token));
    const changed = new Set(rows.flatMap(({ effects }) => effects));
    this.hand.apply(new Map(moves.flatMap((move) => (changed.has(keyOf(move)) ? [[keyOf(move), moveOf(move)] as const] : []))));
    if (changed.size < moves.length) await this.dropMoved(moves.filter((move) => !changed.has(keyOf(move))));
    return rows;
  }

  private async commitIn(tx: Sql, moves: readonly Move[], token: Token | undefined): Promise<OutboxRow[]> {
    const wanted = this.eventOf(moves);
    const { tenantId, connectionId } = wanted;
    const recordKey = `${tenantId}:${connectionId}`;
    const partition = partitionOf(recordKey, this.options.partitions);
    const firstRow = (token?.values.length ?? 0) + 1;
    const done = await tx.query<{ reference: string; source: string; mode: string }>(
      `visits-commit-${this.app}-${token?.name ?? 'free'}`,
      `${token === undefined ? '' : `with ${token.sql}`}
       insert into ${this.app}.visit_deliveries as v (${VISIT_ROWS.names})
       select n.* from ${VISIT_ROWS.unnest(firstRow, 'n')} ${token === undefined ? '' : 'where exists (select 1 from token)'}
       on conflict (${VISIT_KEYS.join(', ')}) do update set ${VISIT_ROWS.assignments('excluded', VISIT_KEYS)}
       where v.version = excluded.version - 1
       returning reference, source_connection_id as source, mode`,
      [...(token?.values ?? []), ...VISIT_ROWS.values(newestVisits(loggedVisits(wanted, partition)))],
    );
    if (done.length === 0) return [];
    const isDone = new Set(done.map(({ reference, source }) => `${source} ${reference}`));
    const changed = moves.filter(({ change: { entry } }) => isDone.has(`${entry.key.sourceConnectionId} ${entry.key.reference}`));
    const event =
      changed.length === moves.length ? wanted : { ...wanted, visits: changed.map(({ change }) => visitOutcomeOf(change.entry)) };
    const value = encodeVisitDeliveryEvent(this.book, event);
    const [outbox] = await tx.query<{ id: number }>(
      `visits-outbox-${this.app}`,
      `insert into ${this.ops}.visit_outbox (ledger_key, tenant_id, version, value) values ($1, $2, $3, $4) returning id`,
      [recordKey, tenantId, changed[0]?.change.entry.version ?? 0, value],
    );
    await this.changeRows(tx, this.hand.changes(new Map(changed.map((move) => [keyOf(move), moveOf(move)]))));
    return outbox === undefined ? [] : [{ id: outbox.id, ledgerKey: recordKey, effects: changed.map(keyOf), value }];
  }

  private eventOf(moves: readonly Move[]): VisitDeliveryEvent {
    const [first] = moves;
    if (first === undefined) throw new Error('an event needs a visit');
    const { event, entry } = first.change;
    const answer: VendorAnswer | null = 'answer' in event ? event.answer : null;
    const { eventId, tenantId, connectionId, occurredAt, receivedAt, source } = event;
    const visits = moves.map(({ change }) => visitOutcomeOf(change.entry));
    const envelope = { eventId, tenantId, connectionId, occurredAt, receivedAt, source, mode: entry.key.mode, answer };
    if (event.type !== 'Attempted') return { ...envelope, type: 'VisitsSettled', visits };
    // One moment for all of them, so that the rows are what the log says.
    const { dueAt } = entry;
    return { ...envelope, type: 'VisitsAttempted', visits: visits.map((visit) => ({ ...visit, attemptedAt: occurredAt, dueAt })) };
  }

  /** Somebody else has moved these on: settled ones leave the queue, the others are looked at again. */
  private async dropMoved(moves: readonly Move[]): Promise<void> {
    const before = new Map(moves.map((move) => [keyOf(move), move.change.entry.version - 1]));
    const moved = new Map<string, VisitMove>();
    for (const entry of await this.load(moves.map(({ change }) => change.entry.key))) {
      const key = ledgerKey({ ...entry.key, eventName: moves.find((move) => isSame(move, entry))?.change.entry.key.eventName ?? '' });
      if (before.get(key) !== entry.version) moved.set(key, entry.settledAt === null ? MOVED_BY_OTHERS : LEAVE);
    }
    if (moved.size > 0) await this.move(moved);
  }

  private async move(moves: ReadonlyMap<string, VisitMove>): Promise<void> {
    await this.changeRows(this.sql, this.hand.changes(moves));
    this.hand.apply(moves);
  }

  private async changeRows(sql: Sql, { gone, leased, rewritten, added }: RowChanges): Promise<void> {
    const packed = new Map(rewritten.map((row) => [row.id, row.packed]));
    const leaseMs = new Map(leased.map((row) => [row.id, row.leaseMs]));
    const kept = [...new Set([...packed.keys(), ...leaseMs.keys()])].map((id) => ({
      id,
      leaseMs: leaseMs.get(id) ?? null,
      packed: packed.get(id) ?? null,
    }));
    const fresh = added.map(({ delayMs, isAlone, ...row }): NewRow => ({ row, delayMs, isAlone, leaseMs: null }));
    await sql.query(
      `visits-queue-${this.app}`,
      `with gone as (delete from ${this.ops}.visit_queue where id = any($1::text[]) and lease_owner = $2 returning 1),
       kept as (
         update ${this.ops}.visit_queue q set
           lease_until = case when n.lease_ms is null then q.lease_until else now() + n.lease_ms * interval '1 millisecond' end,
           visits = coalesce(n.visits, q.visits)
           from ${KEPT_ROWS.unnest(3, 'n')} where q.id = n.id and q.lease_owner = $2 returning 1),
       ${queuedRows(this.ops, 3 + KEPT_ROWS.width, 2)}
       select 1`,
      [gone, this.options.owner, ...KEPT_ROWS.values(kept), ...NEW_ROWS.values(fresh)],
    );
  }

  async release(entries: readonly LedgerEntry[], _owner: string, delayMs: number): Promise<void> {
    if (entries.length === 0) return;
    await this.move(new Map(entries.map(({ key }) => [ledgerKey(key), { kind: 'due', delayMs, isAlone: false }])));
  }

  async releaseUnattempted(keys: readonly string[], owner: string, delayMs: number): Promise<void> {
    const entries = await this.find(keys);
    await this.release(
      entries.filter(({ state }) => ['planned', 'transient', 'unknown'].includes(state)),
      owner,
      delayMs,
    );
  }

  async leaveQueue(keys: readonly string[]): Promise<void> {
    await this.move(new Map(keys.map((key) => [key, LEAVE])));
  }
}

const keyOf = ({ change }: Move): string => ledgerKey(change.entry.key);

const isSame = ({ change: { entry } }: Move, { key }: LedgerEntry): boolean =>
  entry.key.reference === key.reference && entry.key.sourceConnectionId === key.sourceConnectionId && entry.key.mode === key.mode;
