import { ASSERTION_EVENTS_TOPIC, decodeAssertionEvent, decodeVisitEvent, VISIT_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import type { Alerts, AssertionEvent, Sql, VisitEvent } from '@tributary/domain';
import type { KafkaClient, LaneProducer, Registry } from '@tributary/kafka';
import { applyAssertions, AppLanes, applyVisits, IdentityRelay, leaveInTopic, OffsetWatch, type AppLane } from '@tributary/stream';
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
  readonly lanes: { readonly graph: AppLane<AssertionEvent>; readonly visits: AppLane<VisitEvent> };
  private readonly appLanes: AppLanes;
  private readonly watch: OffsetWatch;
  private readonly relay: IdentityRelay;
  private readonly upkeep: IdentityUpkeep;
  private isCaughtUp = false;
  private isStopped = false;
  private looking: NodeJS.Timeout | undefined;

  constructor(private readonly ports: IdentityPorts) {
    const { sql, book, log, onFatal, producer, owner, partitions, alerts, metrics, visitorIdleMs } = ports;
    this.watch = new OffsetWatch(sql, { schemas: [APP], ops: `${APP}_ops`, onWentBack: onFatal });
    this.appLanes = new AppLanes({
      ...ports,
      app: APP,
      watch: this.watch,
      deadLetter: leaveInTopic(alerts, 'run «tributary rebuild identity»'),
    });
    this.lanes = {
      graph: this.appLanes.lane({
        name: 'graph',
        topic: ASSERTION_EVENTS_TOPIC,
        decode: (value) => decodeAssertionEvent(book, value),
        apply: (events, claim) => this.told(applyAssertions(sql, events, claim)),
      }),
      visits: this.appLanes.lane({
        name: 'visits',
        topic: VISIT_EVENTS_TOPIC,
        decode: (value) => decodeVisitEvent(book, value),
        apply: (events, claim) => this.told(applyVisits(sql, events, claim)),
      }),
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
    await this.appLanes.passBarrier([this.lanes.graph, this.lanes.visits], () => this.isStopped);
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
}
