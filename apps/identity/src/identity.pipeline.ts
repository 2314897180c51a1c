import { ASSERTION_EVENTS_TOPIC, decodeAssertionEvent, decodeVisitEvent, VISIT_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import { INSTALLATION, type Alerts, type AssertionEvent, type Claim, type Positioned, type Sql, type VisitEvent } from '@tributary/domain';
import { withTopicAdmin, type KafkaClient, type LaneProducer, type Registry } from '@tributary/kafka';
import {
  applyAssertions,
  applyVisits,
  behind,
  IdentityRelay,
  learnSchema,
  OffsetWatch,
  passBarrier,
  Projection,
  ProjectionLane,
  untilAvailable,
  type DeadRecord,
} from '@tributary/stream';
import { describeError, type Log, type Metrics } from '@tributary/telemetry';
import { IdentityUpkeep } from './identity-upkeep.js';

const APP = 'identity';
const LOOK_EVERY_MS = 1_000;

export interface IdentityPorts {
  readonly sql: Sql;
  readonly kafka: KafkaClient;
  readonly producer: LaneProducer;
  readonly registry: Registry;
  readonly book: SchemaBook;
  readonly alerts: Alerts;
  readonly log: Log;
  readonly metrics: Metrics;
  /** This process. */
  readonly owner: string;
  readonly partitions: { readonly profiles: number; readonly visitors: number };
  readonly visitorIdleMs: number;
  readonly sessionTimeoutMs: number;
  readonly onFatal: (error: Error) => void;
}

/**
 * The app from arrival to effect:
 * 1. lane `graph`: assertions → the identity graph's fold (libs/domain) → one statement: subjects, profiles, merges, conflicts,
 *    outbox, offset
 * 2. lane `visits`: visits → evidence of their visitors → one statement: visitors, outbox, offset
 * 3. relay: outbox → profiles, visitors, and behind them how far visits are applied
 * 4. upkeep: visitors nobody has seen for long, metrics, alert
 * Ready when it has folded what the logs held at start.
 */
export class IdentityPipeline {
  readonly projections: { readonly graph: Projection<AssertionEvent>; readonly visits: Projection<VisitEvent> };
  readonly lanes: { readonly graph: ProjectionLane<AssertionEvent>; readonly visits: ProjectionLane<VisitEvent> };
  private readonly watch: OffsetWatch;
  private readonly relay: IdentityRelay;
  private readonly upkeep: IdentityUpkeep;
  private isCaughtUp = false;
  private isStopped = false;
  private looking: NodeJS.Timeout | undefined;

  constructor(private readonly ports: IdentityPorts) {
    const { sql, book, log, onFatal, producer, owner, partitions, alerts, metrics, visitorIdleMs } = ports;
    this.watch = new OffsetWatch(sql, { schemas: [APP], ops: `${APP}_ops`, onWentBack: onFatal });
    this.projections = {
      graph: this.projection(
        'graph',
        ASSERTION_EVENTS_TOPIC,
        (value) => decodeAssertionEvent(book, value),
        (events, claim) => this.told(applyAssertions(sql, events, claim)),
      ),
      visits: this.projection(
        'visits',
        VISIT_EVENTS_TOPIC,
        (value) => decodeVisitEvent(book, value),
        (events, claim) => this.told(applyVisits(sql, events, claim)),
      ),
    };
    this.lanes = {
      graph: this.lane('graph', ASSERTION_EVENTS_TOPIC, this.projections.graph),
      visits: this.lane('visits', VISIT_EVENTS_TOPIC, this.projections.visits),
    };
    this.relay = new IdentityRelay({
      sql,
      book,
      append: (records) => producer.appendAll(records),
      partitions,
      owner,
      nowMs: () => Date.now(),
      log,
    });
    this.upkeep = new IdentityUpkeep({ sql, alerts, metrics, log, visitorIdleMs });
  }

  /** Waits until the logs are folded up to the ends that they had at start (the lanes must be running); publishes meanwhile. */
  async catchUp(): Promise<void> {
    this.relay.start();
    this.upkeep.start();
    const [graphEnds, visitEnds] = await Promise.all([this.readableEnds(ASSERTION_EVENTS_TOPIC), this.readableEnds(VISIT_EVENTS_TOPIC)]);
    const { sql, log } = this.ports;
    const missing = async (): Promise<readonly number[]> => [
      ...(await behind(sql, { schema: APP, projection: 'graph', topic: ASSERTION_EVENTS_TOPIC, endOffsets: graphEnds })),
      ...(await behind(sql, { schema: APP, projection: 'visits', topic: VISIT_EVENTS_TOPIC, endOffsets: visitEnds })),
    ];
    await passBarrier(
      () =>
        missing().catch((error: unknown) => {
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

  /** What is being published ends first. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.looking);
    await this.upkeep.stop();
    await this.relay.stop();
  }

  /** Offset after the last record of partitions that have any: for what retention has taken away nobody waits. */
  private readableEnds(topic: string): Promise<ReadonlyMap<number, number>> {
    const { kafka, log } = this.ports;
    return untilAvailable(
      () =>
        withTopicAdmin(kafka, async (admin) => {
          const [begins, ends] = await Promise.all([admin.beginOffsets(topic), admin.endOffsets(topic)]);
          return new Map([...ends].filter(([partition, end]) => (begins.get(partition) ?? 0) < end));
        }),
      () => Promise.resolve(),
      log,
    );
  }

  /** What was applied is published at once. */
  private async told(applying: Promise<boolean>): Promise<boolean> {
    const isOurs = await applying;
    if (isOurs) this.relay.poke();
    return isOurs;
  }

  private async look(): Promise<void> {
    await this.watch.look().catch((error: unknown) => this.ports.log.warn({ cause: describeError(error) }, 'looking at the offsets waits'));
    if (!this.isStopped) this.looking = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  private projection<Event>(
    name: string,
    topic: string,
    decode: (value: Buffer) => Event,
    apply: (events: readonly Positioned<Event>[], claim: Claim) => Promise<boolean>,
  ): Projection<Event> {
    const { sql, registry, book, log } = this.ports;
    return new Projection<Event>(
      sql,
      {
        schema: APP,
        projection: name,
        topic,
        decode,
        learnSchema: (id) => learnSchema(registry, book, id),
        apply,
        watch: this.watch,
        deadLetter: (dead) => this.report(dead),
        onGap: (partition, expected, found) =>
          log.error({ topic, partition, expected, found }, 'the log lost records before they were read'),
      },
      log,
    );
  }

  private lane<Event>(pattern: string, topic: string, projection: Projection<Event>): ProjectionLane<Event> {
    const { kafka, log, sessionTimeoutMs, onFatal } = this.ports;
    return new ProjectionLane(
      kafka,
      projection,
      { pattern, groupId: `tributary.${APP}.${pattern}`, topic, sessionTimeoutMs, partitionsAtOnce: 3, onFatal },
      log,
    );
  }

  /** The record stays where it is; the alert says where. */
  private async report({ topic, partition, record, reason }: DeadRecord): Promise<void> {
    await this.ports.alerts.open({
      tenantId: INSTALLATION,
      connectionId: null,
      kind: 'dead-letter',
      what: `A record of ${topic} could not be folded (${reason}) and was passed over.`,
      todo: `It stays in ${topic}[${partition}] at offset ${record.offset}. Update Tributary, then run «tributary rebuild identity».`,
    });
  }
}
