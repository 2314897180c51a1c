import { encodeDeliveryEvent, type DeliveryRecords, type SchemaBook } from '@tributary/codecs';
import { ledgerKey, type Claim, type LedgerChange, type LedgerEntry, type MovedWithin, type Sql } from '@tributary/domain';
import { BulkRows, casPrefix, casValues, plainIdentifier } from '@tributary/postgres';
import { LEDGER_ROWS, toEntry, type LedgerRow } from './ledger.rows.js';
import type { Token } from './credentials.store.js';
import type { EffectStore, Move, QueueMove } from './dispatch/dispatch.port.js';
import type { OutboxRow } from './outbox/outbox.store.js';

interface QueueRow {
  readonly entry: LedgerEntry;
  readonly queue: QueueMove;
}

const dueMs = ({ queue }: QueueRow): number | null =>
  queue.kind === 'leave-queue' ? null : queue.kind === 'due' ? queue.delayMs : queue.leaseMs;

const QUEUE_ROWS = new BulkRows<QueueRow>([
  { name: 'ledger_key', type: 'text', of: ({ entry }) => ledgerKey(entry.key) },
  { name: 'tenant_id', type: 'text', of: ({ entry }) => entry.key.tenantId },
  { name: 'destination_connection_id', type: 'text', of: ({ entry }) => entry.key.destinationConnectionId },
  { name: 'due_ms', type: 'float8', of: dueMs },
  { name: 'lease_owner', type: 'text', of: ({ queue }) => (queue.kind === 'lease' ? queue.owner : null) },
  { name: 'is_alone', type: 'boolean', of: ({ queue }) => queue.kind !== 'leave-queue' && queue.isAlone },
]);

interface OutboxValue {
  readonly key: string;
  readonly tenantId: string;
  readonly version: number;
  readonly value: Buffer;
}

const OUTBOX_ROWS = new BulkRows<OutboxValue>([
  { name: 'ledger_key', type: 'text', of: ({ key }) => key },
  { name: 'tenant_id', type: 'text', of: ({ tenantId }) => tenantId },
  { name: 'version', type: 'int', of: ({ version }) => version },
  { name: 'value', type: 'bytea', of: ({ value }) => value },
]);

const DUE = `now() + n.due_ms * interval '1 millisecond'`;

/** The statements of one destination's ledger; `app` is its schema (`tiktok`), `<app>_ops` beside it. */
export class LedgerStore implements EffectStore {
  private readonly app: string;
  private readonly ops: string;

  constructor(
    private readonly sql: Sql,
    app: string,
    private readonly book: SchemaBook,
    private readonly records: DeliveryRecords,
  ) {
    this.app = plainIdentifier(app);
    this.ops = `${this.app}_ops`;
  }

  private outboxValues(changes: readonly LedgerChange[]): OutboxValue[] {
    return changes.map(({ event }) => ({
      key: ledgerKey(event.key),
      tenantId: event.tenantId,
      version: event.version,
      value: encodeDeliveryEvent(this.book, this.records, event),
    }));
  }

  /** CTEs that put the events of the entries named by CTE `done` into the outbox and move their queue rows. */
  private consequences(firstOutbox: number, firstQueue: number): string {
    return `
      published as (
        insert into ${this.ops}.outbox (ledger_key, tenant_id, version, value)
        select n.* from ${OUTBOX_ROWS.unnest(firstOutbox, 'n')} where n.ledger_key in (select ledger_key from done)
        order by n.ledger_key
        returning id, ledger_key),
      queued as (
        insert into ${this.ops}.dispatch_queue as q (ledger_key, tenant_id, destination_connection_id, due_at, lease_owner, lease_until, is_alone)
        select n.ledger_key, n.tenant_id, n.destination_connection_id, ${DUE}, n.lease_owner,
               case when n.lease_owner is null then null else ${DUE} end, n.is_alone
          from ${QUEUE_ROWS.unnest(firstQueue, 'n')}
         where n.due_ms is not null and n.ledger_key in (select ledger_key from done)
         order by n.ledger_key
        on conflict (ledger_key) do update set
          due_at = excluded.due_at, lease_owner = excluded.lease_owner, lease_until = excluded.lease_until, is_alone = excluded.is_alone
        returning 1),
      left_queue as (
        delete from ${this.ops}.dispatch_queue q using ${QUEUE_ROWS.unnest(firstQueue, 'n')}
         where q.ledger_key = n.ledger_key and n.due_ms is null and n.ledger_key in (select ledger_key from done)
        returning 1)`;
  }

