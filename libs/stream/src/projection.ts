import { setTimeout as pause } from 'node:timers/promises';
import { MalformedRecord, UnknownSchemaId } from '@tributary/codecs';
import type { Claim, LogRecord, OffsetKey, PartitionTurns, Positioned, Sql } from '@tributary/domain';
import { BrokerUnavailable, RegistryUnavailable, type BatchControl, type RecordBatch } from '@tributary/kafka';
import { advanceOffset, DatabaseUnavailable, loadOffsets, StatementRefused } from '@tributary/postgres';
import { describeError, failpoint, type Log } from '@tributary/telemetry';
import type { OffsetWatch } from './offset-watch.js';

export interface DeadRecord {
  readonly topic: string;
  readonly partition: number;
  readonly record: LogRecord;
  readonly reason: 'record-unreadable' | 'record-refused';
  readonly cause: string;
}

export interface ProjectionOptions<Event> {
  readonly schema: string;
  readonly projection: string;
  readonly topic: string;
  /** Throws MalformedRecord for what can never be read, UnknownSchemaId when the id must be looked up first. */
  readonly decode: (value: Buffer) => Event;
  /** What a tombstone of this key says; null, or left out: nothing. */
  readonly decodeTombstone?: (key: string) => Event | null;
  /** Makes a schema id known; throws MalformedRecord when there is none, RegistryUnavailable when nobody answers. */
  readonly learnSchema: (id: number) => Promise<void>;
  /** Reads the state, folds, and applies everything in one statement under the claim; false when the claim failed. */
  readonly apply: (events: readonly Positioned<Event>[], claim: Claim) => Promise<boolean>;
  /** Keeps a record that cannot be folded; resolves when it is durable. */
  readonly deadLetter: (dead: DeadRecord) => Promise<void>;
  /** Says that the log lost records before this projection read them. */
  readonly onGap: (partition: number, expected: number, found: number) => void;
  /** Knows how far this process has come: a database that went back ends it. */
  readonly watch: OffsetWatch;
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 2_000;

const isPassing = (error: unknown): boolean =>
  error instanceof DatabaseUnavailable || error instanceof RegistryUnavailable || error instanceof BrokerUnavailable;

/** Asks again while our own database, broker or registry is away, keeping the group membership alive. Anything else is thrown. */
export async function untilAvailable<T>(work: () => Promise<T>, keepAlive: () => Promise<void>, log: Log): Promise<T> {
  for (let delayMs = RETRY_FIRST_MS; ; delayMs = Math.min(RETRY_MAX_MS, delayMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      log.warn({ cause: describeError(error), delayMs }, 'waiting for our own infrastructure');
      await pause(delayMs);
      await keepAlive();
    }
  }
}

/** Applies batches of one topic to one projection, each record's effect exactly once. */
export class Projection<Event> implements PartitionTurns {
  /** What the next statement's compare-and-set expects, by partition; dies on every assignment and every miss. */
  private readonly expected = new Map<number, number>();
  /** Work on one partition happens one after the other: batches and whatever {@link exclusively} brings. */
  private readonly tails = new Map<number, Promise<unknown>>();

  constructor(
    private readonly sql: Sql,
    private readonly options: ProjectionOptions<Event>,
    private readonly log: Log,
  ) {}

  /** Offsets to go on from, for partitions just assigned. */
  async startOffsets(partitions: readonly number[], endOffsets: ReadonlyMap<number, number>): Promise<ReadonlyMap<number, number>> {
    const { schema, projection, topic } = this.options;
    const offsets = await untilAvailable(
      () => loadOffsets(this.sql, { schema, projection, topic }, partitions),
      () => Promise.resolve(),
      this.log,
    );
    for (const [partition, offset] of offsets) {
      const end = endOffsets.get(partition);
      if (end !== undefined && offset > end) {
        throw new Error(
          `${projection} has read ${topic}[${partition}] up to ${offset}, but the log ends at ${end}: the log was cut or belongs to another installation. Nothing is consumed until a person has looked (docs/architecture.md, «A log that went back»).`,
        );
      }
    }
    this.expected.clear();
    for (const [partition, offset] of offsets) this.expected.set(partition, offset);
    return offsets;
  }

  /** Partitions whose offsets this process holds. */
  heldPartitions(): readonly number[] {
    return [...this.expected.keys()];
  }

  /** Runs `work` between batches of a partition, with the claim that a statement of it needs (the offset stays where it is). */
  exclusively<T>(partition: number, work: (claim: Claim) => Promise<T>): Promise<T | undefined> {
    return this.queued(partition, async () => {
      const offset = this.expected.get(partition);
      if (offset === undefined) return undefined;
      return work({ key: this.keyOf(partition), expected: offset, next: offset });
    });
  }

