import { ASSERTION_EVENTS_TOPIC, decodeAssertionEvent, type SchemaBook } from '@tributary/codecs';
import { INSTALLATION, type Alerts, type AssertionEvent, type Sql } from '@tributary/domain';
import type { KafkaClient, Registry } from '@tributary/kafka';
import {
  applyAssertions,
  behind,
  learnSchema,
  OffsetWatch,
  passBarrier,
  Projection,
  ProjectionLane,
  type DeadRecord,
} from '@tributary/stream';
import { describeError, type Log } from '@tributary/telemetry';

const APP = 'identity';
const LOOK_EVERY_MS = 1_000;

export interface IdentityPorts {
  readonly sql: Sql;
  readonly kafka: KafkaClient;
  readonly registry: Registry;
  readonly book: SchemaBook;
  readonly alerts: Alerts;
  readonly log: Log;
  readonly sessionTimeoutMs: number;
  readonly onFatal: (error: Error) => void;
}

/**
 * The app from arrival to effect: lane `graph`: assertions → the identity graph's fold (libs/domain) → one statement: subjects,
 * profiles, merges, conflicts, offset. Ready when it has folded what the log held at start.
 */
export class IdentityPipeline {
  readonly graph: Projection<AssertionEvent>;
  readonly lane: ProjectionLane<AssertionEvent>;
  private readonly watch: OffsetWatch;
  private isCaughtUp = false;
  private isStopped = false;
  private looking: NodeJS.Timeout | undefined;

  constructor(private readonly ports: IdentityPorts) {
    const { sql, kafka, registry, book, log, sessionTimeoutMs, onFatal } = ports;
    this.watch = new OffsetWatch(sql, { schemas: [APP], ops: `${APP}_ops`, onWentBack: onFatal });
    this.graph = new Projection<AssertionEvent>(
      sql,
      {
        schema: APP,
        projection: 'graph',
        topic: ASSERTION_EVENTS_TOPIC,
        decode: (value) => decodeAssertionEvent(book, value),
        learnSchema: (id) => learnSchema(registry, book, id),
        apply: (events, claim) => applyAssertions(sql, events, claim),
        watch: this.watch,
        deadLetter: (dead) => this.report(dead),
        onGap: (partition, expected, found) => {
          log.error({ topic: ASSERTION_EVENTS_TOPIC, partition, expected, found }, 'the log lost records before they were read');
        },
      },
      log,
    );
    this.lane = new ProjectionLane(
      kafka,
      this.graph,
      {
        pattern: 'graph',
        groupId: `tributary.${APP}.graph`,
        topic: ASSERTION_EVENTS_TOPIC,
        sessionTimeoutMs,
        partitionsAtOnce: 3,
        onFatal,
      },
      log,
    );
  }

  /** Waits until the log is folded up to the end that it had at start (the lane must be running). */
  async catchUp(): Promise<void> {
    const endOffsets = await this.lane.endOffsets();
    const { sql, log } = this.ports;
    await passBarrier(
      () =>
        behind(sql, { schema: APP, projection: 'graph', topic: ASSERTION_EVENTS_TOPIC, endOffsets }).catch((error: unknown) => {
          log.warn({ cause: describeError(error) }, 'reading what the log held at start waits');
          return [-1];
        }),
      () => this.isStopped,
    );
    this.isCaughtUp = !this.isStopped;
    if (this.isCaughtUp) this.looking = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  get isReady(): boolean {
    return this.isCaughtUp && !this.isStopped;
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.looking);
  }

  private async look(): Promise<void> {
    await this.watch.look().catch((error: unknown) => this.ports.log.warn({ cause: describeError(error) }, 'looking at the offsets waits'));
    if (!this.isStopped) this.looking = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  /** The topic is kept for ever, so the record stays where it is; the alert says where. */
  private async report({ topic, partition, record, reason }: DeadRecord): Promise<void> {
    await this.ports.alerts.open({
      tenantId: INSTALLATION,
      connectionId: null,
      kind: 'dead-letter',
      what: `A record of ${topic} could not be folded (${reason}) and was passed over.`,
      todo: `It stays in ${topic}[${partition}] at offset ${record.offset}. Update Tributary, then fold the identity graph anew (docs/identity.md).`,
    });
  }
}