  /**
   * CTEs that plan: inserts the entries that are not there yet (an entry that is there stays as it is), their events and
   * queue rows, all only while `cas` holds. Answers in CTE `published`.
   */
  planning(
    changes: readonly LedgerChange[],
    owner: string,
    leaseMs: number,
    firstParameter: number,
  ): { readonly sql: string; readonly values: unknown[]; readonly framed: ReadonlyMap<string, Buffer> } {
    const entries = changes.map(({ entry }) => entry);
    const queue = entries.map((entry): QueueRow => ({
      entry,
      queue: entry.plan === null ? { kind: 'leave-queue' } : { kind: 'lease', leaseMs, owner, isAlone: false },
    }));
    const outbox = this.outboxValues(changes);
    const firstOutbox = firstParameter + LEDGER_ROWS.width;
    const firstQueue = firstOutbox + OUTBOX_ROWS.width;
    return {
      framed: new Map(outbox.map(({ key, value }) => [key, value])),
      sql: `done as (
        insert into ${this.app}.ledger_entries (${LEDGER_ROWS.names})
        select n.* from ${LEDGER_ROWS.unnest(firstParameter, 'n')}
         where exists (select 1 from cas) and not exists (
           -- Settings may rename an effect (a renewal as Purchase or as Subscribe): what was decided under the other name stays the only one.
           select 1 from ${this.app}.ledger_entries l
            where l.tenant_id = n.tenant_id and l.source_connection_id = n.source_connection_id and l.reference = n.reference
              and l.destination_connection_id = n.destination_connection_id and l.revision = n.revision and l.mode = n.mode)
         order by n.ledger_key
        on conflict (ledger_key) do nothing returning ledger_key), ${this.consequences(firstOutbox, firstQueue)}`,
      values: [...LEDGER_ROWS.values(entries), ...OUTBOX_ROWS.values(outbox), ...QUEUE_ROWS.values(queue)],
    };
  }

  /**
   * Commits changes: an entry that somebody else moved meanwhile is left alone. Answers the outbox rows of what was really changed.
   * With `tokenSql` (a CTE named `token`, its parameters from $1 on) nothing happens unless it has a row.
   */
  async commit(moves: readonly Move[], token?: Token): Promise<OutboxRow[]> {
    if (moves.length === 0) return [];
    const changes = moves.map(({ change }) => change);
    const values = this.outboxValues(changes);
    const first = (token?.values.length ?? 0) + 1;
    const firstOutbox = first + LEDGER_ROWS.width;
    const firstQueue = firstOutbox + OUTBOX_ROWS.width;
    const rows = await this.sql.query<{ id: number; ledger_key: string }>(
      `ledger-commit-${this.app}-${token?.name ?? 'free'}`,
      `with ${token === undefined ? '' : `${token.sql}, `} done as (
         update ${this.app}.ledger_entries l set ${LEDGER_ROWS.assignments('n', ['ledger_key'])}
           from ${LEDGER_ROWS.unnest(first, 'n')}
          where l.ledger_key = n.ledger_key and l.version = n.version - 1 ${token === undefined ? '' : 'and exists (select 1 from token)'}
         returning l.ledger_key), ${this.consequences(firstOutbox, firstQueue)}
       select id, ledger_key from published order by id`,
      [
        ...(token?.values ?? []),
        ...LEDGER_ROWS.values(changes.map(({ entry }) => entry)),
        ...OUTBOX_ROWS.values(values),
        ...QUEUE_ROWS.values(moves.map(({ change, queue }) => ({ entry: change.entry, queue }))),
      ],
    );
    const byKey = new Map(values.map((value) => [value.key, value.value]));
    return rows.map(({ id, ledger_key: key }) => ({ id, ledgerKey: key, effects: [key], value: byKey.get(key) ?? Buffer.alloc(0) }));
  }

  async find(keys: readonly string[]): Promise<LedgerEntry[]> {
    const rows = await this.sql.query<LedgerRow>(
      `ledger-find-${this.app}`,
      `select ${LEDGER_ROWS.names} from ${this.app}.ledger_entries where ledger_key = any($1::text[])`,
      [keys],
    );
    return rows.map(toEntry);
  }