  /** Applies one batch; answers where to go on. */
  onBatch(batch: RecordBatch, control: BatchControl): Promise<{ readonly nextOffset: number }> {
    return this.queued(batch.partition, () => this.applyBatch(batch, control));
  }

  private queued<T>(partition: number, work: () => Promise<T>): Promise<T> {
    const turn = (this.tails.get(partition) ?? Promise.resolve()).then(work, work);
    this.tails.set(
      partition,
      turn.catch(() => undefined),
    );
    return turn;
  }

  private keyOf(partition: number): OffsetKey {
    const { schema, projection, topic } = this.options;
    return { schema, projection, topic, partition };
  }

  private async applyBatch(batch: RecordBatch, control: BatchControl): Promise<{ readonly nextOffset: number }> {
    const { partition } = batch;
    const keepAlive = (): Promise<void> => control.heartbeat();
    const expected = this.expected.get(partition);
    if (expected === undefined) return { nextOffset: await this.reload(partition) };
    const fresh = batch.records.filter((record) => record.offset >= expected);
    const first = batch.records[0]?.offset;
    if (first !== undefined && first > expected) this.options.onGap(partition, expected, first);
    const events = await untilAvailable(() => this.decodeAll(partition, fresh), keepAlive, this.log);
    const isOurs = await untilAvailable(
      () => this.applyOrBisect(partition, events, expected, batch.nextOffset, control),
      keepAlive,
      this.log,
    );
    if (!isOurs) return { nextOffset: await this.reload(partition) };
    return { nextOffset: batch.nextOffset };
  }

  /** Somebody else owns the partition, or a rebuild moved its offset: whatever was cached is void. */
  private async reload(partition: number): Promise<number> {
    const { schema, projection, topic, watch } = this.options;
    this.expected.delete(partition);
    const offsets = await untilAvailable(
      async () => {
        await watch.look();
        return loadOffsets(this.sql, { schema, projection, topic }, [partition]);
      },
      () => Promise.resolve(),
      this.log,
    );
    const offset = offsets.get(partition) ?? 0;
    this.expected.set(partition, offset);
    return offset;
  }

  private async decodeAll(partition: number, records: readonly LogRecord[]): Promise<Positioned<Event>[]> {
    const events: Positioned<Event>[] = [];
    for (const record of records) {
      const event = await this.decodeOne(partition, record);
      if (event !== undefined) events.push({ event, record });
    }
    return events;
  }

  private async decodeOne(partition: number, record: LogRecord): Promise<Event | undefined> {
    if (record.value === null) return this.options.decodeTombstone?.(record.key) ?? undefined;
    try {
      return this.options.decode(record.value);
    } catch (error) {
      if (!(error instanceof UnknownSchemaId) && !(error instanceof MalformedRecord)) throw error;
      try {
        if (error instanceof MalformedRecord) throw error;
        await this.options.learnSchema(error.schemaId);
        return this.options.decode(record.value);
      } catch (last) {
        if (!(last instanceof MalformedRecord)) throw last;
        await this.options.deadLetter({
          topic: this.options.topic,
          partition,
          record,
          reason: 'record-unreadable',
          cause: describeError(last),
        });
        return undefined;
      }
    }
  }

  /** A statement that is refused for its data is halved until the one bad record stands alone; only it is dead-lettered. */
  private async applyOrBisect(
    partition: number,
    events: readonly Positioned<Event>[],
    expected: number,
    next: number,
    control: BatchControl,
  ): Promise<boolean> {
    const key = this.keyOf(partition);
    if (this.expected.get(partition) !== expected) return false;
    if (events.length === 0) return this.moved(partition, next, await advanceOffset(this.sql, key, expected, next));
    try {
      const isOurs = await this.options.apply(events, { key, expected, next });
      failpoint(`${this.options.projection}.after-statement`);
      return this.moved(partition, next, isOurs);
    } catch (error) {
      if (!(error instanceof StatementRefused)) throw error;
      await control.heartbeat();
      const [only] = events;
      if (events.length === 1 && only !== undefined) {
        await this.options.deadLetter({
          topic: this.options.topic,
          partition,
          record: only.record,
          reason: 'record-refused',
          cause: error.message,
        });
        return this.moved(partition, next, await advanceOffset(this.sql, key, expected, next));
      }
      const middle = Math.floor(events.length / 2);
      const border = events[middle]?.record.offset ?? next;
      const isFirstDone = await this.applyOrBisect(partition, events.slice(0, middle), expected, border, control);
      return isFirstDone && this.applyOrBisect(partition, events.slice(middle), border, next, control);
    }
  }

  private moved(partition: number, next: number, isOurs: boolean): boolean {
    if (isOurs) {
      this.expected.set(partition, next);
      this.options.watch.committed(this.keyOf(partition), next);
    }
    return isOurs;
  }
}
