import type { SchemaBook } from '@tributary/codecs';
import type { Claim, Positioned, Sql } from '@tributary/domain';
import type { KafkaClient, Registry } from '@tributary/kafka';
import { describeError, type Log } from '@tributary/telemetry';
import type { OffsetWatch } from './offset-watch.js';
import { Projection, type DeadRecord } from './projection.js';
import { ProjectionLane } from './projection-lane.js';
import { learnSchema } from './schema-lookup.js';
import { behind, passBarrier } from './start-barrier.js';

export interface AppLanesPorts {
  /** The app's schema; its groups are `tributary.<app>.<lane>`. */
  readonly app: string;
  readonly sql: Sql;
  readonly kafka: KafkaClient;
  readonly registry: Registry;
  readonly book: SchemaBook;
  readonly log: Log;
  readonly sessionTimeoutMs: number;
  readonly watch: OffsetWatch;
  readonly deadLetter: (dead: DeadRecord) => Promise<void>;
  /** Tells a person that the log lost records before they were read. */
  readonly onGap: (topic: string, partition: number, expected: number, found: number) => Promise<void>;
  readonly onFatal: (error: Error) => void;
}

/** What one lane reads and what it does with a batch. */
export interface LaneOf<Event> {
  readonly name: string;
  readonly topic: string;
  readonly decode: (value: Buffer) => Event;
  readonly apply: (events: readonly Positioned<Event>[], claim: Claim) => Promise<boolean>;
}

/** A topic, the fold that is made of it, and the consumer that brings its batches. */
export interface AppLane<Event> {
  readonly name: string;
  readonly topic: string;
  readonly projection: Projection<Event>;
  readonly consumer: ProjectionLane<Event>;
}

/** What the barrier needs of a lane. */
interface FoldedLane {
  readonly name: string;
  readonly topic: string;
  readonly consumer: { endOffsets(): Promise<ReadonlyMap<number, number>> };
}

const PARTITIONS_AT_ONCE = 3;

/** The lanes of an app that folds topics into its own schema: a projection and a consumer group for each. */
export class AppLanes {
  constructor(private readonly ports: AppLanesPorts) {}

  lane<Event>({ name, topic, decode, apply }: LaneOf<Event>): AppLane<Event> {
    const { app, sql, kafka, registry, book, log, sessionTimeoutMs, watch, deadLetter, onFatal } = this.ports;
    const projection = new Projection<Event>(
      sql,
      {
        schema: app,
        projection: name,
        topic,
        decode,
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
    return { name, topic, projection, consumer };
  }

  /** Waits until these lanes, which must be running, have folded what their logs held when this was called. */
  async passBarrier(lanes: readonly FoldedLane[], isStopped: () => boolean): Promise<void> {
    const { app: schema, sql, log } = this.ports;
    const targets = await Promise.all(
      lanes.map(async ({ name, topic, consumer }) => ({ schema, projection: name, topic, endOffsets: await consumer.endOffsets() })),
    );
    const look = async (): Promise<readonly number[]> => {
      try {
        return (await Promise.all(targets.map((target) => behind(sql, target)))).flat();
      } catch (error) {
        log.warn({ cause: describeError(error) }, 'the start barrier waits');
        return [-1];
      }
    };
    await passBarrier(look, isStopped);
  }

  private reportGap(topic: string, partition: number, expected: number, found: number): void {
    const { log, onGap } = this.ports;
    log.error({ topic, partition, expected, found }, 'the log lost records before they were read');
    onGap(topic, partition, expected, found).catch((error: unknown) =>
      log.warn({ cause: describeError(error) }, 'nobody could be told of the gap'),
    );
  }
}
