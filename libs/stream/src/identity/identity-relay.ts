import {
  encodeProfileEvent,
  encodeVisitorEvent,
  PROFILES_TOPIC,
  VISIT_EVENTS_TOPIC,
  VISITORS_TOPIC,
  type SchemaBook,
} from '@tributary/codecs';
import {
  asSubjectId,
  INSTALLATION,
  partitionOf,
  profileKey,
  progressRecord,
  visitorKey,
  visitsAppliedKey,
  type Sql,
} from '@tributary/domain';
import type { Appendable, OutgoingRecord } from '@tributary/kafka';
import { describeError, failpoint, type Log } from '@tributary/telemetry';
import {
  beginRound,
  forgetPublished,
  leaveTurn,
  pendingKeys,
  profileRecords,
  publishAgain,
  takeTurn,
  visitorRecords,
  type PendingKey,
  type RelayRound,
} from './relay.store.js';

const LOOK_EVERY_MS = 100;
const RETRY_MS = 500;
const KEYS_AT_ONCE = 500;

export interface IdentityRelayPorts {
  readonly sql: Sql;
  readonly book: SchemaBook;
  /** Resolves after the acknowledgement; records of one partition keep their order. */
  readonly append: (records: readonly Appendable[]) => Promise<void>;
  readonly partitions: { readonly profiles: number; readonly visitors: number };
  /** This process. */
  readonly owner: string;
  readonly nowMs: () => number;
  readonly log: Log;
}

/**
 * Publishes profiles and visitors that changed, and behind them how far visits are applied. One process at a time: whoever publishes
 * holds the relay's row locked from before the state is read until the brokers have acknowledged. Whoever loses that lock in between
 * (frozen, cut off from Postgres) has its keys published once more, so that the newest version stands last in the log.
 */
export class IdentityRelay {
  private round: (RelayRound & { readonly reached: number }) | undefined;
  /** Progress that this owner has told. */
  private readonly told = new Map<number, number>();
  private waiting: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isIdle = false;
  private isStopped = false;

  constructor(private readonly ports: IdentityRelayPorts) {}

  start(): void {
    this.isIdle = false;
    this.running = this.run();
  }

  /** There is something new: looks at once instead of soon. */
  poke(): void {
    if (!this.isIdle || this.isStopped) return;
    clearTimeout(this.waiting);
    this.start();
  }

  /** Ends after what is under way, and lets the next process take over. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.waiting);
    await this.running;
    await leaveTurn(this.ports.sql, this.ports.owner).catch((error: unknown) =>
      this.ports.log.debug({ cause: describeError(error) }, 'the relay’s turn ends by itself'),
    );
  }

  private async run(): Promise<void> {
    let pauseMs = 0;
    try {
      while (!this.isStopped && (await this.step()));
      pauseMs = LOOK_EVERY_MS;
      this.isIdle = true;
    } catch (error) {
      pauseMs = RETRY_MS;
      this.ports.log.warn({ cause: describeError(error) }, 'profiles and visitors wait in the outbox');
    }
    if (!this.isStopped) this.waiting = setTimeout(() => this.start(), pauseMs);
  }

  /** Publishes some; true when there may be more. */
  private async step(): Promise<boolean> {
    let handedOver: readonly PendingKey[] = [];
    try {
      return await this.ports.sql.transaction(async (tx) => {
        const turn = await takeTurn(tx, this.ports.owner);
        if (turn === undefined || turn.isNew) this.forgetTurn();
        if (turn === undefined) return false;
        this.round ??= { ...(await beginRound(tx, VISIT_EVENTS_TOPIC)), reached: 0 };
        const { border, offsets, reached } = this.round;
        const keys = await pendingKeys(tx, reached, border, KEYS_AT_ONCE);
        const isLast = keys.length < KEYS_AT_ONCE;
        const changes = await this.recordsOf(tx, keys);
        // A partition never ends with a tombstone: whoever reads to its end would wait for a record that compaction has taken away.
        for (const { value, partition } of changes) if (value === null) this.told.delete(partition);
        const progress = isLast ? [...offsets].filter(([partition, offset]) => (this.told.get(partition) ?? -1) < offset) : [];
        const records = [...changes, ...this.progressOf(progress)];
        if (keys.length > 0) failpoint('relay.before-append');
        handedOver = keys;
        if (records.length > 0) await this.ports.append(records);
        if (keys.length > 0) failpoint('relay.after-append');
        await forgetPublished(tx, keys);
        for (const [partition, offset] of progress) this.told.set(partition, offset);
        this.round = isLast ? undefined : { border, offsets, reached: keys.at(-1)?.place ?? border };
        return records.length > 0 || !isLast;
      });
    } catch (error) {
      this.forgetTurn();
      await this.heal(handedOver);
      throw error;
    }
  }

  private forgetTurn(): void {
    this.round = undefined;
    this.told.clear();
  }

  /** They may stand in the log behind what another process published meanwhile. Repeated until Postgres has it, or the process ends. */
  private async heal(keys: readonly PendingKey[]): Promise<void> {
    if (keys.length === 0) return;
    while (!this.isStopped) {
      try {
        return await publishAgain(this.ports.sql, keys);
      } catch (error) {
        this.ports.log.warn({ cause: describeError(error) }, 'what may have been published late is not noted yet');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  private async recordsOf(tx: Sql, keys: readonly PendingKey[]): Promise<Appendable[]> {
    const { book, partitions } = this.ports;
    const [profiles, visitors] = [keys.filter(({ kind }) => kind === 'profile'), keys.filter(({ kind }) => kind === 'visitor')];
    const profileEvents = profiles.length === 0 ? [] : await profileRecords(tx, profiles);
    const visitorEvents = visitors.length === 0 ? [] : await visitorRecords(tx, visitors);
    const known = new Set(visitorEvents.map(visitorKey));
    const gone = visitors
      .filter(({ isGone }) => isGone)
      .map(({ tenantId, id }) => visitorKey({ tenantId, visitor: asSubjectId(id) }))
      .filter((key) => !known.has(key));
    const to = (topic: string, count: number, key: string): Omit<OutgoingRecord, 'value'> => ({
      topic,
      partition: partitionOf(key, count),
      key,
      headers: {},
    });
    const inProfiles = (key: string) => to(PROFILES_TOPIC, partitions.profiles, key);
    const inVisitors = (key: string) => to(VISITORS_TOPIC, partitions.visitors, key);
    return [
      ...profileEvents.map((event) => ({ ...inProfiles(profileKey(event)), value: encodeProfileEvent(book, event) })),
      ...visitorEvents.map((event) => ({ ...inVisitors(visitorKey(event)), value: encodeVisitorEvent(book, event) })),
      ...gone.map((key) => ({ ...inVisitors(key), value: null })),
    ];
  }

  /** Behind everything else of its partition. */
  private progressOf(progress: readonly (readonly [partition: number, offset: number])[]): OutgoingRecord[] {
    const { book, nowMs } = this.ports;
    return progress.map(([partition, offset]) => ({
      topic: VISITORS_TOPIC,
      partition,
      key: visitsAppliedKey(partition),
      value: encodeVisitorEvent(book, progressRecord(INSTALLATION, partition, offset, nowMs())),
      headers: {},
    }));
  }
}