  /** Suppressed for one of these reasons, by key from after `after` on. */
  async findSuppressed(reasons: readonly string[], after: string, limit: number): Promise<LedgerEntry[]> {
    const rows = await this.sql.query<LedgerRow>(
      `ledger-suppressed-${this.app}`,
      `select ${LEDGER_ROWS.names} from ${this.app}.ledger_entries
        where state = 'suppressed' and reason = any($1::text[]) and ledger_key > $2 order by ledger_key limit $3`,
      [reasons, after, limit],
    );
    return rows.map(toEntry);
  }

  /** Taken by the vendor and not closed by it, last moved within one of these times; by key from after `after` on. */
  async findOpen(
    { tenantId, connectionId }: { readonly tenantId: string; readonly connectionId: string },
    within: readonly MovedWithin[],
    after: string,
    limit: number,
  ): Promise<LedgerEntry[]> {
    const rows = await this.sql.query<LedgerRow>(
      `ledger-open-${this.app}`,
      `select ${LEDGER_ROWS.names} from ${this.app}.ledger_entries l
        where tenant_id = $1 and destination_connection_id = $2 and state = 'delivered' and coalesce((status ->> 'isFinal')::boolean, false) = false
          and coalesce((status ->> 'at')::bigint, settled_at) >= (select min(f) from unnest($3::bigint[]) as f)
          and exists (select 1 from unnest($3::bigint[], $4::bigint[]) as w(from_ms, to_ms)
                       where coalesce((l.status ->> 'at')::bigint, l.settled_at) >= w.from_ms and coalesce((l.status ->> 'at')::bigint, l.settled_at) < w.to_ms)
          and ledger_key > $5
        order by ledger_key limit $6`,
      [tenantId, connectionId, within.map(({ fromMs }) => fromMs), within.map(({ toMs }) => toMs), after, limit],
    );
    return rows.map(toEntry);
  }

  /** Waiting, and nothing of it was perhaps taken; by key from after `after` on. */
  async findWaiting(after: string, limit: number): Promise<LedgerEntry[]> {
    const rows = await this.sql.query<LedgerRow>(
      `ledger-waiting-${this.app}`,
      `select ${LEDGER_ROWS.names} from ${this.app}.ledger_entries
        where settled_at is null and state in ('planned', 'transient', 'parked') and unknown_since is null and ledger_key > $1
        order by ledger_key limit $2`,
      [after, limit],
    );
    return rows.map(toEntry);
  }

  async findParked(tenantId: string, connectionId: string, limit: number): Promise<LedgerEntry[]> {
    const rows = await this.sql.query<LedgerRow>(
      `ledger-parked-${this.app}`,
      `select ${LEDGER_ROWS.names} from ${this.app}.ledger_entries
        where tenant_id = $1 and destination_connection_id = $2 and state = 'parked' and settled_at is null
        order by planned_at, ledger_key limit $3`,
      [tenantId, connectionId, limit],
    );
    return rows.map(toEntry);
  }

  /** Leases up to `perCredential` due effects of each credential that is neither parked nor behind an open breaker. */
  async claim(
    credentials: readonly { readonly tenantId: string; readonly connectionId: string }[],
    owner: string,
    leaseMs: number,
    perCredential: number,
  ): Promise<{ readonly entry: LedgerEntry; readonly isAlone: boolean }[]> {
    const rows = await this.sql.query<LedgerRow & { is_alone: boolean }>(
      `ledger-claim-${this.app}`,
      `with due as (
         select d.ledger_key from unnest($1::text[], $2::text[]) as c(tenant_id, connection_id)
           left join ${this.ops}.credentials k on k.tenant_id = c.tenant_id and k.connection_id = c.connection_id
          cross join lateral (
            select q.ledger_key from ${this.ops}.dispatch_queue q
             where q.tenant_id = c.tenant_id and q.destination_connection_id = c.connection_id
               and q.due_at <= now() and (q.lease_until is null or q.lease_until < now())
             order by q.due_at limit $5 for update skip locked) d
          where k.parked_at is null and (k.breaker_until is null or k.breaker_until <= now())
            and (coalesce(k.breaker_failures, 0) = 0 or k.probe_until is null or k.probe_until < now())),
       leased as (
         update ${this.ops}.dispatch_queue q set lease_owner = $3, lease_until = now() + $4 * interval '1 millisecond'
           from due where q.ledger_key = due.ledger_key returning q.ledger_key, q.is_alone)
       select l.*, leased.is_alone from leased join ${this.app}.ledger_entries l using (ledger_key)`,
      [credentials.map(({ tenantId }) => tenantId), credentials.map(({ connectionId }) => connectionId), owner, leaseMs, perCredential],
    );
    return rows.map((row) => ({ entry: toEntry(row), isAlone: row.is_alone }));
  }

