import type { Sql } from './sql.port.js';

/** One record of a log, as consumers see it. Times are epoch ms. */
export interface LogRecord {
  readonly offset: number;
  readonly key: string;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
  readonly timestamp: number;
}

/** A decoded record and where it stood. */
export interface Positioned<Event> {
  readonly event: Event;
  readonly record: LogRecord;
}

/** The offset row of one partition of one projection; it moves in the same statement as what the records did. */
export interface OffsetKey {
  readonly schema: string;
  readonly projection: string;
  readonly topic: string;
  readonly partition: number;
}

/** One compare-and-set for a statement: the partition's row must still say `expected`. */
export interface Claim {
  readonly key: OffsetKey;
  readonly expected: number;
  readonly next: number;
}

/** Turns on the partitions that a process holds: work between batches, fenced like a batch. */
export interface PartitionTurns {
  heldPartitions(): readonly number[];
  /** Undefined when the partition is not held (any more). */
  exclusively<T>(partition: number, work: (claim: Claim) => Promise<T>): Promise<T | undefined>;
}

/** One topic and what it does to a shadow's tables. */
export interface ShadowSource<Event> {
  readonly projection: string;
  readonly topic: string;
  readonly decode: (value: Buffer) => Event;
  /** What a tombstone of this key says; null, or left out: nothing. */
  readonly decodeTombstone?: (key: string) => Event | null;
  readonly apply: (events: readonly Positioned<Event>[], claim: Claim) => Promise<boolean>;
}

/** Folds topics into the tables of a shadow schema, each from where it was left. */
export interface ShadowFolding {
  /** Folded so far. */
  readonly events: number;
  /** Up to `until` of each partition. */
  fold<Event>(sql: Sql, source: ShadowSource<Event>, until: ReadonlyMap<number, number>): Promise<void>;
}
