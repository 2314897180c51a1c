import type { SchemaBook } from '@tributary/codecs';
import type { Claim, Positioned, Sql } from '@tributary/domain';
import type { KafkaClient, Registry } from '@tributary/kafka';
import { describeError, type Log } from '@tributary/telemetry';
import type { OffsetWatch } from './offset-watch.js';
import { Projection, type DeadRecord } from './projection.js';
import { ProjectionLane } from './projection-lane.js';
import { learnSchema } from './schema-lookup.js';
import { passBarrier } from './start-barrier.js';

export interface AppLanesPorts {
  /** Its groups are `tributary.<app>.<lane>`; its schema has this name too. */
  readonly app: string;
  readonly sql: Sql;
  readonly kafka: KafkaClient;
  readonly registry: Registry;
  readonly book: SchemaBook;
  readonly log: Log;
  readonly sessionTimeoutMs: number;
  readonly watch: OffsetWatch;
  readonly deadLetter: (dead: DeadRecord) => Promise<void>;
  /** Tells a person that the log lost records before they were read; logged in any case. */
  readonly onGap?: (topic: string, partition: number, expected: number, found: number) => Promise<void>;
  readonly onFatal: (error: Error) => void;
}

/** What one lane reads and what it does with a batch. */
export interface LaneOf<Event> {
  readonly name: string;
  readonly topic: string;
  /** Where its offsets are; the app's own schema when left out. */
  readonly schema?: string;
  readonly decode: (value: Buffer) => Event;
  /** What a tombstone of this key says; null, or left out: nothing. */
  readonly decodeTombstone?: (key: string) => Event | null;
  readonly apply: (events: readonly Positioned<Event>[], claim: Claim) => Promise<boolean>;
}

/** A topic, the fold that is made of it, and the consumer that brings its batches. */
export interface AppLane<Event> {
  readonly name: string;
  readonly topic: string;
  readonly schema: string;
  readonly projection: Projection<Event>;
  readonly consumer: ProjectionLane<Event>;
}

/** What the barrier needs of a lane. */
interface FoldedLane {
  readonly name: string;
  readonly topic: string;
  readonly schema: string;
  readonly consumer: { heldEndOffsets(): Promise<ReadonlyMap<number, number>> };
}

const PARTITIONS_AT_ONCE = 3;

/** The lanes of an app: a projection and a consumer group for each topic that it folds. */
export class AppLanes {
  constructor(private readonly ports: AppLanesPorts) {}

  lane<Event>({ name, topic, schema = this.ports.app, decode, decodeTombstone, apply }: LaneOf<Event>): AppLane<Event> {
    const { app, sql, kafka, registry, book, log, sessionTimeoutMs, watch, deadLetter, onFatal } = this.ports;
    const projection = new Projection<Event>(
      sql,
      {
        schema,
        projection: name,
        topic,
        decode,
        ...(decodeTombstone === undefined ? {} : { decodeTombstone }),
        learnSchema: (id) => learnSchema(registry, book, id),
        apply,
        watch,
        deadLetter,
        onGap: (partition, expected, found) => this.reportGap(topic, partition, expected, found),
      },
      log,
    );
    const consumer = new ProjectionLane(
      kafka,
      projection,
      { pattern: name, groupId: `tributary.${app}.${name}`, topic, sessionTimeoutMs, partitionsAtOnce: PARTITIONS_AT_ONCE, onFatal },
      log,
    );
    return { name, topic, schema, projection, consumer };
  }

  /**
   * Waits until these lanes, which must be running, have folded what their logs held when this was called; what retention has
   * taken away nobody waits for.
   */
  async passBarrier(lanes: readonly FoldedLane[], isStopped: () => boolean): Promise<void> {
    const { sql, log } = this.ports;
    const targets = await Promise.all(
      lanes.map(async ({ name: projection, topic, schema, consumer }) => ({
        schema,
        projection,
        topic,
        endOffsets: await consumer.heldEndOffsets(),
      })),
    );
    await passBarrier(sql, targets, isStopped, log);
  }

  private reportGap(topic: string, partition: number, expected: number, found: number): void {
    const { log, onGap } = this.ports;
    log.error({ topic, partition, expected, found }, 'the log lost records before they were read');
    onGap?.(topic, partition, expected, found).catch((error: unknown) =>
      log.warn({ cause: describeError(error) }, 'nobody could be told of the gap'),
    );
  }
}