  /** Gives leases back, so that whoever comes may claim after `delayMs`. An entry that has moved on is under another lease: it keeps it. */
  async release(entries: readonly LedgerEntry[], owner: string, delayMs: number): Promise<void> {
    await this.sql.query(
      `ledger-release-${this.app}`,
      `update ${this.ops}.dispatch_queue q set lease_owner = null, lease_until = null, due_at = now() + $3 * interval '1 millisecond'
         from unnest($1::text[], $4::int[]) as n(ledger_key, version) join ${this.app}.ledger_entries l using (ledger_key, version)
        where q.ledger_key = l.ledger_key and q.lease_owner = $2`,
      [entries.map(({ key }) => ledgerKey(key)), owner, delayMs, entries.map(({ version }) => version)],
    );
  }

  /** Like {@link release}, for those of the entries that wait to be attempted. */
  async releaseUnattempted(keys: readonly string[], owner: string, delayMs: number): Promise<void> {
    await this.sql.query(
      `ledger-release-unattempted-${this.app}`,
      `update ${this.ops}.dispatch_queue q set lease_owner = null, lease_until = null, due_at = now() + $3 * interval '1 millisecond'
         from ${this.app}.ledger_entries l
        where q.ledger_key = any($1::text[]) and q.lease_owner = $2 and l.ledger_key = q.ledger_key and l.state in ('planned', 'transient', 'unknown')`,
      [keys, owner, delayMs],
    );
  }

  async leaveQueue(keys: readonly string[]): Promise<void> {
    await this.sql.query(`ledger-leave-${this.app}`, `delete from ${this.ops}.dispatch_queue where ledger_key = any($1::text[])`, [keys]);
  }

  /**
   * Brings the queue in line with the ledger, after the ledger was folded from the log or a refused event got into it: every
   * waiting effect has a row, nothing else has one. An effect with a refused event waits for that first.
   */
  async alignQueue(): Promise<void> {
    await this.sql.query(
      `queue-fill-${this.app}`,
      `insert into ${this.ops}.dispatch_queue (ledger_key, tenant_id, destination_connection_id, due_at)
       select ledger_key, tenant_id, destination_connection_id, greatest(now(), to_timestamp(coalesce(due_at, 0) / 1000.0))
         from ${this.app}.ledger_entries l where settled_at is null and state <> 'parked'
          and not exists (select 1 from ${this.ops}.outbox o where o.ledger_key = l.ledger_key and o.refused_at is not null)
        order by ledger_key
       on conflict (ledger_key) do nothing`,
    );
    await this.sql.query(
      `queue-clear-${this.app}`,
      `delete from ${this.ops}.dispatch_queue q using ${this.app}.ledger_entries l
        where l.ledger_key = q.ledger_key and (l.settled_at is not null or l.state = 'parked')`,
    );
  }

  /** Puts folded entries in their places, the newer version winning. */
  async putFolded(entries: readonly LedgerEntry[]): Promise<void> {
    await this.sql.query(
      `ledger-put-${this.app}`,
      `insert into ${this.app}.ledger_entries as l (${LEDGER_ROWS.names})
       select n.* from ${LEDGER_ROWS.unnest(1, 'n')} order by n.ledger_key
       on conflict (ledger_key) do update set ${LEDGER_ROWS.assignments('excluded', ['ledger_key'])} where l.version < excluded.version`,
      LEDGER_ROWS.values(entries),
    );
  }

  /** Folds events of the delivery topic: whatever the ledger does not have yet. False when the partition is no longer ours. */
  async applyFolded(entries: readonly LedgerEntry[], claim: Claim): Promise<boolean> {
    const [row] = await this.sql.query<{ owned: number }>(
      `ledger-fold-${this.app}`,
      `${casPrefix(this.app)}, folded as (
         insert into ${this.app}.ledger_entries as l (${LEDGER_ROWS.names})
         select n.* from ${LEDGER_ROWS.unnest(6, 'n')} where exists (select 1 from cas) order by n.ledger_key
         on conflict (ledger_key) do update set ${LEDGER_ROWS.assignments('excluded', ['ledger_key'])}
         where l.version < excluded.version
         returning 1)
       select count(*)::int as owned from cas`,
      [...casValues(claim.key, claim.expected, claim.next), ...LEDGER_ROWS.values(entries)],
    );
    return row?.owned === 1;
  }
}
